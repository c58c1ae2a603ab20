"""spool -> an HTTP server: each row is there once for a receiver that remembers keys, whatever happens to the agent and
whatever the server answers.
"""

import collections
import http.server
import json
import random
import threading
import unittest

from sink_test_bench import KILLS, SEED, SinkTest


class Receiver(http.server.ThreadingHTTPServer):
    """Takes each key once; `mood` says what it answers meanwhile, (status, headers, whether it takes the rows)."""

    daemon_threads = True

    def __init__(self, mood=lambda body: (200, {}, True)):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mood, self.lock = mood, threading.Lock()
        self.keys, self.rows, self.requests, self.headers = set(), collections.Counter(), 0, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/rows"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with self.server.lock:
            self.server.requests += 1
            self.server.headers.append(dict(self.headers))
            status, headers, takes = self.server.mood(body)
            key = self.headers["Idempotency-Key"]
            if takes and key not in self.server.keys:
                self.server.keys.add(key)
                self.server.rows.update(row["body"] for row in rows_of(body))
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *arguments):
        pass


def rows_of(body):
    if body.startswith("["):
        return json.loads(body)
    return [json.loads(line) for line in body.splitlines()]


class WebhookSink(SinkTest):
    sink = "webhook"

    def receive(self, *mood):
        receiver = Receiver(*mood)
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        return receiver

    def to(self, receiver, more=""):
        return f'url = "{receiver.url}"\ncolumns = ["body"]\nretry_max = "200ms"\n{more}'

    def test_each_row_is_there_once_though_the_agent_is_killed_and_the_server_fails(self):
        print(f"LEVADA_SEED={SEED}")
        choice = random.Random(SEED)
        # It may take the rows and fail all the same, or break the connection off.
        moods = [(200, {}, True)] * 6 + [(503, {}, False), (500, {}, True), (0, {}, True), (0, {}, False)]
        receiver = self.receive(lambda body: choice.choice(moods))
        config = self.configure(self.to(receiver))
        expected = collections.Counter()
        agent = self.start(config)
        for number in range(KILLS):
            lines = [f"{number}-{row}" for row in range(30)]
            self.spool_file(lines)
            expected.update(lines)
            self.assert_lives(agent, choice.uniform(0.05, 0.5))
            agent.kill()
            agent.communicate()
            agent = self.start(config)
        agent.terminate()
        agent.communicate()
        self.finish(config)
        self.assertEqual(receiver.rows, expected)
        self.assertGreater(receiver.requests, sum(expected.values()), "nothing failed")

    def test_lines_and_arrays_with_headers(self):
        for name, more in [("lines", 'format = "ndjson"'), ("array", 'format = "array"\nbatch_rows = 7')]:
            receiver = self.receive()
            self.spool_file([f"{name} {row}" for row in range(50)])
            secret = 'headers = { Authorization = "Bearer secret-token" }'
            log = self.finish(self.configure(self.to(receiver, f"{more}\n{secret}"), name=name))
            self.assertEqual(receiver.rows, collections.Counter(f"{name} {row}" for row in range(50)))
            self.assertEqual(receiver.headers[0]["Authorization"], "Bearer secret-token")
            self.assertNotIn("secret-token", log)
            self.assertEqual(receiver.requests, 8 if name == "array" else 1)

    def test_rows_that_are_refused_are_dead_letters_and_the_others_arrive(self):
        receiver = self.receive(lambda body: (422, {}, False) if "bad" in body else (200, {}, True))
        self.spool_file(["a", "bad 1", "b", "c", "bad 2"])
        log = self.finish(self.configure(self.to(receiver, 'format = "array"')), code=3)
        self.assertEqual(receiver.rows, collections.Counter("abc"))
        self.assertIn("the receiver answered #: ok", log)

    def test_a_receiver_that_asks_for_a_pause_has_it(self):
        answers = iter([(429, {"Retry-After": "2"}, False)])
        receiver = self.receive(lambda body: next(answers, (200, {}, True)))
        self.spool_file(["a"])
        log = self.finish(self.configure(self.to(receiver)))
        self.assertIn("the receiver asks to wait for", log)
        self.assertEqual(receiver.requests, 2)


if __name__ == "__main__":
    unittest.main()
