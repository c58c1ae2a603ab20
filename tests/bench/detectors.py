#!/usr/bin/env python3
"""What detectors cost, in CPU-seconds: levada beside a program written by hand, on the same file.

    tests/bench/detectors.py build/release/levada [--log FILE] [--events FILE] [--runs N]

--log: an access log; the times for which hosts have more than 100 requests in 60 s, by limit_rate. --events: a JSON
object each line (type, ip, event_time, url); bots of sliding windows, by detect_bots. Runs take turns; the figures are
medians. Both have to find the same.
"""

import argparse
import csv
import pathlib
import statistics
import sys
import tempfile

from chain_bench import compiled, measure, rows_of, run_levada, seconds

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


def interval(row):
    return (row["host"], seconds(row["first"]), seconds(row["last"]), row["count"])


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
        ours = {found for found in map(value, rows_of(own)) if found}
        with open(folder / "reference.csv", newline="") as text:
            theirs = {tuple(int(cell) if cell.isdigit() else cell for cell in row) for row in csv.reader(text)}
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
        reference = compiled("detectors_reference.cc", folder)
        if given.log:
            compare("limit", given.levada, given.log.resolve(), LIMIT, interval, given.runs, reference)
        if given.events:
            compare("bots", given.levada, given.events.resolve(), BOTS, bot, given.runs, reference)


if __name__ == "__main__":
    main()
