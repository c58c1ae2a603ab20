"""spool -> clean_json -> a real Kafka, compared with an independent count of the same input.

What arrived is read with kcat, what is valid is decided by Python's json. Run below tests/services/with-kafka.
"""

import hashlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

LEVADA = os.environ["LEVADA"]
BROKER = os.environ["KAFKA_BOOTSTRAP"]
SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
CONF = pathlib.Path(os.environ["LEVADA_CONF"])
ROWS = 1_000_000
MEMORY_MIB = 100
SLOWLY = "in_flight = 300"  # Messages under way: some ten thousand rows a second, however fast the machine.


def write_input(path, rows, seed):
    """`rows` JSON lines of about 200 bytes, all different, of which 5 % are broken."""
    rng = random.Random(seed)
    with open(path, "w") as out:
        for number in range(rows):
            line = json.dumps(
                {
                    "type": rng.choice(["click", "view"]),
                    "ip": f"172.16.{rng.randrange(256)}.{rng.randrange(256)}",
                    "event_time": str(1_500_000_000 + number // 30),
                    "url": f"https://shop.example.com/items/{number}?x={rng.getrandbits(128):032x}",
                    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko",
                },
                separators=(",", ":"),
            )
            broken = rng.random()
            if broken < 0.02:
                line = line[: rng.randrange(len(line) // 3, len(line) - 1)]
            elif broken < 0.04:
                line = line[:-1] + ",}"
            elif broken < 0.05:
                line = line.replace('"', "'")
            out.write(line + "\n")


class Lines:
    """A multiset of lines as a count and a sum of hashes: equal sums mean equal lines, whatever their order."""

    def __init__(self):
        self.count = 0
        self.total = 0

    def add(self, line):
        self.count += 1
        self.total = (self.total + int.from_bytes(hashlib.blake2b(line, digest_size=16).digest(), "big")) % (1 << 128)

    def __eq__(self, other):
        return (self.count, self.total) == (other.count, other.total)

    def __repr__(self):
        return f"{self.count} lines, {self.total:032x}"


def sorted_out(paths):
    """The valid and the broken lines of the input."""
    valid, broken = Lines(), Lines()
    for path in paths:
        with open(path, "rb") as lines:
            for line in lines:
                line = line.rstrip(b"\n")
                try:
                    (valid if isinstance(json.loads(line), dict) else broken).add(line)
                except ValueError:
                    broken.add(line)
    return valid, broken


def in_topic(topic):
    arrived = Lines()
    command = ["kcat", "-C", "-q", "-e", "-o", "beginning", "-b", BROKER, "-t", topic, "-f", "%s\\n"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 20) as reader:
        for line in reader.stdout:
            arrived.add(line.rstrip(b"\n"))
    assert reader.returncode == 0, "kcat failed"
    return arrived


class KafkaIngest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.spool = self.folder / "spool"
        self.spool.mkdir()
        self.topic = f"bot-logs-{uuid.uuid4().hex[:8]}"
        self.config = self.folder / "agent.toml"
        self.configure()

    def configure(self, sink=""):
        self.config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            stop_timeout = "60s"
            [sources.files]
            type = "spool"
            path = "{self.spool}"
            settle = "10ms"
            interceptors = ["clean"]
            channels = ["main"]
            [interceptors.clean]
            type = "clean_json"
            [channels.main]
            type = "memory"
            [sinks.kafka]
            type = "kafka"
            channel = "main"
            brokers = ["{BROKER}"]
            topic = "{self.topic}"
            create_topics = true
            partitions = 3
            {sink}
            """
        )

    def enterContext(self, context):  # unittest has it from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def start(self, *arguments):
        log = open(self.folder / "log", "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [LEVADA, "run", "--config", str(self.config), *arguments], stdout=subprocess.PIPE, stderr=log, text=True
        )
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def finish(self, process, code, seconds=300):
        report, _ = process.communicate(timeout=seconds)
        self.assertEqual(process.returncode, code, (self.folder / "log").read_text()[-3000:])
        return report

    def wait_for(self, condition, what, process, seconds=120):
        wait_until(condition, what, seconds, alive=[process], said=lambda: (self.folder / "log").read_text()[-3000:])

    def dead_letters(self):
        rows = Lines()
        dump = [LEVADA, "channel", "dump", "--config", str(self.config), "dead_letters"]
        with subprocess.Popen(dump, stdout=subprocess.PIPE, bufsize=1 << 20) as letters:
            for row in map(json.loads, letters.stdout):
                self.assertEqual(row["component"], "interceptors.clean")
                self.assertRegex(row["reason"], r"^line offset \d+")
                rows.add(row["body"].encode())
        self.assertEqual(letters.returncode, 0)
        return rows

    def delivered(self):
        """Rows in the topic, by its offsets; they are contiguous without transactions."""
        answer = subprocess.run(
            ["kcat", "-Q", "-b", BROKER, *(f"-t{self.topic}:{partition}:-1" for partition in range(3))],
            capture_output=True, text=True, timeout=60,
        )
        return sum(int(offset) for offset in re.findall(r"offset (\d+)", answer.stdout))

    def assert_all_arrived_once(self, paths):
        valid, broken = sorted_out(paths)
        self.assertGreater(broken.count, 0)
        self.assertEqual(in_topic(self.topic), valid)
        self.assertEqual(self.dead_letters(), broken)

    def test_every_valid_row_is_in_the_topic_once_and_every_broken_one_in_the_dead_letters(self):
        write_input(self.spool / "a.ndjson", ROWS, seed=1)
        report = self.finish(self.start("--until-drained"), code=3)
        print(report)
        self.assertIn("rows read 1,000,000", report)
        self.assertFalse((self.spool / "a.ndjson").exists())
        self.assert_all_arrived_once([self.spool / "a.ndjson.COMPLETED"])

    def test_the_totals_are_the_same_when_the_agent_is_stopped_in_the_middle_and_started_again(self):
        write_input(self.spool / "a.ndjson", ROWS, seed=2)
        self.configure(SLOWLY)
        agent = self.start()
        self.wait_for(lambda: self.delivered() > ROWS // 20, "the first rows are in the topic", agent)
        agent.send_signal(signal.SIGTERM)
        self.finish(agent, code=0)
        before = self.delivered()
        self.assertLess(before, ROWS * 9 // 10, "stopped too late to prove anything")
        self.configure()
        self.finish(self.start("--until-drained"), code=3)
        self.assert_all_arrived_once([self.spool / "a.ndjson.COMPLETED"])

    def test_a_broker_that_is_away_for_30_s_costs_no_row_and_no_memory(self):
        write_input(self.spool / "a.ndjson", ROWS, seed=3)
        self.configure(SLOWLY)
        agent = self.start("--until-drained")
        self.wait_for(lambda: self.delivered() > ROWS // 20, "the first rows are in the topic", agent)
        subprocess.run([SERVICES / "kafka", "kill", os.environ["KAFKA_DIR"], "1"], check=True)
        away = threading.Event()
        away.wait(30)
        read = self.read_bytes(agent.pid)
        away.wait(1)
        # Attempts to connect read a little.
        self.assertLess(self.read_bytes(agent.pid) - read, 1 << 20, "intake must wait while the broker is away")
        self.assertLess(read, (self.spool / "a.ndjson").stat().st_size)
        subprocess.run([SERVICES / "kafka", "start", os.environ["KAFKA_DIR"]], check=True, stdout=subprocess.DEVNULL)
        most = self.most_memory_mib(agent.pid)
        self.finish(agent, code=3)
        self.assertLess(most, MEMORY_MIB)
        self.assert_all_arrived_once([self.spool / "a.ndjson.COMPLETED"])

    def read_bytes(self, pid):
        """Bytes that the agent has read of files and sockets."""
        return int(re.search(r"rchar: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text())[1])

    def most_memory_mib(self, pid):
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024

    def test_rows_arrive_over_tls_and_after_a_login(self):
        environment = dict(os.environ)
        doors = {
            "tls": f"""
            brokers = ["{environment["KAFKA_TLS_BOOTSTRAP"]}"]
            tls = true
            ca_file = "{environment["KAFKA_TLS_CA"]}"
            """,
            "scram": f"""
            brokers = ["{environment["KAFKA_SASL_BOOTSTRAP"]}"]
            sasl_mechanism = "SCRAM-SHA-256"
            username = "{environment["KAFKA_USER"]}"
            password = "${{env:KAFKA_PASSWORD}}"
            """,
        }
        sinks = "".join(
            f"""
            [sinks.{door}]
            type = "kafka"
            channel = "main"
            topic = "{self.topic}-{door}"
            create_topics = true
            {options}
            """
            for door, options in doors.items()
        )
        self.config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.rows]
            type = "generate"
            record = "bot_events"
            rows = 1000
            channels = ["main"]
            [channels.main]
            type = "memory"
            {sinks}
            """
        )
        self.finish(self.start("--until-drained"), code=0)
        self.assertEqual(in_topic(f"{self.topic}-tls").count, 1000)
        self.assertEqual(in_topic(f"{self.topic}-tls"), in_topic(f"{self.topic}-scram"))

    def test_the_example_of_bot_detection_brings_a_json_array_to_kafka(self):
        rows = [{"type": "click", "ip": f"10.0.0.{n}", "event_time": str(n), "url": f"/c/{n}"} for n in range(1000)]
        text = "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"
        (self.spool / "events.json").write_text(text)
        example = (CONF / "examples/bot_detection/ingest.toml").read_text()
        self.config.write_text(example)
        environment = dict(os.environ, KAFKA=BROKER, SPOOL=str(self.spool), DATA=f"{self.folder}/data")
        done = subprocess.run(
            [LEVADA, "run", "--config", str(self.config), "--until-drained"],
            env=environment, capture_output=True, text=True, timeout=120,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.topic = "bot-logs"
        expected = Lines()
        for row in rows:
            expected.add(json.dumps(row).encode())
        self.assertEqual(in_topic("bot-logs"), expected)

    def test_a_login_that_is_refused_is_said_so(self):
        self.config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.files]
            type = "spool"
            path = "{self.spool}"
            settle = "10ms"
            channels = ["main"]
            [sources.topic]
            type = "kafka"
            brokers = ["{os.environ["KAFKA_SASL_BOOTSTRAP"]}"]
            topics = ["{self.topic}"]
            sasl_mechanism = "SCRAM-SHA-256"
            username = "{os.environ["KAFKA_USER"]}"
            password = "not the password"
            channels = ["nothing"]
            [channels.main]
            type = "memory"
            [channels.nothing]
            type = "memory"
            [sinks.nothing]
            type = "file"
            channel = "nothing"
            path = "{self.folder}/out"
            [sinks.kafka]
            type = "kafka"
            channel = "main"
            brokers = ["{os.environ["KAFKA_SASL_BOOTSTRAP"]}"]
            topic = "{self.topic}"
            sasl_mechanism = "SCRAM-SHA-256"
            username = "{os.environ["KAFKA_USER"]}"
            password = "not the password"
            """
        )
        agent = self.start()
        for component in ("sinks.kafka", "sources.topic"):
            says = re.compile(rf"{component}: open: a broker refuses the login: ")
            self.wait_for(lambda: says.search((self.folder / "log").read_text()), f"{component} says so", agent)
        agent.send_signal(signal.SIGTERM)
        self.finish(agent, code=0)


if __name__ == "__main__":
    unittest.main()
