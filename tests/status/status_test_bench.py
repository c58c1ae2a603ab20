"""An agent that runs while a test looks at it."""

import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import SECONDS, wait_until

LEVADA = os.environ["LEVADA"]

CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
{agent}
[sources.events]
type = "generate"
record = "bot_events"
rate = 2000
rows = 0
batch_rows = 50
broken = 0.1
interceptors = ["clean"]
channels = ["main"]
[interceptors.clean]
type = "clean_json"
[channels.main]
type = "memory"
[sinks.out]
type = "null"
channel = "main"
commit_interval = "100ms"
{tables}
"""


class UnixConnection(http.client.HTTPConnection):
    """To the socket of an agent."""

    def __init__(self, path):
        super().__init__("localhost", timeout=SECONDS)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class StatusTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="levada-status.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / "agent.toml"
        self.log = self.folder / "agent.log"

    def start(self, agent="", tables="", configuration=CONFIGURATION):
        """Runs an agent, and waits until it does; `agent`: lines for its table. Gives the port of its page, if it has
        one."""
        self.config.write_text(configuration.format(folder=self.folder, agent=agent, tables=tables))
        with open(self.log, "wb") as log:
            self.agent = subprocess.Popen([LEVADA, "run", "--config", str(self.config)], stdout=log, stderr=log)
        self.addCleanup(self.end)
        self.wait(lambda: " runs " in self.log.read_text(), "the agent does not run")
        if "status_listen" not in agent:
            return None
        self.wait(lambda: "status page: " in self.log.read_text(), "there is no status page")
        return int(self.log.read_text().split("status page: http://", 1)[1].split("/", 1)[0].rsplit(":", 1)[1])

    def end(self):
        if self.agent.poll() is None:
            self.agent.kill()
        self.agent.wait()

    def wait(self, condition, what):
        return wait_until(condition, what, alive=[self.agent],
                          said=lambda: f"the agent said:\n{self.log.read_text()[-4000:]}")

    def ask(self, path, method="GET"):
        """Status and text of an answer on the socket."""
        connection = UnixConnection(str(self.folder / "data/agent.sock"))
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def get(self, path):
        status, text = self.ask(path)
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def levada(self, *arguments, timeout=SECONDS):
        return subprocess.run([LEVADA, *arguments, "--config", str(self.config)], capture_output=True, text=True,
                              timeout=timeout, check=False)
