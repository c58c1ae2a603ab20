"""What the tests of the Kafka source share: topics, agents that read them, and counts of what arrived.

What is in a topic is counted with kcat, which shares no code with the agent but librdkafka. Run below
tests/services/with-kafka, with the Python packages of tools/requirements.txt.
"""

import collections
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid

try:
    import confluent_kafka
except ImportError:  # tools/setup has put it into a venv.
    user_cache = os.environ.get("XDG_CACHE_HOME", f"{pathlib.Path.home()}/.cache")
    cache = os.environ.get("LEVADA_CACHE") or user_cache + "/levada"
    python = f"{cache}/venv/bin/python3"
    if sys.executable == python or not os.path.exists(python):
        raise
    os.execv(python, [python, *sys.argv])
import confluent_kafka.admin

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

LEVADA = os.environ["LEVADA"]
BROKER = os.environ["KAFKA_BOOTSTRAP"]
PARTITIONS = 6
ROWS = 200_000
SECONDS = 180  # Until a wait counts as failed.


def in_topic(topic, isolation="read_committed"):
    """The rows of a topic, each with how often it is there."""
    command = ["kcat", "-C", "-q", "-e", "-o", "beginning", "-b", BROKER, "-X", f"isolation.level={isolation}"]
    reader = subprocess.run([*command, "-t", topic, "-f", "%s\\n"], stdout=subprocess.PIPE, timeout=SECONDS, check=True)
    return collections.Counter(reader.stdout.splitlines())


class Agent:
    """An agent with folders of its own, started as often as needed."""

    def __init__(self, test, name, source, sink='roll_interval = "1s"'):
        self.test = test
        self.folder = test.folder / name
        self.folder.mkdir()
        self.config = self.folder / "agent.toml"
        self.process = None
        self.configure(source, sink)

    def configure(self, source, sink='roll_interval = "1s"'):
        path = "" if "type" in sink else f'type = "file"\npath = "{self.folder}/out"'
        self.config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            stop_timeout = "60s"
            [sources.clicks]
            type = "kafka"
            brokers = ["{BROKER}"]
            channels = ["main"]
            {source}
            [channels.main]
            type = "memory"
            [sinks.out]
            channel = "main"
            {path}
            {sink}
            """
        )

    def start(self, *arguments):
        log = open(self.folder / "log", "ab")
        self.test.addCleanup(log.close)
        process = subprocess.Popen(
            [LEVADA, "run", "--config", str(self.config), *arguments], stdout=subprocess.PIPE, stderr=log, text=True
        )
        self.test.addCleanup(lambda: process.poll() is None and process.kill())
        self.process = process

    def log(self):
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def finish(self, seconds=SECONDS, code=0):
        report, _ = self.process.communicate(timeout=seconds)
        self.test.assertEqual(self.process.returncode, code, self.log()[-3000:])
        return report

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.finish()

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def lines(self):
        """The rows in complete files."""
        for path in sorted(self.folder.glob("out/*.ndjson")):
            yield from path.read_bytes().splitlines()

    def rows(self):
        return collections.Counter(self.lines())


class Producer(threading.Thread):
    """Writes numbered rows, so many a second, until it is stopped."""

    def __init__(self, topic, rows_per_second):
        super().__init__(daemon=True)
        self.topic, self.pause, self.rows = topic, 0.02, max(1, rows_per_second // 50)
        self.ended = threading.Event()
        self.written = 0

    def run(self):
        # A request that a busy broker answers late is sent again, and its rows are there once.
        producer = confluent_kafka.Producer(
            {"bootstrap.servers": BROKER, "linger.ms": 5, "enable.idempotence": True}
        )
        while not self.ended.wait(self.pause):
            for _ in range(self.rows):
                producer.produce(self.topic, f'{{"number":{self.written}}}', partition=self.written % PARTITIONS)
                self.written += 1
            producer.poll(0)
        producer.flush(60)

    def stop(self):
        self.ended.set()
        self.join(90)


class KafkaTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.topic = f"clicks-{uuid.uuid4().hex[:8]}"
        self.source = f'topics = ["{self.topic}"]\ngroup = "group-{self.topic}"'
        self.create(self.topic)

    def enterContext(self, context):  # unittest has it from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def create(self, topic, partitions=PARTITIONS):
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": BROKER})
        new = confluent_kafka.admin.NewTopic(topic, num_partitions=partitions, replication_factor=1)
        admin.create_topics([new], operation_timeout=30)[topic].result(60)

    def produce(self, rows, first=0, **properties):
        """Numbered rows with keys, over all partitions."""
        producer = confluent_kafka.Producer(
            {"bootstrap.servers": BROKER, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000}
        )
        for number in range(first, first + rows):
            row = f'{{"number":{number},"padding":"{number * 2654435761 % 2**64:064d}"}}'
            producer.produce(self.topic, row, key=str(number), partition=number % PARTITIONS, **properties)
        self.assertEqual(producer.flush(SECONDS), 0)

    def wait_for(self, condition, what, *agents, seconds=SECONDS):
        wait_until(condition, what, seconds, alive=[agent.process for agent in agents],
                   said=lambda: "\n".join(agent.log()[-3000:] for agent in agents))

    def assert_same(self, got, expected):
        missing, surplus = expected - got, got - expected
        if missing or surplus:
            self.fail(
                f"{sum(missing.values())} of {sum(expected.values())} rows missing: {sorted(missing)[:5]}; "
                f"{sum(surplus.values())} too many: {sorted(surplus)[:5]}"
            )
