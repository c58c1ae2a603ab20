"""kill -9 while windows are open: rows of three streams, out of order, some late; each window has its sums once, and
each late row is a dead letter once."""

import collections
import datetime
import json
import threading
import time
import unittest

from test_bench import FaultTest

KILLS = 20
FILE_ROWS = 300
FILES_WAITING = 4
LATENESS, SIZE, SLIDE, WIDE = 30, 10, 5, 20  # Seconds.


class Stream:
    """A folder whose rows have times, and what is to become of them: late is what its own stream has left behind."""

    def __init__(self, folder, number, rng):
        self.folder, self.number, self.rng = folder, number, rng
        self.now = 1_780_272_000
        self.files = self.rows = 0
        self.latest = None
        self.late = {SIZE: [], WIDE: []}
        self.counted = {SIZE: [], WIDE: []}
        folder.mkdir()

    def add(self):
        lines = []
        for _ in range(self.rng.randrange(1, FILE_ROWS)):
            self.now += self.rng.random() < 0.1
            behind = self.rng.randrange(LATENESS) if self.rng.random() < 0.99 else self.rng.randrange(4 * LATENESS)
            at, key, value = self.now - behind, f"k{int(self.rng.expovariate(0.2))}", self.rng.randrange(1000)
            line = json.dumps({"at": at, "key": key, "value": value, "id": f"{self.number}.{self.rows}"})
            lines.append(line)
            self.rows += 1
            self.latest = max(at, self.latest or at)
            for size, slide in ((SIZE, SIZE), (WIDE, SLIDE)):
                over = (self.latest - LATENESS - size) // slide * slide + size
                if at < over:
                    self.late[size].append(line)
                else:
                    self.counted[size].append((at, key, value))
        path = self.folder / f"{self.files:06}.ndjson"
        aside = path.with_suffix(".tmp")
        aside.write_text("".join(line + "\n" for line in lines))
        aside.rename(path)
        self.files += 1

    def waiting(self):
        return sum(1 for _ in self.folder.glob("*.ndjson"))


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class WindowKills(FaultTest):
    def survive(self, channel):
        windows = {"type": "window", "time": "at", "unit": "s", "lateness": f"{LATENESS}s", "streams": 3,
                   "keys": ["key"]}
        sums = {"rows": "count", "sum": "sum(value)", "large": "count_if(value >= 500)"}
        sink = {"type": "file", "channel": "main", "format": "json", "roll_rows": 500, "commit_interval": "20ms"}
        tables = {
            f"sources.s{number}": {"type": "spool", "path": f"{self.folder}/s{number}", "settle": "0s",
                                   "completed": "delete", "channels": ["main"]}
            for number in range(3)
        }
        self.configure({
            **tables,
            "interceptors.columns": {"type": "parse_json"},
            "interceptors.columns.columns": {"at": "int64", "key": "text", "value": "int64", "id": "text"},
            "interceptors.tumbling": {**windows, "size": f"{SIZE}s"},
            "interceptors.tumbling.aggregates": {**sums, "values": "distinct(value)", "last": "last(value)"},
            "interceptors.sliding": {**windows, "size": f"{WIDE}s", "slide": f"{SLIDE}s"},
            "interceptors.sliding.aggregates": sums,
            "channels.main": channel,
            "sinks.rows": {**sink, "interceptors": ["columns", "tumbling"]},
            "sinks.wide": {**sink, "path": f"{self.folder}/wide", "interceptors": ["columns", "sliding"]},
        })
        streams = [Stream(self.folder / f"s{number}", number, self.rng) for number in range(3)]
        (self.folder / "spool").mkdir()
        pause = threading.Event()
        patience = self.slowness()
        for _ in range(KILLS):
            self.start()
            until = time.monotonic() + patience * self.rng.choice([0.02, 0.1, 0.3, 0.6]) * self.rng.random()
            while time.monotonic() < until:
                for stream in streams:
                    if stream.waiting() < FILES_WAITING:
                        stream.add()
                pause.wait(0.01)
            self.kill()
        self.assertGreater(self.arrived("rows"), 0, "killed too early to prove anything; " + self.context())
        self.drain(codes=(0, 3))
        self.check(streams, "rows", SIZE, SIZE)
        self.check(streams, "wide", WIDE, SLIDE)
        late = sorted(line for stream in streams for size in (SIZE, WIDE) for line in stream.late[size])
        self.assertEqual(sorted(row["body"] for row in self.dead_letters()), late, self.context())
        print(f"{sum(stream.rows for stream in streams):,} rows, {len(late):,} dead letters after {KILLS} kills")

    def check(self, streams, sink, size, slide):
        expected = collections.defaultdict(list)
        for stream in streams:
            for at, key, value in stream.counted[size]:
                for start in range((at - size) // slide * slide + slide, at + 1, slide):
                    expected[start, key].append((at, value))
        given = self.rows_in(sink)
        found = {(seconds(row["window_start"]), row["key"]): row for row in given}
        self.assertEqual(len(given), len(found), f"windows came twice in {sink}; {self.context()}")
        self.assertEqual(sorted(found), sorted(expected), f"{sink}; {self.context()}")
        for window, rows in expected.items():
            values = [value for _, value in rows]
            row = found[window]
            self.assertEqual((row["rows"], row["sum"], row["large"]),
                             (len(values), sum(values), sum(value >= 500 for value in values)), self.context())
            if sink == "rows":
                self.assertEqual((row["values"], row["last"]), (len(set(values)), max(rows)[1]), self.context())

    def test_behind_a_memory_channel_each_window_is_there_once(self):
        self.survive({"type": "memory"})

    def test_behind_a_file_channel_each_window_is_there_once(self):
        self.survive({"type": "file", "segment_bytes": "64KiB", "low_water_bytes": "1MiB"})


if __name__ == "__main__":
    unittest.main()
