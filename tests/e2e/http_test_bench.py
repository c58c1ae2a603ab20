"""What the tests of sources that serve HTTP share: an agent that listens, and clients over plain sockets."""

import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

LEVADA = os.environ["LEVADA"]
KILLS = int(os.environ.get("LEVADA_KILLS", "5"))
SEED = int(os.environ.get("LEVADA_SEED", random.SystemRandom().randrange(1 << 32)))
SECONDS = 120  # Until a wait counts as failed.


def free_port():
    """A port that nobody has, of those that are not given to outgoing connections."""
    choice = random.SystemRandom()
    while True:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", choice.randrange(20_000, 32_000)))
            except OSError:
                continue
            return probe.getsockname()[1]


def request(body=b"", target="/logs", method="POST", headers=()):
    """The bytes of a request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection:
    """A connection that sends what it is told."""

    def __init__(self, port, tls=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.input = b""

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def ask(self, *arguments, **named):
        self.send(request(*arguments, **named))
        return self.answer()

    def more(self):
        try:
            got = self.socket.recv(65536)
        except ConnectionResetError:
            got = b""
        self.input += got
        return bool(got)

    def answer(self):
        """(status, headers, body) of the next answer; None where the connection ends before."""
        while b"\r\n\r\n" not in self.input:
            if not self.more():
                return None
        head, self.input = self.input.split(b"\r\n\r\n", 1)
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        size = int(headers.get("content-length", "0"))
        while len(self.input) < size:
            if not self.more():
                return None
        body, self.input = self.input[:size], self.input[size:]
        return int(status.split()[1]), headers, body


class HttpTest(unittest.TestCase):
    def setUp(self):
        print(f"LEVADA_SEED={SEED}")
        self.choice = random.Random(SEED)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.port = free_port()
        self.config = self.folder / "agent.toml"
        self.log = self.folder / "agent.log"
        self.agent = None

    def configure(self, source="", channel='type = "file"', sink=None):
        sink = sink or f'type = "file"\npath = "{self.folder}/out"\ncommit_interval = "50ms"'
        if "routes" not in source:
            source += '\nroutes = { "/logs" = { format = "ndjson" } }'
        self.config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.web]
            type = "http"
            listen = "127.0.0.1:{self.port}"
            channels = ["main"]
            {source}
            [channels.main]
            {channel}
            [sinks.out]
            channel = "main"
            {sink}
            """
        )

    def start(self, wait=True, before=(), **named):
        said = len(self.said())
        log = open(self.log, "ab")
        self.addCleanup(log.close)
        self.agent = subprocess.Popen(
            [*before, LEVADA, "run", "--config", str(self.config)], stdout=log, stderr=log, **named
        )
        agent = self.agent
        self.addCleanup(lambda: agent.poll() is None and (agent.kill(), agent.wait()))
        if wait:
            self.wait_for(lambda: "listens on http" in self.said()[said:], "the source listens")

    def said(self):
        return self.log.read_text() if self.log.exists() else ""

    def stop(self):
        self.agent.send_signal(signal.SIGTERM)
        self.assertEqual(self.agent.wait(SECONDS), 0, self.said()[-4000:])

    def wait_for(self, condition, what):
        deadline = time.monotonic() + SECONDS
        pause = threading.Event()
        while not condition():
            self.assertIsNone(self.agent.poll(), f"the agent ended; {self.said()[-4000:]}")
            self.assertLess(time.monotonic(), deadline, f"not within {SECONDS} s: {what}; {self.said()[-4000:]}")
            pause.wait(0.01)

    def rows(self, folder="out"):
        """What is in the files of the sink."""
        rows = []
        for path in sorted((self.folder / folder).glob("*")):
            if path.is_file() and path.name[0] != ".":
                rows += path.read_text().splitlines()
        return rows

    def memory(self, which="VmHWM"):
        """Bytes of memory that the agent has had at most."""
        status = pathlib.Path(f"/proc/{self.agent.pid}/status").read_text()
        return int(re.search(rf"{which}:\s+(\d+)", status).group(1)) << 10

    def check_serves(self):
        """The agent lives, and takes a request."""
        with Connection(self.port) as connection:
            status, _, body = connection.ask(b'{"probe":1}')
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(body)["rows"], 1)
