"""Patterns in logs against the same by Python's `re`: counts for so many lines, with kills, and each match."""

import collections
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "faults"))

import log_lines  # noqa: E402
from test_bench import FaultTest  # noqa: E402

KILLS = 8
LINES = 40_000
FILES = 60
BATCH_ROWS = 1_000
FIND = {"type": "match_patterns", "file": str(log_lines.PATTERNS), "encoding": "latin1"}


class Patterns(FaultTest):
    def spool(self, lines, files):
        """Writes the lines into files that are read in their order."""
        folder = self.folder / "spool"
        folder.mkdir(exist_ok=True)
        step = -(-len(lines) // files)
        for first in range(0, len(lines), step):
            aside = folder / f"{first:08}.tmp"
            aside.write_bytes(b"".join(line + b"\n" for line in lines[first : first + step]))
            aside.rename(folder / f"{first:08}.log")
            yield

    def made_up(self, count):
        choice = random.Random(self.rng.randrange(1 << 32))
        return [log_lines.made_up(choice) for _ in range(count)]

    def test_counts_for_so_many_lines_are_exact_when_agents_are_killed(self):
        lines = self.made_up(LINES)
        self.configure({
            "sources.files": {"completed": "delete", "include": ["*.log"], "interceptors": ["find"], "workers": 2},
            "interceptors.find": {**FIND, "prefix": "p_", "names": ""},
            "channels.main": {"type": "memory"},
            "interceptors.count": {"type": "count_values", "columns": ["p_*", "level"], "batch_rows": BATCH_ROWS},
            "sinks.counts": {"type": "file", "channel": "main", "path": f"{self.folder}/counts", "format": "json",
                             "interceptors": ["count"], "commit_interval": "20ms"},
        })
        files = self.spool(lines, FILES)
        pause = threading.Event()
        patience = self.slowness()
        for _ in range(KILLS):
            self.start()
            until = time.monotonic() + patience * self.rng.choice([0.1, 0.3, 0.6]) * self.rng.random()
            while time.monotonic() < until:
                next(files, None)
                pause.wait(0.01)
            self.kill()
        for _ in files:
            pass
        self.drain()
        found = collections.Counter()
        for row in self.rows_in("counts"):
            found[row["batch"], row["column"], row["value"]] += row["rows"]
        expected = log_lines.counts_of(lines, log_lines.read_patterns(), BATCH_ROWS)
        self.assertEqual(found, expected, self.context())
        self.assertGreater(len({column for _, column, _ in expected}), 20, "patterns never occur")
        print(f"{sum(expected.values())} counts in {len(expected)} rows")

    def test_each_match_is_a_row(self):
        lines = self.made_up(LINES // 10)
        self.configure({
            "sources.files": {"completed": "delete", "include": ["*.log"]},
            "interceptors.find": {**FIND, "emit": "rows", "keep": ["offset"]},
            "channels.main": {"type": "memory"},
            "sinks.matches": {"type": "file", "channel": "main", "path": f"{self.folder}/matches", "format": "json",
                              "interceptors": ["find"]},
        })
        for _ in self.spool(lines, 1):
            pass
        self.drain()
        offsets, offset = {}, 0
        for number, line in enumerate(lines):
            offsets[offset] = number
            offset += len(line) + 1
        found = [(offsets[row["offset"]], row["pattern"], row.get("value"), row["start"])
                 for row in self.rows_in("matches")]
        expected = [(number, name, value.decode("ascii"), start)
                    for number, name, value, start in log_lines.matches_of(lines, log_lines.read_patterns())]
        self.assertEqual(sorted(found), sorted(expected), self.context())
        print(f"{len(expected)} matches")


if __name__ == "__main__":
    unittest.main()
