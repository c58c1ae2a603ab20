"""What a running agent shows by its socket and its port, and what it does about clients that mean it no good."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import stat
import subprocess
import unittest
import unittest.mock

from prometheus_client.parser import text_string_to_metric_families

from status_test_bench import LEVADA, SECONDS, StatusTest

LOOPBACK = 'status_listen = "127.0.0.1:0"'
TOKEN = "a long token for tests"


def families(text):
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(found, name, **labels):
    for sample in found[name].samples:
        if all(sample.labels.get(label) == text for label, text in labels.items()):
            return sample.value
    raise AssertionError(f"{name} has no sample with {labels}")


class Shown(StatusTest):
    def test_prometheus_reads_its_metrics(self):
        port = self.start(LOOPBACK)
        self.wait(lambda: value(families(self.ask("/metrics")[1]), "levada_rows_written", component="out") > 0,
                  "no row is written")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)

        def scrape():
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            text = answer.read().decode()
            self.assertEqual(answer.getheader("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
            return families(text)

        first = scrape()
        source = {"kind": "source", "component": "events", "type": "generate"}
        self.wait(lambda: value(scrape(), "levada_rows_read", **source) > value(first, "levada_rows_read", **source),
                  "the counter stands still")
        found = scrape()
        read = value(found, "levada_rows_read", **source)
        rejected = value(found, "levada_rows_rejected", component="clean")
        self.assertGreater(rejected, 0)
        self.assertLess(rejected, read)
        self.assertGreater(value(found, "levada_bytes_read", **source), read)
        self.assertGreater(value(found, "levada_rows_written", component="out"), 0)
        self.assertEqual(value(found, "levada_channel_capacity_bytes", component="main"), 32 << 20)
        self.assertEqual(value(found, "levada_up", component="out"), 1)
        self.assertEqual(value(found, "levada_memory_limit_bytes"), 256 << 20)
        self.assertGreater(value(found, "process_resident_memory_bytes"), 1 << 20)
        self.assertEqual(value(found, "levada_build_info"), 1)
        self.assertIn("levada_rows_broken", found, "what a plugin counts")
        reasons = {sample.labels["reason"] for sample in found["levada_dead_letters"].samples}
        self.assertTrue(0 < len(reasons) <= 17, reasons)
        self.assertFalse([reason for reason in reasons if any(mark in reason for mark in "0123456789{}")], reasons)
        connection.close()

    def test_memory_channels_have_room_for_commits_that_states_put_off(self):
        self.start(LOOPBACK, tables='[interceptors.count]\ntype = "count_by"\ncolumns = ["type"]\n' + "".join(
            f'[channels.{name}]\ntype = "memory"\n{capacity}[sinks.{name}]\ntype = "null"\nchannel = "{name}"\n'
            f'interceptors = ["count"]\n' for name, capacity in (("counted", ""), ("set", 'capacity_bytes = "1MiB"\n'))
        ) + '[sources.files]\ntype = "spool"\npath = "/tmp"\ninclude = ["*.no such file"]\n'
            'channels = ["counted", "set"]\n')
        found = families(self.ask("/metrics")[1])
        self.assertEqual({name: value(found, "levada_channel_capacity_bytes", component=name) / (1 << 20)
                          for name in ("main", "counted", "set")}, {"main": 32, "counted": 128, "set": 1})

    def test_every_metric_is_in_the_guide(self):
        guide = (pathlib.Path(__file__).parents[2] / "docs/guides/observe.md").read_text()
        self.start(LOOPBACK, tables='[sources.files]\ntype = "spool"\npath = "/tmp"\ninclude = ["*.no such file"]\n'
                   'channels = ["stored"]\n[channels.stored]\ntype = "file"\n[sinks.more]\ntype = "null"\n'
                   'channel = "stored"\n')
        self.wait(lambda: "levada_dead_letters_total" in self.ask("/metrics")[1], "nothing is rejected")
        # Those of plugins stand in their READMEs.
        names = [line.split()[2] for line in self.ask("/metrics")[1].splitlines()
                 if line.startswith("# HELP") and "its plugin counts" not in line]
        self.assertEqual([name for name in names if f"`{name}`" not in guide], [])

    def test_health_says_what_is_wrong(self):
        self.start()
        self.wait(lambda: self.ask("/health")[0] == 200, "it does not become healthy")
        self.assertEqual(self.get("/health")["problems"], [])
        said = self.levada("health")
        self.assertEqual((said.returncode, said.stdout), (0, "good\n"), said.stderr)
        self.agent.terminate()
        self.agent.wait(SECONDS)
        said = self.levada("health")
        self.assertEqual(said.returncode, 1)
        self.assertIn("no agent runs on", said.stderr)

    def test_a_source_that_cannot_be_opened_makes_it_unhealthy(self):
        self.start(tables=f'[sources.files]\ntype = "spool"\npath = "{self.folder}/none"\nwait_for_folder = true\n'
                   'channels = ["main"]\n')
        self.wait(lambda: "does not exist" in self.log.read_text(), "it does not look for the folder")
        # The other source may still be about to be opened.
        problems = lambda: json.loads(self.ask("/health")[1])["problems"]
        self.wait(lambda: problems() == [{"component": "sources.files", "what": "is not open yet", "seconds": 0}],
                  "it says something else")
        self.assertEqual(self.ask("/health")[0], 503)
        said = self.levada("health")
        self.assertEqual(said.returncode, 1)
        self.assertEqual(said.stdout, "sources.files: is not open yet\nnot good\n")
        (self.folder / "none").mkdir()
        self.wait(lambda: self.ask("/health")[0] == 200, "it does not become healthy")

    def test_commands_ask_an_agent_whose_credentials_and_options_only_it_has(self):
        credentials = self.folder / "credentials"
        credentials.mkdir()
        (credentials / "token").write_text(TOKEN)
        with unittest.mock.patch.dict(os.environ, CREDENTIALS_DIRECTORY=str(credentials)):
            self.start(f'{LOOPBACK}\nstatus_token = "${{credential:token}}"',
                       tables='[sinks.more]\ntype = "file"\nchannel = "main"\n'
                              'path = "{folder}/${credential:token}"\n'.replace("{folder}", str(self.folder)))
        self.wait(lambda: self.ask("/health")[0] == 200, "it does not become healthy")
        # As an administrator has them: systemd gives credentials to the service alone.
        for command in (["health"], ["top", "--once"], ["tap", "sinks.out", "--rows", "1"], ["reload"],
                        ["channel", "list"]):
            said = self.levada(*command)
            self.assertEqual(said.returncode, 0, f"{command}: {said.stdout}{said.stderr}")
        # What was edited since harms nobody before it is taken over.
        self.config.write_text(self.config.read_text().replace("[agent]", "[agent]\nmemory_byte = 1"))
        self.assertEqual(self.levada("health").returncode, 0)
        said = self.levada("reload")
        self.assertEqual(said.returncode, 2, said.stdout)
        self.assertIn('unknown option "memory_byte"', said.stderr)
        self.wait(lambda: self.levada("health").returncode == 0, "a reload that was refused makes it unhealthy")

    def test_commands_find_an_agent_whose_configuration_is_no_toml_any_more(self):
        self.start()
        self.wait(lambda: self.ask("/health")[0] == 200, "it does not become healthy")
        good = self.config.read_text()
        for broken in ("[sinks.out\n" + good, good + "[sinks.out\n", good.replace("[channels.", "= \n[channels.")):
            self.config.write_text(broken)
            said = self.levada("health")
            self.assertEqual((said.returncode, said.stdout, said.stderr), (0, "good\n", ""), broken)
            said = self.levada("reload")
            self.assertEqual(said.returncode, 2, said.stdout)
            self.assertRegex(said.stderr, r"not reloaded[^\n]*\n[^\n]*agent\.toml:\d+:\d+: ")
        # What a container's engine understands is 0 and 1.
        self.config.write_text("[agent\n" + good.replace("[agent]", ""))
        said = self.levada("health")
        self.assertEqual((said.returncode, said.stdout), (1, ""))
        self.assertIn("agent.toml:1:", said.stderr)
        self.config.unlink()
        self.assertEqual(self.levada("health").returncode, 1)

    def test_top_shows_its_components(self):
        self.start()
        self.wait(lambda: "sinks.out" in self.levada("top", "--once").stdout, "top shows nothing")
        self.wait(lambda: self.levada("health").returncode == 0, "not all components are open")
        lines = self.levada("top", "--once").stdout.splitlines()
        self.assertTrue(lines[0].startswith("levada "), lines)
        self.assertEqual([line.split()[0] for line in lines[2:]],
                         ["component", "sources.events", "interceptors.clean", "channels.main", "sinks.out"])

    def test_tap_shows_rows_that_meet_a_condition(self):
        self.start()
        shown = self.levada("tap", "interceptors.clean", "--rows", "40")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        rows = [json.loads(line) for line in shown.stdout.splitlines()]
        self.assertEqual(len(rows), 40)
        self.assertEqual({row["way"] for row in rows}, {"in", "out"})
        self.assertTrue(all("body" in row["row"] for row in rows))
        shown = self.levada("tap", "sinks.out", "--rows", "5", "--filter", "body matches 'click'")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(len(shown.stdout.splitlines()), 5)
        self.assertTrue(all("click" in line for line in shown.stdout.splitlines()))
        self.agent.terminate()
        self.assertEqual(self.agent.wait(SECONDS), 0)
        self.assertNotIn("error", self.log.read_text())
        self.assertNotIn("filtered", self.log.read_text(), "what the condition leaves out is no row of the agent")

    def test_tap_says_what_is_wrong(self):
        self.start()
        for arguments, words in ((["sinks.none"], "there is no source, interceptor, sink or sink group"),
                                 (["channels.main"], "there is no source, interceptor, sink or sink group"),
                                 (["sinks.out", "--filter", "body ="], "expected a comparison")):
            said = self.levada("tap", *arguments)
            self.assertEqual(said.returncode, 1)
            self.assertIn(words, said.stderr)

    def test_the_socket_of_a_killed_agent_is_replaced_and_that_of_a_running_one_is_not(self):
        self.start()
        path = self.folder / "data/agent.sock"
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        inode = os.stat(path).st_ino
        second = subprocess.run([LEVADA, "run", "--config", str(self.config)], capture_output=True, text=True,
                                timeout=SECONDS, check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another agent runs on", second.stderr)
        self.assertEqual(os.stat(path).st_ino, inode)
        self.agent.kill()
        self.agent.wait()
        self.start()
        self.assertEqual(self.ask("/topology")[0], 200)
        self.agent.terminate()
        self.assertEqual(self.agent.wait(SECONDS), 0)
        self.assertFalse(path.exists())

    def test_a_taken_port_is_an_error_at_the_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.config.write_text(f'[agent]\ndata_dir = "{self.folder}/data"\n'
                                   f'status_listen = "127.0.0.1:{taken.getsockname()[1]}"\n'
                                   '[sources.s]\ntype = "generate"\nrecord = "bot_events"\nchannels = ["c"]\n'
                                   '[channels.c]\ntype = "memory"\n[sinks.n]\ntype = "null"\n'
                                   'channel = "c"\n')
            said = self.levada("run")
        self.assertEqual(said.returncode, 1)
        self.assertIn("the port is taken", said.stderr)

    def test_no_secret_is_shown(self):
        self.start(f'{LOOPBACK}\nstatus_token = "{TOKEN}"')
        everything = "".join(self.ask(path)[1] for path in (
            "/metrics", "/topology", "/api/status", "/api/configuration", "/api/plugins", "/api/dead_letters"))
        self.assertIn("(hidden)", everything)
        self.assertNotIn(TOKEN, everything)

    def test_dead_letters_are_shown_with_their_rows(self):
        self.start()
        self.wait(lambda: self.get("/api/dead_letters")["rows"] > 0, "nothing is rejected")
        found = self.get("/api/dead_letters")
        self.assertEqual({reason["component"] for reason in found["reasons"]}, {"interceptors.clean"})
        self.assertTrue({"reason", "component", "body", "rejected_at"} <= set(found["latest"][0]))


class Hostile(StatusTest):
    def request(self, port, text):
        """The answer; nothing, or a part, where the server has hung up on what it did not read."""
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(text)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while more := connection.recv(65536):
                    answer += more
            return answer

    def test_bad_requests_are_refused_and_harm_nobody(self):
        port = self.start(LOOPBACK)
        before = self.get("/api/status")["process"]["resident_bytes"]
        for text, status in (
                (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b" 421 "),
                (b"GET /api/status HTTP/1.0\r\n\r\n", b" 421 "),
                (b"POST /api/reload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b" 403 "),
                (b"PUT / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b" 405 "),
                (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 10000 + b"\r\n", b" 431 "),
                (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", b" 413 "),
                (b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", b" 400 "),
                (b"\x00\x01\x02\x03\r\n\r\n", b" 400 ")):
            answers = {self.request(port, text).split(b"\r\n")[0] for _ in range(20)} - {b""}
            self.assertEqual(len(answers), 1, text[:60])
            self.assertIn(status, answers.pop(), text[:60])
        self.assertEqual(self.ask("/topology")[0], 200)
        # 3,200 KiB of nonsense leave nothing behind.
        self.assertLess(self.get("/api/status")["process"]["resident_bytes"], before + (32 << 20))

    def test_two_hundred_connections_that_say_nothing_are_let_go_of(self):
        port = self.start(LOOPBACK)
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=SECONDS))
                    for _ in range(200)]
            for connection in idle[::2]:
                with contextlib.suppress(OSError):
                    connection.sendall(b"GET / HTTP/1.1\r\nHo")
            # The socket is another door.
            self.assertEqual(self.ask("/topology")[0], 200)
            self.assertEqual(self.levada("top", "--once").returncode, 0)
            # The agent ends them all, though they stay open here.
            for connection in idle:
                with contextlib.suppress(ConnectionResetError):
                    self.assertEqual(connection.recv(1), b"")
        self.assertIn(b" 200 ", self.request(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))

    def test_other_machines_need_the_token(self):
        port = self.start(f'status_listen = "0.0.0.0:0"\nstatus_token = "{TOKEN}"')
        ask = b"GET %s HTTP/1.1\r\nHost: far.example\r\nConnection: close\r\n%s\r\n"
        self.assertIn(b" 200 ", self.request(port, ask % (b"/", b"")), "the page itself says nothing")
        for path in (b"/metrics", b"/health", b"/topology", b"/api/status"):
            self.assertIn(b" 401 ", self.request(port, ask % (path, b"")))
            self.assertIn(b" 401 ", self.request(port, ask % (path, b"Authorization: Bearer x\r\n")))
            answer = self.request(port, ask % (path, b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"))
            self.assertRegex(answer.split(b"\r\n")[0], b" 200 | 503 ")

    def test_an_address_of_other_machines_without_a_token_is_refused(self):
        self.config.write_text('[agent]\nstatus_listen = "0.0.0.0:9464"\n')
        said = self.levada("check")
        self.assertEqual(said.returncode, 2)
        self.assertIn("agent.toml:2:17: agent.status_listen: is reached from other machines: set a status_token",
                      said.stderr)


if __name__ == "__main__":
    unittest.main()
