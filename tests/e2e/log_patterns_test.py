"""conf/examples/log_patterns: logs of a real Kafka, or of a table, become results in a real PostgreSQL, in each mode,
by one agent and by five, with agents and the server killed on the way. What must be there is worked out by Python's
`re`. LEVADA_LOG names a file whose lines are taken instead of lines made up; LEVADA_LINES says how many.

Run below `tests/services/with kafka postgres --`.
"""

import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "workloads"))

import confluent_kafka  # noqa: E402

import log_lines  # noqa: E402
from http_test_bench import Connection, free_port, request  # noqa: E402
from kafka_test_bench import BROKER, LEVADA, SECONDS, in_topic  # noqa: E402
from system_test_bench import EXAMPLES, SystemTest  # noqa: E402
from waiting import wait_until  # noqa: E402

SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
LINES = int(os.environ.get("LEVADA_LINES", "6000"))
BATCH_ROWS = 1000
PARTITIONS = 6
KILLS = 3
POSTED = 200  # Logs that come over the API.
LATE = 20  # Logs that are not there yet.
PATTERNS = log_lines.read_patterns(EXAMPLES / "log_patterns/patterns.toml")


def sql(text):
    """What psql prints, without headers: a list of lines."""
    words = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", os.environ["PG_URL"]]
    environment = {**os.environ, "PGPASSWORD": os.environ["PG_PASSWORD"]}
    done = subprocess.run(words, input=text, text=True, timeout=SECONDS, capture_output=True, env=environment)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.split("\n")[:-1]


def postgres(command):
    subprocess.run([SERVICES / "postgres", command, os.environ["PG_DIR"]], check=True, capture_output=True)


def lines():
    """Lines that PostgreSQL can keep as text."""
    if name := os.environ.get("LEVADA_LOG"):
        with open(name, "rb") as file:
            return [line.rstrip(b"\r\n").decode() for line, _ in zip(file, range(LINES))]
    return []


class LogPatterns(SystemTest):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("LEVADA_SEED") or random.SystemRandom().randrange(1 << 32))
        print(f"LEVADA_SEED={self.seed}", flush=True)
        self.random = random.Random(self.seed)
        self.environment |= {"POSTGRES": os.environ["PG_URL"], "POSTGRES_PASSWORD": os.environ["PG_PASSWORD"],
                             "PATTERNS": str(EXAMPLES / "log_patterns/patterns.toml")}
        postgres("start")
        sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        made = (log_lines.made_up(self.random).decode("latin-1").replace("\0", "") for _ in range(LINES))
        self.lines = lines() or list(made)
        texts = [line.encode() for line in self.lines]
        self.results = {}
        for number, text in enumerate(texts):
            names = log_lines.found_in(text, PATTERNS)
            self.results[number] = (log_lines.level_of(names), names)
        self.counts = collections.Counter()
        for (batch, column, value), count in log_lines.counts_of(texts, PATTERNS, BATCH_ROWS).items():
            if column.startswith("p_"):
                self.counts[batch, column[2:]] = count
        self.matches = sorted((number, name, start, value.decode())
                              for number, name, value, start in log_lines.matches_of(texts, PATTERNS))
        self.assertGreater(len({name for _, name, *_ in self.matches}), 15, "patterns never occur")

    def produce(self, event_of=None):
        """All lines into a new topic, in any order; one in fifty twice. Events are the logs, or as `event_of` says."""
        event_of = event_of or (lambda number: {"id": number, "line": self.lines[number]})
        self.new_topic(PARTITIONS)
        producer = confluent_kafka.Producer({"bootstrap.servers": BROKER})
        events = [*range(len(self.lines)), *self.random.sample(range(len(self.lines)), len(self.lines) // 50)]
        self.random.shuffle(events)
        for number in events:
            producer.produce(self.topic, json.dumps(event_of(number)), partition=self.random.randrange(PARTITIONS))
            producer.poll(0)
        self.assertEqual(producer.flush(SECONDS), 0)

    def store(self, numbers):
        """Logs into the table of the API, some of them over it; gives their ids by their numbers."""
        posted = [number for number in numbers if self.lines[number]][:POSTED]
        port = free_port()
        self.environment["LISTEN"] = f"127.0.0.1:{port}"
        agent = self.start(self.example("log_patterns/api.toml"))

        def listens():
            try:
                Connection(port).socket.close()
            except OSError:
                return False
            return True

        wait_until(listens, "the API listens", SECONDS, [agent], self.log)
        # All at once, as each is answered with the next commit.
        connections = {number: Connection(port) for number in posted}
        for number, connection in connections.items():
            body = json.dumps({"content": self.lines[number]}).encode()
            connection.send(request(body, headers=["Content-Type: application/json"]))
        ids = {}
        for number, connection in connections.items():
            status, _, answer = connection.answer()
            self.assertEqual(status, 201, answer)
            ids[number] = json.loads(answer)["id"]
            connection.socket.close()
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(SECONDS), 0, self.log())
        others = {number: f"log {number}" for number in numbers if number not in ids}
        self.insert(others)
        return ids | others

    def insert(self, ids):
        rows = json.dumps([{"id": id, "content": self.lines[number]} for number, id in ids.items()])
        sql(f"INSERT INTO posted_logs (id, content) "
            f"SELECT id, content FROM json_to_recordset($rows${rows}$rows$) AS r(id text, content text)")

    def run_agents(self, config, count, name, codes=(0,)):
        """So many agents, to the end: one after the other is killed and started again, and the server once."""
        def start(number):
            self.environment |= {"DATA": f"{self.folder}/{name}-{number}", "SHARE": f"{number + 1}/{count}"}
            return self.start(config, "--until-drained")

        agents = [start(number) for number in range(count)]
        server_dies = self.random.randrange(KILLS)
        for kill in range(KILLS):
            number = self.random.randrange(count)
            try:
                self.assertIn(agents[number].wait(self.random.uniform(0.3, 3)), codes, self.log())
            except subprocess.TimeoutExpired:
                agents[number].kill()
                agents[number].wait()
            if kill == server_dies:
                postgres("kill")
                threading.Event().wait(self.random.uniform(0, 0.5))
                postgres("start")
            agents[number] = start(number)
        for agent in agents:
            self.assertIn(agent.wait(SECONDS), codes, self.log())

    def run_group(self, config, count, name, codes=(0,)):
        """The same for members of a group. They end with the partitions that they have, so those of one that was killed
        last may be left: one more agent reads what there is until nothing comes, for longer than the group takes to
        give up members that were killed."""
        self.run_agents(config, count, name, codes)
        self.environment["DATA"] = f"{self.folder}/{name}-last"
        self.run_agent(config, codes=codes)

    def check(self):
        found = map(json.loads, sql("SELECT json_build_array(id, level, patterns) FROM results"))
        self.assertEqual({number: (level, names) for number, level, names in found}, self.results, self.log())
        self.assertEqual(sql("SELECT count(*) FROM results"), [str(len(self.lines))])
        rows = sql(f"SELECT id / {BATCH_ROWS}, name, count(*) "
                   "FROM results, jsonb_array_elements_text(patterns) AS name GROUP BY 1, 2")
        counts = {(int(batch), name): int(count) for batch, name, count in (row.split("|") for row in rows)}
        self.assertEqual(counts, self.counts)
        found = map(json.loads, sql("SELECT json_build_array(id, pattern, start, value) FROM matches"))
        self.assertEqual(sorted(map(tuple, found)), self.matches)
        sql("DROP TABLE results, matches")

    def example(self, name, **changes):
        """Members that were killed are given up early."""
        config = super().example(name, **changes)
        quick = 'until_idle = "8s"\nlibrdkafka = { "session.timeout.ms" = "6000" }'
        config.write_text(config.read_text().replace('until_idle = "8s"', quick))
        return config

    def test_logs_that_are_posted_come_into_the_topic_once(self):
        self.new_topic(PARTITIONS)
        port = free_port()
        self.environment["LISTEN"] = f"127.0.0.1:{port}"
        config = self.example("log_patterns/ingest.toml")
        agent = self.start(config)

        def is_taken(body, key):
            try:
                with Connection(port) as connection:
                    answer = connection.ask(body, headers=[f"Idempotency-Key: {key}"])
            except ConnectionError:
                return False
            self.assertIn(answer and answer[0], (None, 200, 429, 503), answer)
            return answer is not None and answer[0] == 200

        events = [json.dumps({"id": number, "line": line}) for number, line in enumerate(self.lines)]
        step = 200
        deaths = self.random.sample(range(0, len(events), step), KILLS)
        for first in range(0, len(events), step):
            body = "".join(f"{event}\n" for event in events[first : first + step]).encode()
            if first in deaths:
                client = threading.Thread(target=is_taken, args=(body, first))
                client.start()
                client.join(self.random.uniform(0, 0.02))
                agent.kill()
                agent.wait()
                client.join()
                agent = self.start(config)
            wait_until(lambda: is_taken(body, first), f"request {first} is taken", SECONDS, said=self.log)
        wait_until(lambda: sum(in_topic(self.topic).values()) >= len(events), "all are in the topic", SECONDS, [agent],
                   self.log)
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(SECONDS), 0, self.log())
        self.assertEqual(in_topic(self.topic), collections.Counter(event.encode() for event in events))

    def test_logs_of_a_topic_give_the_results_by_one_agent_and_by_five(self):
        for count in (1, 5):
            with self.subTest(agents=count):
                self.produce()
                self.run_group(self.example("log_patterns/stream.toml"), count, f"stream-{count}")
                self.check()

    def test_logs_of_which_a_topic_has_the_ids_are_fetched_and_those_that_come_late_are_replayed(self):
        numbers = list(range(len(self.lines)))
        self.random.shuffle(numbers)
        late = {number: f"log {number}" for number in numbers[:LATE]}
        ids = self.store(numbers[LATE:]) | late
        sql("CREATE UNIQUE INDEX ON posted_logs (id)")
        number_of = {id: number for number, id in ids.items()}
        config = self.example("log_patterns/stream_by_id.toml")

        def results():
            found = map(json.loads, sql("SELECT json_build_array(id, level, patterns) FROM posted_patterns"))
            return {number_of[id]: (level, names) for id, level, names in found}

        for count in (1, 5):
            with self.subTest(agents=count):
                self.produce(lambda number: {"id": ids[number]})
                self.run_group(config, count, f"by-id-{count}", codes=(0, 3))
                expected = {number: result for number, result in self.results.items() if number not in late}
                self.assertEqual(results(), expected, self.log())
                self.insert(late)
                for name in (*range(count), "last"):
                    self.environment["DATA"] = f"{self.folder}/by-id-{count}-{name}"
                    replay = subprocess.run([LEVADA, "replay", "--config", config], env=self.environment, text=True,
                                            capture_output=True, timeout=SECONDS)
                    self.assertEqual(replay.returncode, 0, replay.stderr)
                self.assertEqual(results(), self.results, self.log())
                found = map(json.loads, sql("SELECT json_build_array(id, pattern, start, value) FROM posted_matches"))
                self.assertEqual(sorted((number_of[id], *more) for id, *more in found), self.matches)
                sql("DROP TABLE posted_patterns, posted_matches")
                sql(f"DELETE FROM posted_logs WHERE id IN ({', '.join(repr(id) for id in late.values())})")

    def test_logs_are_kept_with_their_results_and_give_them_again_out_of_the_table(self):
        for count in (1, 5):
            with self.subTest(agents=count):
                self.produce()
                self.run_group(self.example("log_patterns/optimized.toml"), count, f"optimized-{count}")
                self.check()
                found = dict(map(json.loads, sql("SELECT json_build_array(id, line) FROM logs")))
                self.assertEqual(found, dict(enumerate(self.lines)))
                self.run_agents(self.example("log_patterns/batch.toml"), count, f"batch-{count}")
                self.check()
                sql("DROP TABLE logs")


if __name__ == "__main__":
    unittest.main()
