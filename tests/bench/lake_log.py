#!/usr/bin/env python3
"""What tables with very many commits and files cost: to open, to append to, to checkpoint, to plan an optimize and to
show. The files are only in the log.

    LEVADA=build/release/levada ~/.cache/levada/venv/bin/python tests/bench/lake_log.py [COMMITS ...]

By default 1,000, 10,000 and 100,000 commits of ten files each. An append is what one more commit costs an agent that
runs: the difference between runs of 101 and of 1.
"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lake"))
from large_log import append, make_log, measure, versions

FILES = 10
APPENDS = 100


def show(what, measured, share=1):
    _, seconds, memory = measured
    print(f"  {what:32} {1000 * seconds / share:10.1f} CPU-ms {memory:6.0f} MiB", flush=True)


def cost_of_append(folder, table):
    few = append(folder, table, 1)
    before = versions(table)
    many = append(folder, table, APPENDS + 1)
    commits = versions(table) - before
    if commits < APPENDS:
        sys.exit(f"{commits} commits instead of {APPENDS + 1}")
    return few, ("", (many[1] - few[1]) / (commits - 1), many[2])


def main():
    for commits in map(int, sys.argv[1:] or (1_000, 10_000, 100_000)):
        with tempfile.TemporaryDirectory(prefix="levada-log.", dir="/var/tmp") as name:
            table = pathlib.Path(name) / "table"
            make_log(table, commits, FILES)
            print(f"{commits:,} commits, {commits * FILES:,} files, no checkpoint")
            one, each = cost_of_append(f"{name}/agent", table)
            show("open, append, close", one)
            show("append", each)
            show("show", measure(["table", "show", table]))
            show("plan optimize", measure(["table", "optimize", table, "--dry-run"]))
            show("write a checkpoint, three appends", append(f"{name}/agent", table, 3, checkpoint_interval=2))
            print(f"{commits:,} commits, {commits * FILES:,} files, a checkpoint")
            one, each = cost_of_append(f"{name}/agent", table)
            show("open, append, close", one)
            show("append", each)
            show("show", measure(["table", "show", table]))
            show("plan optimize", measure(["table", "optimize", table, "--dry-run"]))
            show("vacuum", measure(["table", "vacuum", table, "--dry-run"]))


if __name__ == "__main__":
    main()
