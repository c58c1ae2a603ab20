"""The sinks of lakes write to a real HDFS that demands Kerberos, with tickets of a real KDC: with a good one, none, an
expired and a useless one, and with a delegation token instead.

curl --negotiate reads back what was written. Run below tests/services/with kerberos.
"""

import collections
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

import pyarrow.parquet

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from waiting import wait_until

LEVADA = os.environ["LEVADA"]
SERVERS_TEST = os.environ["LEVADA_SERVERS_TEST"]
SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
REALM = os.environ["KERBEROS_DIR"]
SECONDS = 240  # Until a wait counts as failed.
ROWS = 500
AGENT = """
[agent]
data_dir = "{folder}/data"
[sources.in]
type = "spool"
path = "{folder}/in"
settle = "0s"
interceptors = ["parse"]
channels = ["main"]
[interceptors.parse]
type = "parse_json"
columns = {{ id = "int64", text = "text" }}
[channels.main]
type = "memory"
"""
SINK = """
[sinks.{kind}]
type = "{kind}"
channel = "main"
path = "webhdfs://{web}/{place}/{kind}"
storage = {{ {login} }}
commit_interval = "100ms"
"""


class LakeKerberos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="levada-kerberos.")
        cls.addClassCleanup(folder.cleanup)
        cls.servers = pathlib.Path(folder.name)
        cls.environment = {**os.environ, "KRB5_CONFIG": os.environ["KERBEROS_CONFIG"], "HDFS_KERBEROS": REALM}
        cls.addClassCleanup(cls.run_tool, SERVICES / "hdfs", "stop", cls.servers / "hdfs")
        cls.start_hdfs()
        cls.alice = cls.principal("alice")

    @classmethod
    def run_tool(cls, *words, ticket=None):
        environment = {**cls.environment, **({"KRB5CCNAME": str(ticket)} if ticket else {})}
        done = subprocess.run(words, env=environment, timeout=SECONDS, capture_output=True)
        if done.returncode:
            raise AssertionError(f"{words} failed:\n{(done.stdout + done.stderr).decode(errors='replace')[-4000:]}")
        return done.stdout

    @classmethod
    def start_hdfs(cls):
        said = cls.run_tool(SERVICES / "hdfs", "start", cls.servers / "hdfs").decode()
        cls.web = dict(line.split("=", 1) for line in said.splitlines())["HDFS_WEB"]

    @classmethod
    def principal(cls, name):
        """A new principal's keytab."""
        keytab = cls.servers / f"{name.replace('/', '-')}.keytab"
        cls.run_tool(SERVICES / "kerberos", "user", REALM, name, keytab)
        return keytab

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="levada-kerberos.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.place = self._testMethodName
        (self.folder / "in").mkdir()
        self.config = self.folder / "agent.toml"
        self.config.write_text(AGENT.format(folder=self.folder))
        self.log = self.folder / "agent.log"
        self.log.touch()
        # The one that the agent looks at, there or not, and one of the test's own.
        self.ticket, self.reader = self.folder / "ticket", self.folder / "reader"
        self.log_in(self.reader)
        self.rows = []

    def log_in(self, ticket, *options):
        self.run_tool("kinit", *options, "-kt", self.alice, "-c", ticket, "alice")

    def add_sinks(self, *kinds, login="kerberos = true"):
        with self.config.open("a") as config:
            for kind in kinds:
                config.write(SINK.format(kind=kind, web=self.web, place=self.place, login=login))

    def feed(self, name):
        rows = [(len(self.rows) + number, f"{name} ä") for number in range(ROWS)]
        lines = [json.dumps({"id": number, "text": text}) + "\n" for number, text in rows]
        (self.folder / f"{name}.new").write_text("".join(lines))
        (self.folder / f"{name}.new").rename(self.folder / "in" / f"{name}.ndjson")
        self.rows += rows

    def start(self, *arguments):
        environment = {**self.environment, "KRB5CCNAME": str(self.ticket)}
        with open(self.log, "ab") as log:
            agent = subprocess.Popen([LEVADA, "run", "--config", self.config, *arguments], env=environment, stdout=log,
                                     stderr=log)
        self.addCleanup(lambda: (agent.kill(), agent.wait()))
        return agent

    def end(self, agent):
        self.assertEqual(agent.wait(timeout=SECONDS), 0, self.said())

    def said(self):
        return f"the agent said:\n{self.log.read_text()[-4000:]}"

    def wait_to_hear(self, text, agent):
        wait_until(lambda: text in self.log.read_text(), f"the agent says {text}", SECONDS, alive=[agent],
                   said=self.said)

    def get(self, path, operation, *options):
        url = f"http://{self.web}/webhdfs/v1/{urllib.parse.quote(path)}?op={operation}"
        return self.run_tool("curl", "-sSfL", "--negotiate", "-u", ":", *options, url, ticket=self.reader)

    def files(self, folder):
        """The names of the files of a folder that are complete; all belong to the ticket's user."""
        for status in json.loads(self.get(folder, "LISTSTATUS"))["FileStatuses"]["FileStatus"]:
            if status["type"] == "FILE" and not status["pathSuffix"].startswith("."):
                self.assertEqual(status["owner"], "alice")
                yield status["pathSuffix"]

    def in_table(self, folder):
        """The names of the files that the log of a table has."""
        for name in self.files(f"{folder}/_delta_log"):
            for line in self.get(f"{folder}/_delta_log/{name}", "OPEN").splitlines():
                if added := json.loads(line).get("add"):
                    yield added["path"]

    def check_rows(self, kind):
        """Each row is there once."""
        folder = f"{self.place}/{kind}"
        found = collections.Counter()
        for name in self.in_table(folder) if kind == "delta" else self.files(folder):
            content = self.get(f"{folder}/{name}", "OPEN")
            if kind == "hdfs":
                rows = map(json.loads, content.decode().splitlines())
            else:
                rows = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
            found.update((row["id"], row["text"]) for row in rows)
        self.assertEqual(found, collections.Counter(self.rows), self.said())

    def has_table(self):
        try:
            return list(self.in_table(f"{self.place}/delta"))
        except AssertionError:  # There is no folder yet.
            return False

    def test_stores_keep_what_they_promise(self):
        environment = {**self.environment, "KRB5CCNAME": str(self.reader), "HDFS_WEB": self.web}
        done = subprocess.run([SERVERS_TEST, "--gtest_filter=Hdfs*"], env=environment, timeout=SECONDS,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])

    def test_each_sink_writes_with_a_ticket(self):
        self.add_sinks("hdfs", "parquet", "delta")
        self.log_in(self.ticket)
        for number in range(20):
            self.feed(f"{number:02}")
        agent = self.start()
        wait_until(self.has_table, "rows are committed", SECONDS, alive=[agent], said=self.said)
        agent.send_signal(signal.SIGKILL)
        agent.wait(timeout=SECONDS)
        self.feed("last")
        self.end(self.start("--until-drained"))
        for kind in ("hdfs", "parquet", "delta"):
            self.check_rows(kind)

    def test_an_agent_without_a_ticket_says_so_and_goes_on_with_one(self):
        self.add_sinks("hdfs")
        self.feed("one")
        agent = self.start("--until-drained")
        self.wait_to_hear("HTTP status 401: Unauthorized access; no Kerberos login: No credentials", agent)
        self.log_in(self.ticket)
        self.end(agent)
        self.check_rows("hdfs")

    def test_a_ticket_that_expires_is_named_and_a_new_one_taken(self):
        self.add_sinks("hdfs")
        self.log_in(self.ticket, "-l", "1s")
        # Times of tickets are whole seconds; in the last of them it is still taken.
        expired = time.time() + 2
        wait_until(lambda: time.time() > expired, "the ticket expires", SECONDS)
        self.feed("one")
        agent = self.start("--until-drained")
        self.wait_to_hear("no Kerberos login: Ticket expired", agent)
        self.log_in(self.ticket)
        self.end(agent)
        self.check_rows("hdfs")

    def test_a_kdc_that_is_gone_is_named(self):
        self.add_sinks("hdfs")
        self.log_in(self.ticket)
        self.feed("one")
        self.run_tool(SERVICES / "kerberos", "kill", REALM)
        try:
            agent = self.start("--until-drained")
            self.wait_to_hear("no Kerberos login: Cannot contact any KDC", agent)
        finally:
            self.run_tool(SERVICES / "kerberos", "start", REALM)
        self.end(agent)
        self.check_rows("hdfs")

    def test_hdfs_says_why_it_takes_a_user_for_nobody(self):
        self.add_sinks("hdfs")
        stranger = self.principal("mallory/of/nowhere")
        self.run_tool("kinit", "-kt", stranger, "-c", self.ticket, "mallory/of/nowhere")
        self.feed("one")
        agent = self.start("--until-drained")
        self.wait_to_hear("HTTP status 403", agent)
        self.log_in(self.ticket)
        self.end(agent)
        self.check_rows("hdfs")

    def test_a_user_without_a_login_is_told_what_hdfs_wants(self):
        self.add_sinks("hdfs", login='user = "alice"')
        self.feed("one")
        agent = self.start()
        self.wait_to_hear("HTTP status 401: Authentication required", agent)

    def test_a_delegation_token_takes_the_place_of_a_ticket(self):
        token = json.loads(self.get("", "GETDELEGATIONTOKEN"))["Token"]["urlString"]
        self.add_sinks("hdfs", "parquet", login=f'delegation_token = "{token}"')
        self.feed("one")
        self.end(self.start("--until-drained"))
        self.check_rows("hdfs")
        self.check_rows("parquet")
        self.get("", f"CANCELDELEGATIONTOKEN&token={token}", "-X", "PUT")
        self.feed("two")
        self.wait_to_hear("InvalidToken", self.start())
        self.assertNotIn(token, self.log.read_text())


if __name__ == "__main__":
    unittest.main()
