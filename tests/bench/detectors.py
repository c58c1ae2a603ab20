#!/usr/bin/env python3
"""What detectors cost, in CPU-seconds: levada beside a program written by hand, on the same file.

    tests/bench/detectors.py build/release/levada [--log FILE] [--events FILE] [--runs N]

--log: an access log; the times for which hosts have more than 100 requests in 60 s, by limit_rate. --events: a JSON
object each line (type, ip, event_time, url); bots of sliding windows, by detect_bots. Runs take turns; the figures are
medians. Both have to find the same.
"""

import argparse
import csv
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent

CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
log_level = "error"
[sources.in]
type = "spool"
path = "{folder}/spool"
settle = "1ms"
completed = "delete"
channels = ["main"]
[channels.main]
type = "memory"
{tables}
[sinks.out]
type = "file"
channel = "main"
path = "{folder}/out"
format = "json"
interceptors = ["parse", "detect"]
"""
LIMIT = """
[interceptors.parse]
type = "parse_access_log"
columns = ["host", "timestamp"]
[interceptors.detect]
type = "limit_rate"
keys = ["host"]
limit = 100
window = "60s"
emit = "intervals"
"""
BOTS = """
[interceptors.parse]
type = "parse_json"
columns = { ip = "text", type = "text", url = "text", event_time = "int64" }
[interceptors.detect]
type = "detect_bots"
time = "event_time"
unit = "s"
max_rate = 20
max_clicks_over_views = 30
max_categories = 5
category = "url"
category_after = "c"
emit = "bots"
"""


def measure(command, output):
    """CPU-seconds of a command with all its threads."""
    with open(output, "wb") as to:
        process = subprocess.Popen(command, stdout=to, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"{command} failed:\n{errors.decode()}")
    return usage.ru_utime + usage.ru_stime


def run_levada(levada, file, tables, folder):
    spool = folder / "spool"
    spool.mkdir()
    os.link(file, spool / "input")
    config = folder / "agent.toml"
    config.write_text(CONFIGURATION.format(folder=folder, tables=tables))
    return measure([levada, "run", "--config", str(config), "--until-drained"], folder / "log")


def seconds(time):
    return str(int(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()))


def interval(row):
    return (row["host"], seconds(row["first"]), seconds(row["last"]), str(row["count"]))


def bot(row):
    if row["kind"] == "bot_ended":
        return (row["ip"], seconds(row["since"]), seconds(row["until"]), row["reasons"])


def compare(job, levada, file, tables, value, runs, reference):
    figures = {"levada": [], "by hand": []}
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        folder = pathlib.Path(folder)
        for run in range(runs):
            own = folder / str(run)
            own.mkdir()
            figures["levada"].append(run_levada(levada, file, tables, own))
            figures["by hand"].append(measure([reference, job, str(file)], folder / "reference.csv"))
        rows = [json.loads(line) for path in (own / "out").iterdir() for line in path.read_text().splitlines()]
        ours = {found for found in map(value, rows) if found}
        with open(folder / "reference.csv", newline="") as text:
            theirs = set(map(tuple, csv.reader(text)))
        if theirs != ours:
            sys.exit(f"{job}: other rows than by hand, as {sorted(theirs ^ ours)[:3]}")
    ours_cpu, theirs_cpu = (statistics.median(figures[name]) for name in figures)
    print(f"{job}, {len(ours)} found: levada {ours_cpu:.2f} s, by hand {theirs_cpu:.2f} s; "
          f"{ours_cpu / theirs_cpu:.1f} times the one by hand", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("levada")
    arguments.add_argument("--log", type=pathlib.Path)
    arguments.add_argument("--events", type=pathlib.Path)
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reference = str(pathlib.Path(folder) / "reference")
        subprocess.run(["g++", "-O3", "-march=native", "-std=c++20", "-o", reference,
                        str(HERE / "detectors_reference.cc")], check=True)
        if given.log:
            compare("limit", given.levada, given.log.resolve(), LIMIT, interval, given.runs, reference)
        if given.events:
            compare("bots", given.levada, given.events.resolve(), BOTS, bot, given.runs, reference)


if __name__ == "__main__":
    main()
