"""http_fetch -> files: servers that misbehave on purpose, and an agent that is killed; each line of each list is there
once, and what could not be fetched is said.
"""

import collections
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import cramjam

import bad_server
from http_test_bench import free_port

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

LEVADA = os.environ["LEVADA"]
KILLS = int(os.environ.get("LEVADA_KILLS", "10"))
ROWS = int(os.environ.get("LEVADA_ROWS", "3000"))
SEED = int(os.environ.get("LEVADA_SEED", random.SystemRandom().randrange(1 << 32)))
SECONDS = 120  # Until a wait counts as failed.


class HttpFetch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.out = self.folder / "out"
        self.server = bad_server.Server(seed=SEED)
        self.addCleanup(self.server.stop)
        self.urls = {}

    def add(self, name, count=50, mood=None, server=None):
        """A list of the server's, which the agent is to fetch; gives its lines."""
        server = server or self.server
        server.add(name, bad_server.lines_of(name, count), mood)
        self.urls[name] = server.url(name)
        return server.lists[name]

    def configure(self, options="", retries=8):
        urls = "\n".join(f'{name} = "{url}"' for name, url in self.urls.items())
        self.config = self.folder / "agent.toml"
        self.config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.lists]
            type = "http_fetch"
            channels = ["main"]
            retry_wait = "10ms"
            retry_wait_max = "100ms"
            retries = {retries}
            read_bytes = "16KiB"
            {options}
            [sources.lists.urls]
            {urls}
            [channels.main]
            type = "memory"
            [sinks.out]
            type = "file"
            channel = "main"
            path = "{self.out}"
            commit_interval = "20ms"
            """
        )

    def start(self):
        log = open(self.folder / "log", "ab")
        self.addCleanup(log.close)
        agent = subprocess.Popen(
            [LEVADA, "run", "--config", str(self.config), "--until-drained"], stdout=log, stderr=log
        )
        self.addCleanup(lambda: agent.poll() is None and (agent.kill(), agent.wait()))
        return agent

    def log(self):
        return (self.folder / "log").read_text()

    def run_to_the_end(self, code=0):
        agent = self.start()
        self.assertEqual(agent.wait(SECONDS), code, self.log()[-3000:])

    def rows(self):
        rows = collections.Counter()
        if self.out.exists():
            for path in self.out.iterdir():
                if path.is_file() and path.name[0] != ".":
                    rows.update(path.read_text().splitlines())
        return rows

    def assert_rows(self, *lists):
        expected = collections.Counter(line for lines in lists for line in lines)
        self.assertEqual(self.rows(), expected)

    def assert_books_balance(self):
        audit = subprocess.run([LEVADA, "audit", "--config", str(self.config)], capture_output=True, text=True)
        self.assertEqual(audit.returncode, 0, audit.stdout)

    def test_lists_come_whatever_servers_do_on_the_way(self):
        lists = [
            self.add("plain"),
            self.add("etag", mood=bad_server.with_etag),
            self.add("compressed", mood=bad_server.compressed),
            self.add("brotli", 2000, bad_server.encoded("br", lambda body: bytes(cramjam.brotli.compress(body)))),
            self.add("zstd", 2000, bad_server.encoded("zstd", lambda body: bytes(cramjam.zstd.compress(body)))),
            self.add("gzip_file", mood=bad_server.as_gzip_file),
            self.add("utf16", mood=bad_server.in_utf16),
            self.add("slow", mood=bad_server.slow),
            self.add("resumed", 2000, bad_server.cut_and_resumed),
            self.add("cut", 2000, bad_server.cut(3)),
            self.add("busy", mood=bad_server.failing(429, 1, [("Retry-After", "1")])),
            self.add("failing", mood=bad_server.failing(500, 4)),
            self.add("redirected", mood=bad_server.redirected),
            self.add("empty", 0),
        ]
        self.configure()
        begun = time.monotonic()
        self.run_to_the_end()
        self.assertGreaterEqual(time.monotonic() - begun, 1, "Retry-After was not heeded")
        self.assert_rows(*lists)
        asked = self.server.asked
        self.assertEqual((asked["resumed"], asked["cut"], asked["busy"], asked["failing"]), (3, 4, 2, 5))
        # The next run asks again: there is nothing new.
        self.run_to_the_end()
        self.assert_rows(*lists)
        self.assertEqual([status for name, _, status in self.server.requests if name == "etag"], [200, 304])
        # And a list that is another one comes whole.
        changed = self.server.lists["etag"] = bad_server.lines_of("etag", 60, version=2)
        self.run_to_the_end()
        self.assert_rows(*lists, changed)
        self.assertEqual([path.name for path in (self.folder / "data").rglob("*.body")], [])
        self.assert_books_balance()

    def test_what_cannot_be_fetched_is_said_and_keeps_nothing_else_back(self):
        tls = self.tls_server("DNS:elsewhere")
        good = self.add("good")
        reasons = {
            "missing": "the server answered 404",
            "short": "",
            "endless": "is larger than max_bytes = 1048576",
            "bomb": "is larger than max_bytes = 1048576",
            "bomb_file": "is larger than max_bytes = 1048576",
            "loop": "more than redirects = 5 redirects",
            "silent": "",
            "tls": "",
            "nobody": "",
            "no_file": "",
        }
        self.add("missing", mood=bad_server.failing(404, 99))
        self.add("short", mood=bad_server.too_short)
        self.add("endless", mood=bad_server.endless)
        self.add("bomb", mood=bad_server.bomb)
        self.add("bomb_file", mood=bad_server.bomb_file)
        self.add("loop", mood=bad_server.loop)
        self.add("silent", mood=bad_server.silent)
        self.add("tls", server=tls)
        self.urls["nobody"] = "http://127.0.0.1:1/list"
        self.urls["no_file"] = f"{self.folder}/no_list.txt"
        self.configure('max_bytes = "1MiB"\nstall_timeout = "3s"\nparallel = 16', retries=1)
        self.run_to_the_end(code=4)
        self.assert_rows(good)
        for name, reason in reasons.items():
            self.assertRegex(self.log(), rf"{name} was not fetched: .*{re.escape(reason)}")
        # And the report has each of them.
        self.assertRegex(self.log(), r"\n  good +good +status 200  rows 50  bytes")
        self.assertRegex(self.log(), r"\n  missing +FAILED +status 404  rows 0  bytes 0  the server answered 404")
        self.assertEqual(self.server.asked["missing"], 1)
        self.assertEqual(self.server.asked["short"], 2)
        self.assertEqual([path.name for path in (self.folder / "data").rglob("*.part")], [])
        self.assert_books_balance()

    def tls_server(self, name):
        """A server with a certificate of its own, for this name, in certificate.pem."""
        certificate = self.folder / "certificate.pem"
        key = self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=lists"]
            + ["-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(certificate)],
            check=True,
            capture_output=True,
        )
        certificate.write_text(certificate.read_text() + key.read_text())
        server = bad_server.Server(str(certificate))
        self.addCleanup(server.stop)
        return server

    def proxy(self):
        """The address of a tinyproxy that lets in user:secret-1."""
        port = free_port()
        (self.folder / "proxy.conf").write_text(
            f'''Port {port}\nListen 127.0.0.1\nTimeout 60\nLogLevel Connect\nLogFile "{self.folder}/proxy.log"\n'''
            "BasicAuth user secret-1\n"
        )
        server = subprocess.Popen(["tinyproxy", "-d", "-c", str(self.folder / "proxy.conf")], stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(listens, "the proxy listens", SECONDS, alive=[server])
        return f"127.0.0.1:{port}"

    def test_lists_come_through_a_proxy(self):
        tls = self.tls_server("IP:127.0.0.1")
        lists = [self.add("plain"), self.add("resumed", 2000, bad_server.cut_and_resumed), self.add("tls", server=tls),
                 self.add("moved", mood=bad_server.redirected), self.add("cut", 2000, bad_server.cut(2), server=tls)]
        proxy = self.proxy()
        ca = f'tls_ca = "{self.folder}/certificate.pem"'
        # Who may not come in is told so, whether the proxy reads along or not.
        self.configure(f'{ca}\nproxy = "http://user:wrong@{proxy}"', retries=1)
        self.run_to_the_end(code=4)
        self.assertRegex(self.log(), "plain was not fetched: the server answered 40[17]")
        self.assertRegex(self.log(), "tls was not fetched: the proxy answered 40[17]")
        self.assertNotIn("wrong", self.log())
        self.assertEqual((self.server.requests, tls.requests), ([], []))
        self.configure(f'{ca}\nproxy = "http://user:secret-1@{proxy}"')
        self.run_to_the_end()
        self.assert_rows(*lists)
        self.assertEqual({name for name, *_ in tls.requests}, {"tls", "cut"})
        for name, headers, _ in self.server.requests + tls.requests:
            self.assertNotIn("Proxy-Authorization", headers)
            self.assertEqual("Via" in headers, name not in ("tls", "cut"), "it did not come through the proxy")
        self.assertIn(f"CONNECT 127.0.0.1:{tls.server_port}", (self.folder / "proxy.log").read_text())

    def test_each_row_is_there_once_though_the_agent_is_killed(self):
        print(f"LEVADA_SEED={SEED}")
        choice = random.Random(SEED)
        lists = [
            self.add(f"list{number}", choice.randrange(ROWS), bad_server.sometimes(choice.random()))
            for number in range(12)
        ]
        own = self.folder / "own.txt"
        lines = bad_server.lines_of("own", ROWS)
        own.write_text("".join(f"{line}\n" for line in lines))
        self.urls["own"] = str(own)
        lists.append(lines)
        self.configure("parallel = 3", retries=1000)
        pause = threading.Event()
        for _ in range(KILLS):
            agent = self.start()
            pause.wait(choice.uniform(0, 0.6))
            if agent.poll() is None:
                agent.kill()
            self.assertIn(agent.wait(), (0, -signal.SIGKILL), self.log()[-3000:])
        self.run_to_the_end()
        self.assert_rows(*lists)
        self.assertEqual([path.name for path in (self.folder / "data").rglob("*.body")], [])
        self.assert_books_balance()


if __name__ == "__main__":
    unittest.main()
