"""SIGTERM and SIGINT stop the intake and store what is under way; a second one ends the program at once; SIGHUP
reloads; other signals do nothing. Also what a running agent does where its data folder goes, and what the next one
says after a kill."""

import os
import pathlib
import selectors
import shutil
import signal
import subprocess
import tempfile
import unittest

LEVADA = os.environ["LEVADA"]
SECONDS = 120


class Signals(unittest.TestCase):
    def start(self, sink, stop_timeout="60s", interval="10ms", flags=()):
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
            commit_interval = "{interval}"
            {sink}
            """
        )
        return self.launch(*flags)

    def launch(self, *flags):
        # Ending at once leaves its threads where they are: under ThreadSanitizer that is no finding.
        options = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"
        agent = subprocess.Popen(
            [LEVADA, "run", "--config", str(self.folder / "agent.toml"), *flags],
            env=dict(os.environ, TSAN_OPTIONS=options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.addCleanup(agent.stdout.close)
        self.addCleanup(agent.stderr.close)
        self.addCleanup(lambda: agent.poll() is None and agent.kill())
        return agent

    def stop(self, agent):
        agent.send_signal(signal.SIGTERM)
        _, log = agent.communicate(timeout=SECONDS)
        self.assertEqual(agent.returncode, 0, log)
        return log.decode()

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

    def test_the_first_signal_is_logged_and_what_was_done_too(self):
        agent = self.start('type = "console"')
        self.read_until(agent.stdout, b"\n")
        log = self.stop(agent)
        self.assertIn("SIGTERM: stopping", log)
        self.assertRegex(log, r"info sources\.rows: in all: .*rows read [\d,]+")

    def test_a_run_to_the_end_that_is_stopped_before_it_says_so(self):
        agent = self.start('type = "null"', flags=("--until-drained",))
        self.read_until(agent.stderr, b" runs ")
        agent.send_signal(signal.SIGTERM)
        _, log = agent.communicate(timeout=SECONDS)
        self.assertEqual(agent.returncode, 4, log)

    def test_other_signals_are_logged_and_do_nothing(self):
        agent = self.start('type = "null"')
        self.read_until(agent.stderr, b" runs ")
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1):
            agent.send_signal(number)
            self.read_until(agent.stderr, f"info {number.name} is ignored".encode())
        self.stop(agent)

    def test_a_hangup_reloads(self):
        agent = self.start('type = "null"')
        self.read_until(agent.stderr, b" runs ")
        agent.send_signal(signal.SIGHUP)
        self.read_until(agent.stderr, b"info reload: nothing changed")
        config = self.folder / "agent.toml"
        config.write_text(config.read_text().replace('interval = "10ms"', 'interval = "20ms"'))
        agent.send_signal(signal.SIGHUP)
        self.read_until(agent.stderr, b"info reload: changed: sinks.out\n")
        config.write_text(config.read_text().replace('"20ms"', '"soon"'))
        agent.send_signal(signal.SIGHUP)
        seen = self.read_until(agent.stderr, b"sinks.out.commit_interval")
        self.assertIn(b"error reload: not reloaded: all goes on as before\n", seen)
        self.assertRegex(seen, rb"error reload: \S+agent.toml:\d+:\d+: ")
        self.stop(agent)

    def test_a_run_to_the_end_reloads_nothing(self):
        agent = self.start('type = "null"', flags=("--until-drained",))
        self.read_until(agent.stderr, b" runs ")
        agent.send_signal(signal.SIGHUP)
        self.read_until(agent.stderr, b"SIGHUP is ignored")
        agent.send_signal(signal.SIGTERM)
        agent.communicate(timeout=SECONDS)
        self.assertEqual(agent.returncode, 4)

    def test_the_run_after_a_kill_says_so_and_the_one_after_a_stop_does_not(self):
        agent = self.start('type = "null"')
        self.read_until(agent.stderr, b" runs ")
        agent.kill()
        agent.communicate(timeout=SECONDS)
        agent = self.launch()
        self.assertIn(b"the last run was killed", self.read_until(agent.stderr, b" runs "))
        self.stop(agent)
        agent = self.launch()
        self.assertNotIn(b"the last run was killed", self.read_until(agent.stderr, b" runs "))
        self.stop(agent)

    def test_a_second_agent_does_not_start_though_the_lock_file_was_removed(self):
        agent = self.start('type = "null"')
        self.read_until(agent.stderr, b" runs ")
        (self.folder / "data/lock").unlink()
        second = self.launch()
        _, log = second.communicate(timeout=SECONDS)
        self.assertEqual(second.returncode, 1, log)
        self.assertIn(b"another agent runs on", log)
        self.stop(agent)

    def test_an_agent_whose_data_dir_is_removed_ends_at_once(self):
        for lose in (shutil.rmtree, lambda folder: folder.rename(folder.with_name("moved"))):
            agent = self.start('type = "null"\ncommit_rows = 1000000', interval="1h")
            self.read_until(agent.stderr, b" runs ")
            lose(self.folder / "data")
            _, log = agent.communicate(timeout=SECONDS)
            self.assertEqual(agent.returncode, 1, log)
            self.assertIn(b"was removed, moved or replaced while the agent ran", log)
            # Nothing is in the way of a new one.
            second = self.launch()
            self.read_until(second.stderr, b" runs ")
            self.stop(second)

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
