"""Many files with a broken line each: their dead letters hold nothing up."""

import unittest

from test_bench import FaultTest

FILES = 2_000
GOOD = 100  # Good lines of a file.


class ManyFiles(FaultTest):
    def broken_lines(self, channel, files):
        (self.folder / "spool").mkdir()
        for file in range(files):
            lines = ['{"id":%d}\n' % (file * GOOD + line) for line in range(GOOD)]
            (self.folder / f"spool/{file:06}.ndjson").write_text("".join(lines) + "broken\n")
        self.configure({
            "sources.files": {"interceptors": ["clean"]},
            "interceptors.clean": {"type": "clean_json"},
            "channels.main": {"type": channel},
        })
        self.drain(codes=(3,))
        self.assert_once(self.rows_in("rows"), files * GOOD, "rows")
        self.assertEqual(len(self.dead_letters()), files)

    def test_in_front_of_a_memory_channel(self):
        self.broken_lines("memory", FILES)

    def test_in_front_of_a_file_channel(self):
        self.broken_lines("file", FILES)


if __name__ == "__main__":
    unittest.main()
