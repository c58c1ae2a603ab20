#!/usr/bin/env python3
"""What it costs that an agent can be seen: CPU-seconds of runs at full speed that nobody looks at, of such that a
status page, a Prometheus and a `levada top` look at each second, and, where another program is given, of its runs.

    tests/bench/status.py build/release/levada [OTHER [RUNS]]

The runs take turns, so that a machine whose speed drifts slows them all alike, and each is compared with the one beside
it: the figures are the median of these ratios, with the quartiles.
"""

import http.client
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading

ROWS = 6_000_000
PAGE = ("/api/status", "/topology", "/api/sparklines", "/api/history?component=sources.in")
TOP = ("/api/status",)
PROMETHEUS = ("/metrics",)

CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
log_level = "error"
{listen}
[sources.in]
type = "generate"
record = "bot_events"
rows = {rows}
interceptors = ["clean"]
channels = ["main"]
[interceptors.clean]
type = "clean_json"
[channels.main]
type = "memory"
[sinks.out]
type = "null"
channel = "main"
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def look(port, paths, ended):
    """Asks for all paths each second, as a page does, until the agent has ended."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while True:
        for path in paths:
            try:
                connection.request("GET", path)
                connection.getresponse().read()
            except OSError:
                connection.close()
        if ended.wait(1):
            return


def run(levada, looked_at, listens=True):
    with tempfile.TemporaryDirectory(prefix="levada-bench.") as name:
        folder = pathlib.Path(name)
        port = free_port()
        listen = f'status_listen = "127.0.0.1:{port}"' if listens else ""
        config = folder / "agent.toml"
        config.write_text(CONFIGURATION.format(folder=folder, listen=listen, rows=ROWS))
        process = subprocess.Popen([levada, "run", "--config", str(config), "--until-drained"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        ended = threading.Event()
        eyes = [threading.Thread(target=look, args=(port, paths, ended)) for paths in (PAGE, TOP, PROMETHEUS)]
        for eye in eyes if looked_at else ():
            eye.start()
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        for eye in eyes if looked_at else ():
            eye.join()
        if process.returncode not in (0, 3):
            sys.exit(f"{levada} failed:\n{errors.decode()}")
        return usage.ru_utime + usage.ru_stime


def main():
    levada = sys.argv[1]
    other = sys.argv[2] if len(sys.argv) > 2 else None
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    kinds = {"alone": lambda: run(levada, False), "looked at": lambda: run(levada, True)}
    if other:
        kinds["other program"] = lambda: run(other, False, listens=False)
    seconds = {kind: [] for kind in kinds}
    for number in range(runs):
        order = list(kinds) if number % 2 else list(reversed(kinds))
        for kind in order:
            seconds[kind].append(kinds[kind]())
        print(f"run {number + 1}: " + ", ".join(f"{kind} {times[-1]:.2f} s" for kind, times in seconds.items()),
              file=sys.stderr)
    print(f"{ROWS:,} rows, {runs} runs, CPU-seconds (median): " +
          ", ".join(f"{kind} {statistics.median(times):.2f}" for kind, times in seconds.items()))
    for first, second in (("looked at", "alone"), ("alone", "other program"), ("looked at", "other program")):
        if second not in kinds:
            continue
        ratios = [100 * (a / b - 1) for a, b in zip(seconds[first], seconds[second])]
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(f"{first} against {second}: {middle:+.1f} % ({low:+.1f} to {high:+.1f})")


if __name__ == "__main__":
    main()
