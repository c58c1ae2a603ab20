#!/usr/bin/env python3
"""What keeping a large state costs: rows at full speed, with many live keys, with and without a state that is kept.

    tests/bench/state.py build/release/levada [--keys N] [--rows N] [--runs N] [--job NAME]...

Rows are JSON objects of about 130 bytes, of keys at random; all of them are live to the end. The channel is the one in
memory, as large as it is by itself: the source waits for it all the time, which is what makes commits come often. Both
runs do the same but for keeping the state. Then the agent is killed behind three quarters of the rows, and started
again: the figures are those that its log gives. Runs take turns; the least CPU-seconds of them count, of all threads.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

PARSE = """
[interceptors.parse]
type = "parse_json"
columns = { ip = "text", type = "text", url = "text", event_time = "int64", bytes = "int64" }
"""
TIME = """
time = "event_time"
unit = "s"
"""
JOBS = {
    "window": f"""
type = "window" {TIME}
size = "366d"
keys = ["ip"]
having = "views > 1000000"
[interceptors.detect.aggregates]
views = "count"
bytes = "sum(bytes)"
""",
    "sessions": f"""
type = "window" {TIME}
gap = "366d"
keys = ["ip"]
having = "views > 1000000"
[interceptors.detect.aggregates]
views = "count"
bytes = "sum(bytes)"
""",
    "limit_rate": f"""
type = "limit_rate" {TIME}
keys = ["ip"]
limit = 100
window = "1d"
emit = "intervals"
""",
    "detect_bots": f"""
type = "detect_bots" {TIME}
window = "1d"
max_rate = 100
max_clicks_over_views = 1000
emit = "bots"
""",
    "deduplicate": f"""
type = "deduplicate" {TIME}
keys = ["ip"]
ttl = "1d"
""",
}
CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
log_level = "info"
[sources.in]
type = "spool"
path = "{folder}/spool"
settle = "1ms"
completed = "delete"
channels = ["main"]
[channels.main]
type = "memory"
{parse}
[interceptors.detect]
{job}
[sinks.out]
type = "null"
channel = "main"
interceptors = ["parse", "detect"]
"""


def plugin_of(job):
    return re.search(r'type = "(\w+)"', JOBS[job])[1]


def write_rows(path, keys, rows):
    rng = random.Random(7)
    ips = [f"10.{key >> 16}.{key >> 8 & 255}.{key & 255}" for key in range(keys)]
    with open(path, "w") as out:
        for row in range(rows):
            # Each key once, then any.
            ip = ips[row] if row < keys else ips[rng.randrange(keys)]
            out.write(f'{{"ip":"{ip}","type":"{"click" if row % 3 == 0 else "view"}","url":"/c/shoes/{row % 1000}?from='
                      f'campaign-{row % 97}","event_time":{1_780_272_000 + row // 5000},"bytes":{row % 5000}}}\n')


class Bench:
    def __init__(self, levada, folder, rows):
        self.levada, self.folder, self.rows = levada, folder, rows
        self.without = folder / "plugins"
        self.without.mkdir()

    def build_without(self, job):
        root = pathlib.Path(__file__).resolve().parents[2]
        plugin = next(pathlib.Path(self.levada).parent.rglob(f"{plugin_of(job)}.so"))
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-I", root / "plugins/sdk", f'-DPLUGIN="{plugin.resolve()}"',
                        "-o", self.without / "without_state.so", pathlib.Path(__file__).parent / "without_state.c"],
                       check=True)

    def command(self, own, job, keeps_state):
        own.mkdir()
        (own / "spool").mkdir()
        os.link(self.rows, own / "spool/input")
        text = JOBS[job]
        if not keeps_state:
            text = text.replace(f'"{plugin_of(job)}"', '"without_state"')
        (own / "agent.toml").write_text(CONFIGURATION.format(folder=own, job=text, parse=PARSE))
        return [self.levada, "run", "--config", str(own / "agent.toml"), "--until-drained"]

    def start(self, command, log):
        path = os.pathsep.join([str(self.without), os.environ.get("LEVADA_PLUGIN_PATH", "")]).rstrip(os.pathsep)
        with open(log, "ab") as to:
            return subprocess.Popen(command, stdout=to, stderr=to, env={**os.environ, "LEVADA_PLUGIN_PATH": path})

    def cpu(self, own, job, keeps_state):
        process = self.start(self.command(own, job, keeps_state), own.parent / f"{own.name}.log")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit((own.parent / f"{own.name}.log").read_text())
        return usage.ru_utime + usage.ru_stime

    def restart(self, own, job, seconds):
        """Kills a run behind that time, and starts it again; the line of the log on its state."""
        command, log = self.command(own, job, True), own.parent / f"{own.name}.log"
        process = self.start(command, log)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = sorted(path.name for path in (own / "data/commits/sinks.out").iterdir())
        size = sum(path.stat().st_size for path in (own / "data/commits/sinks.out").iterdir())
        begun = time.monotonic()
        process = self.start(command, log)
        found = wait_until(lambda: re.search(r"goes on behind commit.*", log.read_text()), "the state is loaded",
                           alive=[process], said=log.read_text)
        waited = time.monotonic() - begun
        process.send_signal(signal.SIGKILL)
        process.wait()
        return f"{found[0]}; {waited:.2f} s since the start of the program; " \
               f"{len(kept)} files, {size / 1e6:.0f} MB"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("levada")
    arguments.add_argument("--keys", type=int, default=1_000_000)
    arguments.add_argument("--rows", type=int, default=8_000_000)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--job", choices=JOBS, action="append")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        folder = pathlib.Path(folder)
        write_rows(folder / "rows", given.keys, given.rows)
        print(f"{given.rows:,} rows, {(folder / 'rows').stat().st_size / given.rows:.0f} bytes each", flush=True)
        bench = Bench(given.levada, folder, folder / "rows")
        for job in given.job or JOBS:
            bench.build_without(job)
            figures = {True: [], False: []}
            walls = []
            for run in range(given.runs):
                for keeps_state in figures:
                    begun = time.monotonic()
                    figures[keeps_state].append(bench.cpu(folder / f"{job}-{run}-{keeps_state}", job, keeps_state))
                    if keeps_state:
                        walls.append(time.monotonic() - begun)
            kept, left = (min(figures[each]) for each in (True, False))
            print(f"{job}: {kept:.2f} s with its state, {left:.2f} s without: {100 * (kept / left - 1):+.0f} %",
                  f"({json.dumps(figures[True])} {json.dumps(figures[False])})", flush=True)
            print("  restart:", bench.restart(folder / f"{job}-restart", job, 0.75 * min(walls)), flush=True)


if __name__ == "__main__":
    main()
