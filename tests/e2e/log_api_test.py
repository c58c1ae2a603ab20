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

from http_test_bench import KILLS, SECONDS, SEED, Connection, HttpTest, request

SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
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
            logs_table = "{self.tables}_logs"
            results_table = "{self.tables}_results"
            {connection}
            [sources.api.selector]
            type = "multiplex"
            column = "kind"
            mapping = {{ result = ["results"] }}
            default = ["logs"]
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
        headers = JSON + ([f"Idempotency-Key: {key}"] if key is not None else [])
        ids = []

        def is_posted():
            try:
                answer = self.connection.ask(json.dumps(body).encode(), target=target, headers=headers)
            except OSError:
                answer = None
            if answer and answer[0] == 201:
                ids.append(json.loads(answer[2])["id"])
                return True
            if answer:
                self.assertIn(answer[0], (429, 503), answer)
            self.connects()
            return False

        self.wait_for(is_posted, f"{key} is stored")
        return ids[0]

    def connects(self):
        self.connection.socket.close()
        try:
            self.connection = Connection(self.port)
        except OSError:
            return False
        return True

    def server(self, command):
        subprocess.run([SERVICES / "postgres", command, os.environ["PG_DIR"]], check=True, capture_output=True)

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
        for day, expected in (("1000-01-01", ids), ("2026-02-31", ids), ("9999-12-31", [])):
            status, page = self.get(f"/list-logs?after={day}T00:00:00.000000Z/x")
            self.assertEqual((status, [log["id"] for log in page["logs"]]), (200, expected), day)
        stats = self.get("/stats")[1]
        self.assertEqual(stats["logs"], {"count": 3, "bytes": sum(len(content.encode()) for content in contents)})
        self.assertEqual(stats["results"]["count"], 1)
        self.assertEqual(self.get("/health"), (200, {"status": "ok"}))

    def test_the_example_finds_patterns_in_what_is_posted(self):
        self.stop()
        example = pathlib.Path(os.environ["LEVADA_CONF"]) / "examples/log_patterns"
        text = (example / "api.toml").read_text().replace('"posted_', f'"{self.tables}_posted_')
        self.config.write_text(text)
        url = f"postgresql://levada@127.0.0.1:{os.environ['PG_PORT']}/postgres"
        self.start(env={**os.environ, "DATA": str(self.folder), "LISTEN": f"127.0.0.1:{self.port}", "POSTGRES": url,
                        "POSTGRES_PASSWORD": os.environ["PG_PASSWORD"], "PATTERNS": str(example / "patterns.toml")})
        self.connects()
        content = "ERROR user_id=7 from 10.0.0.7"
        log = self.post("/logs", {"content": content})
        result = self.post("/results", {"log_id": log, "result": {"ips": ["10.0.0.7"]}})
        self.assertEqual(self.get(f"/logs/{log}")[1]["content"], content)
        self.assertEqual(self.get(f"/results/{result}")[1]["result"], {"ips": ["10.0.0.7"]})
        query = f"SELECT id, level, patterns::text FROM {self.tables}_posted_logs"
        asked = subprocess.run(["psql", "-X", "-qAt", url, "-c", query], check=True, capture_output=True, text=True,
                               env={**os.environ, "PGPASSWORD": os.environ["PG_PASSWORD"]})
        found, level, patterns = asked.stdout.strip().split("|")
        self.assertEqual((found, level, sorted(json.loads(patterns))), (log, "error", ["ipv4", "lvl_error", "user_id"]))

    def test_what_was_answered_is_there_once_though_agent_and_server_are_killed(self):
        ids = {"/logs": [], "/results": []}
        kill_at = {self.choice.randrange(KILLS * 20) for _ in range(KILLS)}
        for number in range(KILLS * 20):
            target = self.choice.choice(("/logs", "/results"))
            body = {"content": f"log {number}"}
            if target == "/results":
                body = {"log_id": "some", "result": {"number": number}}
            answered = None
            if number in kill_at:  # Under way, or answered; and repeated with the same key.
                headers = [*JSON, f"Idempotency-Key: {number}"]
                if self.choice.random() < 0.5:
                    answered = self.post(target, body, key=number)
                else:
                    self.connection.send(request(json.dumps(body).encode(), target=target, headers=headers))
                if self.choice.random() < 0.7:
                    self.agent.kill()
                    self.agent.wait()
                    self.start(wait=False)
                else:
                    self.server("kill")
                    self.server("start")
                self.connects()
            ids[target].append(self.post(target, body, key=number))
            self.assertIn(answered, (None, ids[target][-1]))
        listed = []
        self.wait_for(lambda: listed.append(self.get("/list-logs?limit=1000")) or listed[-1][0] == 200, "it is listed")
        self.assertEqual(sorted(log["id"] for log in listed[-1][1]["logs"]), sorted(ids["/logs"]))
        self.assertEqual(self.get("/stats")[1]["results"]["count"], len(ids["/results"]))
        for at, result in enumerate(ids["/results"]):
            self.assertEqual((at, self.get(f"/results/{result}")[0]), (at, 200))

    def test_the_api_is_what_its_description_says(self):
        program = pathlib.Path(sys.executable).with_name("schemathesis")
        # A key that is used for another body gets 422, which schemathesis takes for a refusal of what is right.
        statuses = ["2xx", "3xx", "401", "403", "404", "409", "422", "429", "5xx"]
        config = self.folder / "schemathesis.toml"
        config.write_text(f"[checks]\npositive_data_acceptance.expected-statuses = {statuses}\n")
        url = f"http://127.0.0.1:{self.port}/openapi.json"
        command = [program, "--config-file", config, "run", url, "--checks", "all", "--seed", str(SEED),
                   "--max-examples", EXAMPLES, "--no-color", "--generation-database", "none"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS * 5, cwd=self.folder)
        self.assertEqual(run.returncode, 0, run.stdout[-8000:] + run.stderr[-4000:])
        self.connects()  # The first one may have been idle for too long.
        self.assertEqual(self.get("/health")[0], 200)


if __name__ == "__main__":
    unittest.main()
