"""One of three sinks on a channel is dead: the others get everything that the channel can hold, the log names the one that
is waited for, and when it comes back it gets each row once.
"""

import re
import unittest

from test_bench import FaultTest, Spool

FILES, FILE_ROWS = 20, 1000
MEMORY = {"type": "memory", "capacity_bytes": "512KiB"}
FILE = {"type": "file", "segment_bytes": "256KiB", "low_water_bytes": 0}
NOBODY_LISTENS = {"type": "kafka", "brokers": ["127.0.0.1:1"], "topic": "t"}


class DeadSink(FaultTest):
    def prepare(self, channel, dead=None, memory="256MiB"):
        file = {"type": "file", "path": f"{self.folder}/out/dead"}
        self.configure({
            "agent": {"memory_bytes": memory, "stop_timeout": "100ms"},
            "sources.files": {"completed": "delete", "read_bytes": "16KiB"},
            "channels.main": channel,
            "sinks.rows": {"commit_interval": "20ms"},
            "sinks.dead": {"channel": "main", "commit_interval": "20ms", "retry_max": "100ms", **(dead or file)},
            "sinks.third": {"type": "file", "channel": "main", "path": f"{self.folder}/out/third",
                            "commit_interval": "20ms"},
        }, rows="out/first")
        self.spool = Spool(self.folder / "spool", self.rng)
        for _ in range(FILES):
            self.spool.add(FILE_ROWS)
        (self.folder / "out").mkdir()
        if not dead:
            (self.folder / "out/dead").touch()  # Its folder cannot be made.

    def others_have(self):
        return [self.arrived("out/first"), self.arrived("out/third")]

    def revive(self):
        (self.folder / "out/dead").unlink()
        self.wait_for(lambda: self.arrived("out/dead") == self.spool.rows, "the dead sink has all rows")
        self.wait_for(lambda: self.others_have() == 2 * [self.spool.rows], "the others have all rows")
        self.stop()
        for sink in ("first", "dead", "third"):
            self.assert_once(self.rows_in(f"out/{sink}"), self.spool.rows, sink)
        audit = self.command("audit")
        self.assertEqual(audit.count(f"files: read {self.spool.rows:,} = delivered {self.spool.rows:,}\n"), 3, audit)

    def test_a_file_channel_holds_all_that_it_has_not_taken(self):
        self.prepare(FILE)
        self.start()
        self.wait_for(lambda: self.others_have() == 2 * [self.spool.rows], "the others have all rows")
        self.wait_for(lambda: self.spool.waiting() == 0, "the source is done")
        behind = f"sinks.dead +at row 0, {self.spool.rows:,} behind"
        self.wait_for(lambda: re.search(behind, self.command("channel", "list")), behind)
        self.kill()
        self.start()
        self.revive()

    def test_a_memory_channel_holds_what_its_capacity_allows(self):
        self.prepare(MEMORY)
        self.wait_for_the_dead_one(r" for sinks.dead\n")

    def test_the_process_holds_what_its_memory_allows(self):
        self.prepare({"type": "memory", "capacity_bytes": "1GiB"}, memory="2MiB")
        self.wait_for_the_dead_one(r"2 MiB of memory_bytes are used up; .* for sinks.dead\n")

    def wait_for_the_dead_one(self, obstacle):
        self.start()
        self.wait_until_said("warning sources.files: waits: .*" + obstacle)
        self.wait_for(lambda: len(set(self.others_have())) == 1, "both others have all that was read")
        rows = self.others_have()[0]
        self.assertTrue(0 < rows < self.spool.rows, f"{rows} rows; {self.context()}")
        self.assertEqual(self.spool.waiting(), FILES, "no file is done with before the dead sink has its rows")
        self.revive()
        self.assertIn("sources.files: reads on", self.said())

    def test_a_broker_where_nobody_listens_stops_nobody_else(self):
        self.prepare(FILE, dead=NOBODY_LISTENS)
        self.start()
        self.wait_for(lambda: self.others_have() == 2 * [self.spool.rows], "the others have all rows")
        self.wait_for(lambda: self.spool.waiting() == 0, "the source is done")
        self.stop()
        for sink in ("first", "third"):
            self.assert_once(self.rows_in(f"out/{sink}"), self.spool.rows, sink)
        self.assertEqual(self.command("channel", "dump", "main").count("\n"), self.spool.rows, "it waits in the channel")


if __name__ == "__main__":
    unittest.main()
