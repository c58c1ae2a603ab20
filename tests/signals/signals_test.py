"""SIGTERM and SIGINT stop the intake and store what is under way; a second one ends the program at once."""

import os
import pathlib
import selectors
import signal
import subprocess
import tempfile
import unittest

LEVADA = os.environ["LEVADA"]
SECONDS = 120


class Signals(unittest.TestCase):
    def start(self, sink, stop_timeout="60s"):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        config = self.folder / "agent.toml"
        config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            stop_timeout = "{stop_timeout}"
            [sources.rows]
            type = "generate"
            record = "bot_events"
            rate = 1000
            rows = 0
            batch_rows = 10
            channels = ["main"]
            [channels.main]
            type = "memory"
            [sinks.out]
            channel = "main"
            commit_interval = "10ms"
            {sink}
            """
        )
        # Ending at once leaves its threads where they are: under ThreadSanitizer that is no finding.
        options = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"
        agent = subprocess.Popen(
            [LEVADA, "run", "--config", str(config)],
            env=dict(os.environ, TSAN_OPTIONS=options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.addCleanup(agent.stdout.close)
        self.addCleanup(agent.stderr.close)
        self.addCleanup(lambda: agent.poll() is None and agent.kill())
        return agent

    def read_until(self, stream, text):
        """What the agent has written when `text` stands in it."""
        seen = b""
        with selectors.DefaultSelector() as ready:
            ready.register(stream, selectors.EVENT_READ)
            while text not in seen:
                self.assertTrue(ready.select(SECONDS), f"no {text!r} in {seen!r}")
                more = os.read(stream.fileno(), 65536)
                self.assertTrue(more, f"ended without {text!r}: {seen!r}")
                seen += more
        return seen

    def test_the_first_signal_stores_what_is_under_way(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            agent = self.start('type = "console"')
            seen = self.read_until(agent.stdout, b"\n")
            agent.send_signal(number)
            rest, _ = agent.communicate(timeout=SECONDS)
            self.assertEqual(agent.returncode, 0)
            rows = (seen + rest).decode()
            self.assertTrue(rows.endswith("\n"), "a whole line is the last")
            # What went out is what the next start goes on behind.
            commit = max((self.folder / "data/commits/sinks.out").glob("0*")).read_bytes().decode()
            positions = [line for line in commit.splitlines() if line.startswith("position\t")]
            self.assertEqual([line.split("\t")[1] for line in positions], [str(rows.count("\n"))])

    def test_the_second_signal_ends_it_at_once(self):
        # Nobody listens there: what is under way cannot be stored.
        agent = self.start('type = "kafka"\nbrokers = ["127.0.0.1:1"]\ntopic = "t"', stop_timeout="1h")
        self.read_until(agent.stderr, b" runs ")
        agent.send_signal(signal.SIGTERM)
        self.read_until(agent.stderr, b"stopping")
        agent.send_signal(signal.SIGTERM)
        agent.communicate(timeout=SECONDS)
        self.assertEqual(agent.returncode, 128 + signal.SIGTERM)

    def test_it_gives_up_after_the_stop_timeout_and_loses_nothing(self):
        agent = self.start('type = "kafka"\nbrokers = ["127.0.0.1:1"]\ntopic = "t"', stop_timeout="1s")
        self.read_until(agent.stderr, b" runs ")
        agent.send_signal(signal.SIGTERM)
        _, log = agent.communicate(timeout=SECONDS)
        self.assertEqual(agent.returncode, 0, log)
        self.assertIn(b"read again at the next start", log)
        self.assertFalse((self.folder / "data/positions/sinks.out").exists())


if __name__ == "__main__":
    unittest.main()
