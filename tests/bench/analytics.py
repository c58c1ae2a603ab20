#!/usr/bin/env python3
"""What windows cost, in CPU-seconds: levada, DuckDB on one thread, and a program written by hand, on the same file.

    tests/bench/analytics.py build/release/levada [--views FILE --campaigns FILE] [--log FILE] [--runs N]

--views: ad views, a JSON object each line (start_timestamp, end_timestamp, campaign_id); --campaigns: CSV with the
network_id of each campaign_id. Views and mean duration of each network, campaign and minute. --log: an access log;
hosts with more than 100 requests in 60 s, each 10 s, and the visits of hosts, which end after half an hour without a
request (only against DuckDB). Runs take turns; the figures are medians. All have to give the same rows; who does not is
named. The report by hand reads lines with simdjson, or, unchecked, takes anything for JSON. DuckDB is that of
tools/requirements.txt.
"""

import argparse
import csv
import os
import pathlib
import statistics
import sys
import tempfile

from chain_bench import compiled, measure, rows_of, run_levada, seconds

REPORT = """
[interceptors.parse]
type = "parse_json"
columns = { start_timestamp = "int64", end_timestamp = "int64", campaign_id = "int64" }
[interceptors.network]
type = "join_table"
path = "CAMPAIGNS"
keys = { campaign_id = "campaign_id" }
columns = { campaign_id = "int64", network_id = "int64" }
[interceptors.minutes]
type = "window"
time = "start_timestamp"
unit = "ms"
lateness = "60s"
size = "1m"
keys = ["network_id", "campaign_id"]
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
# A line that is no JSON is left out, as levada does it.
REPORT_QUERY = """
select network_id, start_timestamp // 60000 * 60000, campaign_id, count(*),
       sum(end_timestamp - start_timestamp)::bigint, avg(end_timestamp - start_timestamp) / 1000
from (
  select unnest(from_json(line, '{"start_timestamp": "BIGINT", "end_timestamp": "BIGINT", "campaign_id": "BIGINT"}'))
  from read_csv('FILE', columns = {line: 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false,
                auto_detect = false)
  where json_valid(line)
) join read_csv('CAMPAIGNS') using (campaign_id) group by 1, 2, 3
"""
# Costs less, but loses good lines beside the broken ones.
LOSSY_REPORT_QUERY = """
select network_id, start_timestamp // 60000 * 60000, campaign_id, count(*),
       sum(end_timestamp - start_timestamp)::bigint, avg(end_timestamp - start_timestamp) / 1000
from read_json('FILE', format = 'newline_delimited', ignore_errors = true,
               columns = {start_timestamp: 'BIGINT', end_timestamp: 'BIGINT', campaign_id: 'BIGINT'})
  join read_csv('CAMPAIGNS') using (campaign_id) group by 1, 2, 3
"""
REQUESTS = r"""
with lines as (select regexp_extract(line,
      '^(\S+) \S+ \S+ \[([^\]]+)\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-)', ['host', 'time']) as p
    from read_csv('FILE', columns = {line: 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false)),
  requests as (select p.host as host, epoch(strptime(p.time, '%d/%b/%Y:%H:%M:%S %z'))::bigint as time
    from lines where p.host <> '')
"""
HOSTS_QUERY = REQUESTS + """
select start, host, count(*) from (select host, time // 10 * 10 - 10 * hop as start from requests, range(6) t(hop))
group by 1, 2 having count(*) > 100
"""
VISITS_QUERY = REQUESTS + """
select min(time), host, count(*) from (
  select host, time, sum(is_first) over (partition by host order by time rows unbounded preceding) as visit from (
    select host, time, case when time - lag(time) over (partition by host order by time) < 1800 then 0 else 1 end
      as is_first from requests))
group by host, visit
"""


def run_duckdb(query, output):
    script = (
        "import duckdb, sys; c = duckdb.connect(); c.execute('set threads = 1');"
        "c.execute(f'copy ({sys.argv[1]}) to \\'{sys.argv[2]}\\' (header false)')"
    )
    return measure([sys.executable, "-c", script, query, str(output)], os.devnull)


def view(row):
    return (row["network_id"], seconds(row["window_start"]) * 1000, row["campaign_id"], row["views"], row["ms"])


def host(row):
    return (seconds(row["window_start"]), row["host"], row["requests"])


def rows_of_csv(path, types):
    with open(path, newline="") as text:
        return {tuple(read(cell) for read, cell in zip(types, row)) for row in csv.reader(text)}


def compare(job, levada, file, tables, value, types, runs, queries, references):
    """Runs a job in turns: by levada, by DuckDB for each of the queries, and by the commands of references."""
    figures = {name: [] for name in ("levada", *queries, *references)}
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        folder = pathlib.Path(folder)
        for run in range(runs):
            own = folder / str(run)
            own.mkdir()
            figures["levada"].append(run_levada(levada, file, tables, own))
            for name, query in queries.items():
                figures[name].append(run_duckdb(query, folder / f"{name}.csv"))
            for name, command in references.items():
                figures[name].append(measure(command, folder / f"{name}.csv"))
        ours = set(map(value, rows_of(own)))
        for name in list(figures)[1:]:
            theirs = rows_of_csv(folder / f"{name}.csv", types)
            if theirs != ours:
                print(f"{job}: {name} gives other rows: {len(ours - theirs)} of {len(ours)} only levada, "
                      f"{len(theirs - ours)} only {name}, as {sorted(theirs ^ ours)[:2]}")
    medians = {name: statistics.median(all) for name, all in figures.items()}
    print(f"{job}, {len(ours)} rows: " + ", ".join(f"{name} {value:.2f} s" for name, value in medians.items()))
    others = (name for name in medians if name != "levada")
    print("  " + ", ".join(f"{medians['levada'] / medians[name]:.3f} times {name}" for name in others), flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("levada")
    arguments.add_argument("--views", type=pathlib.Path)
    arguments.add_argument("--campaigns", type=pathlib.Path)
    arguments.add_argument("--log", type=pathlib.Path)
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    if bool(given.views) != bool(given.campaigns):
        arguments.error("--views and --campaigns go together")
    with tempfile.TemporaryDirectory() as folder:
        reference = compiled("analytics_reference.cc", folder, "-lsimdjson")
        if given.views:
            views, campaigns = str(given.views.resolve()), str(given.campaigns.resolve())
            filled = lambda text: text.replace("FILE", views).replace("CAMPAIGNS", campaigns)
            compare("report", given.levada, given.views.resolve(), filled(REPORT), view, (int, int, int, int, int),
                    given.runs, {"DuckDB": filled(REPORT_QUERY), "DuckDB read_json": filled(LOSSY_REPORT_QUERY)},
                    {"by hand": [reference, "report", views, campaigns],
                     "by hand, unchecked": [reference, "unchecked_report", views, campaigns]})
        if given.log:
            log = str(given.log.resolve())
            compare("hosts", given.levada, given.log.resolve(), HOSTS, host, (int, str, int), given.runs,
                    {"DuckDB": HOSTS_QUERY.replace("FILE", log)}, {"by hand": [reference, "hosts", log]})
            compare("visits", given.levada, given.log.resolve(), VISITS, host, (int, str, int), given.runs,
                    {"DuckDB": VISITS_QUERY.replace("FILE", log)}, {})


if __name__ == "__main__":
    main()
