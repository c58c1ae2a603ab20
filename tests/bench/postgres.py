#!/usr/bin/env python3
"""What a row costs on its way into PostgreSQL, in CPU-seconds of the agent, beside psql that copies the same rows.

    tests/services/with postgres -- tests/bench/postgres.py build/release/levada [ROWS [RUNS]]

The rows are lines of JSON with six columns. What reading and parsing them costs is measured with the sink `null` and
taken off. psql copies them as text, in client and server alike the least that can be done. The
runs take turns; the figures are medians.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

COLUMNS = "id bigint, n bigint, x double precision, t text, word text, at timestamptz"
PARSED = 'id = "int64", n = "int64", x = "float64", t = "text", word = "text", at = "timestamp"'
NULL = 'type = "null"'


def sql(text):
    environment = {**os.environ, "PGPASSWORD": os.environ["PG_PASSWORD"]}
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", os.environ["PG_URL"], "-c", text]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()


def cpu_of(command, stdin=None):
    """CPU-seconds of a command with all its threads."""
    environment = {**os.environ, "PGPASSWORD": os.environ["PG_PASSWORD"]}
    with open(stdin or os.devnull, "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command} failed with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def agent(levada, folder, sink):
    (folder / "agent.toml").write_text(f"""
[agent]
data_dir = "{folder}/{len(list(folder.iterdir()))}"
log_level = "warning"
[sources.in]
type = "spool"
path = "{folder}/spool"
settle = "1ms"
completed = "keep"
channels = ["main"]
interceptors = ["parse", "plain"]
[interceptors.parse]
type = "parse_json"
columns = {{ {PARSED} }}
[interceptors.plain]
type = "drop_columns"
columns = ["file", "offset", "body"]
[channels.main]
type = "memory"
[sinks.out]
channel = "main"
{sink}
""")
    return cpu_of([levada, "run", "--until-drained", "--config", folder / "agent.toml"])


def main():
    levada = sys.argv[1]
    rows, runs = (int(each) for each in (sys.argv[2:] + ["1000000", "5"][len(sys.argv) - 2:]))
    sink = f'type = "postgres"\nconnection = "{os.environ["PG_URL"]}"\npassword = "{os.environ["PG_PASSWORD"]}"\n'
    sink += 'table = "bench"\n'
    upsert = sink + 'mode = "upsert"\nkeys = ["id"]\n'
    with tempfile.TemporaryDirectory(prefix="levada-bench.") as name:
        folder = pathlib.Path(name)
        (folder / "spool").mkdir()
        with open(folder / "spool/rows.ndjson", "w") as lines, open(folder / "rows.tsv", "w") as table:
            for row in range(rows):
                n, x, word = row * 7919 % 100_003, row / 7, f"w{row % 50}"
                t = f"a text of row {row} with some more words"
                at = f"2026-01-{row % 28 + 1:02}T12:00:00Z"
                lines.write(f'{{"id":{row},"n":{n},"x":{x!r},"t":"{t}","word":"{word}","at":"{at}"}}\n')
                table.write(f"{row}\t{n}\t{x!r}\t{t}\t{word}\t{at}\n")
        figures = {"parsed only": [], "append": [], "upsert": [], "psql, COPY": []}
        copy = ["psql", "-X", "-q", os.environ["PG_URL"], "-c", "COPY bench FROM STDIN"]
        for _ in range(runs):
            for what, seconds in figures.items():
                key = " PRIMARY KEY" if what == "upsert" else ""
                columns = COLUMNS.replace("bigint", "bigint" + key, 1)
                sql(f"DROP TABLE IF EXISTS bench; CREATE UNLOGGED TABLE bench ({columns})")
                if what == "psql, COPY":
                    seconds.append(cpu_of(copy, folder / "rows.tsv"))
                else:
                    chosen = {"parsed only": NULL, "append": sink, "upsert": upsert}[what]
                    seconds.append(agent(levada, folder, chosen))
                if what != "parsed only" and sql("SELECT count(*) FROM bench") != str(rows):
                    sys.exit(f"{what}: not all rows arrived")
    parsed = statistics.median(figures["parsed only"])
    for what, seconds in figures.items():
        median = statistics.median(seconds)
        alone = median - parsed if what in ("append", "upsert") else median
        print(f"{what:12} {median:6.2f} s, without parsing {rows / alone:12,.0f} rows a CPU-second")


if __name__ == "__main__":
    main()
