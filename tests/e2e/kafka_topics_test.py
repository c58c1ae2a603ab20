"""`levada topics plan | apply` and `apply_topics` against a real Kafka: topics are made and altered as a configuration
declares them, and what Kafka cannot do is said. What is there is asked for with another client.

Run below tests/services/with kafka.
"""

import os
import re
import subprocess
import unittest

import confluent_kafka.admin

from kafka_test_bench import BROKER, LEVADA, SECONDS, KafkaTest


class KafkaTopics(KafkaTest):
    def setUp(self):
        super().setUp()
        self.admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": BROKER})
        self.names = [f"{self.topic}-{each}" for each in ("ads", "hosts", "feed")]

    def configure(self, topics, options=""):
        """A configuration whose sink declares the topics: {name: options}."""
        tables = "\n".join(f'[sinks.out.topics."{name}"]\n{own}' for name, own in topics.items())
        config = self.folder / "agent.toml"
        config.write_text(f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.in]
            type = "generate"
            record = "bot_events"
            rows = 10
            channels = ["main"]
            [channels.main]
            type = "memory"
            [sinks.out]
            type = "kafka"
            channel = "main"
            brokers = ["{BROKER}"]
            topic = "{self.names[0]}"
            {options}
            {tables}
            """)
        return config

    def levada(self, *words, code=0):
        done = subprocess.run([LEVADA, *words], capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def topics(self, what, config, code=0):
        done = self.levada("topics", what, "--config", str(config), code=code)
        return done.stdout.replace(self.topic, "T").splitlines(), done.stderr.replace(self.topic, "T")

    def partitions(self, name):
        """0 where the topic is not there."""
        known = self.admin.list_topics(timeout=30).topics
        return len(known[name].partitions) if name in known else 0

    def setting(self, topic, name):
        resource = confluent_kafka.admin.ConfigResource("topic", topic)
        return self.admin.describe_configs([resource])[resource].result(30)[name].value

    def assert_setting(self, topic, name, value):
        """Brokers hear of a change a moment after the controller has made it."""
        self.wait_for(lambda: self.setting(topic, name) == value, f"{name} of {topic} is {value}")

    def assert_partitions(self, topic, count):
        self.wait_for(lambda: self.partitions(topic) == count, f"{topic} has {count} partitions")

    def alter(self, topic, name, value):
        entry = confluent_kafka.admin.ConfigEntry(
            name, value, incremental_operation=confluent_kafka.admin.AlterConfigOpType.SET)
        resource = confluent_kafka.admin.ConfigResource("topic", topic, incremental_configs=[entry])
        self.admin.incremental_alter_configs([resource])[resource].result(30)

    def test_topics_are_made_and_altered_and_a_plan_touches_nothing(self):
        ads, hosts, feed = self.names
        defaults = 'partitions = 2\nreplication = 1\ntopic_settings = { "retention.ms" = "86400000" }'
        compacted = 'partitions = 3\nsettings = { "cleanup.policy" = "compact" }'
        config = self.configure({ads: "", hosts: compacted}, defaults)
        made = ["+ T-ads: 2 partitions, replication 1, retention.ms = 86400000",
                "+ T-hosts: 3 partitions, replication 1, retention.ms = 86400000, cleanup.policy = compact"]
        planned, _ = self.topics("plan", config)
        self.assertEqual(planned, ["sinks.out", *made, "2 to create, 0 to alter, 0 as they are"])
        self.assertEqual((self.partitions(ads), self.partitions(hosts)), (0, 0))
        applied, _ = self.topics("apply", config)
        self.assertEqual(applied, ["sinks.out", *made, "2 created, 0 altered, 0 as they are"])
        self.assert_partitions(ads, 2)
        self.assert_partitions(hosts, 3)
        self.assert_setting(hosts, "cleanup.policy", "compact")
        self.assert_setting(ads, "retention.ms", "86400000")
        self.assert_setting(hosts, "retention.ms", "86400000")
        again, _ = self.topics("apply", config)
        self.assertEqual(again, ["sinks.out", "= T-ads", "= T-hosts", "0 created, 0 altered, 2 as they are"])

        # A setting of which the configuration knows nothing stays as it is.
        self.alter(ads, "segment.ms", "7200000")
        self.assert_setting(ads, "segment.ms", "7200000")
        config = self.configure({ads: 'partitions = 4\nsettings = { "retention.ms" = "5000" }', feed: ""}, defaults)
        changed, _ = self.topics("apply", config)
        self.assertEqual(changed, ["sinks.out", "~ T-ads: partitions 2 -> 4, retention.ms 86400000 -> 5000 (as it is: "
                                   "segment.ms)", "+ T-feed: 2 partitions, replication 1, retention.ms = 86400000",
                                   "1 created, 1 altered, 0 as they are"])
        self.assert_partitions(ads, 4)
        self.assert_partitions(feed, 2)
        self.assert_setting(ads, "retention.ms", "5000")
        self.assert_setting(ads, "segment.ms", "7200000")

    def test_what_cannot_be_is_said_and_the_rest_is_done(self):
        ads, hosts, feed = self.names
        self.create(ads, 4)
        self.create(hosts, 1)
        config = self.configure({ads: 'partitions = 2\nsettings = { "retention.ms" = "5000" }',
                                 hosts: 'settings = { "retention.ms" = "soon" }', feed: "replication = 3"})
        shown, why = self.topics("plan", config, code=1)
        self.assertIn("  ! it has 4 partitions, and 2 are asked for: Kafka takes none away", shown)
        self.assertIn("~ T-hosts: retention.ms 604800000 -> soon", shown)
        self.assertEqual(len([line for line in shown if "  ! the broker refuses it: " in line]), 2, shown)
        self.assertIn("3 topics cannot be as the configuration says", why)
        self.assert_setting(ads, "retention.ms", "604800000")
        self.topics("apply", config, code=1)
        self.assert_setting(ads, "retention.ms", "5000")
        self.assertEqual((self.partitions(ads), self.partitions(feed)), (4, 0))

    def test_an_agent_makes_its_topics_on_start(self):
        ads = self.names[0]
        log = self.folder / "runs_status.log"
        config = self.configure({ads: 'partitions = 3\nsettings = { "retention.ms" = "5000" }'}, "apply_topics = true")
        config.write_text(config.read_text().replace("[agent]", f'[agent]\nstatus_log = "{log}"', 1))
        done = self.levada("run", "--config", str(config), "--until-drained")
        self.assertIn("topics: + ", done.stderr)
        self.assert_partitions(ads, 3)
        self.assert_setting(ads, "retention.ms", "5000")
        lines = [line for line in log.read_text().splitlines() if not line.startswith(" ")]
        self.assertEqual([re.sub(r"^\S+Z | seconds=.*", "", line) for line in lines],
                         ["runs STATUS: started",
                          "runs STATUS: completed rows_read=10 rows_written=10 rows_rejected=0"])

    def test_no_topics_and_no_broker_are_failures_that_say_so(self):
        _, why = self.topics("plan", self.configure({}), code=2)
        self.assertIn("declares no topics", why)
        config = self.configure({self.names[0]: ""})
        config.write_text(config.read_text().replace(BROKER, "127.0.0.1:1"))
        _, why = self.topics("plan", config, code=1)
        self.assertIn("sinks.out: no broker says which topics there are", why)


if __name__ == "__main__":
    unittest.main()
