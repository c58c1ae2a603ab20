"""Dead letters are replayed once the configuration is right, and the replay is killed at random points until one gets
through: each letter is delivered once, to the sinks that had not had it.
"""

import collections
import json
import signal
import subprocess
import threading
import unittest

from test_bench import LEVADA, SECONDS, FaultTest

ROWS = 60_000
ATTEMPTS = 12
MEMORY = {"type": "memory"}
FILE = {"type": "file", "segment_bytes": "256KiB", "low_water_bytes": 0}


class Replay(FaultTest):
    def write_input(self):
        """Of the rows a fifth has a comma too many, a fifth of all has a key that the first configuration rejects."""
        (self.folder / "spool").mkdir()
        self.commas, self.keyed, self.hopeless = set(), set(), set()
        lines = []
        for number in range(ROWS):
            key = "new" if self.rng.random() < 0.2 else "old"
            line = json.dumps({"id": number, "key": key})
            chance = self.rng.random()
            if chance < 0.2:
                self.commas.add(number)
                line = line[:-1] + ",}"
            elif chance < 0.21:
                self.hopeless.add(number)
                line = line[:-1]
            elif key == "new":
                self.keyed.add(number)
            lines.append(line + "\n")
        (self.folder / "spool/a.ndjson").write_text("".join(lines))

    def replay_under_fire(self):
        """Kills it at random points, and lets the last one come to its end."""
        pause = threading.Event()
        kills = 0
        for _ in range(ATTEMPTS):
            self.start_replay()
            pause.wait(self.rng.random() * 0.15)
            if self.agent.poll() is None:
                self.agent.kill()
                kills += 1
            self.assertIn(self.agent.wait(), (3, -signal.SIGKILL), self.context())
        self.start_replay()
        # Some rows are rejected again, each time.
        self.assertEqual(self.agent.wait(timeout=SECONDS), 3, self.context())
        self.assertGreater(kills, 0, "it was always quicker")

    def start_replay(self):
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen([LEVADA, "replay", "--config", str(self.config)], stdout=log, stderr=log)

    def arrange(self, channel, keys, repair=None):
        self.configure({
            "sources.files": {"read_bytes": "4KiB", "interceptors": ["clean"]},
            "interceptors.clean": {"type": "clean_json", "repair": repair},
            "interceptors.keys": {"type": "filter", "pattern": keys, "on_no_match": "reject"},
            "channels.main": channel,
            "sinks.rows": {"commit_rows": 100},
            "sinks.some": {"type": "file", "channel": "main", "path": f"{self.folder}/some", "interceptors": ["keys"],
                           "commit_rows": 150},
        })

    def replay_all(self, channel):
        self.write_input()
        self.arrange(channel, "old")
        self.drain(codes=(3,))
        letters = collections.Counter(row["component"] for row in self.dead_letters())
        self.assertEqual(letters, {"interceptors.clean": len(self.commas | self.hopeless),
                                   "interceptors.keys": len(self.keyed)})
        self.arrange(channel, "old|new", ["trailing_commas"])
        self.replay_under_fire()
        for sink in ("rows", "some"):
            ids = collections.Counter(row["id"] for row in self.rows_in(sink))
            self.assertEqual(ids, collections.Counter(set(range(ROWS)) - self.hopeless), f"{sink}; {self.context()}")
        # What is rejected again is a letter again, in the place of the one that was given.
        letters = collections.Counter(row["body"] for row in self.dead_letters())
        self.assertEqual(len(letters), len(self.hopeless), self.context())
        self.assertEqual(set(letters.values()), {1}, self.context())
        self.command("audit")

    def test_a_replay_through_a_memory_channel_that_is_killed_gives_each_letter_once(self):
        self.replay_all(MEMORY)

    def test_a_replay_through_a_file_channel_that_is_killed_gives_each_letter_once(self):
        self.replay_all(FILE)


if __name__ == "__main__":
    unittest.main()
