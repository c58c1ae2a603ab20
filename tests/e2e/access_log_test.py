"""conf/examples/access_log: an access log goes from files to a real Kafka, and from there, looked at from three sides,
to a real HDFS and Redis; exact to the row, with the agents killed on the way. The rules are written again here, in the
plainest way."""

import collections
import json
import os
import re
import subprocess
import unittest

import pyarrow

from lake_servers import USER, Hdfs
from system_test_bench import SystemTest

LIMIT, WINDOW = 100, 60
THRESHOLD, FACTOR, BASELINE, MINIMUM = 900, 3, 600, 200
LINE = re.compile(rb'(\S+) \S+ \S+ \[(\d+)/(\w+)/(\d+):(\d+):(\d+):(\d+) \+0000\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)$')


def requests_in(lines):
    """(host, second, request, status, bytes) of each line that is one."""
    for line in lines:
        found = LINE.match(line)
        if found:
            day, _, _, hour, minute, second = found.groups()[1:7]
            time = int(day) * 86_400 + int(hour) * 3600 + int(minute) * 60 + int(second)
            size = 0 if found[10] == b"-" else int(found[10])
            yield found[1].decode(), time, found[8].decode(), int(found[9]), size


def blocked_intervals(requests):
    """(host, first, last, count): runs of requests that are each the 101st within a minute, at least."""
    times, runs, found = collections.defaultdict(list), {}, []
    for host, time, *_ in requests:
        before = times[host]
        before.append(time)
        if len(before) > LIMIT and time - before[-LIMIT - 1] < WINDOW:
            run = runs.setdefault(host, [time, time, 0])
            run[1], run[2] = time, run[2] + 1
        elif host in runs:
            found.append((host, *runs.pop(host)))
    return collections.Counter(found + [(host, *run) for host, run in runs.items()])


def surges(requests):
    """(kind, begin, end, peak) by the failures of the last minute, at each second."""
    failures = collections.Counter(time for _, time, _, status, _ in requests if status in (404, 500))
    first, last = requests[0][1], requests[-1][1]
    in_window, now = {}, 0
    for second in range(first, last + 1):
        now += failures[second] - failures[second - WINDOW]
        in_window[second] = now
    found, runs = [], {}
    for second in range(first, last + 1):
        count = in_window[second]
        before = [in_window[each] for each in range(second - BASELINE, second)] if second - first >= BASELINE else None
        is_surge = {
            "absolute": count > THRESHOLD,
            "relative": before is not None and count >= MINIMUM and count > FACTOR * sum(before) / BASELINE,
        }
        for kind, surge in is_surge.items():
            if surge:
                run = runs.setdefault(kind, [second, second, count])
                run[1], run[2] = second, max(run[2], count)
            elif kind in runs:
                found.append((kind, *runs.pop(kind)))
    return sorted(found + [(kind, *run) for kind, run in runs.items()])


class AccessLog(SystemTest):
    def lines(self, place):
        """The lines of all complete files below a folder of HDFS."""
        folder = self.folder / place
        folder.parent.mkdir(parents=True, exist_ok=True)
        Hdfs.fetch(f"{self.place}/{place}", folder)
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or any(part[0] in "._" for part in path.relative_to(folder).parts):
                continue
            with pyarrow.input_stream(str(path), compression="zstd" if path.suffix == ".zst" else None) as file:
                yield from file.read().splitlines()

    @staticmethod
    def seconds(text):
        day, hour, minute, second = re.match(r"\d+-\d+-(\d+)T(\d+):(\d+):(\d+)", text).groups()
        return int(day) * 86_400 + int(hour) * 3600 + int(minute) * 60 + int(second)

    def test_three_views_of_a_log_are_exact_through_kills(self):
        self.place = f"access-{self.topic}"
        self.environment.update(HDFS=Hdfs.address(self.place), HDFS_USER=USER)
        self.environment["SPOOL"] = str(self.folder / "spool")
        (self.folder / "spool").mkdir()
        # In three of a hundred minutes most requests fail: the first log that has such a minute.
        expected_surges = []
        while not expected_surges:
            seed = self.random.randrange(1 << 31)
            made = self.generate(f"made-{seed}", f"""
                record = "access_log"
                rows = 300_000
                broken = 0.001
                seed = {seed}""")
            requests = list(requests_in(made.read_bytes().splitlines()))
            expected_surges = surges(requests)
        made.rename(self.folder / "spool" / "access.log")

        self.topic = self.environment["TOPIC"] = f"{self.topic}-keyed"  # Made by the sink.
        self.run_with_kills(self.example("access_log/ingest.toml"), 1, codes=(0, 3))
        config = self.example("access_log/analyse.toml", ttl='"1h"')
        self.run_with_kills(config, 2)

        got = collections.Counter()
        for row in map(json.loads, self.lines("requests")):
            time = self.seconds(row["timestamp"])
            got[row["host"], time, row["request"], row["http_response"], row["bytes_sent"]] += 1
        self.assert_same(got, collections.Counter(requests))

        expected = blocked_intervals(requests)
        self.assertGreater(len(expected), 0, f"seed {seed}")
        blocked = [json.loads(line) for line in self.lines("blocked")]
        self.assert_same(collections.Counter((row["host"], self.seconds(row["first"]), self.seconds(row["last"]),
                                              row["count"]) for row in blocked), expected)
        keys = subprocess.run(["redis-cli", "-p", os.environ["REDIS_PORT"], "--scan", "--pattern", "blocked_*"],
                              env=dict(os.environ, REDISCLI_AUTH=os.environ["REDIS_PASSWORD"]), check=True,
                              capture_output=True, text=True).stdout.split()
        self.assertEqual(sorted(keys), sorted({f"blocked_{host}" for host, *_ in expected}))

        told = [json.loads(line) for line in self.lines("surges")]
        ended = sorted((row["kind"], self.seconds(row["begin"]), self.seconds(row["end"]), row["peak"])
                       for row in told if row["state"] == "end")
        self.assertEqual(ended, expected_surges, f"seed {seed}")


if __name__ == "__main__":
    unittest.main()
