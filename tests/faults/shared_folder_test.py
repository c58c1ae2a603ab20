"""kill -9 of two agents whose sinks write into one folder with one prefix: none loses or doubles a row of another."""

import collections
import subprocess
import threading
import time
import unittest

from test_bench import LEVADA, SECONDS, FaultTest, Spool, turns

KILLS = turns(40)
AGENTS = ("left", "right")
SINKS = ("rows", "more")
FILE_ROWS = 60
FILES_WAITING = 4



class SharedFolder(FaultTest):
    def setUp(self):
        super().setUp()
        self.agents, self.spools = {}, {}
        self.addCleanup(lambda: [self.kill_agent(name) for name in list(self.agents)])
        for agent in AGENTS:
            # Small files and many of them: names are taken all the time.
            sink = {"type": "file", "channel": "main", "path": f"{self.folder}/out", "roll_rows": 3,
                    "commit_interval": "5ms"}
            self.configure({"sources.files": {"completed": "delete"}, **{f"sinks.{name}": sink for name in SINKS}},
                           data=f"data-{agent}", spool=f"spool-{agent}")
            self.config.rename(self.folder / f"{agent}.toml")
            self.spools[agent] = Spool(self.folder / f"spool-{agent}", self.rng)

    def run_agent(self, agent, *arguments):
        with open(self.log, "ab") as log:
            self.agents[agent] = subprocess.Popen(
                [LEVADA, "run", "--config", str(self.folder / f"{agent}.toml"), *arguments], stdout=log, stderr=log)

    def kill_agent(self, agent):
        process = self.agents.pop(agent)
        ended = process.poll()
        process.kill()
        process.wait()
        return ended

    def work(self, seconds):
        pause = threading.Event()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for agent in AGENTS:
                while self.spools[agent].waiting() < FILES_WAITING:
                    self.add(agent)
            pause.wait(0.01)

    def add(self, agent):
        self.spools[agent].add(self.rng.randrange(1, 2 * FILE_ROWS), text_bytes=len(agent))

    def test_rows_of_all_sinks_are_there_once(self):
        for agent in AGENTS:
            self.run_agent(agent)
        for _ in range(KILLS):
            self.work(self.rng.choice([0.05, 0.2, 0.4]) * self.rng.random())
            # Both at once: they start together and take their first names in the same second.
            victims = self.rng.choice([AGENTS[:1], AGENTS[1:], AGENTS])
            for agent in victims:
                self.assertIsNone(self.kill_agent(agent), f"agent {agent} ended by itself; {self.context()}")
            for agent in victims:
                self.run_agent(agent)
        for agent in AGENTS:
            self.assertIsNone(self.kill_agent(agent), self.context())
        for agent in AGENTS:
            self.run_agent(agent, "--until-drained")
            self.assertEqual(self.agents[agent].wait(timeout=SECONDS), 0, self.context())
        self.check()

    def check(self):
        rows = collections.Counter()
        for row in self.rows_in("out"):
            rows[len(row["text"]), row["id"]] += 1
        lost = doubled = 0
        for agent in AGENTS:
            for number in range(self.spools[agent].rows):
                times = rows.pop((len(agent), number), 0)
                lost += max(0, len(SINKS) - times)
                doubled += max(0, times - len(SINKS))
        total = sum(spool.rows for spool in self.spools.values()) * len(SINKS)
        print(f"{total:,} rows in one folder after {KILLS} kills")
        self.assertEqual((lost, doubled, len(rows)), (0, 0, 0),
                         f"of {total} rows {lost} are lost, {doubled} doubled; {self.context()}")


if __name__ == "__main__":
    unittest.main()
