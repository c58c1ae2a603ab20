"""kill -9 while windows are open: rows of three streams, out of order, some late; each window of any kind has its sums
once, and each late row is a dead letter once."""

import collections
import datetime
import json
import threading
import time
import unittest

from test_bench import FaultTest, turns

KILLS = turns(20)
FILE_ROWS = 300
FILES_WAITING = 4
LATENESS, SIZE, SLIDE, WIDE, GAP, SPAN, KEEP = 30, 10, 5, 20, 4, 17, 60  # Seconds.


def end_before(time, size, slide):
    """Of windows that end at the time or before, the last end."""
    return (time - size) // slide * slide + size


# Rows older than that are late for the sink of that name, where their stream has come to a watermark.
BOUNDS = {
    "rows": lambda mark: end_before(mark, SIZE, SIZE),
    "wide": lambda mark: end_before(mark, WIDE, SLIDE),
    "sessions": lambda mark: mark,
    "moving": lambda mark: mark,
    "again": lambda mark: end_before(mark - KEEP, SIZE, SIZE),
}


class Stream:
    """A folder whose rows have times, and what is to become of them: late is what its own stream has left behind."""

    def __init__(self, folder, number, rng):
        self.folder, self.number, self.rng = folder, number, rng
        self.now = 1_780_272_000
        self.files = self.rows = 0
        self.latest = None
        self.late = collections.defaultdict(list)
        self.counted = collections.defaultdict(list)
        folder.mkdir()

    def add(self):
        lines = []
        for _ in range(self.rng.randrange(1, FILE_ROWS)):
            self.now += self.rng.random() < 0.1
            behind = self.rng.randrange(LATENESS) if self.rng.random() < 0.99 else self.rng.randrange(4 * LATENESS)
            at, key, value = self.now - behind, f"k{int(self.rng.expovariate(0.2))}", self.rng.randrange(1000)
            row = f"{self.number}.{self.rows}"
            line = json.dumps({"at": at, "key": key, "value": value, "id": row, "stream": self.number})
            lines.append(line)
            self.rows += 1
            self.latest = max(at, self.latest or at)
            for sink, bound in BOUNDS.items():
                if at < bound(self.latest - LATENESS):
                    self.late[sink].append(line)
                else:
                    self.counted[sink].append((at, key, value, row))
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
    def survive(self, channel, *sinks):
        windows = {"type": "window", "time": "at", "unit": "s", "lateness": f"{LATENESS}s", "streams": 3,
                   "keys": ["key"]}
        sums = {"rows": "count", "sum": "sum(value)", "large": "count_if(value >= 500)"}
        kinds = {
            "rows": ({"size": f"{SIZE}s"}, {**sums, "values": "distinct(value)", "last": "last(value)"}),
            "wide": ({"size": f"{WIDE}s", "slide": f"{SLIDE}s"}, sums),
            "sessions": ({"gap": f"{GAP}s"}, {**sums, "most": "max(value)", "values": "distinct(value)"}),
            "moving": ({"moving": f"{SPAN}s", "keys": ["key", "stream"]}, {**sums, "most": "max(value)"}),
            "again": ({"size": f"{SIZE}s", "late": "update", "keep": f"{KEEP}s", "early": "20ms"}, sums),
        }
        sink = {"type": "file", "channel": "main", "format": "json", "roll_rows": 500, "commit_interval": "20ms"}
        tables = {
            f"sources.s{number}": {"type": "spool", "path": f"{self.folder}/s{number}", "settle": "0s",
                                   "completed": "delete", "channels": ["main"]}
            for number in range(3)
        }
        for name in sinks:
            options, aggregates = kinds[name]
            tables[f"interceptors.of_{name}"] = {**windows, **options}
            tables[f"interceptors.of_{name}.aggregates"] = aggregates
            path = {} if name == "rows" else {"path": f"{self.folder}/{name}"}
            tables[f"sinks.{name}"] = {**sink, **path, "interceptors": ["columns", f"of_{name}"]}
        self.configure({
            **tables,
            "interceptors.columns": {"type": "parse_json"},
            "interceptors.columns.columns": {"at": "int64", "key": "text", "value": "int64", "id": "text",
                                             "stream": "int64"},
            "channels.main": channel,
        })
        streams = [Stream(self.folder / f"s{number}", number, self.rng) for number in range(3)]
        (self.folder / "spool").mkdir()
        pause = threading.Event()
        patience = self.slowness()
        with_changes = 0
        for kill in range(1, KILLS + 1):
            self.start()
            began = time.monotonic()
            until = began + patience * self.rng.choice([0.02, 0.1, 0.3, 0.6]) * self.rng.random()
            # The last one waits until the others have proved something.
            while time.monotonic() < until or (
                kill == KILLS and time.monotonic() < began + 60
                and not (self.arrived(sinks[0]) and with_changes + self.files_with_changes())
            ):
                for stream in streams:
                    if stream.waiting() < FILES_WAITING:
                        stream.add()
                pause.wait(0.01)
            self.kill()
            with_changes += self.files_with_changes()
        self.assertGreater(self.arrived(sinks[0]), 0, "killed too early to prove anything; " + self.context())
        self.assertGreater(with_changes, 0, "no state was saved by its changes; " + self.context())
        self.drain(codes=(0, 3))
        for name in sinks:
            getattr(self, f"check_{name}")([row for stream in streams for row in stream.counted[name]])
        late = sorted(line for stream in streams for name in sinks for line in stream.late[name])
        self.assertEqual(sorted(row["body"] for row in self.dead_letters()), late, self.context())
        print(f"{sum(stream.rows for stream in streams):,} rows, {len(late):,} dead letters, {with_changes} files with "
              f"changes after {KILLS} kills")

    def files_with_changes(self):
        return sum(1 for _ in (self.folder / "data/commits").glob("*/*.changes"))

    def check_windows(self, sink, expected):
        """`expected`: of each beginning and key the rows (time, value)."""
        given = self.rows_in(sink)
        found = {(seconds(row["window_start"]), row["key"]): row for row in given}
        self.assertEqual(len(given), len(found), f"windows came twice in {sink}; {self.context()}")
        self.check_sums(sink, expected, found)

    def check_sums(self, sink, expected, found):
        self.assertEqual(sorted(found), sorted(expected), f"{sink}; {self.context()}")
        for window, rows in expected.items():
            values = [value for _, value in rows]
            row = found[window]
            self.assertEqual((row["rows"], row["sum"], row["large"]),
                             (len(values), sum(values), sum(value >= 500 for value in values)),
                             f"{sink}, {window}; {self.context()}")
            for name, value in (("values", len(set(values))), ("last", max(rows)[1]), ("most", max(values))):
                self.assertEqual(row.get(name, value), value, f"{sink}, {window}; {self.context()}")

    def check_rows(self, rows, sink="rows", size=SIZE, slide=SIZE):
        self.check_windows(sink, self.windows_of(rows, size, slide))

    def check_wide(self, rows):
        self.check_rows(rows, "wide", WIDE, SLIDE)

    def windows_of(self, rows, size, slide):
        windows = collections.defaultdict(list)
        for at, key, value, _ in rows:
            for start in range((at - size) // slide * slide + slide, at + 1, slide):
                windows[start, key].append((at, value))
        return windows

    def check_sessions(self, rows):
        sessions, last = {}, {}
        for at, key, value, _ in sorted(rows):
            if key not in last or at >= last[key][0] + GAP:
                last[key] = (at, at)
            else:
                last[key] = (at, last[key][1])
            sessions.setdefault((last[key][1], key), []).append((at, value))
        self.check_windows("sessions", sessions)

    def check_moving(self, rows):
        keys = collections.defaultdict(list)
        for at, key, value, row in rows:
            keys[key, row.split(".")[0]].append((at, int(row.split(".")[1]), value))
        expected = {}
        for (_, stream), of_key in keys.items():
            of_key.sort()
            for end, (at, row, _) in enumerate(of_key, 1):
                values = [value for time, _, value in of_key[:end] if time > at - SPAN]
                expected[f"{stream}.{row}"] = (len(values), sum(values), sum(v >= 500 for v in values), max(values))
        given = self.rows_in("moving")
        found = {row["id"]: (row["rows"], row["sum"], row["large"], row["most"]) for row in given}
        self.assertEqual(len(given), len(found), f"rows came twice; {self.context()}")
        self.assertEqual(found, expected, self.context())

    def check_again(self, rows):
        """The last row of each window is the one that has most rows: they only ever become more."""
        finals, last = set(), {}
        for row in self.rows_in("again"):
            window = (seconds(row["window_start"]), row["key"])
            if row["result"] == "final":
                self.assertNotIn(window, finals, f"came twice; {self.context()}")
                finals.add(window)
            if row["result"] != "early" and row["rows"] >= last.get(window, row)["rows"]:
                last[window] = row
        self.check_sums("again", self.windows_of(rows, SIZE, SIZE), last)

    def test_behind_a_memory_channel_each_window_is_there_once(self):
        self.survive({"type": "memory"}, "rows", "wide")

    def test_behind_a_file_channel_each_window_is_there_once(self):
        self.survive({"type": "file", "segment_bytes": "64KiB", "low_water_bytes": "1MiB"}, "rows", "wide")

    def test_sessions_moving_windows_and_those_that_are_given_again_are_exact(self):
        self.survive({"type": "memory"}, "sessions", "moving", "again")


if __name__ == "__main__":
    unittest.main()
