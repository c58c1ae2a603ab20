"""A real Kafka -> kafka source -> files: every row once, by one agent, by two in a group, by one that is killed."""

import json
import os
import random
import subprocess
import threading
import time
import unittest

from kafka_test_bench import BROKER, PARTITIONS, ROWS, SECONDS, Agent, KafkaTest, Producer, confluent_kafka, in_topic


class KafkaSource(KafkaTest):
    def test_every_row_of_a_topic_is_in_the_files_once(self):
        self.produce(ROWS)
        agent = Agent(self, "a", self.source)
        agent.start("--until-drained")
        report = agent.finish()
        self.assertIn(f"rows read {ROWS:,}", report)
        expected = in_topic(self.topic)
        self.assertEqual(sum(expected.values()), ROWS)
        self.assert_same(agent.rows(), expected)
        # What was committed is not read again.
        self.produce(10, first=ROWS)
        agent.start("--until-drained")
        self.assertIn("rows read 10", agent.finish())
        self.assert_same(agent.rows(), in_topic(self.topic))

    def test_columns_say_where_a_row_comes_from(self):
        at = 1_767_225_600_123
        self.produce(12, timestamp=at, headers=[("kind", "test"), ("kind", None), ("n", b"\xff")])
        producer = confluent_kafka.Producer({"bootstrap.servers": BROKER})
        producer.produce(self.topic, None, key="tombstone", partition=0, timestamp=at)
        producer.flush(SECONDS)
        columns = 'columns = ["topic", "partition", "offset", "timestamp", "key", "headers"]'
        agent = Agent(self, "a", f"{self.source}\n{columns}", sink='format = "json"')
        agent.start("--until-drained")
        agent.finish()
        rows = {row["key"]: row for row in map(json.loads, agent.lines())}
        self.assertEqual(len(rows), 13)
        for number in range(12):
            row = rows[str(number)]
            place = (self.topic, number % PARTITIONS, number // PARTITIONS)
            self.assertEqual((row["topic"], row["partition"], row["offset"]), place)
            self.assertEqual(row["timestamp"], "2026-01-01T00:00:00.123000Z")
            headers = row["headers"]
            headers = json.loads(headers) if isinstance(headers, str) else headers
            self.assertEqual(headers, {"kind": ["test", None], "n": "\ufffd"})
        self.assertNotIn("headers", rows["tombstone"])

    def test_agents_of_a_group_that_come_and_go_read_each_row_once(self):
        self.check_group_of_two("cooperative-sticky")

    def test_agents_of_a_group_with_eager_assignment_that_come_and_go_read_each_row_once(self):
        self.check_group_of_two("range")

    def check_group_of_two(self, strategy):
        source = f'{self.source}\nlibrdkafka = {{ partition.assignment.strategy = "{strategy}" }}'
        writer = Producer(self.topic, rows_per_second=3000)
        writer.start()
        agents = [Agent(self, name, source) for name in "ab"]
        first, second = agents
        rows_of = lambda agent: sum(1 for _ in agent.lines())
        first.start()
        self.wait_for(lambda: rows_of(first) > 1000, "the first agent reads", first)
        for turn in range(3):
            before = rows_of(second)
            second.start()
            what = f"turn {turn}: the one that came reads"
            self.wait_for(lambda: rows_of(second) > before + 1000, what, first, second)
            first.stop()
            before = rows_of(second)
            self.wait_for(lambda: rows_of(second) > before + 1000, f"turn {turn}: the one that stays reads", second)
            first, second = second, first
        second.start()
        writer.stop()
        self.wait_for(
            lambda: sum(map(rows_of, agents)) >= writer.written, "all rows are in the files", first, second, seconds=90
        )
        for agent in agents:
            agent.stop()
            self.assertNotRegex(agent.log(), "in time|taken")
        expected = in_topic(self.topic)
        self.assertEqual(sum(expected.values()), writer.written)
        self.assert_same(agents[0].rows() + agents[1].rows(), expected)

    def test_an_agent_with_a_share_that_is_killed_again_and_again_reads_every_row_once(self):
        seed = int(os.environ.get("SEED", time.time()))
        print("SEED", seed)
        rng = random.Random(seed)
        writer = Producer(self.topic, rows_per_second=3000)
        writer.start()
        agent = Agent(self, "a", f'topics = ["{self.topic}"]\nshare = "1/1"')
        pause = threading.Event()
        for _ in range(6):
            agent.start()
            pause.wait(rng.uniform(1, 4))
            agent.kill()
        writer.stop()
        agent.start("--until-drained")
        agent.finish()
        expected = in_topic(self.topic)
        self.assertEqual(sum(expected.values()), writer.written)
        self.assert_same(agent.rows(), expected)

    def test_a_broker_that_is_killed_and_comes_back_costs_no_row_and_doubles_none(self):
        writer = Producer(self.topic, rows_per_second=1000)
        writer.start()
        agent = Agent(self, "a", self.source)
        agent.start()
        count = lambda: sum(1 for _ in agent.lines())
        self.wait_for(lambda: count() > 1000, "rows are in the files", agent)
        kafka = [os.environ["LEVADA_SERVICES"] + "/kafka"]
        subprocess.run([*kafka, "kill", os.environ["KAFKA_DIR"], "1"], check=True, timeout=60)
        start = [*kafka, "start", os.environ["KAFKA_DIR"]]
        subprocess.run(start, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
        before = count()
        self.wait_for(lambda: count() > before + 1000, "rows come again", agent)
        writer.stop()
        expected = in_topic(self.topic)
        self.wait_for(lambda: count() >= sum(expected.values()), "all rows are in the files", agent)
        agent.stop()
        self.assert_same(agent.rows(), expected)

    def test_shares_divide_a_topic_and_find_its_new_partitions(self):
        self.produce(6000)
        agents = [
            Agent(
                self, name,
                f'topics = ["^{self.topic}"]\nshare = "{number}/2"\n'
                "librdkafka = { topic.metadata.refresh.interval.ms = 500 }",
            )
            for number, name in ((1, "a"), (2, "b"))
        ]
        for agent in agents:
            agent.start()
        total = lambda: sum(sum(1 for _ in agent.lines()) for agent in agents)
        self.wait_for(lambda: total() == 6000, "all rows are in the files", *agents)
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": BROKER})
        grown = confluent_kafka.admin.NewPartitions(self.topic, PARTITIONS + 2)
        admin.create_partitions([grown], operation_timeout=30)[self.topic].result(60)
        producer = confluent_kafka.Producer({"bootstrap.servers": BROKER})
        for partition in (PARTITIONS, PARTITIONS + 1):
            producer.produce(self.topic, f"new {partition}", partition=partition)
        self.assertEqual(producer.flush(SECONDS), 0)
        self.wait_for(lambda: total() == 6002, "rows of the new partitions are in the files", *agents)
        for agent in agents:
            agent.stop()
        first, second = (agent.rows() for agent in agents)
        self.assert_same(first + second, in_topic(self.topic))
        self.assertIn(f"new {PARTITIONS}".encode(), first)
        self.assertIn(f"new {PARTITIONS + 1}".encode(), second)

    def test_rows_of_an_aborted_transaction_are_hidden_unless_they_are_asked_for(self):
        producer = confluent_kafka.Producer({"bootstrap.servers": BROKER, "transactional.id": self.topic})
        producer.init_transactions(60)
        for text, end in (("kept", producer.commit_transaction), ("aborted", producer.abort_transaction),
                          ("kept too", producer.commit_transaction)):
            producer.begin_transaction()
            for number in range(100):
                producer.produce(self.topic, f"{text} {number}", partition=number % PARTITIONS)
            producer.flush(SECONDS)
            end(60)
        agents = {
            isolation: Agent(
                self,
                isolation,
                f'topics = ["{self.topic}"]\ngroup = "{isolation}-{self.topic}"\nisolation = "{isolation}"',
            )
            for isolation in ("read_committed", "read_uncommitted")
        }
        for isolation, agent in agents.items():
            agent.start("--until-drained")
            agent.finish()
            self.assert_same(agent.rows(), in_topic(self.topic, isolation))
        self.assertEqual(sum(agents["read_committed"].rows().values()), 200)
        self.assertEqual(sum(agents["read_uncommitted"].rows().values()), 300)

    def test_an_agent_that_is_to_end_waits_for_no_marks_of_transactions_in_the_partitions_of_another(self):
        first, second = Agent(self, "a", self.source), Agent(self, "b", self.source)
        producer = confluent_kafka.Producer({"bootstrap.servers": BROKER, "transactional.id": self.topic})
        producer.init_transactions(60)
        for end in (producer.commit_transaction, producer.abort_transaction):
            producer.begin_transaction()
            for number in range(600):
                producer.produce(self.topic, str(number), partition=number % PARTITIONS)
            producer.flush(SECONDS)
            end(60)
        first.start()
        self.wait_for(lambda: len(list(first.lines())) == 600, "all rows are in the files", first)
        second.start("--until-drained")
        self.assertRegex(second.finish(), "sources.clicks +nothing")
        first.stop()
        self.assert_same(first.rows(), in_topic(self.topic))

    def test_until_idle_ends_by_itself_and_not_while_rows_come(self):
        writer = Producer(self.topic, rows_per_second=500)
        writer.start()
        agent = Agent(self, "a", f'{self.source}\nuntil_idle = "2s"')
        agent.start()
        self.wait_for(lambda: sum(1 for _ in agent.lines()) > 2000, "rows are in the files", agent)
        writer.stop()
        agent.finish(seconds=60)
        self.assert_same(agent.rows(), in_topic(self.topic))

    def test_start_by_time_leaves_out_what_is_older(self):
        self.produce(600, timestamp=1_767_225_600_000)
        self.produce(60, first=600, timestamp=1_767_225_700_000)
        agent = Agent(self, "a", f'{self.source}\nstart = "2026-01-01T00:00:01Z"')
        agent.start("--until-drained")
        agent.finish()
        numbers = sorted(json.loads(row)["number"] for row in agent.lines())
        self.assertEqual(numbers, list(range(600, 660)))

    def test_rows_that_retention_took_are_counted_and_the_rest_is_read(self):
        self.produce(6000)
        agent = Agent(self, "a", self.source)
        agent.start("--until-drained")
        agent.finish()
        self.produce(6000, first=6000)
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": BROKER})
        upto = [confluent_kafka.TopicPartition(self.topic, 0, 1500)]
        for future in admin.delete_records(upto).values():
            future.result(60)
        agent.start("--until-drained")
        agent.finish(code=3)
        self.assertRegex(agent.log(), f"{self.topic}/0: 500 rows are missing, offsets 1000 to 1499")
        self.assertEqual(sum(agent.rows().values()), 11_500)


if __name__ == "__main__":
    unittest.main()
