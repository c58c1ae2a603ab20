"""clients -> log_api -> PostgreSQL -> log_api -> clients: what was posted is read back, once, though the agent and the
server are killed; and the API is what its OpenAPI description says, by schemathesis.

Below tests/services/with postgres.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

from http_test_bench import KILLS, SECONDS, SEED, Connection, HttpTest

EXAMPLES = os.environ.get("LEVADA_EXAMPLES", "20")  # Requests of each kind that schemathesis makes up.
JSON = ["Content-Type: application/json"]


class LogApi(HttpTest):
    def setUp(self):
        super().setUp()
        server = f"host=127.0.0.1 port={os.environ['PG_PORT']} user=levada dbname=postgres"
        self.tables = f"t{SEED:x}_{self.id().rpartition('_')[2]}"
        connection = f'connection = "{server}"\npassword = "{os.environ["PG_PASSWORD"]}"'
        sinks = "".join(
            f"""
            [channels.{kind}s]
            type = "memory"
            [sinks.{kind}s]
            type = "postgres"
            channel = "{kind}s"
            table = "{self.tables}_{kind}s"
            create_table = true
            commit_interval = "20ms"
            retry_max = "200ms"
            {connection}
            """
            for kind in ("log", "result")
        )
        self.config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.api]
            type = "log_api"
            listen = "127.0.0.1:{self.port}"
            channels = ["logs", "results"]
            selector = {{ type = "multiplex", column = "kind", mapping = {{ log = ["logs"], result = ["results"] }} }}
            logs_table = "{self.tables}_logs"
            results_table = "{self.tables}_results"
            {connection}
            {sinks}
            """
        )
        self.start()
        self.connection = Connection(self.port)
        self.addCleanup(lambda: self.connection.socket.close())

    def get(self, target):
        status, _, body = self.connection.ask(target=target, method="GET")
        return status, json.loads(body)

    def post(self, target, body, key=None):
        """Posts until it is answered 201; the id."""
        headers = JSON + ([f"Idempotency-Key: {key}"] if key else [])
        while True:
            try:
                answer = self.connection.ask(json.dumps(body).encode(), target=target, headers=headers)
            except OSError:
                answer = None
            if answer and answer[0] == 201:
                return json.loads(answer[2])["id"]
            if not answer or answer[1].get("connection") == "close":
                self.connection.socket.close()
                self.wait_for(self.connects, "the agent listens again")

    def connects(self):
        try:
            self.connection = Connection(self.port)
        except OSError:
            return False
        return True

    def test_what_is_posted_is_read_back(self):
        self.assertEqual(self.get("/list-logs"), (200, {"logs": [], "next": None}))
        self.assertEqual(self.get("/logs/none")[0], 404)
        nothing = {"count": 0, "bytes": 0}
        self.assertEqual(self.get("/stats"), (200, {"logs": nothing, "results": nothing}))
        contents = ["one\ntwo", "ü \"quoted\" \\ \x01", "x" * 100_000]
        ids = [self.post("/logs", {"content": content, "name": f"n{at}"}) for at, content in enumerate(contents)]
        for at, (log, content) in enumerate(zip(ids, contents)):
            status, found = self.get(f"/logs/{log}")
            self.assertEqual((status, found["id"], found["name"], found["content"]), (200, log, f"n{at}", content))
        result = {"errors": 3, "ips": ["10.0.0.1", "::1"], "none": None}
        posted = self.post("/results", {"log_id": ids[0], "result": result})
        status, found = self.get(f"/results/{posted}")
        self.assertEqual((status, found["log_id"], found["result"]), (200, ids[0], result))
        listed, after = [], ""
        for _ in ids:
            status, page = self.get(f"/list-logs?limit=1{after}")
            self.assertEqual((status, len(page["logs"])), (200, 1))
            listed += [log["id"] for log in page["logs"]]
            after = f"&after={page['next']}"
        self.assertEqual((listed, page["next"]), (ids, None))
        stats = self.get("/stats")[1]
        self.assertEqual(stats["logs"], {"count": 3, "bytes": sum(len(content.encode()) for content in contents)})
        self.assertEqual(stats["results"]["count"], 1)
        self.assertEqual(self.get("/health"), (200, {"status": "ok"}))

    def test_each_log_that_was_answered_is_there_once_though_the_agent_is_killed(self):
        ids = {}
        for number in range(KILLS * 20):
            ids[f"log {number}"] = self.post("/logs", {"content": f"log {number}"}, key=number)
            if self.choice.random() < 1 / 20:
                self.agent.kill()
                self.agent.wait()
                self.start(wait=False)
        self.wait_for(self.connects, "the agent listens")
        listed = self.get("/list-logs?limit=1000")[1]["logs"]
        self.assertEqual(len(listed), len(ids))
        self.assertEqual({log["id"] for log in listed}, set(ids.values()))

    def test_the_api_is_what_its_description_says(self):
        program = pathlib.Path(sys.executable).with_name("schemathesis")
        command = [program, "run", f"http://127.0.0.1:{self.port}/openapi.json", "--checks", "all", "--seed", str(SEED),
                   "--max-examples", EXAMPLES, "--no-color", "--generation-database", "none"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS * 5, cwd=self.folder)
        self.assertEqual(run.returncode, 0, run.stdout[-8000:] + run.stderr[-4000:])
        self.assertEqual(self.get("/health")[0], 200)


if __name__ == "__main__":
    unittest.main()
