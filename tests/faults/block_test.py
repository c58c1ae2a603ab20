"""on_reject = "block": nothing passes a row that is turned down, nothing is lost, and the log says what it waits for."""

import unittest

from test_bench import FaultTest

ROWS = 1000
BROKEN_AT = 600
CHAIN = ["clean"]


class Block(FaultTest):
    def arrange(self, channel, before, repair=None):
        self.configure({
            "agent": {"stop_timeout": "100ms"},
            "sources.files": {"read_bytes": 1024, "interceptors": CHAIN if before == "channel" else None},
            "interceptors.clean": {"type": "clean_json", "on_reject": "block", "repair": repair},
            "channels.main": {"type": channel, "low_water_bytes": 0 if channel == "file" else None},
            "sinks.rows": {"commit_interval": "10ms", "retry_max": "100ms",
                           "interceptors": CHAIN if before == "sink" else None},
        })

    def block(self, channel, before):
        (self.folder / "spool").mkdir()
        lines = ['{"id":%d%s}\n' % (number, "," if number == BROKEN_AT else "") for number in range(ROWS)]
        (self.folder / "spool/a.ndjson").write_text("".join(lines))
        self.arrange(channel, before)
        self.start()
        self.wait_until_said('on_reject is "block".*trailing comma')
        if before == "channel":  # Rows are handed on in batches: those before the batch with the broken one.
            self.wait_for(lambda: self.arrived("rows") > BROKEN_AT // 2, "rows before it arrive")
        self.stop()
        self.assertLessEqual(len(self.rows_in("rows")), BROKEN_AT)
        self.assertEqual(self.dead_letters(), [])
        self.arrange(channel, before, repair=["trailing_commas"])
        self.drain()
        self.assert_once(self.rows_in("rows"), ROWS, "rows")
        self.assertIn(f"read {ROWS:,} = delivered {ROWS:,}", self.command("audit"))

    def test_in_front_of_a_memory_channel(self):
        self.block("memory", "channel")

    def test_in_front_of_a_file_channel(self):
        self.block("file", "channel")

    def test_behind_a_memory_channel(self):
        self.block("memory", "sink")

    def test_behind_a_file_channel(self):
        self.block("file", "sink")


if __name__ == "__main__":
    unittest.main()
