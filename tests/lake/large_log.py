"""Makes the logs of Delta tables with very many commits and files, none of which is there, and measures what the
program needs for them."""

import json
import os
import pathlib
import shutil
import subprocess

from delta_table import LEVADA, inline
from lake_agent import configuration

FILE_BYTES = 1_000_000
PARTITIONS = 20
READ_BYTES = 100  # So few that each row is a batch, and a commit.
SCHEMA = json.dumps({"type": "struct", "fields": [
    {"name": name, "type": kind, "nullable": True, "metadata": {}}
    for name, kind in (("id", "long"), ("name", "string"), ("day", "string"))]})


def commit_text(version, files):
    actions = [{"commitInfo": {"timestamp": 1_700_000_000_000 + version, "operation": "WRITE", "isBlindAppend": True}}]
    if version == 0:
        actions += [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
                    {"metaData": {"id": "large", "format": {"provider": "parquet", "options": {}},
                                  "schemaString": SCHEMA, "partitionColumns": ["day"], "configuration": {}}}]
    for number in range(files):
        day = f"2026-01-{(version + number) % PARTITIONS + 1:02}"
        stats = {"numRecords": 1000, "minValues": {"id": version}, "maxValues": {"id": version + 999},
                 "nullCount": {"id": 0, "name": 10}}
        actions.append({"add": {
            "path": f"day={day}/part-{number:05}-3f2b8c1e-5d0a-4c7e-9a41-{version:012x}.c000.zstd.parquet",
            "partitionValues": {"day": day}, "size": FILE_BYTES, "modificationTime": 1_700_000_000_000,
            "dataChange": True, "stats": json.dumps(stats)}})
    return "".join(json.dumps(action) + "\n" for action in actions)


def make_log(table, commits, files_each):
    """A table of so many commits, each of which has added so many files."""
    log = table / "_delta_log"
    log.mkdir(parents=True)
    for version in range(commits):
        (log / f"{version:020}.json").write_text(commit_text(version, files_each))


def measure(arguments):
    """What the program says, its CPU-seconds and its peak memory in MiB."""
    process = subprocess.Popen([LEVADA, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with process.stdout as stream:
        said = stream.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise AssertionError(f"levada {arguments}: {said}")
    return said, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def append(folder, table, commits, checkpoint_interval=10**9):
    """Appends rows in so many commits; gives what measure gives."""
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    incoming = folder / "in"
    incoming.mkdir(parents=True)
    for number in range(commits):
        row = {"id": number, "name": READ_BYTES * "n", "day": "2026-01-01"}
        (incoming / f"{number:05}.ndjson").write_text(json.dumps(row) + "\n")
    config = folder / "agent.toml"
    config.write_text(configuration(folder, incoming, inline({"id": "int64", "name": "text", "day": "text"}), f"""
type = "delta"
path = "{table}"
commit_rows = 1
checkpoint_interval = {checkpoint_interval}
""", source=f"read_bytes = {READ_BYTES}"))
    return measure(["run", "--config", config, "--until-drained"])


def versions(table):
    return len(list((table / "_delta_log").glob("?" * 20 + ".json")))
