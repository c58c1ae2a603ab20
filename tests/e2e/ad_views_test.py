"""conf/examples/ad_views: views of ads from a real Kafka become a report in Parquet, exact to the view, with the agent
killed on the way. The count to compare with is made by Python's json and csv modules, and read by pyarrow."""

import collections
import csv
import datetime
import json
import unittest

import confluent_kafka
import pyarrow.dataset

from kafka_test_bench import BROKER
from system_test_bench import SECONDS, SystemTest

PARTITIONS = 4


def report_of(lines, networks):
    """{(network, minute, campaign): [views, milliseconds]}, and how many views are of no known campaign."""
    report, unknown = collections.defaultdict(lambda: [0, 0]), 0
    for line in lines:
        try:
            view = json.loads(line)
            start, milliseconds = view["start_timestamp"], view["end_timestamp"] - view["start_timestamp"]
        except (ValueError, KeyError):
            continue
        if view["campaign_id"] not in networks:
            unknown += 1
            continue
        entry = report[networks[view["campaign_id"]], start // 60_000, view["campaign_id"]]
        entry[0] += 1
        entry[1] += milliseconds
    return report, unknown


class AdViews(SystemTest):
    def setUp(self):
        super().setUp()
        self.seed = self.random.randrange(1 << 31)
        self.campaigns = self.folder / "campaigns.csv"
        with self.campaigns.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["network_id", "campaign_id", "campaign_name"])
            writer.writerows([self.random.randrange(10), each, f'Summer, "sale" {each}'] for each in range(100))
        self.environment.update(CAMPAIGNS=str(self.campaigns), REPORT=str(self.folder / "report"))

    def produce_views(self, rows, partitions):
        """Made-up views, one after the other to each of the partitions of a new topic; gives them."""
        views = self.generate("made", f"""
            record = "ad_views"
            rows = {rows}
            requests = {rows}
            seconds = 1800
            broken = 0.001
            seed = {self.seed}""")
        lines = views.read_bytes().splitlines()
        self.new_topic(partitions)
        # Without idempotence a repeated request changes the order of a partition.
        producer = confluent_kafka.Producer({"bootstrap.servers": BROKER, "enable.idempotence": True,
                                             "queue.buffering.max.messages": 1_000_000})
        for number, line in enumerate(lines):
            producer.produce(self.topic, line, partition=number % partitions)
        self.assertEqual(producer.flush(SECONDS), 0)
        return lines

    def assert_reported(self, lines):
        with self.campaigns.open(newline="") as file:
            networks = {int(row["campaign_id"]): int(row["network_id"]) for row in csv.DictReader(file)}
        expected, unknown = report_of(lines, networks)
        self.assertGreater(unknown, 0)
        dataset = pyarrow.dataset.dataset(self.folder / "report", partitioning="hive", exclude_invalid_files=True)
        got = {}
        for row in dataset.to_table().to_pylist():
            minute = datetime.datetime.fromisoformat(str(row["minute_timestamp"])).replace(tzinfo=datetime.timezone.utc)
            key = int(row["network_id"]), int(minute.timestamp()) // 60, row["campaign_id"]
            self.assertNotIn(key, got, f"twice, seed {self.seed}")
            got[key] = row["total_count"], row["avg_duration"]
        self.assertEqual(got.keys(), expected.keys(), f"seed {self.seed}")
        for key, (views_of, milliseconds) in expected.items():
            self.assertEqual(got[key][0], views_of, f"{key}, seed {self.seed}")
            self.assertAlmostEqual(got[key][1], milliseconds / views_of / 1000, places=9,
                                   msg=f"{key}, seed {self.seed}")

    def test_a_report_of_each_minute_is_exact_through_kills(self):
        lines = self.produce_views(300_000, PARTITIONS)
        self.run_with_kills(self.example("ad_views/report.toml", commit_interval='"200ms"'), 2, codes=(0, 3))
        self.assert_reported(lines)

    def test_two_agents_that_share_the_campaigns_make_the_same_report(self):
        lines = self.produce_views(100_000, 6)
        self.environment.update(PARTITIONS="6", KEYED=f"{self.topic}-keyed")
        self.run_with_kills(self.example("ad_views/key.toml"), 2, codes=(0, 3))
        self.environment.update(PARTITIONS="2", TOPIC=f"{self.topic}-keyed")
        config = self.example("ad_views/report.toml", commit_interval='"200ms"')
        data = self.environment["DATA"]
        for share in "1/2", "2/2":
            self.environment.update(SHARE=share, DATA=f"{data}-{share[0]}")
            self.run_with_kills(config, 1, codes=(0,))
        self.assert_reported(lines)


if __name__ == "__main__":
    unittest.main()
