#!/usr/bin/env python3
"""What it costs to parse ad views and to write them to Parquet, in CPU-seconds of the whole process: levada beside
simdjson and Arrow's own writer fed from memory (lake_limit.cc), and beside DuckDB's COPY on one thread. "levada" has
a channel as it is by default, which holds 32 MiB, so that it commits a dozen times; "one file" has one that holds all
rows until the end, and pays for fresh memory; so has "delta", which makes a table partitioned by campaign (105 files)
in one commit. DuckDB's COPY has the same columns and types as levada, and zstd of level 1 as well; "duckdb parted" is
its COPY partitioned by campaign. What levada has written is compared with what simdjson finds in the lines. What is
written stays until the end: ext4 passes over inodes that were freed in the last minutes, one by one, at the cost of who
makes many files (TMPDIR=/dev/shm goes without).

    ~/.cache/levada/venv/bin/python tests/bench/lake.py build/release/levada [VIEWS.ndjson [RUNS]]

VIEWS holds lines such as {"view_id":"…","start_timestamp":1,"end_timestamp":2,"banner_id":3,"campaign_id":4}; without
it, the source `generate` makes two million. The runs take turns; figures and ratios are those of medians, with those of
the least behind them. Then levada writes the views by campaign (105 of them), by banner (1000), and by network and
minute (610) from a channel on the disk, and its peak memory is shown.
"""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import duckdb
import pyarrow

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
from waiting import until_it_ends  # noqa: E402

COLUMNS = """
[sinks.out.columns]
view_id = "text"
start_timestamp = "int64"
end_timestamp = "int64"
banner_id = "int64"
campaign_id = "int64"
"""
CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
log_level = "warning"
memory_bytes = "2GiB"
[sources.in]
type = "spool"
path = "{folder}/spool"
settle = "0s"
completed = "delete"
interceptors = ["parse", "without_body"]
channels = ["main"]
[interceptors.without_body]
type = "drop_columns"
columns = ["body"]
[interceptors.parse]
type = "parse_json"
[interceptors.parse.columns]
view_id = "text"
start_timestamp = "int64"
end_timestamp = "int64"
banner_id = "int64"
campaign_id = "int64"
{more}
[channels.main]
{channel}
[sinks.out]
channel = "main"
{sink}
"""
# Holds all rows until the one commit at the end, which makes one file.
LARGE = 'type = "memory"\ncapacity_bytes = "2GiB"'
SMALL = 'type = "memory"'
# Keeps them on the disk: memory is what the writer needs.
DURABLE = 'type = "file"\nsync = "none"'
READ = """read_json('{views}', format = 'newline_delimited', ignore_errors = true, columns = {{view_id: 'VARCHAR',
start_timestamp: 'BIGINT', end_timestamp: 'BIGINT', banner_id: 'BIGINT', campaign_id: 'BIGINT'}})"""
DUCKDB = f"""
SET threads = 1;
COPY (SELECT * FROM {READ})
TO '{{out}}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1{{more}});
"""
# Of all rows, whatever their order.
CONTENT = """count(*), sum(hash(view_id, start_timestamp, end_timestamp, banner_id, campaign_id))"""


def high_water(pid):
    """Peak memory of a process in MiB. What wait4 says counts that of the process that started it, too."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0


def measure(command):
    """CPU-seconds and peak memory in MiB of a command with all its threads, and what it prints."""
    memory = 0
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        for _ in until_it_ends(process.pid, 0.01):
            memory = max(memory, high_water(process.pid))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode()
    if process.returncode not in (0, 3):
        sys.exit(f"{command} failed:\n{said}")
    return usage.ru_utime + usage.ru_stime, memory, said


def run_levada(levada, views, expected, sink, channel=LARGE, more=""):
    folder = pathlib.Path(tempfile.mkdtemp(dir=views.parent))
    (folder / "spool").mkdir()
    os.link(views, folder / "spool/views.ndjson")
    config = folder / "agent.toml"
    config.write_text(CONFIGURATION.format(folder=folder, channel=channel, more=more, sink=sink.format(folder=folder)))
    seconds, memory, _ = measure([levada, "run", "--config", config, "--until-drained"])
    files = list((folder / "out").rglob("*.parquet"))
    if files:
        # What is a number in the rows comes out of paths as whatever it looks like.
        columns = CONTENT.replace("campaign_id", "campaign_id::BIGINT").replace("banner_id", "banner_id::BIGINT")
        found = duckdb.sql(f"SELECT {columns} FROM read_parquet('{folder}/out/**/*.parquet')").fetchone()
        if found != expected:
            sys.exit(f"other rows than in the lines: {found}, not {expected}\n{sink}")
    return seconds, memory, len(files), sum(path.stat().st_size for path in files)


def build_limit(folder):
    package = pathlib.Path(pyarrow.get_include()).parent
    libraries = [str(next(package.glob(f"lib{name}.so.*[0-9]"))) for name in ("arrow", "parquet")]
    program = folder / "lake_limit"
    # libparquet has symbols of a simdjson of its own, which must not take the place of ours.
    subprocess.run(["g++", "-O3", "-std=c++20", HERE / "lake_limit.cc", "-lsimdjson", "-isystem", package / "include",
                    *libraries, f"-Wl,-rpath,{package}", "-o", program], check=True)
    return program


def make_views(levada, folder):
    config = folder / "make.toml"
    config.write_text(f"""
[agent]
data_dir = "{folder}/make"
[sources.views]
type = "generate"
record = "ad_views"
rows = 2000000
seed = 2
channels = ["main"]
[channels.main]
type = "memory"
[sinks.out]
type = "file"
channel = "main"
path = "{folder}/made"
roll_bytes = "10GiB"
""")
    subprocess.run([levada, "run", "--config", config, "--until-drained"], check=True, stdout=subprocess.DEVNULL)
    return next((folder / "made").rglob("*.ndjson"))


def add_network_and_minute(views, to):
    """Lines with two members more: each campaign is of one of ten networks."""
    duckdb.sql(f"""COPY (SELECT *, campaign_id % 10 AS network_id, start_timestamp // 60000 AS minute FROM '{views}')
                   TO '{to}' (FORMAT json)""")


def show_parted(levada, views, expected, columns, more):
    parted = f'type = "parquet"\npath = "{{folder}}/out"\npartition_by = {columns}\n{COLUMNS}{more}'
    seconds, memory, files, size = run_levada(levada, views, expected, parted, DURABLE, more)
    print(f"by {columns}: {seconds:.2f} CPU-s, {files} files, {size / 1e6:.1f} MB, peak {memory:.0f} MiB")


def main():
    levada = pathlib.Path(sys.argv[1]).resolve()
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = pathlib.Path(name)
        views = folder / "views.ndjson"
        if len(sys.argv) > 2:
            views.write_bytes(pathlib.Path(sys.argv[2]).read_bytes())
        else:
            make_views(levada, folder).rename(views)
        limit = build_limit(folder)
        figures = {name: [] for name in ("levada", "one file", "delta", "parse", "write", "limit", "duckdb",
                                         "duckdb parted", "no sink")}
        measure([limit, views, folder / "limit.parquet"])
        expected = duckdb.sql(f"SELECT {CONTENT} FROM '{folder}/limit.parquet'").fetchone()
        sink = 'type = "parquet"\npath = "{folder}/out"\n' + COLUMNS
        delta = 'type = "delta"\npath = "{folder}/out"\npartition_by = ["campaign_id"]\n' + COLUMNS
        for turn in range(runs):
            seconds, memory, files, size = run_levada(levada, views, expected, sink)
            figures["one file"].append(seconds)
            delta_run = run_levada(levada, views, expected, delta)
            figures["delta"].append(delta_run[0])
            figures["levada"].append(run_levada(levada, views, expected, sink, SMALL)[0])
            figures["no sink"].append(run_levada(levada, views, expected, 'type = "null"', SMALL)[0])
            parse, write = map(float, re.search(r"parse (\S+), write (\S+)",
                                                measure([limit, views, folder / "limit.parquet"])[2]).groups())
            figures["parse"].append(parse)
            figures["write"].append(write)
            figures["limit"].append(parse + write)
            for name, more in (("duckdb", ""), ("duckdb parted", ", PARTITION_BY (campaign_id)")):
                script = DUCKDB.format(views=views, out=folder / f"{name} {turn}", more=more)
                figures[name].append(measure([sys.executable, "-c", f"import duckdb; duckdb.sql({script!r})"])[0])
        for name, seconds in figures.items():
            print(f"{name:13} {statistics.median(seconds):6.2f} CPU-s, least {min(seconds):.2f}")
        print(f"{expected[0]:,} rows; one file: {files} files, {size / 1e6:.1f} MB, peak {memory:.0f} MiB; "
              f"delta: {delta_run[2]} files, {delta_run[3] / 1e6:.1f} MB, peak {delta_run[1]:.0f} MiB; "
              f"limit {(folder / 'limit.parquet').stat().st_size / 1e6:.1f} MB, "
              f"duckdb {(folder / 'duckdb 0').stat().st_size / 1e6:.1f} MB")
        for name in ("levada", "one file", "delta"):
            print(f"{name}: " + ", ".join(
                f"{statistics.median(figures[name]) / statistics.median(figures[other]):.2f} x {other} "
                f"(least {min(figures[name]) / min(figures[other]):.2f})"
                for other in ("limit", "duckdb", "duckdb parted")))
        for column in ("campaign_id", "banner_id"):
            show_parted(levada, views, expected, f'["{column}"]', "")
        by_minute = folder / "by_minute.ndjson"
        add_network_and_minute(folder / "limit.parquet", by_minute)
        show_parted(levada, by_minute, expected, '["network_id", "minute"]', 'network_id = "int64"\nminute = "int64"\n')


if __name__ == "__main__":
    main()
