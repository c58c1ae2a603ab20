"""Segments of a file channel are damaged, cut short, zeroed and removed while they hold a backlog: the rest is delivered
in order, and what is missing is counted in the log, by `levada channel verify` and by `levada audit`, until the
operator acknowledges it.
"""

import re
import subprocess
import unittest

from test_bench import LEVADA, FaultTest, Spool

FILES, FILE_ROWS = 20, 500


class DamagedSegment(FaultTest):
    def setUp(self):
        super().setUp()
        self.configure({
            "agent": {"stop_timeout": "100ms"},
            "sources.files": {"completed": "delete", "read_bytes": "4KiB"},
            "channels.main": {"type": "file", "segment_bytes": "64KiB", "low_water_bytes": 0},
            "sinks.rows": {"commit_interval": "20ms", "retry_max": "100ms"},
        }, rows="out/rows")
        self.channel = self.folder / "data/channels/main"
        self.spool = Spool(self.folder / "spool", self.rng)
        for _ in range(FILES):
            self.spool.add(FILE_ROWS)
        # Where the folder of the sink should be is a file: all rows stay in the channel.
        (self.folder / "out").mkdir()
        (self.folder / "out/rows").touch()
        self.start()
        self.wait_for(lambda: self.spool.waiting() == 0, "all rows are in the channel")
        self.stop()
        (self.folder / "out/rows").unlink()
        self.assertIn("main: good", self.command("channel", "verify", "main"))
        self.segments = sorted(self.channel.glob("*.log"))
        self.assertGreater(len(self.segments), 10)

    def flip(self, segment):
        """Other bytes in the middle of the file."""
        at = segment.stat().st_size // 2
        with open(segment, "r+b") as file:
            file.seek(at)
            wrong = bytes(byte ^ 0xFF for byte in file.read(8))
            file.seek(at)
            file.write(wrong)

    def cut(self, segment):
        with open(segment, "r+b") as file:
            file.truncate(segment.stat().st_size // 2)

    def rows_of(self, segment):
        """How many rows that segment holds, by the names of it and of the one behind it."""
        at = self.segments.index(segment) + 1
        end = int(self.segments[at].name[:20]) if at < len(self.segments) else self.spool.rows
        return end - int(segment.name[:20])

    def deliver_with_gaps(self, most, quarantined=()):
        """What is missing of the rows; all others come, in their order, and the files named are kept."""
        verified = self.command("channel", "verify", "main", code=1)
        said_missing = int(re.search(r"; ([\d,]+) rows are missing\n$", verified)[1].replace(",", ""))
        self.start()
        self.wait_for(lambda: self.arrived("out/rows") >= self.spool.rows - said_missing, "the rest is delivered")
        self.wait_for(lambda: len(list(self.channel.glob("*.log"))) == 1, "what is delivered leaves the channel")
        self.wait_for(lambda: f"MISSING {said_missing:,} rows" in self.audit(), "the sink has committed what it knows")
        self.stop()
        ids = [row["id"] for row in self.rows_in("out/rows")]
        self.assertEqual(ids, sorted(set(ids)), "in their order, each once; " + self.context())
        missing = self.spool.rows - len(ids)
        self.assertTrue(0 < missing <= most, f"{missing} of at most {most} rows; {self.context()}")
        self.assertEqual(said_missing, missing, verified)
        logged = sum(map(int, re.findall(r": (\d+) rows from row \d+ on are missing; the rest goes on", self.said())))
        self.assertEqual(logged, missing, self.context())
        audit = self.command("audit", code=1)
        self.assertIn(f"MISSING {missing:,} rows never came", audit)
        self.assertIn(f"delivered {len(ids):,}\n", audit)
        self.acknowledge(missing)
        self.assertEqual(self.kept(), [segment.name for segment in quarantined], self.context())
        return missing

    def audit(self):
        """What it says, whatever it thinks of that."""
        return subprocess.run([LEVADA, "audit", "--config", str(self.config)], capture_output=True, text=True).stdout

    def acknowledge(self, missing):
        """The operator knows of what is missing: it is shown, and is no failure any more."""
        known = f"missing, and acknowledged: {missing:,} rows never came"
        self.assertIn(known, self.command("audit", "--acknowledge-missing"))
        self.start()
        self.stop()
        audit = self.command("audit")
        self.assertIn(known, audit)
        self.assertNotIn("MISSING", audit)

    def kept(self):
        return [path.name for path in sorted((self.channel / "quarantine").glob("*"))]

    def test_a_few_wrong_bytes_cost_the_record_that_they_are_in(self):
        damaged = self.segments[3]
        self.flip(damaged)
        self.deliver_with_gaps(most=self.rows_of(damaged) // 4, quarantined=[damaged])

    def test_a_segment_that_was_cut_short_costs_what_was_cut_off(self):
        damaged = self.segments[4]
        self.cut(damaged)
        self.deliver_with_gaps(most=self.rows_of(damaged) * 3 // 4, quarantined=[damaged])

    def test_a_segment_that_is_gone_costs_its_rows(self):
        gone = self.segments[5]
        gone.unlink()
        self.assertEqual(self.deliver_with_gaps(most=self.spool.rows), self.rows_of(gone))

    def test_a_last_segment_that_is_gone_costs_its_rows(self):
        gone = self.segments[-1]
        gone.unlink()
        self.assertEqual(self.deliver_with_gaps(most=self.spool.rows), self.rows_of(gone))

    def test_a_last_segment_of_zeros_costs_its_rows(self):
        damaged = self.segments[-1]
        damaged.write_bytes(bytes(damaged.stat().st_size))
        missing = self.deliver_with_gaps(most=self.spool.rows, quarantined=[damaged])
        self.assertEqual(missing, self.rows_of(damaged))

    def test_a_last_segment_that_was_cut_short_costs_what_was_cut_off(self):
        damaged = self.segments[-1]
        self.cut(damaged)
        self.deliver_with_gaps(most=self.rows_of(damaged), quarantined=[damaged])

    def test_a_last_segment_with_wrong_bytes_costs_the_record_that_they_are_in(self):
        damaged = self.segments[-1]
        self.flip(damaged)
        self.deliver_with_gaps(most=self.rows_of(damaged), quarantined=[damaged])

    def test_a_channel_whose_segments_are_all_gone_costs_all_rows(self):
        for segment in self.segments:
            segment.unlink()
        self.assertEqual(self.deliver_with_gaps(most=self.spool.rows), self.spool.rows)

    def test_a_damaged_segment_is_kept_though_the_process_ends_right_behind_it(self):
        damaged = self.segments[3]
        self.flip(damaged)
        wrong = damaged.read_bytes()
        self.drain(codes=(3,))
        # What the next process knows of the damage is on the disk.
        self.start()
        self.wait_for(lambda: not damaged.exists(), "what is delivered leaves the channel")
        self.stop()
        self.assertEqual(self.kept(), [damaged.name], self.context())
        self.assertEqual((self.channel / "quarantine" / damaged.name).read_bytes(), wrong)

    def test_all_of_it_together(self):
        flipped, cut, gone = self.segments[2], self.segments[4], self.segments[6]
        self.flip(flipped)
        self.cut(cut)
        gone.unlink()
        self.deliver_with_gaps(most=sum(map(self.rows_of, (flipped, cut, gone))), quarantined=[flipped, cut])


if __name__ == "__main__":
    unittest.main()
