"""spool -> a real Kafka in transactions: what a read_committed reader sees, whatever happens to agent and broker.

The reader is kcat, which shares no code with the agent but librdkafka. Run below tests/services/with-kafka.
"""

import collections
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
KILLS = int(os.environ.get("LEVADA_KILLS", "15"))
SEED = int(os.environ.get("LEVADA_SEED", random.SystemRandom().randrange(1 << 32)))


def rows_in(topic, isolation="read_committed"):
    """How often each row is in the topic."""
    command = ["kcat", "-C", "-q", "-e", "-o", "beginning", "-b", BROKER, "-X", f"isolation.level={isolation}"]
    done = subprocess.run([*command, "-t", topic, "-f", "%s\\n"], capture_output=True, timeout=120)
    if done.returncode and b"Unknown topic" not in done.stderr:
        raise AssertionError(done.stderr)
    return collections.Counter(done.stdout.splitlines())


class KafkaTransactions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.spool = self.folder / "spool"
        self.spool.mkdir()
        self.topic = f"rows-{uuid.uuid4().hex[:8]}"
        self.expected = collections.Counter()
        self.files = 0

    def spool_file(self, rows, size=200):
        """A file of different rows, in the spool folder as a whole."""
        lines = [f"{self.files}-{row} ".encode().ljust(size, b"x") for row in range(rows)]
        self.add_file(lines)

    def add_file(self, lines):
        aside = self.folder / "aside"
        aside.write_bytes(b"\n".join(lines) + b"\n")
        aside.rename(self.spool / f"{self.files:04}.log")
        self.files += 1
        self.expected.update(lines)

    def configure(self, sink="", name="agent", commit_interval="100ms"):
        config = self.folder / f"{name}.toml"
        config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/{name}"
            stop_timeout = "60s"
            [sources.files]
            type = "spool"
            path = "{self.spool}"
            settle = "1ms"
            line_bytes = "4MiB"
            channels = ["main"]
            [channels.main]
            type = "memory"
            [sinks.kafka]
            type = "kafka"
            channel = "main"
            brokers = ["{BROKER}"]
            topic = "{self.topic}"
            create_topics = true
            partitions = 3
            transactions = true
            commit_interval = "{commit_interval}"
            {sink}
            """
        )
        return config

    def start(self, config, *arguments):
        command = [LEVADA, "run", "--config", str(config), *arguments]
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
            process.wait(timeout=10)
        process.stdout.close()

    def log(self):
        return (self.folder / "log").read_text()

    def finish(self, process, code=0, seconds=120):
        report, _ = process.communicate(timeout=seconds)
        self.assertEqual(process.returncode, code, self.log()[-3000:])
        return report

    def wait_for(self, condition, what, seconds=60):
        wait_until(condition, what, seconds, said=lambda: self.log()[-3000:])

    def end_offset(self):
        answer = subprocess.run(
            ["kcat", "-Q", "-b", BROKER, *(f"-t{self.topic}:{partition}:-1" for partition in range(3))],
            capture_output=True, text=True, timeout=60,
        )
        return sum(int(offset) for offset in re.findall(r"offset (\d+)", answer.stdout))

    def assert_each_row_once(self):
        arrived = rows_in(self.topic)
        self.assertEqual(sum((self.expected - arrived).values()), 0, "rows are missing")
        self.assertEqual(sum((arrived - self.expected).values()), 0, "rows came twice, or from nowhere")

    def test_kill_9_at_random_points_leaves_each_row_once(self):
        print(f"LEVADA_SEED={SEED}")
        chance = random.Random(SEED)
        config = self.configure()
        kills = 0
        # At least one is to hit an open transaction: its rows are in the topic, and no reader of
        # committed ones sees them.
        while kills < KILLS or not self.aborted():
            self.assertLess(kills, 6 * KILLS, "no kill hit an open transaction")
            self.spool_file(chance.randrange(1, 60_000))
            agent = self.start(config)
            started = self.end_offset()
            if chance.random() < 0.8:  # Else in the middle of the start.
                self.wait_for(lambda: self.end_offset() > started, "rows are on their way")
            threading.Event().wait(chance.random() * 0.5)
            agent.kill()
            agent.wait(timeout=10)
            kills += 1
        self.finish(self.start(config, "--until-drained"))
        self.assert_each_row_once()
        print(f"{kills} kills, {sum(self.expected.values())} rows, {self.aborted()} in aborted transactions")

    def aborted(self):
        return sum((rows_in(self.topic, "read_uncommitted") - rows_in(self.topic)).values())

    def test_a_second_agent_with_the_same_id_takes_over_and_the_first_ends_and_says_why(self):
        options = 'transactional_id = "shared"'
        self.spool_file(1000)
        first = self.start(self.configure(options))
        self.wait_for(lambda: sum(rows_in(self.topic).values()) == 1000, "the first agent has committed")
        second_spool = self.folder / "spool2"
        second_spool.mkdir()
        config = self.configure(options, name="second")
        config.write_text(config.read_text().replace(str(self.spool), str(second_spool)))
        second = self.start(config)
        aside = self.folder / "aside2"
        lines = [b"second %d" % row for row in range(1000)]
        aside.write_bytes(b"\n".join(lines) + b"\n")
        aside.rename(second_spool / "a.log")
        self.wait_for(lambda: sum(rows_in(self.topic).values()) == 2000, "the second agent has committed")
        self.assertIsNone(first.poll())
        unseen = self.expected.copy()
        self.spool_file(1000)
        self.wait_for(lambda: 'another agent has taken over the transactional id "shared"' in self.log(), "it says so")
        first.send_signal(signal.SIGTERM)
        self.finish(first, code=1)
        second.send_signal(signal.SIGTERM)
        self.finish(second)
        self.expected = unseen
        self.expected.update(lines)
        self.assert_each_row_once()

    def test_a_broker_that_dies_in_the_middle_and_comes_back_leaves_each_row_once(self):
        for _ in range(4):
            self.spool_file(100_000)
        agent = self.start(self.configure("in_flight = 300"), "--until-drained")
        self.wait_for(lambda: self.end_offset() > 20_000, "rows are on their way")
        subprocess.run([SERVICES / "kafka", "kill", os.environ["KAFKA_DIR"], "1"], check=True)
        self.assertIsNone(agent.poll(), "through too early to prove anything")
        threading.Event().wait(3)
        subprocess.run([SERVICES / "kafka", "start", os.environ["KAFKA_DIR"]], check=True, stdout=subprocess.DEVNULL)
        self.finish(agent, seconds=240)
        self.assert_each_row_once()

    def test_a_transaction_that_the_coordinator_gives_up_is_written_again(self):
        self.spool_file(1000)
        agent = self.start(self.configure('transaction_timeout = "1s"', commit_interval="1h"))
        self.wait_for(lambda: self.end_offset() >= 1000, "the rows are in an open transaction")
        self.assertEqual(sum(rows_in(self.topic).values()), 0)
        # The coordinator looks every 10 s; its marker is a record, too.
        self.wait_for(lambda: self.end_offset() > 1000, "the coordinator has given the transaction up")
        agent.send_signal(signal.SIGTERM)
        self.finish(agent)
        self.finish(self.start(self.configure(), "--until-drained"))
        self.assert_each_row_once()

    def test_rows_that_the_broker_refuses_go_to_the_dead_letters_and_the_others_arrive_once(self):
        large = [b"large %d " % number + b"y" * 1_500_000 for number in range(3)]
        lines = [b"%d" % row for row in range(3000)]
        for place, row in zip((10, 11, 2000), large):
            lines.insert(place, row)
        self.add_file(lines)
        self.expected.subtract(large)
        self.spool_file(1000)
        config = self.configure("[sinks.kafka.librdkafka]\nmessage.max.bytes = 2000000")
        self.finish(self.start(config, "--until-drained"), code=3)
        self.assert_each_row_once()
        dump = [LEVADA, "channel", "dump", "--config", str(config), "dead_letters"]
        dumped = subprocess.run(dump, stdout=subprocess.PIPE, check=True, timeout=60).stdout
        letters = [json.loads(line) for line in dumped.splitlines()]
        for letter in letters:
            self.assertEqual(letter["component"], "sinks.kafka")
            self.assertRegex(letter["reason"], "Broker: Message size too large$")
        self.assertEqual([letter["body"][:8] for letter in letters], ["large 0 ", "large 1 ", "large 2 "])

    def test_two_agents_of_a_group_that_are_killed_in_turn_copy_each_row_once(self):
        def kill(chance, agent, config):
            agent.kill()
            agent.wait(timeout=10)
            threading.Event().wait(chance.choice((0, 8)))  # Its successor takes over; or it is back before that.
            return self.start(config)

        self.copy_while_disturbed_by(kill, max(KILLS // 2, 1))

    def test_an_agent_that_sleeps_while_others_take_its_partitions_drops_what_they_read_again(self):
        def pause(_, agent, config):
            agent.send_signal(signal.SIGSTOP)
            threading.Event().wait(8)
            agent.send_signal(signal.SIGCONT)
            return agent

        self.copy_while_disturbed_by(pause, max(KILLS // 5, 1))

    def configure_copy(self, name, assignor):
        config = self.folder / f"{name}.toml"
        config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/{name}"
            [sources.rows]
            type = "kafka"
            brokers = ["{BROKER}"]
            topics = ["{self.topic}-in"]
            group = "{self.topic}"
            commit_offsets = false
            channels = ["main"]
            [sources.rows.librdkafka]
            partition.assignment.strategy = "{assignor}"
            session.timeout.ms = 6000
            heartbeat.interval.ms = 500
            [channels.main]
            type = "memory"
            [sinks.kafka]
            type = "kafka"
            channel = "main"
            brokers = ["{BROKER}"]
            topic = "{self.topic}"
            create_topics = true
            partitions = 3
            in_flight = 1000
            transactions = true
            transaction_timeout = "5s"
            group_offsets = true
            commit_interval = "100ms"
            """
        )
        return config

    def produce(self, lines):
        """To the topic that is copied, which has four partitions."""
        send = ["kcat", "-P", "-b", BROKER, "-t", f"{self.topic}-in"]
        subprocess.run(send, input=b"\n".join(lines) + b"\n", check=True, timeout=60)

    def create_source_topic(self):
        tool = [SERVICES / "kafka", "tool", os.environ["KAFKA_DIR"], "org.apache.kafka.tools.TopicCommand"]
        create = ["--create", "--topic", f"{self.topic}-in", "--partitions", "4", "--bootstrap-server", BROKER]
        subprocess.run([*tool, *create], check=True, capture_output=True, timeout=60)

    def test_offsets_of_a_group_that_assigns_step_by_step_are_not_committed_here(self):
        self.create_source_topic()
        agent = self.start(self.configure_copy("a", "cooperative-sticky"))
        self.produce([b"row"])
        says = 'group_offsets = true does not go with the assignor "cooperative-sticky"'
        self.wait_for(lambda: says in self.log(), "it says so")
        agent.send_signal(signal.SIGTERM)
        self.finish(agent, code=1)
        self.assertEqual(rows_in(self.topic), collections.Counter())

    def copy_while_disturbed_by(self, disturb, times):
        rows = 300_000
        print(f"LEVADA_SEED={SEED}")
        chance = random.Random(SEED)
        lines = [b"row %d" % row for row in range(rows)]
        self.expected.update(lines)
        self.create_source_topic()
        agents = {name: self.start(self.configure_copy(name, "range")) for name in ("a", "b")}
        for time_number in range(times):
            self.produce(lines[rows * time_number // times : rows * (time_number + 1) // times])
            started = self.end_offset()
            self.wait_for(lambda: self.end_offset() > started, "rows are on their way")
            threading.Event().wait(chance.random() * 0.3)
            name = chance.choice("ab")
            agents[name] = disturb(chance, agents[name], self.folder / f"{name}.toml")
        self.wait_for(lambda: sum(rows_in(self.topic).values()) >= rows, "all rows are there", seconds=120)
        for agent in agents.values():
            agent.send_signal(signal.SIGTERM)
        for agent in agents.values():
            self.finish(agent)
        self.assert_each_row_once()


if __name__ == "__main__":
    unittest.main()
