#!/usr/bin/env python3
"""How many rows the source `http` stores for a CPU-second of the agent: clients post NDJSON, rows go to a file channel
that is synced before each answer, and to the null sink.

    tests/bench/http_source.py build/release/levada [--rows 2000000] [--connections 8]
                               [--rows-of-a-request 2000] [--keys]

The clients are threads of this program, whose CPU is not counted.
"""

import argparse
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
[sources.web]
type = "http"
listen = "127.0.0.1:0"
channels = ["main"]
routes = {{ "/logs" = {{ format = "ndjson" }} }}
[channels.main]
type = "file"
[sinks.out]
type = "null"
channel = "main"
"""
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def body_of(rows):
    choice = random.Random(1)
    return b"".join(
        json.dumps(
            {
                "time": f"2026-11-27T20:{row // 60 % 60:02}:{row % 60:02}Z",
                "level": choice.choice(["INFO", "WARNING", "ERROR"]),
                "host": f"web-{choice.randrange(100):03}",
                "message": f"GET /items/{choice.randrange(100_000)} took {choice.randrange(1000)} ms " + "x" * 60,
                "user": choice.randrange(1_000_000),
            }
        ).encode()
        + b"\n"
        for row in range(rows)
    )


def post(port, body, requests, keys, number):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for request in range(requests):
            key = f"Idempotency-Key: {number}/{request}\r\n" if keys else ""
            head = f"POST /logs HTTP/1.1\r\nHost: localhost\r\n{key}Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            answer = connection.recv(4096)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"answered {answer!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("levada")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rows-of-a-request", type=int, default=2000)
    parser.add_argument("--keys", action="store_true", help="each request has an Idempotency-Key")
    given = parser.parse_args()
    body = body_of(given.rows_of_a_request)
    requests = max(1, given.rows // given.rows_of_a_request // given.connections)
    rows = requests * given.rows_of_a_request * given.connections
    with tempfile.TemporaryDirectory() as folder:
        config, log = pathlib.Path(folder) / "agent.toml", pathlib.Path(folder) / "log"
        config.write_text(CONFIGURATION.format(folder=folder))
        with open(log, "wb") as to:
            agent = subprocess.Popen([given.levada, "run", "--config", str(config)], stdout=to, stderr=to)
        try:
            wait_until(lambda: "listens on" in log.read_text(), "the source listens", alive=[agent], said=log.read_text)
            port = int(log.read_text().split("listens on http://127.0.0.1:")[1].split()[0])
            cpu, began = cpu_seconds(agent.pid), time.monotonic()
            clients = [
                threading.Thread(target=post, args=(port, body, requests, given.keys, number))
                for number in range(given.connections)
            ]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            took, cpu = time.monotonic() - began, cpu_seconds(agent.pid) - cpu
        finally:
            agent.terminate()
            agent.wait()
    print(
        f"{rows:,} rows of {len(body) // given.rows_of_a_request} bytes, {requests * given.connections:,} requests: "
        f"{rows / cpu:,.0f} rows for a CPU-second, {rows / took:,.0f} rows a second"
    )


if __name__ == "__main__":
    main()
