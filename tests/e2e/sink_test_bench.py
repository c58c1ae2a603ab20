"""What the tests of single sinks share: a spool folder, and agents that bring its rows to the sink."""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

LEVADA = os.environ["LEVADA"]
SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
KILLS = int(os.environ.get("LEVADA_KILLS", "10"))
SEED = int(os.environ.get("LEVADA_SEED", random.SystemRandom().randrange(1 << 32)))
SECONDS = 60  # Until a wait counts as failed.


class SinkTest(unittest.TestCase):
    sink = ""  # The type of the sink.

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.spool = self.folder / "spool"
        self.spool.mkdir()
        self.files = 0

    def spool_file(self, lines):
        """A file in the spool folder, as a whole."""
        aside = self.folder / "aside"
        aside.write_text("".join(f"{line}\n" for line in lines))
        aside.rename(self.spool / f"{self.files:04}.log")
        self.files += 1

    def configure(self, sink, name="agent", source=""):
        config = self.folder / f"{name}.toml"
        config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/{name}"
            stop_timeout = "60s"
            [sources.files]
            type = "spool"
            path = "{self.spool}"
            settle = "1ms"
            channels = ["main"]
            {source}
            [channels.main]
            type = "memory"
            [sinks.{self.sink}]
            type = "{self.sink}"
            channel = "main"
            commit_interval = "50ms"
            {sink}
            """
        )
        return config

    def start(self, config, *arguments):
        log = open(config.with_suffix(".log"), "ab")
        self.addCleanup(log.close)
        agent = subprocess.Popen(
            [LEVADA, "run", "--config", str(config), *arguments], stdout=subprocess.PIPE, stderr=log, text=True
        )
        self.addCleanup(lambda: agent.poll() is None and agent.kill())
        return agent

    def finish(self, config, code=0):
        """Runs until all is through; gives the report and the log."""
        agent = self.start(config, "--until-drained")
        report, _ = agent.communicate(timeout=SECONDS)
        log = report + config.with_suffix(".log").read_text()
        self.assertEqual(agent.returncode, code, log[-3000:])
        return log

    def wait_until(self, condition, what):
        wait_until(condition, what, SECONDS)

    def assert_lives(self, agent, seconds):
        with self.assertRaises(subprocess.TimeoutExpired):
            agent.wait(seconds)
