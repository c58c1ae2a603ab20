#!/usr/bin/env python3
"""How long a row is under way: from its arrival in one Kafka topic to its arrival, marked by limit_rate, in another.

    tests/services/with-kafka tests/bench/latency.py build/release/levada [ROWS_PER_SECOND [SECONDS]]

A second agent writes an access log to four partitions at that rate (50,000 by default, for 20 s). Both times are the
broker's own, of milliseconds. What arrives in the first two seconds is left out, as the agents start
then, and in the last, behind which no row says that time goes on.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

try:
    import confluent_kafka
except ImportError:  # tools/setup has put it into a venv.
    cache = os.environ.get("LEVADA_CACHE") or os.path.expanduser("~/.cache") + "/levada"
    python = f"{cache}/venv/bin/python3"
    if sys.executable == python:
        raise
    os.execv(python, [python, *sys.argv])
import confluent_kafka.admin

BROKER = os.environ["KAFKA_BOOTSTRAP"]
PARTITIONS = 4

MADE = """
[sources.made]
type = "generate"
record = "access_log"
rate = {rate}
rows = {rows}
channels = ["main"]
[channels.main]
type = "memory"
[interceptors.host_of]
type = "parse_access_log"
columns = ["host"]
[sinks.requests]
type = "kafka"
channel = "main"
interceptors = ["host_of"]
brokers = ["{broker}"]
topic = "{topic}-in"
key = "host"
"""

MARKED = """
[sources.requests]
type = "kafka"
brokers = ["{broker}"]
topics = ["{topic}-in"]
share = "1/1"
columns = ["timestamp"]
interceptors = ["arrival", "parse"]
channels = ["main"]
[interceptors.arrival]
type = "rename"
columns = {{ timestamp = "arrived" }}
[interceptors.parse]
type = "parse_access_log"
[channels.main]
type = "memory"
[interceptors.limit]
type = "limit_rate"
time = "timestamp"
streams = {partitions}
keys = ["host"]
limit = 100
window = "1m"
[interceptors.result]
type = "to_json"
columns = ["host", "arrived", "blocked"]
[sinks.marked]
type = "kafka"
channel = "main"
interceptors = ["limit", "result"]
brokers = ["{broker}"]
topic = "{topic}-out"
"""


def create_topics(*topics):
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": BROKER})
    new = [confluent_kafka.admin.NewTopic(topic, PARTITIONS, 1, config={"message.timestamp.type": "LogAppendTime"})
           for topic in topics]
    for made in admin.create_topics(new, operation_timeout=30).values():
        made.result(60)


def start(levada, folder, name, text, *arguments):
    path = folder / f"{name}.toml"
    path.write_text(f'[agent]\ndata_dir = "{folder}/{name}"\nlog_level = "warning"\n{text}')
    return subprocess.Popen([levada, "run", "--config", path, *arguments], stdout=subprocess.DEVNULL)


def milliseconds(text):
    """Of an RFC 3339 time."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return int(time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone) * 1000 + int(
        (fraction + "000")[:3])


def delays(topic, rows):
    """(when it arrived, how long it was under way) of each row, in milliseconds."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": BROKER, "group.id": topic,
                                         "auto.offset.reset": "earliest"})
    consumer.subscribe([f"{topic}-out"])
    found, silent = [], 0
    while len(found) < rows and silent < 10:
        messages = consumer.consume(10_000, 1)
        silent = 0 if messages else silent + 1
        for message in messages:
            arrived = milliseconds(json.loads(message.value())["arrived"])
            found.append((arrived, message.timestamp()[1] - arrived))
    consumer.close()
    if len(found) < rows * 0.99:  # The last ones wait for others that would say that time goes on.
        sys.exit(f"{len(found)} of {rows} rows came through")
    return found


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    levada, rate, seconds = sys.argv[1], *(int(each) for each in (sys.argv[2:] + ["50000", "20"][len(sys.argv) - 2:]))
    topic = f"latency-{uuid.uuid4().hex[:8]}"
    create_topics(f"{topic}-in", f"{topic}-out")
    with tempfile.TemporaryDirectory() as folder:
        values = {"broker": BROKER, "topic": topic, "rate": rate, "rows": rate * seconds, "partitions": PARTITIONS}
        marking = start(levada, pathlib.Path(folder), "marked", MARKED.format(**values))
        making = start(levada, pathlib.Path(folder), "made", MADE.format(**values), "--until-drained")
        if making.wait(seconds + 120):
            sys.exit("the agent that makes the rows failed")
        found = delays(topic, rate * seconds)
        marking.kill()
        marking.wait()
    first, last = min(arrived for arrived, _ in found), max(arrived for arrived, _ in found)
    waits = sorted(wait for arrived, wait in found if first + 2000 <= arrived <= last - 1000)
    took = (last - first) / 1000
    print(f"{len(found):,} rows in {took:.1f} s, {len(found) / took:,.0f} a second; milliseconds under way:")
    for share in 0.5, 0.9, 0.99, 0.999:
        print(f"  {share:6.1%}  {waits[int(len(waits) * share)]:6,d}")
    print(f"  most    {waits[-1]:6,d}")


if __name__ == "__main__":
    main()
