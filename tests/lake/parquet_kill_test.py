"""kill -9 at random points of the way into Parquet files: each row is there once."""

import collections
import threading
import time
import unittest

import pyarrow.parquet

from test_bench import FaultTest, Spool

KILLS = 20
FILE_ROWS = 400
FILES_WAITING = 6


class ParquetKills(FaultTest):
    def rows_there(self):
        found = collections.Counter()
        for path in (self.folder / "rows").rglob("*.parquet"):
            table = pyarrow.parquet.read_table(path, partitioning=None)
            found.update(zip(table["id"].to_pylist(), [path.parent.name.removeprefix("key=")] * len(table)))
        return found

    def files_there(self):
        return sum(1 for _ in (self.folder / "rows").rglob("*.parquet"))

    def survive(self, channel):
        self.configure({
            "sources.files": {"completed": "delete", "interceptors": ["columns"]},
            "interceptors.columns": {"type": "parse_json"},
            "interceptors.columns.columns": {"id": "int64", "key": "text"},
            "channels.main": channel,
            "sinks.rows": {"type": "parquet", "partition_by": ["key"], "roll_rows": 70, "commit_interval": "40ms"},
            "sinks.rows.columns": {"id": "int32", "key": "text"},
        })
        spool = Spool(self.folder / "spool", self.rng)
        pause = threading.Event()
        for _ in range(KILLS):
            self.start()
            # Some lives end while the agent starts and recovers, others while it works, or just after a commit.
            life = self.rng.random()
            if life < 0.7:
                self.wait_until_said(" info levada .* runs ", since=self.said_before)
            if life < 0.4:
                spool.add(FILE_ROWS)
                before = self.files_there()
                self.wait_for(lambda: self.files_there() > before, "a file is complete")
            until = time.monotonic() + 0.3 * self.rng.random()
            while time.monotonic() < until:
                while spool.waiting() < FILES_WAITING:
                    spool.add(self.rng.randrange(1, 2 * FILE_ROWS), self.rng.randrange(200))
                pause.wait(0.01)
            self.kill()
        self.assertGreater(len(self.rows_there()), 0, "killed too early to prove anything; " + self.context())
        self.drain()
        self.assertEqual(spool.waiting(), 0, self.context())
        found = self.rows_there()
        self.assertEqual(len(found), spool.rows, self.context())
        self.assertEqual(set(found.values()), {1}, self.context())
        self.assertEqual(collections.Counter(key for _, key in found), spool.by_key, self.context())
        left = [path.name for path in (self.folder / "rows").glob(".levada-*/*") if path.name != "here"]
        self.assertEqual(left, [], self.context())
        print(f"{spool.rows:,} rows after {KILLS} kills")

    def test_behind_a_memory_channel_nothing_is_lost_or_doubled(self):
        self.survive({"type": "memory"})

    def test_behind_a_file_channel_nothing_is_lost_or_doubled(self):
        self.survive({"type": "file", "segment_bytes": "64KiB", "low_water_bytes": "1MiB"})


if __name__ == "__main__":
    unittest.main()
