#!/usr/bin/env python3
"""What windows cost, in CPU-seconds: levada, DuckDB on one thread, and a program written by hand, on the same file.

    tests/bench/analytics.py build/release/levada [--views FILE] [--log FILE] [--runs N]

--views: ad views, a JSON object each line (start_timestamp, end_timestamp, campaign_id); views and mean duration of
each campaign and minute. --log: an access log; hosts with more than 100 requests in 60 s, each 10 s, and the visits of
hosts, which end after half an hour without a request (only against DuckDB). Runs take turns; the figures are medians.
All have to give the same rows. DuckDB is that of tools/requirements.txt.
"""

import argparse
import csv
import os
import pathlib
import statistics
import sys
import tempfile

from chain_bench import compiled, measure, rows_of, run_levada, seconds

VIEWS = """
[interceptors.parse]
type = "parse_json"
columns = { start_timestamp = "int64", end_timestamp = "int64", campaign_id = "int64" }
[interceptors.minutes]
type = "window"
time = "start_timestamp"
unit = "ms"
lateness = "60s"
size = "1m"
keys = ["campaign_id"]
[interceptors.minutes.aggregates]
views = "count"
ms = "sum(end_timestamp - start_timestamp)"
mean = "avg(end_timestamp - start_timestamp) / 1000"
"""
HOSTS = """
[interceptors.parse]
type = "parse_access_log"
columns = ["host", "timestamp"]
[interceptors.hops]
type = "window"
size = "60s"
slide = "10s"
keys = ["host"]
aggregates = { requests = "count" }
having = "requests > 100"
"""
VISITS = """
[interceptors.parse]
type = "parse_access_log"
columns = ["host", "timestamp"]
[interceptors.visits]
type = "window"
gap = "30m"
lateness = "5s"
keys = ["host"]
aggregates = { requests = "count" }
"""
DUCKDB_VIEWS = """
select start_timestamp // 60000 * 60000, campaign_id, count(*), sum(end_timestamp - start_timestamp)::bigint,
       avg(end_timestamp - start_timestamp) / 1000
from read_json('{file}', format = 'newline_delimited', ignore_errors = true,
               columns = {{start_timestamp: 'BIGINT', end_timestamp: 'BIGINT', campaign_id: 'BIGINT'}})
where start_timestamp is not null and end_timestamp is not null and campaign_id is not null group by 1, 2
"""
REQUESTS = r"""
with lines as (select regexp_extract(line,
      '^(\S+) \S+ \S+ \[([^\]]+)\] "(?:[^"\\]|\\.)*" \d{{3}} (?:\d+|-)', ['host', 'time']) as p
    from read_csv('{file}', columns = {{line: 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false)),
  requests as (select p.host as host, epoch(strptime(p.time, '%d/%b/%Y:%H:%M:%S %z'))::bigint as time
    from lines where p.host <> '')
"""
DUCKDB_HOSTS = REQUESTS + """
select start, host, count(*) from (select host, time // 10 * 10 - 10 * hop as start from requests, range(6) t(hop))
group by 1, 2 having count(*) > 100
"""
DUCKDB_VISITS = REQUESTS + """
select min(time), host, count(*) from (
  select host, time, sum(is_first) over (partition by host order by time rows unbounded preceding) as visit from (
    select host, time, case when time - lag(time) over (partition by host order by time) < 1800 then 0 else 1 end
      as is_first from requests))
group by host, visit
"""


def run_duckdb(query, file, output):
    script = (
        "import duckdb, sys; c = duckdb.connect(); c.execute('set threads = 1');"
        "c.execute(f'copy ({sys.argv[1]}) to \\'{sys.argv[2]}\\' (header false)')"
    )
    return measure([sys.executable, "-c", script, query.format(file=file), str(output)], os.devnull)


def view(row):
    return (seconds(row["window_start"]) * 1000, row["campaign_id"], row["views"], row["ms"])


def host(row):
    return (seconds(row["window_start"]), row["host"], row["requests"])


def compare(job, levada, file, tables, query, value, types, runs, reference):
    figures = {"levada": [], "DuckDB": []}
    if reference:
        figures["by hand"] = []
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        folder = pathlib.Path(folder)
        for run in range(runs):
            own = folder / str(run)
            own.mkdir()
            figures["levada"].append(run_levada(levada, file, tables, own))
            figures["DuckDB"].append(run_duckdb(query, file, folder / "duckdb.csv"))
            if reference:
                figures["by hand"].append(measure([reference, job, str(file)], folder / "reference.csv"))
        ours = set(map(value, rows_of(own)))
        for name in ("duckdb", "reference") if reference else ("duckdb",):
            with open(folder / f"{name}.csv", newline="") as text:
                theirs = {tuple(read(cell) for read, cell in zip(types, row)) for row in csv.reader(text)}
            if theirs != ours:
                print(f"{job}: {name} gives other rows: {len(ours - theirs)} of {len(ours)} only ours, "
                      f"{len(theirs - ours)} only theirs, as {sorted(theirs ^ ours)[:3]}")
    medians = {name: statistics.median(all) for name, all in figures.items()}
    print(f"{job}, {len(ours)} rows: " + ", ".join(f"{name} {value:.2f} s" for name, value in medians.items()))
    others = (name for name in medians if name != "levada")
    print("  " + ", ".join(f"{medians['levada'] / medians[name]:.2f} times {name}" for name in others), flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("levada")
    arguments.add_argument("--views", type=pathlib.Path)
    arguments.add_argument("--log", type=pathlib.Path)
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reference = compiled("analytics_reference.cc", folder)
        if given.views:
            compare("views", given.levada, given.views.resolve(), VIEWS, DUCKDB_VIEWS, view,
                    (int, int, int, int), given.runs, reference)
        if given.log:
            compare("hosts", given.levada, given.log.resolve(), HOSTS, DUCKDB_HOSTS, host, (int, str, int), given.runs,
                    reference)
            compare("visits", given.levada, given.log.resolve(), VISITS, DUCKDB_VISITS, host, (int, str, int),
                    given.runs, None)


if __name__ == "__main__":
    main()
