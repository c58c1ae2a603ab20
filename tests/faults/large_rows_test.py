"""Rows that are large beside [agent] memory_bytes arrive, one at a time; nothing waits for ever."""

import unittest

from test_bench import FaultTest


class LargeRows(FaultTest):
    def arrive(self, channel, memory, rows, line, sizes):
        (self.folder / "spool").mkdir()
        for number, size in enumerate(sizes):
            (self.folder / f"spool/{number}.txt").write_text("x" * size + "\n")
        self.configure({
            "agent": {"memory_bytes": memory},
            "sources.files": {"rows": rows, "line_bytes": line},
            "channels.main": {"type": channel},
        })
        self.drain()
        arrived = sum(path.stat().st_size for path in (self.folder / "rows").glob("*"))
        self.assertGreaterEqual(arrived, sum(sizes), self.context())

    def test_lines_that_nearly_fill_the_memory(self):
        self.arrive("memory", "1MiB", "lines", "1MiB", [900_000] * 20)

    def test_lines_that_nearly_fill_the_memory_over_a_file_channel(self):
        self.arrive("file", "1MiB", "lines", "1MiB", [900_000] * 20)

    def test_whole_files_that_nearly_fill_the_memory(self):
        self.arrive("memory", "16MiB", "whole", "16MiB", [16_000_000] * 3)


if __name__ == "__main__":
    unittest.main()
