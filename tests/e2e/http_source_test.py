"""clients -> http -> files: each row that was answered 200 is there once, though the agent is killed, restarted and
reloaded; and clients that do what they should not get the right status, and take neither the agent nor its memory.
"""

import asyncio
import collections
import gzip
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

from http_test_bench import KILLS, LEVADA, SECONDS, SEED, Connection, HttpTest, request

CONNECTIONS = int(os.environ.get("LEVADA_CONNECTIONS", "1000"))
CLIENTS = 8
MIB = 1 << 20


class Client(threading.Thread):
    """Posts rows, each request with a key of its own, until it is told to end; repeats what was not answered 200."""

    def __init__(self, test, number):
        super().__init__(daemon=True)
        self.test, self.number = test, number
        self.choice = type(test.choice)(f"{SEED} {number}")
        self.sent, self.answers = [], collections.Counter()
        self.refused = 0  # Connections that nobody took.
        self.is_over = threading.Event()

    def run(self):
        self.connection = None
        try:
            self.post_all()
        finally:
            self.hang_up()

    def hang_up(self):
        if self.connection:
            self.connection.socket.close()
        self.connection = None

    def post(self, body, headers):
        """The answer; None where there is none."""
        try:
            self.connection = self.connection or Connection(self.test.port)
            # Some do not wait for the answer, and ask again.
            if self.choice.random() < 0.05:
                self.connection.send(request(body, headers=headers))
                self.hang_up()
                return None
            answer = self.connection.ask(body, headers=headers)
        except ConnectionRefusedError:
            self.refused += 1
            answer = None
        except OSError:
            answer = None
        if answer is None or answer[1].get("connection") == "close":
            self.hang_up()
        return answer

    def post_all(self):
        while not self.is_over.is_set():
            first = len(self.sent)
            rows = [f"{self.number}-{first + row}" for row in range(self.choice.randint(1, 5))]
            body = "".join(json.dumps({"id": row}) + "\n" for row in rows).encode()
            headers = [f"Idempotency-Key: {self.number}/{first}"]
            if self.choice.random() < 0.2:
                body = gzip.compress(body, mtime=0)
                headers.append("Content-Encoding: gzip")
            while True:
                answer = self.post(body, headers)
                if answer is None:
                    self.is_over.wait(0.002)
                    continue
                self.answers[answer[0]] += 1
                if answer[0] == 200:
                    break
            self.sent += rows


class HttpSource(HttpTest):
    def clients(self):
        clients = [Client(self, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        return clients

    def end(self, clients):
        for client in clients:
            client.is_over.set()
        for client in clients:
            client.join(SECONDS)
            self.assertFalse(client.is_alive(), "a client hangs")

    def progress(self, clients, rows):
        """Waits until the clients have so many more rows stored."""
        before = sum(len(client.sent) for client in clients)
        self.wait_for(lambda: sum(len(client.sent) for client in clients) >= before + rows, f"{rows} rows")

    def check_once(self, clients):
        sent = collections.Counter(row for client in clients for row in client.sent)
        arrived = collections.Counter(json.loads(row)["id"] for row in self.rows())
        self.assertGreater(len(sent), 0)
        self.assertEqual([row for row in sent if arrived[row] != 1][:10], [], "answered, and not there once")
        self.assertEqual([row for row in arrived if row not in sent][:10], [], "there, and not answered")

    def test_each_row_that_was_answered_is_there_once_though_the_agent_is_killed(self):
        self.configure()
        self.start()
        clients = self.clients()
        for _ in range(KILLS):
            self.progress(clients, self.choice.randint(1, 300))
            self.agent.kill()
            self.agent.wait()
            self.start(wait=False)
        self.progress(clients, 100)
        self.end(clients)
        self.stop()
        self.check_once(clients)

    def test_without_a_file_channel_rows_are_stored_when_the_sink_has_them(self):
        self.configure(channel='type = "memory"')
        self.start()
        clients = self.clients()
        for _ in range(KILLS):
            self.progress(clients, self.choice.randint(1, 100))
            self.agent.kill()
            self.agent.wait()
            self.start(wait=False)
        self.progress(clients, 20)
        self.end(clients)
        self.stop()
        self.check_once(clients)

    def test_a_reload_refuses_nobody(self):
        self.configure()
        self.start()
        clients = self.clients()
        for body_bytes in ("1MiB", "2MiB", "3MiB"):
            self.progress(clients, 100)
            said = len(self.said())
            self.configure(f'body_bytes = "{body_bytes}"')
            self.agent.send_signal(signal.SIGHUP)
            self.wait_for(lambda: "listens on http" in self.said()[said:], "the reload")
        self.progress(clients, 100)
        self.end(clients)
        self.stop()
        self.check_once(clients)
        self.assertEqual(sum(client.refused for client in clients), 0)

    def test_a_restart_refuses_nobody_who_comes_by_a_socket_of_systemd(self):
        self.configure()
        listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.addCleanup(listener.close)

        def start():
            # Number 3, and the process that it is for, as systemd does it.
            number = listener.fileno()
            script = f'exec 3<&{number}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
            self.start(before=["sh", "-c", script, "-"], pass_fds=(number,))

        start()
        clients = self.clients()
        for _ in range(2):
            self.progress(clients, 100)
            self.stop()
            start()
        self.progress(clients, 100)
        self.end(clients)
        self.stop()
        self.check_once(clients)
        self.assertEqual(sum(client.refused for client in clients), 0)

    def test_without_room_downstream_clients_are_put_off_and_nothing_that_was_answered_is_lost(self):
        self.configure(
            source='room_timeout = "50ms"\nanswer_timeout = "1s"\nqueue_bytes = "64KiB"',
            channel='type = "file"\ncapacity_bytes = "1MiB"\nlow_water_bytes = 0',
            sink='type = "webhook"\nurl = "http://127.0.0.1:9/"\ncolumns = ["body"]',
        )
        self.start()
        body = b"".join(b'{"row":%d,"text":"%s"}\n' % (row, os.urandom(200).hex().encode()) for row in range(100))
        statuses = collections.Counter()
        stored = 0
        deadline = time.monotonic() + SECONDS
        with Connection(self.port) as connection:
            while statuses[429] < 3:
                self.assertLess(time.monotonic(), deadline, statuses)
                answer = connection.ask(body)
                if answer is None or answer[1].get("connection") == "close":
                    connection.socket.close()
                    connection.__init__(self.port)
                if answer is None:
                    continue
                statuses[answer[0]] += 1
                stored += 100 * (answer[0] == 200)
                if answer[0] in (429, 503):
                    self.assertEqual(answer[1]["retry-after"], "1")
        self.assertEqual(set(statuses) - {200, 429, 503}, set(), statuses)
        self.assertGreater(statuses[200], 0)
        self.agent.kill()
        self.agent.wait()
        command = [LEVADA, "channel", "dump", "main", "--config", str(self.config)]
        dumped = subprocess.run(command, capture_output=True, text=True, check=True)
        self.assertGreaterEqual(len(dumped.stdout.splitlines()), stored)

    def test_tls_and_certificates_of_clients(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

        for name in ("server", "client", "stranger"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        files = f'tls_certificate = "{self.folder}/server.pem"\ntls_key = "{self.folder}/server.key"'
        for client_ca, certificate, serves in (
            ("", None, True),
            ("client", "client", True),
            ("client", None, False),
            ("client", "stranger", False),
        ):
            self.configure(files + (f'\ntls_client_ca = "{self.folder}/{client_ca}.pem"' if client_ca else ""))
            self.start()
            context = ssl.create_default_context(cafile=self.folder / "server.pem")
            if certificate:
                context.load_cert_chain(self.folder / f"{certificate}.pem", self.folder / f"{certificate}.key")
            with self.subTest(client_ca=client_ca, certificate=certificate):
                try:
                    with Connection(self.port, context) as connection:
                        answers = [connection.ask(b"1\n"), connection.ask(b"2\n")]
                except (ssl.SSLError, OSError):
                    answers = [None]
                self.assertEqual([answer and answer[0] for answer in answers], [200, 200] if serves else [None])
            # Who does not speak TLS is let go.
            with Connection(self.port) as connection:
                connection.send(request(b"1\n"))
                self.assertIsNone(connection.answer())
            self.stop()


class Abuse(HttpTest):
    """What clients should not do."""

    def setUp(self):
        super().setUp()
        self.configure(
            'body_bytes = "1MiB"\nreceiving_bytes = "8MiB"\nheader_bytes = "8KiB"\nheader_timeout = "300ms"\n'
            'body_timeout = "500ms"\nidle_timeout = "700ms"'
        )
        self.start()
        self.check_serves()

    def tearDown(self):
        self.check_serves()
        self.stop()
        self.assertNotIn(" error ", self.said())

    def answer_to(self, *parts, end=False):
        """The status of the answer; None where the connection ends without one."""
        with Connection(self.port) as connection:
            try:
                for part in parts:
                    connection.send(part)
                if end:
                    connection.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            answer = connection.answer()
            return answer and answer[0]

    def test_what_is_too_large_is_refused(self):
        self.assertEqual(self.answer_to(request(b"1" * (MIB + 1))), 413)
        self.assertEqual(self.answer_to(request(b"1" * 10)[:-10].replace(b": 10", b": 999999999999")), 413)
        self.assertIn(self.answer_to(request().replace(b": 0", b": 99999999999999999999999999")), (400, 413))
        chunk = b"10000\r\n" + b"1" * 65536 + b"\r\n"
        chunked = request()[:-2].replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + b"\r\n"
        self.assertEqual(self.answer_to(chunked, *[chunk] * 32), 413)
        self.assertEqual(self.answer_to(request(headers=["X: " + "x" * 10_000])), 431)
        self.assertEqual(self.answer_to(request(headers=[f"X-{n}: x" for n in range(2000)])), 431)
        self.assertEqual(self.answer_to(request(target="/" + "x" * 10_000)), 431)
        small = gzip.compress(b"1" * (64 * MIB))
        self.assertEqual(self.answer_to(request(small, headers=["Content-Encoding: gzip"])), 413)
        self.assertLess(self.memory(), 512 * MIB)

    def test_what_is_cut_off_is_no_request(self):
        whole = request(b'{"a":1}\n{"a":2}\n')
        for size in range(0, len(whole)):
            with self.subTest(size=size):
                self.assertIn(self.answer_to(whole[:size], end=True), (None, 400))
        self.assertEqual(self.answer_to(whole, end=True), 200)

    def test_what_is_no_request_is_refused(self):
        chunked = request()[:-2].replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + b"\r\n"
        for name, parts, statuses in (
            ("no method", [b" /logs HTTP/1.1\r\n\r\n"], (400,)),
            ("no version", [b"POST /logs\r\n\r\n"], (400,)),
            ("version 2", [b"POST /logs HTTP/2.0\r\n\r\n"], (400,)),
            ("preface of HTTP/2", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], (400,)),
            ("TLS", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)], (400,)),
            ("a space before the colon", [b"POST /logs HTTP/1.1\r\nHost : x\r\n\r\n"], (400,)),
            ("a control character", [b"POST /logs HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n"], (400,)),
            ("no length", [b"POST /logs HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"], (400,)),
            ("a negative length", [b"POST /logs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"], (400,)),
            ("two lengths", [request(b"1", headers=["Content-Length: 2"])], (400,)),
            ("a length and chunks", [request(b"1", headers=["Transfer-Encoding: chunked"])], (400,)),
            ("no chunk", [chunked, b"x\r\n"], (400,)),
            ("a huge chunk", [chunked, b"ffffffffffffffffff\r\n"], (400, 413)),
            ("a chunk that is longer", [chunked, b"1\r\n12\r\n0\r\n\r\n"], (400,)),
            ("a chunk without its end", [chunked, b"1\r\n1"], (None, 408)),
            ("no host", [b"POST /logs HTTP/1.1\r\n\r\n"], (400,)),
        ):
            with self.subTest(name):
                self.assertIn(self.answer_to(*parts), statuses)

    def test_who_is_slow_is_let_go(self):
        whole = request(b'{"a":1}\n', headers=["X: " + "x" * 100])
        head = len(whole) - 8
        # Nothing; a part of a header; a part of a body.
        for size in (0, 1, head - 1, head, len(whole) - 1):
            with self.subTest(size=size), Connection(self.port) as connection:
                connection.send(whole[:size])
                self.assertIsNone(connection.answer())
        # A byte now and then does not help.
        with Connection(self.port) as connection:
            before = time.monotonic()
            pause = threading.Event()
            with self.assertRaises(OSError):
                for byte in whole * 100:
                    connection.send(bytes([byte]))
                    pause.wait(0.02)
            self.assertLess(time.monotonic() - before, SECONDS)
        # Nor does it to take no answers: they fill the buffers, and the writes come to their deadline.
        with Connection(self.port) as connection, self.assertRaises(OSError):
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.socket.settimeout(SECONDS)
            while True:
                connection.send(request(b"\n") * 100)

    def test_requests_behind_each_other_are_answered_in_order(self):
        bodies = [b"1\n" * (number % 7) for number in range(200)]
        with Connection(self.port) as connection:
            sender = threading.Thread(target=lambda: connection.send(b"".join(map(request, bodies))))
            sender.start()
            for number, _ in enumerate(bodies):
                status, _, body = connection.answer()
                self.assertEqual((status, json.loads(body)["rows"]), (200, number % 7))
            sender.join()

    def test_bytes_by_chance_do_no_harm(self):
        for _ in range(int(os.environ.get("LEVADA_FUZZ", "300"))):
            whole = bytearray(request(b'{"a":1}\n', headers=["Content-Encoding: gzip", "Idempotency-Key: x"]))
            for _ in range(self.choice.randint(1, 8)):
                at = self.choice.randrange(len(whole))
                how = self.choice.random()
                if how < 0.4:
                    whole[at] = self.choice.randrange(256)
                elif how < 0.7:
                    del whole[at : at + self.choice.randint(1, 10)]
                else:
                    whole[at:at] = self.choice.randbytes(self.choice.randint(1, 10))
                whole = whole or bytearray(b" ")
            answer = self.answer_to(bytes(whole), end=True)
            self.assertTrue(answer is None or 200 <= answer < 500, (whole, answer))

    def test_many_bodies_at_once_take_no_more_memory_than_they_may(self):
        connections = [Connection(self.port) for _ in range(64)]
        statuses = collections.Counter()
        part = request(b"1" * MIB)[: MIB // 2]
        for connection in connections:
            try:
                connection.send(part)
            except OSError:
                pass
        for connection in connections:
            answer = connection.answer()
            statuses[answer and answer[0]] += 1
            connection.socket.close()
        # Some are refused, the others are too slow.
        self.assertGreater(statuses[503], 0, statuses)
        self.assertEqual(set(statuses) - {503, None}, set(), statuses)
        self.assertLess(self.memory(), 512 * MIB)


class ManyConnections(HttpTest):
    def test_many_clients_are_served_in_little_memory(self):
        needed = CONNECTIONS + 200
        limits = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), max(hard, needed)))
        except (OSError, ValueError):
            self.skipTest(f"{CONNECTIONS} connections need {needed} descriptors, the hard limit is {hard} (ulimit -Hn)")
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        self.configure('header_timeout = "10m"\nbody_timeout = "10m"\nidle_timeout = "10m"')
        self.start()
        self.check_serves()
        before = self.memory("VmRSS")

        async def all_of_them():
            first, last = request(b'{"a":1}\n')[:40], request(b'{"a":1}\n')[40:]
            opened = []
            for _ in range(CONNECTIONS):
                opened.append(await asyncio.open_connection("127.0.0.1", self.port))
                opened[-1][1].write(first)
            # They are all there, and wait; others are served.
            await asyncio.to_thread(self.check_serves)
            waiting = self.memory("VmRSS")
            statuses = collections.Counter()
            for _, writer in opened:
                writer.write(last)
            for reader, _ in opened:
                statuses[(await reader.readline())[:12]] += 1
            for _, writer in opened:
                writer.close()
            return waiting, statuses

        waiting, statuses = asyncio.run(all_of_them())
        print(f"{CONNECTIONS} connections that wait take {(waiting - before) >> 10} KiB")
        self.assertEqual(statuses, {b"HTTP/1.1 200": CONNECTIONS})
        self.assertLess(waiting - before, 32 * MIB + 16_384 * CONNECTIONS)
        self.check_serves()
        self.stop()
        self.assertEqual(len(self.rows()), CONNECTIONS + 3)


if __name__ == "__main__":
    unittest.main()
