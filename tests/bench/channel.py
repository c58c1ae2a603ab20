#!/usr/bin/env python3
"""What a file channel costs an event, synced before its source hears of it, and how soon a large backlog is delivered.

    tests/services/with-kafka tests/bench/channel.py build/release/levada [RUNS [BACKLOG_GIB]]

A million events of 231 bytes go from a spooled file through a channel to null and to Kafka; the same through memory is
the limit, measured in the same run, in turns. CPU of the whole process; medians, with the least beside. Without
KAFKA_BOOTSTRAP only what needs no Kafka is measured.
"""

import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

import ingest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

EVENTS, EVENT_BYTES = 1_000_000, 231
MEMORY = 'type = "memory"'
FILE = 'type = "file"\nsync = "commit"'
# Nobody listens there: what is read stays in the channel.
NOWHERE = 'type = "kafka"\nbrokers = ["127.0.0.1:1"]\ntopic = "none"'
SECONDS_MAX = 600


def write_events(path):
    text = b"the rest of an event, as long as they are on average; " * EVENT_BYTES
    with open(path, "wb") as out:
        for number in range(EVENTS):
            out.write((b"%09d " % number + text)[:EVENT_BYTES - 1] + b"\n")


def configuration(folder, channel, sink, stop_timeout="30s"):
    return f"""
[agent]
data_dir = "{folder}/data"
log_level = "error"
stop_timeout = "{stop_timeout}"
[sources.in]
type = "spool"
path = "{folder}/spool"
settle = "1ms"
completed = "delete"
channels = ["main"]
[channels.main]
{channel}
[sinks.out]
channel = "main"
{sink}
"""


def spooled(folder, events, copies):
    spool = folder / "spool"
    spool.mkdir()
    for copy in range(copies):
        os.link(events, spool / f"{copy:04}.ndjson")


def run(levada, events, channel, sink):
    with tempfile.TemporaryDirectory(dir=events.parent) as folder:
        folder = pathlib.Path(folder)
        spooled(folder, events, 1)
        config = folder / "agent.toml"
        config.write_text(configuration(folder, channel, sink))
        return ingest.measure([levada, "run", "--config", str(config), "--until-drained"])


def backlog(levada, events, gib):
    """Seconds from the start of an agent with a backlog to its first rows on disk, and the most MiB it took."""
    with tempfile.TemporaryDirectory(dir=events.parent) as folder:
        folder = pathlib.Path(folder)
        copies = max(1, round(gib * 2**30 / (EVENTS * EVENT_BYTES)))
        spooled(folder, events, copies)
        config = folder / "agent.toml"
        config.write_text(configuration(folder, FILE, NOWHERE, stop_timeout="100ms"))
        agent = subprocess.Popen([levada, "run", "--config", str(config)], stderr=subprocess.DEVNULL)
        wait_until(lambda: not any((folder / "spool").iterdir()), "all of it in the channel", SECONDS_MAX, [agent])
        agent.send_signal(signal.SIGTERM)
        agent.wait()
        stored = sum(path.stat().st_size for path in (folder / "data/channels/main").glob("*.log"))
        sink = f'type = "file"\npath = "{folder}/out"\ncommit_interval = "100ms"'
        config.write_text(configuration(folder, FILE, sink))
        agent = subprocess.Popen([levada, "run", "--config", str(config)])
        begun, out = time.monotonic(), folder / "out"
        wait_until(lambda: any(path.stat().st_size for path in out.glob("*")), "the first rows", SECONDS_MAX, [agent])
        first = time.monotonic() - begun
        wait_until(lambda: sum(path.stat().st_size for path in out.glob("*")) > 2**30, "the first GiB", SECONDS_MAX,
                   [agent])
        most = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{agent.pid}/status").read_text())[1]) / 1024
        agent.kill()
        agent.wait()
        return stored / 2**30, first, most


def main():
    levada, *rest = sys.argv[1:] or sys.exit(__doc__)
    runs = int(rest[0]) if rest else 5
    gib = float(rest[1]) if len(rest) > 1 else 10
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        events = pathlib.Path(folder) / "events"
        write_events(events)
        cases = {
            "memory -> null": lambda: run(levada, events, MEMORY, ingest.NULL),
            "file -> null": lambda: run(levada, events, FILE, ingest.NULL),
        }
        if ingest.BROKER:
            for channel, options in (("memory", MEMORY), ("file", FILE)):
                cases[f"{channel} -> kafka"] = lambda options=options: run(
                    levada, events, options, ingest.kafka(f"bench-{uuid.uuid4().hex[:12]}"))
            transactions = "\ntransactions = true"
            cases["file -> kafka, transactions"] = lambda: run(
                levada, events, FILE, ingest.kafka(f"bench-{uuid.uuid4().hex[:12]}") + transactions)
        figures = {name: [] for name in cases}
        for _ in range(runs + 1):
            for name, case in cases.items():
                figures[name].append(case())
        report(figures)
        if gib > 0:
            stored, first, most = backlog(levada, events, gib)
            print(f"backlog of {stored:.1f} GiB: first rows on disk {first:.2f} s after the start,"
                f" at most {most:.0f} MiB")


def report(figures):
    print(f"{EVENTS} events of {EVENT_BYTES} bytes; CPU of the whole process, {len(figures['file -> null']) - 1} runs")
    print(f"{'':28}{'µs an event':>12}{'least':>9}{'most MiB':>10}{'/ memory':>10}")
    # The first of each warms the caches.
    cost = {name: [cpu * 1e6 / EVENTS for cpu, _ in runs[1:]] for name, runs in figures.items()}
    for name, runs in cost.items():
        limit = cost.get("memory" + name[name.index(" -> "):].split(",")[0])
        ratio = statistics.median(a / b for a, b in zip(runs, limit))
        most = max(memory for _, memory in figures[name])
        print(f"{name:28}{statistics.median(runs):12.3f}{min(runs):9.3f}{most:10.0f}{ratio:10.2f}")


if __name__ == "__main__":
    main()
