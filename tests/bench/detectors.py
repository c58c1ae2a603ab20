#!/usr/bin/env python3
"""What detectors cost, in CPU-seconds: levada, DuckDB on one thread, and a program written by hand, on the same file.

    tests/bench/detectors.py build/release/levada [--log FILE] [--events FILE] [--runs N]

--log: an access log; the times for which hosts have more than 100 requests in 60 s, by limit_rate. --events: a JSON
object each line (type, ip, event_time, url); bots of sliding windows, by detect_bots, and of tumbling ones (only
against DuckDB). Runs take turns; the figures are medians. All have to find the same. DuckDB is that of
tools/requirements.txt.
"""

import argparse
import csv
import pathlib
import statistics
import sys
import tempfile

from analytics import REQUESTS, run_duckdb
from chain_bench import compiled, measure, rows_of, run_levada, seconds

LIMIT = """
[interceptors.parse]
type = "parse_access_log"
columns = ["host", "timestamp"]
[interceptors.detect]
type = "limit_rate"
keys = ["host"]
limit = 100
window = "60s"
emit = "intervals"
"""
BOTS = """
[interceptors.parse]
type = "parse_json"
columns = { ip = "text", type = "text", url = "text", event_time = "int64" }
[interceptors.detect]
type = "detect_bots"
time = "event_time"
unit = "s"
max_rate = 20
max_clicks_over_views = 30
max_categories = 5
category = "url"
category_after = "c"
emit = "bots"
"""
TUMBLING = BOTS + 'windows = "tumbling"\n'

# The order of lines, which times of whole seconds do not say.
DUCKDB_LIMIT = REQUESTS + """,
  numbered as (select *, row_number() over () as line from requests),
  marked as (select *, coalesce(time - lag(time, 100) over (partition by host order by line) < 60, false) as blocked
    from numbered),
  runs as (select *, row_number() over (partition by host order by line)
      - row_number() over (partition by host, blocked order by line) as run from marked)
select host, min(time), max(time), count(*) from runs where blocked group by host, run
"""
EVENTS = """
with events as (select row_number() over () as line, ip, event_time as time, type = 'click' as click,
    regexp_extract(url, '/c/([^/?#]+)', 1) as category
  from read_json('{file}', format = 'newline_delimited', ignore_errors = true,
    columns = {{type: 'VARCHAR', ip: 'VARCHAR', event_time: 'BIGINT', url: 'VARCHAR'}}) where url is not null)
"""
# Which rules were broken, as detect_bots writes it.
REASONS = """concat_ws('+', case when {rate} then 'rate' end, case when {clicks} then 'clicks' end,
    case when {categories} then 'categories' end)""".replace("\n", " ")
# A window ends with a line, and not with its second: time and line are one number.
DUCKDB_BOTS = EVENTS + """,
  counts as (select ip, time, line,
      coalesce(time - lag(time, 20) over (partition by ip order by line) < 10, false) as rate,
      sum(case when click then 1 else -1 end) over past > 30 as clicks,
      count(distinct category) over past > 5 as categories
    from events window past as (partition by ip order by time * 1000000000 + line
      range between 599000000000 + line preceding and current row)),
  hits as (select *,
      case when time - lag(time) over (partition by ip order by line) <= 600 then 0 else 1 end as is_first
    from counts where rate or clicks or categories),
  runs as (select *, sum(is_first) over (partition by ip order by line rows unbounded preceding) as run from hits)
select ip, min(time), max(time) + 600, """ + REASONS.format(
    rate="bool_or(rate)", clicks="bool_or(clicks)", categories="bool_or(categories)") + """
from runs group by ip, run
"""
DUCKDB_TUMBLING = EVENTS + """,
  spans as (select ip, time // 600 * 600 as since, time // 10 as span, count(*) as requests from events group by all),
  rates as (select ip, since, max(requests) as rate from spans group by all),
  windows as (select ip, time // 600 * 600 as since, sum(case when click then 1 else -1 end) as more,
      count(distinct category) as categories from events group by all)
select ip, since, since + 600, """ + REASONS.format(
    rate="rate > 20", clicks="more > 30", categories="categories > 5") + """
from windows join rates using (ip, since) where rate > 20 or more > 30 or categories > 5
"""


def interval(row):
    return (row["host"], seconds(row["first"]), seconds(row["last"]), row["count"])


def bot(row, kind="bot_ended"):
    if row["kind"] == kind:
        return (row["ip"], seconds(row["since"]), seconds(row["until"]), row["reasons"])


def tumbling_bot(row):
    return bot(row, "bot")


def rows_in(file):
    with open(file, newline="") as text:
        return {tuple(int(cell) if cell.isdigit() else cell for cell in row) for row in csv.reader(text)}


def compare(job, levada, file, tables, query, value, runs, reference):
    figures = {"levada": [], "DuckDB": []}
    if reference:
        figures["by hand"] = []
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        folder = pathlib.Path(folder)
        for run in range(runs):
            own = folder / str(run)
            own.mkdir()
            figures["levada"].append(run_levada(levada, file, tables, own))
            figures["DuckDB"].append(run_duckdb(query, file, folder / "DuckDB.csv"))
            if reference:
                figures["by hand"].append(measure([reference, job, str(file)], folder / "by hand.csv"))
        ours = {found for found in map(value, rows_of(own)) if found}
        for name in figures.keys() - {"levada"}:
            if theirs := rows_in(folder / f"{name}.csv") ^ ours:
                sys.exit(f"{job}: other rows than {name}: {len(theirs)}, as {sorted(theirs)[:3]}")
    medians = {name: statistics.median(all) for name, all in figures.items()}
    print(f"{job}, {len(ours)} found: " + ", ".join(f"{name} {value:.2f} s" for name, value in medians.items()))
    others = (name for name in medians if name != "levada")
    print("  " + ", ".join(f"{medians['levada'] / medians[name]:.2f} times {name}" for name in others), flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("levada")
    arguments.add_argument("--log", type=pathlib.Path)
    arguments.add_argument("--events", type=pathlib.Path)
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reference = compiled("detectors_reference.cc", folder)
        if given.log:
            compare("limit", given.levada, given.log.resolve(), LIMIT, DUCKDB_LIMIT, interval, given.runs, reference)
        if given.events:
            events = given.events.resolve()
            compare("bots", given.levada, events, BOTS, DUCKDB_BOTS, bot, given.runs, reference)
            compare("tumbling", given.levada, events, TUMBLING, DUCKDB_TUMBLING, tumbling_bot, given.runs, None)


if __name__ == "__main__":
    main()
