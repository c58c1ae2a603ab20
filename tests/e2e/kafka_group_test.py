"""Agents of one consumer group that join and leave at random, by SIGTERM: each row arrives once.

The rows are numbered, and counted where they arrive: in the files of file sinks, or in the topic of Kafka sinks.
Run below tests/services/with-kafka. LEVADA_SEED repeats the random choices of a run, LEVADA_CHANGES makes it longer.
"""

import collections
import os
import random
import signal
import unittest

from kafka_test_bench import BROKER, Agent, KafkaTest, Producer, in_topic

CHANGES = int(os.environ.get("LEVADA_CHANGES", 12))
SEED = int(os.environ.get("LEVADA_SEED") or random.SystemRandom().randrange(1 << 32))
AGENTS = 4
MOST_ROWS_BETWEEN_CHANGES = 6000


class KafkaGroup(KafkaTest):
    def churn(self, agents, arrived):
        """Agents come and go while rows are written. All end at last, and `arrived` has each row once."""
        print(f"LEVADA_SEED={SEED}", flush=True)
        chance = random.Random(SEED)
        self.ending = set()
        writer = Producer(self.topic, rows_per_second=4000)
        writer.start()
        self.addCleanup(writer.stop)
        for _ in range(CHANGES):
            agent = chance.choice(agents)
            if self.runs(agent):
                self.stop(agent)
            else:
                self.start(agent)
            reached = writer.written + chance.randrange(MOST_ROWS_BETWEEN_CHANGES)
            self.wait_for(lambda: writer.written >= reached, f"row {reached} is written")
        if not any(map(self.runs, agents)):
            self.start(agents[0])
        writer.stop()
        running = list(filter(self.runs, agents))
        self.wait_for(lambda: sum(arrived().values()) >= writer.written, "all rows arrive", *running)
        for agent in running:
            self.stop(agent)
        for agent in agents:
            self.end(agent)
            self.assertNotRegex(agent.log(), "in time|taken")
        expected = in_topic(self.topic)
        self.assertEqual(sum(expected.values()), writer.written)
        self.assert_same(arrived(), expected)

    def runs(self, agent):
        return agent.process is not None and agent not in self.ending

    def start(self, agent):
        self.end(agent)
        said = len(agent.log())
        agent.start()
        # Before it runs, a signal ends it like any other program.
        self.wait_for(lambda: " runs " in agent.log()[said:], "the agent says that it runs", agent)

    def stop(self, agent):
        agent.process.send_signal(signal.SIGTERM)
        self.ending.add(agent)

    def end(self, agent):
        """Waits for an agent that was stopped."""
        if agent.process is not None:
            agent.finish()
            agent.process = None
        self.ending.discard(agent)

    def source_of(self, strategy):
        return f'{self.source}\nlibrdkafka = {{ partition.assignment.strategy = "{strategy}" }}'

    def check_files(self, strategy):
        agents = [Agent(self, f"agent{number}", self.source_of(strategy)) for number in range(AGENTS)]
        self.churn(agents, lambda: sum((agent.rows() for agent in agents), collections.Counter()))

    def check_topic(self, strategy):
        self.create(f"{self.topic}-out")
        sink = f'type = "kafka"\nbrokers = ["{BROKER}"]\ntopic = "{self.topic}-out"'
        agents = [Agent(self, f"agent{number}", self.source_of(strategy), sink) for number in range(AGENTS)]
        self.churn(agents, lambda: in_topic(f"{self.topic}-out"))

    def test_that_assigns_step_by_step_stores_each_row_in_one_file(self):
        self.check_files("cooperative-sticky")

    def test_that_assigns_eagerly_stores_each_row_in_one_file(self):
        self.check_files("range")

    def test_that_assigns_step_by_step_copies_each_row_once(self):
        self.check_topic("cooperative-sticky")

    def test_that_assigns_eagerly_copies_each_row_once(self):
        self.check_topic("range")


if __name__ == "__main__":
    unittest.main()
