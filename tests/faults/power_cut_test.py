"""Power cuts: what was not synced is gone, or some of it. Each row is there once afterwards."""

import os
import subprocess
import threading
import time
import unittest

import power_cut
from test_bench import LEVADA, FaultTest, Spool

CUTS = int(os.environ.get("LEVADA_CUTS") or 20)
FILE_ROWS = 300
FILES_WAITING = 6

CHANNELS = {"memory": {"type": "memory"},
            "file": {"type": "file", "segment_bytes": "64KiB", "low_water_bytes": "1MiB"}}


class PowerCuts(FaultTest):
    def start(self, *arguments):
        self.said_before = len(self.said())
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen([LEVADA, "run", "--config", str(self.config), *arguments], stdout=log,
                                          stderr=log, env=self.disk.environment())

    def survive(self, completed, channel="memory", forgets_folders=False):
        machine = self.folder / "machine"
        machine.mkdir()
        self.disk = power_cut.Disk(os.environ["FORGETFUL_DISK"], machine, self.folder / "notes", forgets_folders)
        self.configure({
            "sources.files": {"read_bytes": "4KiB", "completed": completed,
                              "completed_dir": "done" if completed == "move" else None},
            "channels.main": CHANNELS[channel],
            "sinks.rows": {"roll_rows": 700, "commit_interval": "5ms"},
        }, data="machine/data", spool="machine/spool", rows="machine/rows")
        spool = Spool(machine / "spool", self.rng)
        pause = threading.Event()
        undone = 0
        for _ in range(CUTS):
            self.start()
            until = time.monotonic() + self.rng.choice([0.05, 0.2, 0.5, 1]) * self.rng.random()
            while time.monotonic() < until:
                while spool.waiting() < FILES_WAITING and spool.files < 400:
                    spool.add(self.rng.randrange(1, 2 * FILE_ROWS), self.rng.randrange(200))
                pause.wait(0.01)
            self.kill()
            undone += self.disk.cut(self.rng.choice([lambda count: 0, lambda count: self.rng.randrange(count + 1)]))
        self.assertGreater(undone, 0, "nothing was ever forgotten")
        self.drain()
        self.assertEqual(spool.waiting() if completed != "keep" else 0, 0, self.context())
        print(f"{spool.rows:,} rows, {undone:,} changes forgotten in {CUTS} power cuts")
        self.assert_once(self.rows_in("machine/rows"), spool.rows, "rows")

    def test_files_that_are_renamed(self):
        self.survive("rename")

    def test_files_that_are_deleted(self):
        self.survive("delete")

    def test_files_that_are_moved(self):
        self.survive("move")

    def test_files_that_are_kept(self):
        self.survive("keep")

    def test_files_behind_a_file_channel(self):
        self.survive("delete", "file")

    def test_folders_that_are_forgotten(self):
        self.survive("delete", forgets_folders=True)


if __name__ == "__main__":
    unittest.main()
