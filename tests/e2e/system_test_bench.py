"""What the tests of whole systems share: they run the files of conf/examples as they stand, against real servers.

Run below tests/services/with kafka hdfs redis, with the Python packages of tools/requirements.txt.
"""

import os
import pathlib
import random
import re
import subprocess

from kafka_test_bench import BROKER, LEVADA, SECONDS, KafkaTest

EXAMPLES = pathlib.Path(os.environ["LEVADA_CONF"]) / "examples"
KILLS = 5


class SystemTest(KafkaTest):
    """Configurations with a folder and a topic of their own."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(int(os.environ.get("LEVADA_SEED", random.SystemRandom().randrange(1 << 32))))
        self.environment = dict(os.environ, DATA=str(self.folder / "data"), KAFKA=BROKER, TOPIC=self.topic,
                                REDIS=os.environ.get("REDIS_ADDRESS", ""))

    def new_topic(self, partitions):
        """A topic with so many partitions."""
        self.topic = self.environment["TOPIC"] = f"{self.topic}-{partitions}"
        self.create(self.topic, partitions)

    def generate(self, name, settings):
        """Rows that the source `generate` makes up, as one file; gives its path."""
        config = self.folder / f"{name}.toml"
        config.write_text(f"""
            [agent]
            data_dir = "{self.folder}/{name}.data"
            [sources.in]
            type = "generate"
            channels = ["main"]
            {settings}
            [channels.main]
            type = "memory"
            [sinks.out]
            type = "file"
            channel = "main"
            path = "{self.folder}/{name}"
            roll_bytes = "10GiB"
            """)
        self.run_agent(config, "--until-drained")
        (made,) = [path for path in (self.folder / name).iterdir() if path.is_file() and path.name[0] != "."]
        return made

    def example(self, name, **changes):
        """A copy of a file of conf/examples; sources of topics end when nothing has come for a few seconds. `changes`:
        lines, each `name = value` for the line of that name."""
        text = (EXAMPLES / name).read_text()
        text = re.sub(r"(?m)^(topics = .*)$", r'\1\nuntil_idle = "8s"', text)
        for option, value in changes.items():
            text, count = re.subn(rf"(?m)^{option} = .*$", f"{option} = {value}", text)
            self.assertGreater(count, 0, option)
        config = self.folder / name.replace("/", "-")
        config.write_text(text)
        return config

    def start(self, config, *arguments):
        log = open(self.folder / "log", "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen([LEVADA, "run", "--config", str(config), *arguments], stdout=log, stderr=log,
                                   env=self.environment)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def run_agent(self, config, *arguments, codes=(0,)):
        process = self.start(config, *arguments)
        self.assertIn(process.wait(SECONDS), codes, self.log())

    def log(self):
        return (self.folder / "log").read_text()[-4000:]

    def run_with_kills(self, config, seconds, codes=(0,)):
        """Runs it to its end; before that it is killed several times, the first times soon after it runs, the last one
        within so many seconds. A run that ends by itself must end well."""
        for number in range(KILLS):
            log = self.folder / "log"
            said = log.stat().st_size if log.exists() else 0
            process = self.start(config, "--until-drained")
            self.wait_for(lambda: process.poll() is not None or b" runs " in log.read_bytes()[said:], "the agent runs")
            try:
                pause = self.random.uniform(0, seconds * (number + 1) / KILLS)
                self.assertIn(process.wait(pause), codes, self.log())
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.run_agent(config, "--until-drained", codes=codes)
