#!/usr/bin/env python3
"""What a line costs, in CPU-seconds of the whole process: spool and the JSON chain, to null and to Kafka, beside kcat.

    tests/services/with-kafka tests/bench/ingest.py build/release/levada [FILE [RUNS]]

FILE holds click-log lines (one JSON object each, with type, ip, event_time, url; 5 % broken); without one, a million
are made by the source `generate`. The runs take turns, so that a machine whose speed drifts slows them all alike; the
figures are medians, with the least beside. Without KAFKA_BOOTSTRAP only what needs no Kafka is measured.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import uuid

BROKER = os.environ.get("KAFKA_BOOTSTRAP")

CLEAN = """
[interceptors.clean]
type = "clean_json"
"""
CHAIN = CLEAN + """
[interceptors.parse]
type = "parse_json"
[interceptors.parse.columns]
type = "text"
ip = "text"
event_time = "text"
url = "text"
user_agent = "text"
user_id = "int64"
geo = "json"
[interceptors.valid]
type = "filter"
where = "exists(type) and exists(ip) and exists(url) and event_time matches '^[0-9]+$'"
[interceptors.render]
type = "to_json"
columns = ["type", "ip", "event_time", "url", "user_agent", "user_id", "geo"]
raw = ["geo"]
"""
NULL = 'type = "null"'


def kafka(topic):
    return f'type = "kafka"\nbrokers = ["{BROKER}"]\ntopic = "{topic}"'


def configuration(folder, interceptors, tables, sink):
    return f"""
[agent]
data_dir = "{folder}/data"
log_level = "warning"
[sources.in]
type = "spool"
path = "{folder}/spool"
settle = "1ms"
completed = "delete"
interceptors = {interceptors}
channels = ["main"]
{tables}
[channels.main]
type = "memory"
[sinks.out]
channel = "main"
{sink}
"""


def measure(command, stdin=None):
    """CPU-seconds and peak memory in MiB of a command with all its threads."""
    with open(stdin or os.devnull, "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"{command} failed:\n{errors.decode()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def run_levada(levada, source, interceptors, tables, sink):
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        spool = pathlib.Path(folder) / "spool"
        spool.mkdir()
        os.link(source, spool / "in.ndjson")
        config = pathlib.Path(folder) / "agent.toml"
        config.write_text(configuration(folder, interceptors, tables, sink))
        return measure([levada, "run", "--config", str(config), "--until-drained"])


def make_input(levada, folder):
    config = folder / "make.toml"
    config.write_text(f"""
[agent]
data_dir = "{folder}/make"
[sources.lines]
type = "generate"
record = "click_log"
rows = 1000000
broken = 0.05
incomplete = 0.02
seed = 42
channels = ["main"]
[channels.main]
type = "memory"
[sinks.out]
type = "file"
channel = "main"
path = "{folder}/made"
roll_bytes = "10GiB"
""")
    subprocess.run([levada, "run", "--config", str(config), "--until-drained"], check=True, stdout=subprocess.DEVNULL)
    made = [path for path in (folder / "made").rglob("*") if path.is_file()]
    assert len(made) == 1, made
    return made[0]


def main():
    levada, *rest = sys.argv[1:] or sys.exit(__doc__)
    with tempfile.TemporaryDirectory(dir=pathlib.Path(rest[0]).resolve().parent if rest else None) as folder:
        folder = pathlib.Path(folder)
        given = pathlib.Path(rest[0]).resolve() if rest else make_input(levada, folder)
        source = folder / "input.ndjson"
        os.link(given, source)
        runs = int(rest[1]) if len(rest) > 1 else 5
        lines = int(subprocess.run(["wc", "-l", source], capture_output=True, check=True).stdout.split()[0])
        chain = '["clean", "parse", "valid", "render"]'

        def topic():
            return f"bench-{uuid.uuid4().hex[:12]}"

        cases = {
            "clean_json -> null": lambda: run_levada(levada, source, '["clean"]', CLEAN, NULL),
            "whole chain -> null": lambda: run_levada(levada, source, chain, CHAIN, NULL),
        }
        if BROKER:
            cases["clean_json -> kafka"] = lambda: run_levada(levada, source, '["clean"]', CLEAN, kafka(topic()))
            cases["whole chain -> kafka"] = lambda: run_levada(levada, source, chain, CHAIN, kafka(topic()))
            cases["kcat -P -l"] = lambda: measure(["kcat", "-P", "-b", BROKER, "-t", topic(), "-l", str(source)])
        figures = {name: [] for name in cases}
        for _ in range(runs + 1):
            for name, case in cases.items():
                figures[name].append(case())
        report(figures, lines, source.stat().st_size)


def report(figures, lines, size):
    runs = len(next(iter(figures.values()))) - 1
    print(f"{lines} lines of {size / lines:.0f} bytes; CPU of the whole process, {runs} runs")
    print(f"{'':24}{'µs a line':>12}{'least':>9}{'most MiB':>10}{'/ kcat':>9}")
    # The first of each warms the caches.
    cost = {name: [cpu * 1e6 / lines for cpu, _ in runs[1:]] for name, runs in figures.items()}
    limit = cost.get("kcat -P -l")
    for name, runs in cost.items():
        ratio = statistics.median(a / b for a, b in zip(runs, limit)) if limit and "kafka" in name else None
        print(
            f"{name:24}{statistics.median(runs):12.3f}{min(runs):9.3f}"
            f"{max(memory for _, memory in figures[name]):10.0f}"
            + (f"{ratio:9.2f}" if ratio else "")
        )


if __name__ == "__main__":
    main()
