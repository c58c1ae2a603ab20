"""A table with many commits and files is opened, appended to, checkpointed and looked after in little memory.
tests/bench/lake_log.py does the same with a hundred times as many."""

import pathlib
import tempfile
import unittest

from large_log import append, make_log, measure, versions

COMMITS = 5_000
FILES = 10  # In each.
# What the program needs without any table, and what is held of 50,000 files.
MEMORY_MAX = 192  # MiB


class LargeLog(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="levada-log.")))
        self.table = self.folder / "table"
        make_log(self.table, COMMITS, FILES)

    def check(self, measured, text=""):
        said, _, memory = measured
        self.assertIn(text, said)
        self.assertLess(memory, MEMORY_MAX, "MiB")

    def test_memory_is_bounded(self):
        for checkpoints in (0, 1):
            files = COMMITS * FILES + 4 * checkpoints
            self.check(measure(["table", "show", self.table]), f"files       {files}, ")
            self.check(measure(["table", "optimize", self.table, "--dry-run"]), f"would put {files} files")
            self.check(measure(["table", "history", self.table, "--limit", "2"]), "WRITE")
            self.check(append(self.folder / "one", self.table, 1))
            # The first time the log gets its first checkpoint.
            self.check(append(self.folder / "checkpoint", self.table, 3, checkpoint_interval=2))
        self.assertTrue(list((self.table / "_delta_log").glob("*.checkpoint.parquet")))
        self.assertEqual(versions(self.table), COMMITS + 8)


if __name__ == "__main__":
    unittest.main()
