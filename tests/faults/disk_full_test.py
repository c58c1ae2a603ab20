"""A disk that is full holds the agent up and costs nothing: once there is room it goes on by itself, each row once.

The disk is a small tmpfs in a mount namespace of the test's own, so that it goes with the test. Exits with 77 where the
system does not let this user mount one.
"""

import errno
import os
import shutil
import subprocess
import sys
import unittest

from test_bench import FaultTest, Spool

DISK_MIB = 16
CANNOT_RUN = 77
IN_NAMESPACE = "LEVADA_MOUNT_NAMESPACE"
NAMESPACE = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
MEMORY = {"type": "memory"}


def file(low_water):
    return {"type": "file", "segment_bytes": "512KiB", "low_water_bytes": low_water}


class FullDisk(FaultTest):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "data"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "none", self.disk], check=True)
        self.addCleanup(lambda: (self.end(), subprocess.run(["umount", self.disk], check=True)))
        self.ballast = self.disk / "ballast"
        (self.folder / "out").mkdir()

    def prepare(self, channel, files, broken=0.0):
        self.configure({
            "sources.files": {"completed": "delete", "interceptors": ["clean"]},
            "interceptors.clean": {"type": "clean_json"},
            "channels.main": channel,
            "sinks.rows": {"roll_rows": 20000, "commit_interval": "20ms", "retry_max": "200ms"},
        }, rows="out/rows")
        self.spool = Spool(self.folder / "spool", self.rng, broken)
        for _ in range(files):
            self.spool.add(2000, text_bytes=400)

    def block_sink(self):
        """Where its folder should be is a file."""
        (self.folder / "out/rows").touch()

    def unblock_sink(self):
        (self.folder / "out/rows").unlink()

    def free_bytes(self):
        disk = os.statvfs(self.disk)
        return disk.f_bavail * disk.f_bsize

    def fill(self):
        """Takes whatever is free, to the last byte."""
        with open(self.ballast, "ab", buffering=0) as ballast:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while ballast.write(b"\0" * size):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def wait_while_full(self, condition, what):
        """What fails may give bytes back: they are taken, too."""
        def full():
            self.fill()
            return condition()
        self.wait_for(full, what)

    def said_no_space(self, since=0):
        return "No space left on device" in self.said()[since:]

    def said_full(self, since=0):
        """A file channel may see that there is no room before a call fails for it."""
        return self.said_no_space(since) or "it takes nothing until that is over" in self.said()[since:]

    def finish(self):
        """The agent has never been started again, brings all home, and everything is there once."""
        self.wait_for(lambda: self.spool.waiting() == 0 and self.arrived("out/rows") >= self.spool.rows, "all rows")
        self.stop()
        self.check()

    def check(self):
        self.assert_once(self.rows_in("out/rows"), self.spool.rows, "rows")
        letters = [row["body"] for row in self.dead_letters()]
        self.assertEqual(sorted(letters), sorted(self.spool.broken), self.context())
        read = self.spool.rows + len(self.spool.broken)
        self.assertIn(f"read {read:,} = delivered {self.spool.rows:,}", self.command("audit"))

    def test_a_file_channel_takes_nothing_below_its_low_water_mark_until_it_is_drained(self):
        low_water = 6 << 20
        self.prepare(file(low_water), files=30)
        self.block_sink()
        self.start()
        self.wait_until_said(r"low_water_bytes is 6 MiB; it takes nothing until that is over")
        # A megabyte is a batch: what was under way when it looked.
        self.assertGreater(self.free_bytes(), low_water - (2 << 20))
        self.assertGreater(self.spool.waiting(), 0, "the spool holds what the channel does not take")
        self.unblock_sink()
        self.wait_until_said(r"it takes batches again")
        self.finish()

    def test_a_file_channel_gives_back_its_delivered_rows_where_the_disk_holds_less_than_a_segment(self):
        for low_water in ("1MiB", 0):
            with self.subTest(low_water=low_water):
                self.prepare({"type": "file", "low_water_bytes": low_water}, files=30)
                self.block_sink()
                self.start()
                self.wait_until_said(r"takes nothing until that is over", since=self.said_before)
                self.unblock_sink()
                # All of it is three times as much as the disk.
                for _ in range(30):
                    self.spool.add(2000, text_bytes=400)
                self.finish()
                self.assertEqual(self.command("channel", "verify").count("good"), 1)
                for used in ("spool", "out", "data/channels", "data/commits", "data/sources"):
                    shutil.rmtree(self.folder / used, ignore_errors=True)
                (self.folder / "out").mkdir()

    def test_a_file_channel_goes_on_after_the_disk_was_full_to_the_last_byte(self):
        self.prepare(file(0), files=20)
        self.block_sink()
        self.start()
        self.wait_until_said(r"warning sinks.rows: \w+: ")
        self.wait_while_full(self.said_full, "the disk is full")
        self.unblock_sink()
        self.ballast.unlink()
        self.finish()
        self.assertEqual(self.command("channel", "verify").count("good"), 1)

    def test_an_agent_starts_on_a_full_disk_and_goes_on_when_it_is_freed(self):
        self.prepare(file(0), files=20)
        self.block_sink()
        self.start()
        self.wait_until_said(r"warning sinks.rows: \w+: ")
        self.wait_while_full(self.said_full, "the disk is full")
        self.kill()
        self.fill()
        self.unblock_sink()
        before = len(self.said())
        self.start()
        self.wait_while_full(lambda: self.said_full(before), "the second agent meets the full disk")
        self.ballast.unlink()
        self.finish()

    def test_a_channel_that_is_new_is_made_when_the_disk_is_freed(self):
        self.prepare(file(0), files=2)
        self.fill()
        self.start()
        self.wait_while_full(self.said_full, "the disk is full")
        self.assertEqual(self.spool.waiting(), 2, "nothing is read while there is no channel")
        self.ballast.unlink()
        self.finish()

    def test_rows_are_delivered_once_where_a_commit_found_the_disk_full(self):
        self.prepare(MEMORY, files=1)
        self.block_sink()
        self.start()
        self.wait_until_said(r"warning sinks.rows: \w+: ")
        # The source has read its file, and the sink's rows go to another disk: what is left to write
        # there is the commit.
        self.fill()
        before = len(self.said())
        self.unblock_sink()
        self.wait_while_full(lambda: self.said_no_space(before), "a commit meets the full disk")
        self.assertRegex(self.said()[before:], r"warning sinks.rows: (commit|recover): .*No space left on device")
        self.ballast.unlink()
        self.finish()

    def test_dead_letters_that_fill_the_disk_wait_for_room_and_are_written_once(self):
        self.prepare(MEMORY, files=20, broken=0.95)
        self.start()
        self.wait_until_said(r"dead letters: .*No space left on device")
        self.assertGreater(self.spool.waiting(), 0, "no file is done with before its dead letters are stored")
        subprocess.run(["mount", "-o", f"remount,size={4 * DISK_MIB}m", self.disk], check=True)
        self.finish()


if __name__ == "__main__":
    if IN_NAMESPACE in os.environ:
        unittest.main()
    if subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode != 0:
        print("not run: this user may not mount a small disk (unshare --mount failed)")
        sys.exit(CANNOT_RUN)
    os.environ[IN_NAMESPACE] = "1"
    os.execvp(NAMESPACE[0], [*NAMESPACE, sys.executable, "-B", *sys.argv])
