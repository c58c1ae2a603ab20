"""Detectors against references that know all rows: agents are killed on the way, and rows come out of order."""

import datetime
import pathlib
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "faults"))

import references  # noqa: E402
from test_bench import LEVADA, SECONDS, FaultTest, toml  # noqa: E402

KILLS = 20
ROWS = 100_000
FILES = 200
FILES_WAITING = 4  # The spool is kept so full until all files are there.
LATENESS = 5  # Seconds.


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def reasons(row):
    return tuple(sorted(row["reasons"].split("+")))


class Detectors(FaultTest):
    def generate(self, **options):
        """The lines that the source `generate` makes up."""
        config = self.folder / "generate.toml"
        config.write_text(toml({
            "agent": {"data_dir": f"{self.folder}/generated"},
            "sources.made": {"type": "generate", "rows": ROWS, "seed": self.rng.randrange(1 << 30), "broken": 0.001,
                             "channels": ["main"], **options},
            "channels.main": {"type": "memory"},
            "sinks.lines": {"type": "file", "channel": "main", "path": f"{self.folder}/lines"},
        }))
        subprocess.run([LEVADA, "run", "--until-drained", "--config", config], check=True, timeout=SECONDS,
                       stderr=subprocess.DEVNULL)
        paths = sorted((self.folder / "lines").iterdir())
        return [line for path in paths for line in path.read_text().splitlines()]

    def shuffled(self, lines, rows_of):
        """The lines up to LATENESS seconds out of order. Those of one second stay in theirs: it matters to some."""
        when, shift = {}, {}
        key = []
        last = 0
        for number, line in enumerate(lines):
            row = rows_of([line])
            last = row[0][0] if row else last
            if last not in shift:
                shift[last] = self.rng.randrange(LATENESS)
            key.append((last + shift[last], number))
        return [lines[number] for _, number in sorted(key)]

    def survive(self, lines):
        """Runs the agent of the configuration over the lines, with kills, to the end."""
        spool = self.folder / "spool"
        spool.mkdir()
        step = -(-len(lines) // FILES)
        files = iter(range(0, len(lines), step))

        def fill(waiting):
            while sum(1 for _ in spool.glob("*.log")) < waiting:
                first = next(files, None)
                if first is None:
                    return
                aside = spool / f"{first:08}.tmp"
                aside.write_text("".join(line + "\n" for line in lines[first : first + step]))
                aside.rename(spool / f"{first:08}.log")

        pause = threading.Event()
        patience = self.slowness()
        for _ in range(KILLS):
            self.start()
            until = time.monotonic() + patience * self.rng.choice([0.1, 0.3, 0.6]) * self.rng.random()
            while time.monotonic() < until:
                fill(FILES_WAITING)
                pause.wait(0.01)
            self.kill()
        fill(FILES)
        self.drain(codes=(0, 3))
        self.assertFalse(list(spool.glob("*.log")), self.context())

    def chain(self, name, parse, **options):
        """A sink with a chain of its own."""
        return {
            f"interceptors.{name}": {**options, "lateness": f"{LATENESS}s"},
            f"sinks.{name}": {"type": "file", "channel": "main", "path": f"{self.folder}/{name}", "format": "json",
                              "interceptors": [parse, name], "commit_interval": "30ms"},
        }

    def test_hosts_that_are_blocked_and_surges(self):
        limit = {"type": "limit_rate", "keys": ["host"], "limit": 10, "window": "60s", "emit": "intervals"}
        surge = {"type": "detect_surge", "column": "http_response", "values": ["404", "500"], "window": "60s",
                 "threshold": 50, "factor": 1.3, "baseline": "600s", "minimum": 30}
        self.configure({
            "sources.files": {"completed": "delete", "include": ["*.log"]},
            "interceptors.parse": {"type": "parse_access_log"},
            "channels.main": {"type": "file", "segment_bytes": "1MiB", "low_water_bytes": "1MiB"},
            **self.chain("observed", "parse", **limit),
            **self.chain("admitted", "parse", **limit, mode="admit"),
            **self.chain("surges", "parse", **surge),
        })
        lines = self.generate(record="access_log", requests=ROWS, seconds=7200)
        self.survive(self.shuffled(lines, references.requests_of))
        requests = references.requests_of(lines)
        for name in ("observed", "admitted"):
            found = sorted((row["host"], seconds(row["first"]), seconds(row["last"]), row["count"])
                           for row in self.rows_in(name))
            expected = references.blocked_intervals(requests, 10, 60, name == "admitted")
            self.assertEqual(found, expected, self.context())
            self.assertTrue(expected, "nothing was blocked: the test proves nothing")
            print(f"{name}: {len(expected)} intervals")
        expected = references.surges(requests, {404, 500}, 60, 50, 1.3, 600, 30)
        rows = [row for row in self.rows_in("surges") if row["state"] == "end"]
        found = sorted((row["kind"], seconds(row["begin"]), seconds(row["end"]), row["peak"]) for row in rows)
        self.assertEqual(found, expected, self.context())
        self.assertTrue(expected, "there was no surge: the test proves nothing")
        print(f"{len(expected)} surges")

    def test_bots(self):
        rules = {"max_rate": 20, "max_clicks_over_views": 10, "max_categories": 5}
        bots = {"type": "detect_bots", "time": "event_time", "unit": "s", "emit": "bots", "category": "url",
                "category_after": "c", **rules}
        self.configure({
            "sources.files": {"completed": "delete", "include": ["*.log"]},
            "interceptors.parse": {"type": "parse_json"},
            "interceptors.parse.columns": {"ip": "text", "type": "text", "url": "text", "event_time": "int64"},
            "channels.main": {"type": "memory"},
            **self.chain("sliding", "parse", **bots),
            **self.chain("tumbling", "parse", **bots, windows="tumbling"),
        })
        lines = self.generate(record="bot_events", requests=ROWS, seconds=3600, bots=20, users=2000)
        self.survive(self.shuffled(lines, references.events_of))
        events = references.events_of(lines)
        ended = [row for row in self.rows_in("sliding") if row["kind"] == "bot_ended"]
        found = sorted((row["ip"], seconds(row["since"]), seconds(row["until"]), reasons(row)) for row in ended)
        expected = references.sliding_bots(events, rules, 600, 10, 600)
        self.assertEqual(found, expected, self.context())
        self.assertTrue(expected, "there was no bot: the test proves nothing")
        print(f"{len(expected)} times of bots")
        found = sorted((seconds(row["since"]), row["ip"], row["requests"], row["clicks"], row["views"],
                        row["categories"], row["rate"], reasons(row))
                       for row in self.rows_in("tumbling"))
        expected = references.tumbling_bots(events, rules, 600, 10)
        self.assertEqual(found, expected, self.context())
        print(f"{len(expected)} bots of windows")


if __name__ == "__main__":
    unittest.main()
