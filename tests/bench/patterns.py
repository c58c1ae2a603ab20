#!/usr/bin/env python3
"""What a set of patterns costs, in CPU-seconds: levada beside RE2::Set alone, on the same log.

    tests/bench/patterns.py build/release/levada LOG [--patterns FILE.toml] [--runs N] [--more]

levada reads the log from its folder, finds which of the patterns occur in each line (match_patterns) and counts them
for each 10,000 lines (count_values). RE2::Set alone is the search only, in a program that has the log in memory. Both
have to count the same. --more: the same with match_patterns in the source's chain on 1, 2 and 4 threads,
where seconds by the clock are told, too; and with what else it can make. Runs take turns; the figures are medians.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time
import tomllib

from chain_bench import compiled, measure, rows_of

PATTERNS = pathlib.Path(__file__).parent.parent.parent / "conf/examples/log_patterns/patterns.toml"
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
{source}
[channels.main]
type = "memory"
[interceptors.find]
type = "match_patterns"
file = "{patterns}"
encoding = "latin1"
{find}
[sinks.out]
type = "{sink}"
channel = "main"
{out}
"""
COUNT = '\n[interceptors.count]\ntype = "count_values"\ncolumns = ["p_*", "level"]'
FILE = 'path = "{folder}/out"\nformat = "json"\n'
COLUMNS = 'prefix = "p_"\nnames = ""\n'
COUNTS = ("file", COLUMNS, "", FILE + 'interceptors = ["find", "count"]' + COUNT)
MORE = {
    f"match_patterns on {count}": ("file", COLUMNS, f'interceptors = ["find"]\nworkers = {count}',
                                   FILE + 'interceptors = ["count"]' + COUNT)
    for count in (1, 2, 4)
} | {
    "lists of names": ("null", 'as = "none"', "", 'interceptors = ["find"]'),
    "counts and lists": ("null", 'as = "count"', "", 'interceptors = ["find"]'),
    "values": ("null", 'as = "value"\nnames = ""', "", 'interceptors = ["find"]'),
    "rows of matches": ("null", 'emit = "rows"', "", 'interceptors = ["find"]'),
}


def run(levada, log, patterns, way, folder):
    """CPU-seconds and seconds of levada with the log, done this way."""
    sink, find, source, out = way
    folder.mkdir()
    (folder / "spool").mkdir()
    os.link(log, folder / "spool" / "input")
    config = folder / "agent.toml"
    config.write_text(CONFIGURATION.format(folder=folder, patterns=patterns, sink=sink, find=find, source=source,
                                           out=out.format(folder=folder)))
    begin = time.monotonic()
    cpu = measure([levada, "run", "--config", str(config), "--until-drained"], folder / "log")
    return cpu, time.monotonic() - begin


def counts_of(folder):
    """How many lines have each pattern, by the rows that a run left."""
    counts = {}
    for row in rows_of(folder):
        if row["column"].startswith("p_"):
            counts[row["column"][2:]] = counts.get(row["column"][2:], 0) + row["rows"]
    return counts


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("levada")
    arguments.add_argument("log", type=pathlib.Path)
    arguments.add_argument("--patterns", type=pathlib.Path, default=PATTERNS)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--more", action="store_true")
    given = arguments.parse_args()
    log, patterns = given.log.resolve(), given.patterns.resolve()
    with open(log, "rb") as file:
        lines = sum(1 for _ in file)
    ways = {"counts": COUNTS} | (MORE if given.more else {})
    figures = {name: [] for name in ("RE2::Set alone", *ways)}
    with tempfile.TemporaryDirectory(dir=log.parent) as top:
        top = pathlib.Path(top)
        reference = compiled("patterns_reference.cc", top, "-lre2")
        table = top / "patterns.tsv"
        with open(patterns, "rb") as file:
            names = tomllib.load(file)["patterns"]
        table.write_text("".join(f"{name}\t{pattern}\n" for name, pattern in names.items()))
        for number in range(given.runs):
            os.system(f"'{reference}' '{table}' '{log}' >'{top}/counts' 2>'{top}/seconds'")
            figures["RE2::Set alone"].append((float((top / "seconds").read_text()),) * 2)
            expected = {name: int(count) for name, count in
                        (line.split(",") for line in (top / "counts").read_text().splitlines()) if count != "0"}
            for name, way in ways.items():
                folder = top / f"{number} {name}"
                figures[name].append(run(given.levada, log, patterns, way, folder))
                if way[0] == "file" and counts_of(folder) != expected:
                    sys.exit(f"{name}: other counts than RE2::Set alone:\n{counts_of(folder)}\n{expected}")
    for name, runs in figures.items():
        cpu, seconds = (statistics.median(column) for column in zip(*runs))
        print(f"{name:20} {cpu:6.2f} CPU-s {seconds:6.2f} s {lines / cpu / 1e6:6.2f} M lines a CPU-second", flush=True)


if __name__ == "__main__":
    main()
