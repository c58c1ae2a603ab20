"""Two agents, one Kafka, and kill -9 at random points: at the end every row is there exactly once.

    spool -> file channel -> Kafka with transactions      (agent "in")
    Kafka -> file sink, and -> running counts by key      (agent "out")

Run below tests/services/with-kafka:  torture.py [KILLS [SEED]].  The seed is printed, and repeats the run's choices.
Brokers are killed and restarted, too.
"""

import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

LEVADA = os.environ["LEVADA"]
BROKER = os.environ["KAFKA_BOOTSTRAP"]
SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
KEYS = 50
FILE_ROWS = 200
ROWS_A_SECOND = 4000  # At most, and no more than so many files wait: agents always have something to do.
FILES_WAITING = 8
KILLS_A_BROKER = 50  # A broker is killed once in so many kills.
PARTITIONS = 3
SECONDS_A_KILL = 30  # A run that takes longer hangs.

IN = """
[agent]
data_dir = "{folder}/data-in"
[sources.files]
type = "spool"
path = "{folder}/spool"
settle = "0s"
completed = "delete"
interceptors = ["clean"]
channels = ["main"]
[interceptors.clean]
type = "clean_json"
[channels.main]
type = "file"
segment_bytes = "256KiB"
low_water_bytes = "1MiB"
[sinks.kafka]
type = "kafka"
channel = "main"
brokers = ["{broker}"]
topic = "{topic}"
create_topics = true
partitions = {partitions}
transactions = true
transactional_id = "{topic}"
commit_interval = "50ms"
retry_max = "1s"
"""

OUT = """
[agent]
data_dir = "{folder}/data-out"
[sources.events]
type = "kafka"
brokers = ["{broker}"]
topics = ["{topic}"]
share = "1/1"
start = "earliest"
channels = ["main"]
[interceptors.rows]
type = "parse_json"
[interceptors.rows.columns]
id = "int64"
key = "text"
[interceptors.counts]
type = "count_by"
columns = ["key"]
[channels.main]
type = "memory"
[sinks.rows]
type = "file"
channel = "main"
path = "{folder}/rows"
roll_rows = 20000
commit_interval = "50ms"
retry_max = "1s"
[sinks.counts]
type = "file"
channel = "main"
path = "{folder}/counts"
format = "json"
roll_rows = 20000
interceptors = ["rows", "counts"]
commit_interval = "50ms"
retry_max = "1s"
"""


class Spool:
    """Files of rows with a number and a key each, written for as long as they are wanted."""

    def __init__(self, folder, rng):
        self.folder, self.rng = folder, rng
        self.rows = self.broken = self.files = 0
        self.begun = time.monotonic()
        self.by_key = collections.Counter()
        folder.mkdir()

    def fill(self):
        while (self.rows <= (time.monotonic() - self.begun) * ROWS_A_SECOND
               and sum(1 for _ in self.folder.glob("*.ndjson")) < FILES_WAITING):
            lines = []
            for _ in range(self.rng.randrange(1, 2 * FILE_ROWS)):
                if self.rng.random() < 0.02:
                    lines.append("{broken")
                    self.broken += 1
                    continue
                key = f"k{int(self.rng.expovariate(0.1)) % KEYS}"
                lines.append(json.dumps({"id": self.rows, "key": key, "text": "x" * self.rng.randrange(200)}))
                self.by_key[key] += 1
                self.rows += 1
            path = self.folder / f"{self.files:08}.ndjson"
            aside = path.with_suffix(".tmp")
            aside.write_text("\n".join(lines) + "\n")
            aside.rename(path)
            self.files += 1


class Agent:
    def __init__(self, name, folder, config):
        self.name, self.log, self.process = name, folder / f"{name}.log", None
        self.config = folder / f"{name}.toml"
        self.config.write_text(config)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([LEVADA, "run", "--config", self.config], stderr=log, stdout=log)

    def check_alive(self):
        if self.process.poll() is not None:
            raise SystemExit(f"agent {self.name} ended by itself with {self.process.returncode}:\n"
                             + self.log.read_text()[-3000:])

    def kill(self):
        self.check_alive()
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.check_alive()
        self.process.send_signal(signal.SIGTERM)
        if code := self.process.wait(timeout=120):
            raise SystemExit(f"agent {self.name} ended with {code}:\n" + self.log.read_text()[-3000:])


class Run:
    def __init__(self, kills, seed):
        self.kills, self.rng = kills, random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="levada-torture."))
        self.topic = f"torture-{uuid.uuid4().hex[:8]}"
        names = {"folder": self.folder, "broker": BROKER, "topic": self.topic, "partitions": PARTITIONS}
        self.spool = Spool(self.folder / "spool", random.Random(seed + 1))
        self.agents = [Agent("in", self.folder, IN.format(**names)), Agent("out", self.folder, OUT.format(**names))]
        self.broker_kills = 0

    def torture(self):
        self.spool.fill()
        for agent in self.agents:
            agent.start()
        pause = threading.Event()
        deadline = time.monotonic() + self.kills * SECONDS_A_KILL
        for kill in range(1, self.kills + 1):
            # Short pauses strike while an agent starts, long ones while it works.
            until = time.monotonic() + self.rng.choice([0.05, 0.3, 1, 2]) * self.rng.random()
            while time.monotonic() < until:
                self.spool.fill()
                pause.wait(0.02)
            if self.rng.random() < 1 / KILLS_A_BROKER:
                self.restart_broker()
            victim = self.rng.choice(self.agents)
            victim.kill()
            victim.start()
            if kill % 50 == 0:
                print(f"{kill} kills, {self.broker_kills} of brokers, {self.spool.rows:,} rows spooled", flush=True)
            if time.monotonic() > deadline:
                raise SystemExit(f"only {kill} kills in {self.kills * SECONDS_A_KILL} s")

    def restart_broker(self):
        subprocess.run([SERVICES / "kafka", "kill", os.environ["KAFKA_DIR"], "1"], check=True)
        subprocess.run([SERVICES / "kafka", "start", os.environ["KAFKA_DIR"]], check=True, stdout=subprocess.DEVNULL)
        self.broker_kills += 1

    def drain(self):
        """Until both agents have brought home what was spooled."""
        deadline = time.monotonic() + 300
        pause = threading.Event()
        while any((self.folder / "spool").glob("*.ndjson")) or self.delivered() < self.spool.rows:
            for agent in self.agents:
                agent.check_alive()
            if time.monotonic() > deadline:
                raise SystemExit(f"not drained: {self.delivered():,} of {self.spool.rows:,} rows, in {self.folder}")
            pause.wait(0.2)
        for agent in self.agents:
            agent.stop()

    def delivered(self):
        """Rows in the slower of the two outputs, finished or in use."""
        counts = []
        for output in ("rows", "counts"):
            count = 0
            for path in (self.folder / output).glob("*"):
                try:
                    count += path.read_bytes().count(b"{")
                except FileNotFoundError:  # It has just got its final name.
                    pass
            counts.append(count)
        return min(counts)

    def check(self):
        self.check_ids("topic", self.in_topic())
        self.check_ids("files", self.in_files("rows"))
        counts = {key: bytearray(count + 1) for key, count in self.spool.by_key.items()}
        self.check_ids("counts", (self.counted(row, counts) for row in self.in_files("counts")))
        for key, seen in counts.items():
            if seen.count(1) != len(seen) - 1 or seen[0]:
                raise SystemExit(f"key {key}: its {len(seen) - 1} rows are not counted from 1 on, in {self.folder}")
        letters = subprocess.run([LEVADA, "channel", "dump", "-c", self.agents[0].config, "dead_letters"],
                                 capture_output=True, check=True, text=True).stdout.splitlines()
        if len(letters) != self.spool.broken:
            raise SystemExit(f"{self.spool.broken} broken lines, {len(letters)} dead letters, in {self.folder}")
        for agent in self.agents:
            audit = subprocess.run([LEVADA, "audit", "--config", agent.config], capture_output=True, text=True)
            if audit.returncode:
                raise SystemExit(f"levada audit of {agent.name}: {audit.stdout}{audit.stderr}")

    def counted(self, row, counts):
        counts[row["key"]][row["count"]] += 1
        return row

    def check_ids(self, where, rows):
        seen = bytearray(self.spool.rows)
        for row in rows:
            seen[row["id"]] += 1
        lost, once = seen.count(0), seen.count(1)
        if once != len(seen):
            doubled = len(seen) - once - lost
            raise SystemExit(f"{where}: {lost} rows lost (the first {seen.find(0)}), {doubled} doubled, "
                             f"of {len(seen)}, in {self.folder}")

    def in_topic(self):
        command = ["kcat", "-C", "-q", "-e", "-o", "beginning", "-b", BROKER, "-t", self.topic,
                   "-X", "isolation.level=read_committed"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 20) as reader:
            yield from map(json.loads, reader.stdout)
        if reader.returncode:
            raise SystemExit("kcat failed")

    def in_files(self, output):
        for path in (self.folder / output).glob("*"):
            if path.suffix == ".tmp":
                raise SystemExit(f"{path} is still in use")
            with open(path) as lines:
                yield from map(json.loads, lines)

    def close(self):
        for agent in self.agents:
            if agent.process and agent.process.poll() is None:
                agent.process.kill()
                agent.process.wait()


def main():
    kills = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("LEVADA_KILLS", 15))
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}, {kills} kills", flush=True)
    run = Run(kills, seed)
    begun = time.monotonic()
    try:
        run.torture()
        run.drain()
        run.check()
    finally:
        run.close()
    print(f"{run.spool.rows:,} rows exactly once in topic, files and counts, {run.spool.broken:,} dead letters, after "
          f"{kills} kills of agents and {run.broker_kills} of brokers in {time.monotonic() - begun:.0f} s; seed {seed}")
    shutil.rmtree(run.folder)


if __name__ == "__main__":
    main()
