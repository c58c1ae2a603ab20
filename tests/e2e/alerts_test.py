"""conf/examples/alerts: an agent whose sink fails raises a mail on a real SMTP server, and another one when that is
over; so do lines that say that requests are slow.

Run below `tests/services/with smtp --`.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import unittest

import smtp_server
from sink_test_bench import LEVADA, SECONDS, SinkTest
from webhook_sink_test import Receiver

EXAMPLE = pathlib.Path(os.environ["LEVADA_CONF"]) / "examples/alerts/agent.toml"


class Alerts(SinkTest):
    def setUp(self):
        super().setUp()
        smtp_server.begin()
        self.receiver = Receiver(lambda body: (503, {}, False))
        self.addCleanup(self.receiver.server_close)
        self.addCleanup(self.receiver.shutdown)
        self.environment = {
            **os.environ,
            "DATA": str(self.folder / "data"),
            "SPOOL": str(self.spool),
            "COLLECTOR": self.receiver.url,
            "SMTP": f"localhost:{os.environ['SMTP_PORT']}",
            "SMTP_CA": smtp_server.CERTIFICATE,
            "ALERTS_TO": "ops@example.com",
        }

    def example(self, **changes):
        """A copy of the example; `changes`: lines, each `name = value` for the lines of that name."""
        text = EXAMPLE.read_text()
        for option, value in changes.items():
            text, count = re.subn(rf"(?m)^{option} = .*$", f"{option} = {value}", text)
            self.assertGreater(count, 0, option)
        config = self.folder / "agent.toml"
        config.write_text(text)
        return config

    def start(self, config, *arguments):
        log = open(config.with_suffix(".log"), "ab")
        self.addCleanup(log.close)
        agent = subprocess.Popen([LEVADA, "run", "--config", str(config), *arguments], stdout=log, stderr=log,
                                 env=self.environment)
        self.addCleanup(lambda: agent.poll() is None and (agent.kill(), agent.wait()))
        return agent

    def subjects(self):
        return [mail.subject for mail in smtp_server.mails()]

    def states(self):
        """Of the alert about the collector, as the journal has them."""
        # The file that is written has a name of its own until it is rolled, and its last line may not be whole yet.
        files = sorted(path for path in (self.folder / "data/journal").rglob("*") if path.is_file())
        rows = []
        for path in files:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                for line in path.read_text().splitlines():
                    rows.append(json.loads(line))
        return [row["state"] for row in rows if (row["component"], row["rule"]) == ("sinks.collector", "fails")]

    def commits(self, sink):
        numbers = [path.name for path in (self.folder / f"data/agent/commits/sinks.{sink}").iterdir()]
        return max(int(number) for number in numbers if number.isdigit())

    def wait_for(self, subject):
        self.wait_until(lambda: subject in self.subjects(), f"no mail \"{subject}\", but {self.subjects()}")

    def test_a_failing_sink_raises_a_mail_and_a_second_one_when_it_is_over(self):
        config = self.example(interval='"100ms"', window='"60s"', commit_interval='"100ms"')
        agent = self.start(config)
        self.spool_file([json.dumps({"service": "shop", "time": "2026-01-01T00:00:00Z", "seconds": 0.1})])
        self.wait_for("[begin] fails on sinks.collector")
        self.wait_until(lambda: "begin" in self.states(), "no alert in the journal")
        # The commits that have begun the alert may still be under way: those behind them say that they are through.
        for sink in ("agent_mail", "journal"):
            known = self.commits(sink)
            self.wait_until(lambda: self.commits(sink) >= known + 2, f"no commit of {sink}")
        # A restart tells nothing anew and forgets nothing.
        agent.kill()
        agent.wait()
        agent = self.start(config)
        self.receiver.mood = lambda body: (200, {}, True)
        self.wait_for("[end] fails on sinks.collector")
        agent.terminate()
        self.assertEqual(agent.wait(SECONDS), 0, config.with_suffix(".log").read_text()[-3000:])
        about_the_collector = [subject for subject in self.subjects() if "collector" in subject]
        self.assertEqual(about_the_collector, ["[begin] fails on sinks.collector", "[end] fails on sinks.collector"])
        mail = next(mail for mail in smtp_server.mails() if mail.subject == about_the_collector[0])
        self.assertEqual(mail.recipients, ["ops@example.com"])
        self.assertRegex(mail.text, r"^20\d\d-\S+Z fails \[sinks.collector\]: value rose by \d+ within 1m, more than 0")
        self.assertEqual(len(self.receiver.rows), 1)
        self.assertEqual(self.states()[:1], ["begin"])
        self.assertEqual(self.states()[-1:], ["end"])

    def test_slow_requests_are_told_with_their_service(self):
        config = self.example(lateness='"0s"', commit_interval='"100ms"')
        rows = [("shop", 0, 7.5), ("shop", 1, 3), ("cart", 2, 0.2), ("shop", 3, 0.5)]
        self.receiver.mood = lambda body: (200, {}, True)
        self.spool_file(json.dumps({"service": service, "time": f"2026-01-01T00:00:{second:02}Z", "seconds": seconds})
                        for service, second, seconds in rows)
        self.assertEqual(self.start(config, "--until-drained").wait(SECONDS), 0,
                         config.with_suffix(".log").read_text()[-3000:])
        (mail,) = [mail for mail in smtp_server.mails() if mail.subject == "Slow requests"]
        self.assertEqual(mail.text.splitlines(), ["2026-01-01T00:00:00Z shop: a request took 7.5 s (begin)", "",
                                                  "2026-01-01T00:00:03Z shop: a request took 0.5 s (end)"])


if __name__ == "__main__":
    unittest.main()
