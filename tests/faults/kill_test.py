"""kill -9 at random points of the whole path: each row, each count and each dead letter is there once."""

import collections
import json
import threading
import time
import unittest

from test_bench import FaultTest, Spool, turns

KILLS = turns(30)
FILE_ROWS = 400
FILES_WAITING = 6  # The spool is kept so full: the agent always has something to do.


class Kills(FaultTest):
    def survive(self, channel):
        self.configure({
            "sources.files": {"completed": "delete", "interceptors": ["clean"]},
            "interceptors.clean": {"type": "clean_json"},
            "interceptors.columns": {"type": "parse_json"},
            "interceptors.columns.columns": {"id": "int64", "key": "text"},
            "interceptors.counts": {"type": "count_by", "columns": ["key"]},
            "channels.main": channel,
            "sinks.rows": {"roll_rows": 3000, "commit_interval": "20ms"},
            "sinks.counts": {"type": "file", "channel": "main", "path": f"{self.folder}/counts", "format": "json",
                             "roll_rows": 5000, "interceptors": ["columns", "counts"], "commit_interval": "30ms"},
        })
        spool = Spool(self.folder / "spool", self.rng, broken=0.02)
        pause = threading.Event()
        patience = self.slowness()
        for _ in range(KILLS):
            self.start()
            # Short lives end while the agent starts and recovers, long ones while it works.
            until = time.monotonic() + patience * self.rng.choice([0.02, 0.1, 0.3, 0.6]) * self.rng.random()
            while time.monotonic() < until:
                while spool.waiting() < FILES_WAITING:
                    spool.add(self.rng.randrange(1, 2 * FILE_ROWS), self.rng.randrange(200))
                pause.wait(0.01)
            self.kill()
        self.assertGreater(self.arrived("rows"), 0, "killed too early to prove anything; " + self.context())
        self.drain(codes=(0, 3))
        self.assertEqual(spool.waiting(), 0, self.context())
        self.check(spool)

    def check(self, spool):
        self.assert_once(self.rows_in("rows"), spool.rows, "rows")
        counted = self.rows_in("counts")
        self.assert_once(counted, spool.rows, "counts")
        counts = collections.defaultdict(list)
        for row in counted:
            counts[row["key"]].append(row["count"])
        for key, count in spool.by_key.items():
            self.assertEqual(sorted(counts[key]), list(range(1, count + 1)), f"counts of {key}; {self.context()}")
        letters = [row["body"] for row in self.dead_letters()]
        self.assertEqual(sorted(letters), sorted(spool.broken), self.context())
        audit = self.command("audit")
        print(f"{spool.rows:,} rows, {len(spool.broken):,} dead letters after {KILLS} kills")
        for reader in ("sinks.rows", "sinks.counts"):
            self.assertRegex(audit, rf"{reader}, commit ")
        broken = len(spool.broken)
        read = f"read {spool.rows + broken:,} = delivered {spool.rows:,} + dead letters {broken:,}"
        self.assertEqual(audit.count(f"files: {read}\n"), 2, audit)

    def test_behind_a_memory_channel_nothing_is_lost_or_doubled(self):
        self.survive({"type": "memory"})

    def test_behind_a_file_channel_nothing_is_lost_or_doubled(self):
        self.survive({"type": "file", "segment_bytes": "64KiB", "low_water_bytes": "1MiB"})


class Renamed(FaultTest):
    def arrange(self, name):
        self.configure({"sources.files": {"interceptors": [name]}, f"interceptors.{name}": {"type": "clean_json"}})

    def test_a_component_that_is_gone_after_a_kill_is_warned_of(self):
        spool = Spool(self.folder / "spool", self.rng, broken=0.1)
        spool.add(FILE_ROWS)
        self.arrange("clean")
        self.start()
        self.wait_for(lambda: self.dead_letters(), "dead letters are stored")
        self.kill()
        self.arrange("wash")
        self.drain(codes=(0, 3))
        self.assert_once(self.rows_in("rows"), spool.rows, "rows")
        self.assertIn("the configuration has no interceptors.clean any more", self.said())


if __name__ == "__main__":
    unittest.main()
