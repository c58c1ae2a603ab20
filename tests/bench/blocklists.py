#!/usr/bin/env python3
"""What it costs to bring published lists of hosts into a Delta table, in CPU-seconds of the whole process.

    ~/.cache/levada/venv/bin/python tests/bench/blocklists.py build/release/levada [RUNS [LINES]]

66 files of all formats, 1.8 million lines together unless LINES says otherwise, by http_fetch and parse_hosts (feeds of
CSV by parse_csv) into a table; then the same with deduplicate, so that each name of a list is there once. "python" is
the plainest program for the same rows, once, and what is in the table is compared with its rows. Medians, with the
least behind them.
"""

import csv
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import deltalake

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "workloads"))
import host_lists  # noqa: E402

FILES = 66
CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
log_level = "error"
memory_bytes = "1GiB"
[sources.lists]
type = "http_fetch"
list = "{lists}"
channels = ["names", "csv"]
selector = {{ type = "multiplex", column = "format", default = ["names"], mapping = {{ csv = ["csv"] }} }}
[channels.names]
type = "memory"
capacity_bytes = "256MiB"
[channels.csv]
type = "memory"
capacity_bytes = "256MiB"
[interceptors.names]
type = "parse_hosts"
format = "auto"
format_column = "format"
on_reject = "drop"
[interceptors.csv]
type = "parse_csv"
header = ["id", "dateadded", "domain", "ip", "category"]
columns = {{ domain = "text", ip = "text", category = "text" }}
on_reject = "drop"
[interceptors.csv_names]
type = "parse_hosts"
column = "domain"
format = "names"
ip_column = ""
on_reject = "drop"
[interceptors.clean]
type = "drop_columns"
columns = ["body", "format", "time"]
[sinks.names]
type = "delta"
channel = "names"
path = "{folder}/table"
interceptors = ["names", {once}"clean"]
[sinks.csv]
type = "delta"
channel = "csv"
path = "{folder}/table.csv"
interceptors = ["csv", "csv_names", {once}"clean"]
"""
DEDUPLICATE = """
[interceptors.no_time]
type = "static"
columns = { time = "2026-01-01T00:00:00Z" }
[interceptors.time]
type = "convert"
columns = { time = "timestamp" }
[interceptors.once]
type = "deduplicate"
time = "time"
keys = ["name", "domain"]
ttl = "36500d"
memory_bytes = "256MiB"
"""
ONCE = '"no_time", "time", "once", '


def make_lists(folder, lines):
    """66 files; {path: format}."""
    formats, choice = {}, random.Random(5)
    while len(formats) < FILES:
        part = folder / f"part{len(formats)}"
        part.mkdir()
        for name, format in host_lists.write_lists(part, lines // FILES, choice).items():
            formats[part / name] = format
    return formats


def by_python(formats):
    """The rows, and the CPU-seconds that it took."""
    begin = time.process_time()
    rows = set()
    for number, (path, format) in enumerate(formats.items()):
        found, *_ = host_lists.expected_rows(path, format, "ads")
        rows.update((domain, f"list{number}") for domain in found)
    return rows, time.process_time() - begin


def run(levada, formats, once, expected):
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        lists = folder / "lists.csv"
        with lists.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "url", "category", "format"])
            writer.writerows([f"list{number}", path, "ads", format]
                             for number, (path, format) in enumerate(formats.items()))
        config = folder / "agent.toml"
        config.write_text(CONFIGURATION.format(folder=folder, lists=lists, once=ONCE if once else "") +
                          (DEDUPLICATE if once else ""))
        before = os.times()
        command = [levada, "run", "--config", str(config), "--until-drained"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        rows = []
        for table in ("table", "table.csv"):
            found = deltalake.DeltaTable(str(folder / table)).to_pyarrow_table(columns=["domain", "name"])
            rows += zip(found["domain"].to_pylist(), found["name"].to_pylist())
        if set(rows) != expected or (once and len(rows) != len(expected)):
            sys.exit(f"{len(rows)} rows, {len(set(rows))} different ones; {len(expected)} expected")
        used = after.children_user - before.children_user + after.children_system - before.children_system
        return used, len(rows)
    finally:
        shutil.rmtree(folder)


def main():
    levada, *rest = sys.argv[1:] or sys.exit(__doc__)
    runs, lines = int(rest[0]) if rest else 5, int(rest[1]) if len(rest) > 1 else 1_800_000
    with tempfile.TemporaryDirectory() as folder:
        formats = make_lists(pathlib.Path(folder), lines)
        size = sum(path.stat().st_size for path in formats)
        expected, seconds = by_python(formats)
        print(f"{len(formats)} files, {size / 1e6:.0f} MB, {len(expected):,} rows; python {seconds:.1f} CPU-seconds")
        for name, once in [("lists to Delta", False), ("with deduplicate", True)]:
            figures = [run(levada, formats, once, expected) for _ in range(runs)]
            used = [seconds for seconds, _ in figures]
            print(f"{name:18} {statistics.median(used):6.2f} ({min(used):.2f}) CPU-seconds, {figures[0][1]:,} rows")


if __name__ == "__main__":
    main()
