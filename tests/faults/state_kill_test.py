"""kill -9 while interceptors have large states, of which most commits save the changes only: the first row of each key
comes through once, the sums of all keys are exact, and so are the times for which a key was over its limit."""

import collections
import datetime
import json
import threading
import time
import unittest

from test_bench import FaultTest, turns

KILLS = turns(15)
KILLS_MAX = 60  # Until there were commits with changes.
KEYS = 30_000
FILE_ROWS = 4_000
FILES_WAITING = 6
ROWS_EACH_SECOND = 1_000
LIMIT, WINDOW = 3, 60  # Rows in seconds.


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class StateKills(FaultTest):
    def setUp(self):
        super().setUp()
        self.rows, self.files = [], 0
        (self.folder / "spool").mkdir()

    def add(self):
        lines = []
        for _ in range(FILE_ROWS):
            # One in ten is of few keys, which come over the limit.
            key = self.rng.randrange(KEYS) if self.rng.random() < 0.9 else self.rng.randrange(50)
            at = 1_780_272_000 + len(self.rows) // ROWS_EACH_SECOND
            row = {"id": len(self.rows), "at": at, "key": f"k{key}", "value": self.rng.randrange(1000)}
            self.rows.append(row)
            lines.append(json.dumps(row))
        path = self.folder / f"spool/{self.files:06}.ndjson"
        aside = path.with_suffix(".tmp")
        aside.write_text("".join(line + "\n" for line in lines))
        aside.rename(path)
        self.files += 1

    def expected_intervals(self):
        before, running, over = collections.defaultdict(collections.deque), {}, []
        for row in self.rows:
            key, at = row["key"], row["at"]
            times = before[key]
            while times and at - times[0] >= WINDOW:
                times.popleft()
            blocked = len(times) == LIMIT
            if blocked:
                times.popleft()
            times.append(at)
            if key in running and (not blocked or running[key][1] + WINDOW <= at):
                over.append((key, *running.pop(key)))
            if blocked:
                first, _, count = running.get(key, (at, at, 0))
                running[key] = (first, at, count + 1)
        return sorted(over + [(key, *run) for key, run in running.items()])

    def survive(self, channel):
        times = {"time": "at", "unit": "s", "keys": ["key"]}
        sink = {"type": "file", "channel": "main", "format": "json", "commit_interval": "20ms"}
        self.configure({
            "sources.files": {"completed": "delete"},
            "interceptors.columns": {"type": "parse_json"},
            "interceptors.columns.columns": {"id": "int64", "at": "int64", "key": "text", "value": "int64"},
            "interceptors.first": {"type": "deduplicate", "ttl": "1d", **times},
            "interceptors.sums": {"type": "window", "size": "366d", **times},
            "interceptors.sums.aggregates": {"rows": "count", "sum": "sum(value)", "last": "last(id)"},
            "interceptors.over": {"type": "limit_rate", "limit": LIMIT, "window": f"{WINDOW}s", "emit": "intervals",
                                  **times},
            "channels.main": channel,
            "sinks.rows": {**sink, "interceptors": ["columns", "first"]},
            **{f"sinks.{name}": {**sink, "path": f"{self.folder}/{name}", "interceptors": ["columns", name]}
               for name in ("sums", "over")},
        })
        pause, patience = threading.Event(), self.slowness()
        with_changes = 0
        for kills in range(1, KILLS_MAX):
            self.start()
            # Longer and longer: also on a busy machine there are commits with changes at last.
            longest = patience * self.rng.choice([0.1, 0.3, 0.6]) * (1 + kills / KILLS)
            until = time.monotonic() + longest * self.rng.random()
            while time.monotonic() < until:
                if sum(1 for _ in (self.folder / "spool").glob("*.ndjson")) < FILES_WAITING:
                    self.add()
                pause.wait(0.01)
            self.kill()
            with_changes += sum(1 for _ in (self.folder / "data/commits").glob("*/*.changes"))
            if kills >= KILLS and with_changes:
                break
        self.assertGreater(with_changes, 0, "killed too early to prove anything; " + self.context())
        self.add()
        self.drain()

        first, sums = {}, {}
        for row in self.rows:
            key = row["key"]
            first.setdefault(key, row["id"])
            count, total, _ = sums.get(key, (0, 0, 0))
            sums[key] = (count + 1, total + row["value"], row["id"])
        rows = self.rows_in("rows")
        self.assertEqual(sorted((row["key"], row["id"]) for row in rows), sorted(first.items()), self.context())
        rows = self.rows_in("sums")
        self.assertEqual(len(rows), len(sums), self.context())
        self.assertEqual({row["key"]: (row["rows"], row["sum"], row["last"]) for row in rows}, sums, self.context())
        over = sorted((row["key"], seconds(row["first"]), seconds(row["last"]), row["count"])
                      for row in self.rows_in("over"))
        self.assertEqual(over, self.expected_intervals(), self.context())
        print(f"{len(self.rows):,} rows, {len(sums):,} keys, {len(over):,} times over the limit, {with_changes} files "
              f"with changes after {kills} kills")

    def test_behind_a_memory_channel_each_state_is_as_without_a_kill(self):
        self.survive({"type": "memory"})

    def test_behind_a_file_channel_each_state_is_as_without_a_kill(self):
        self.survive({"type": "file", "segment_bytes": "1MiB", "low_water_bytes": "1MiB"})


if __name__ == "__main__":
    unittest.main()
