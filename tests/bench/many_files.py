#!/usr/bin/env python3
"""What many small files cost beside the same rows in one file: CPU for a row, and bytes written.

    tests/bench/many_files.py build/release/levada [RUNS]

4,000 files of one line, good and broken, and 10,000 files of 1 kB (4 lines), from spool through clean_json and a file
channel to null; in turns in the same run. CPU and written bytes of the whole process, all its files counted; medians.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import ingest

CHANNEL = 'type = "file"\nsync = "commit"'
GOOD, BROKEN = b'{"a":1}\n', b'{"a":\n'
LINE = b'{"number":%06d,"text":"' + b"an event of some length; " * 8
FOUR = b"".join((LINE % number)[:253] + b'"}\n' for number in range(4))
CASES = {
    "4,000 files of a line": (4_000, GOOD, 1),
    "4,000 broken lines": (4_000, BROKEN, 1),
    "10,000 files of 1 kB": (10_000, FOUR, 4),
}


def configuration(folder):
    text = ingest.configuration(folder, '["clean"]', ingest.CLEAN, ingest.NULL)
    return text.replace('type = "memory"', CHANNEL)


def measure(command):
    """CPU-seconds, and bytes written, of a command with all its threads."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    written = dict(line.split(": ") for line in pathlib.Path(f"/proc/{process.pid}/io").read_text().splitlines())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"{command} failed:\n{errors.decode()}")
    return usage.ru_utime + usage.ru_stime, int(written["wchar"])


def run(levada, parent, files, text):
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        spool = pathlib.Path(folder) / "spool"
        spool.mkdir()
        for number in range(files):
            (spool / f"{number:05}.ndjson").write_bytes(text)
        config = pathlib.Path(folder) / "agent.toml"
        config.write_text(configuration(folder))
        return measure([levada, "run", "--config", str(config), "--until-drained"])


def main():
    levada, *rest = sys.argv[1:] or sys.exit(__doc__)
    runs = int(rest[0]) if rest else 3
    figures = {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as parent:
        # The first of each warms the caches.
        for _ in range(runs + 1):
            for name, (files, text, _) in CASES.items():
                figures.setdefault(name, []).append(run(levada, parent, files, text))
                figures.setdefault("  in one file", []).append(run(levada, parent, 1, text * files))
    print(f"CPU of the whole process, and what it wrote; {runs} runs")
    print(f"{'':26}{'µs a row':>10}{'least':>9}{'bytes a row':>13}{'MB in all':>11}")
    for at, (name, (files, _, lines)) in enumerate(CASES.items()):
        rows = files * lines
        one = figures["  in one file"][at + len(CASES):: len(CASES)]
        for title, measured in ((name, figures[name][1:]), ("  in one file", one)):
            cost = [cpu * 1e6 / rows for cpu, _ in measured]
            written = statistics.median(bytes_ for _, bytes_ in measured)
            figures_of_rows = f"{statistics.median(cost):10.2f}{min(cost):9.2f}{written / rows:13.0f}"
            print(f"{title:26}{figures_of_rows}{written / 1e6:11.1f}")


if __name__ == "__main__":
    main()
