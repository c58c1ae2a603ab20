"""conf/examples/bot_detection: spooled JSON files go to a real Kafka, and from there the statistics of visitors, and
the bots among them, to a real Redis, as hashes and as keys; exact, with the agents killed on the way. The rules are
written again here, in the plainest way, over what a consumer of Kafka reads."""

import collections
import json
import os
import subprocess
import unittest

import confluent_kafka

from kafka_test_bench import BROKER
from system_test_bench import SystemTest

WINDOW, RATE, RATE_WINDOW, CLICKS_OVER_VIEWS, CATEGORIES, REFRESH = 600, 20, 10, 30, 5, 10


def visitors_of(events):
    """For each address its last statistic (requests, clicks, views, categories), and for each bot the rules broken."""
    recent, told_at, statistics, bots = collections.defaultdict(collections.deque), {}, {}, collections.defaultdict(set)
    for event in events:
        ip, time = event["ip"], event["event_time"]
        parts = event.get("url", "").split("/")
        category = parts[parts.index("c") + 1] if "c" in parts[:-1] else None
        window = recent[ip]
        window.append((time, event["type"], category))
        while time - window[0][0] >= WINDOW:
            window.popleft()
        clicks = sum(kind == "click" for _, kind, _ in window)
        views = sum(kind == "view" for _, kind, _ in window)
        categories = len({each for _, _, each in window})
        if ip not in told_at or time - told_at[ip] >= REFRESH:
            told_at[ip], statistics[ip] = time, (len(window), clicks, views, categories)
        if sum(time - each < RATE_WINDOW for each, _, _ in window) > RATE:
            bots[ip].add("rate")
        if clicks - views > CLICKS_OVER_VIEWS:
            bots[ip].add("clicks")
        if categories > CATEGORIES:
            bots[ip].add("categories")
    return statistics, bots


class BotDetection(SystemTest):
    def redis(self, *words):
        answer = subprocess.run(["redis-cli", "--json", "-p", os.environ["REDIS_PORT"], *words], check=True, text=True,
                                env=dict(os.environ, REDISCLI_AUTH=os.environ["REDIS_PASSWORD"]), capture_output=True)
        return json.loads(answer.stdout)

    def events(self):
        """All of the topic, by time, then partition and offset."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": BROKER, "group.id": self.topic,
                                             "enable.partition.eof": True, "auto.offset.reset": "earliest"})
        self.addCleanup(consumer.close)
        partitions = consumer.list_topics(self.topic).topics[self.topic].partitions
        consumer.assign([confluent_kafka.TopicPartition(self.topic, each, 0) for each in partitions])
        found, ended = [], 0
        while ended < len(partitions):
            message = consumer.poll(30)
            self.assertIsNotNone(message, "the topic cannot be read")
            if message.error():
                self.assertEqual(message.error().code(), confluent_kafka.KafkaError._PARTITION_EOF)
                ended += 1
            else:
                event = json.loads(message.value())
                found.append((event["event_time"], message.partition(), message.offset(), event))
        return [event for *_, event in sorted(found, key=lambda each: each[:3])]

    def test_bots_are_told_from_people_through_kills(self):
        seed = self.random.randrange(1 << 31)
        spool = self.folder / "spool"
        spool.mkdir()
        self.environment["SPOOL"] = str(spool)
        made = self.generate("made", f"""
            record = "bot_events"
            bots = 12
            users = 300
            rows = 30_000
            requests = 30_000
            seconds = 1500
            layout = "array"
            broken = 0.002
            seed = {seed}""")
        made.rename(spool / "events.json")
        self.topic = self.environment["TOPIC"] = f"{self.topic}-bots"  # Made by the sink.
        ingest = self.example("bot_detection/ingest.toml", topic=f'"{self.topic}"')
        self.run_with_kills(ingest, 1, codes=(0, 3))

        statistics, bots = visitors_of(self.events())
        self.assertGreater(len(bots), 6, f"seed {seed}")
        self.redis("FLUSHALL")
        self.run_with_kills(self.example("bot_detection/hashes.toml"), 1)
        self.run_with_kills(self.example("bot_detection/keys.toml"), 1)

        fields = self.redis("HGETALL", "statistic")
        got = {ip: json.loads(text) for ip, text in fields.items()}
        numbers = ("requests", "clicks", "views", "categories")
        self.assertEqual({ip: tuple(row[each] for each in numbers) for ip, row in got.items()}, statistics)
        keys = self.redis("KEYS", "stat_*")
        self.assertEqual(sorted(keys), sorted(f"stat_{ip}" for ip in statistics))
        for ip, expected in statistics.items():
            row = self.redis("HGETALL", f"stat_{ip}")
            self.assertEqual(tuple(int(row[each]) for each in numbers), expected, ip)

        fields = self.redis("HGETALL", "bots")
        self.assertEqual({ip: set(json.loads(text)["reasons"].split("+")) for ip, text in fields.items()}, bots)
        self.assertEqual(sorted(self.redis("KEYS", "bot_*")), sorted(f"bot_{ip}" for ip in bots))
        self.assertGreater(self.redis("TTL", f"bot_{min(bots)}"), 0)


if __name__ == "__main__":
    unittest.main()
