"""What the benches of interceptors share: a file goes through a chain into files, in a run of levada of its own."""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
log_level = "error"
[sources.in]
type = "spool"
path = "{folder}/spool"
settle = "1ms"
completed = "delete"
channels = ["main"]
[channels.main]
type = "memory"
{tables}
[sinks.out]
type = "file"
channel = "main"
path = "{folder}/out"
format = "json"
interceptors = {chain}
"""


def measure(command, output):
    """CPU-seconds of a command with all its threads."""
    with open(output, "wb") as to:
        process = subprocess.Popen(command, stdout=to, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"{command} failed:\n{errors.decode()}")
    return usage.ru_utime + usage.ru_stime


def run_levada(levada, file, tables, folder):
    """CPU-seconds of levada with the file through the interceptors of `tables`, in their order."""
    spool = folder / "spool"
    spool.mkdir()
    os.link(file, spool / "input")
    config = folder / "agent.toml"
    chain = re.findall(r"^\[interceptors\.(\w+)\]", tables, re.MULTILINE)
    config.write_text(CONFIGURATION.format(folder=folder, tables=tables, chain=json.dumps(chain)))
    return measure([levada, "run", "--config", str(config), "--until-drained"], folder / "log")


def rows_of(folder):
    """The rows that run_levada has left in a folder."""
    for path in (folder / "out").rglob("*"):
        if path.is_file():
            yield from map(json.loads, path.read_text().splitlines())


def seconds(time):
    return int(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())


def compiled(source, folder, *libraries):
    """The program that a file beside this one makes, with these libraries (-lre2)."""
    program = str(pathlib.Path(folder) / "reference")
    source = str(pathlib.Path(__file__).parent / source)
    subprocess.run(["g++", "-O3", "-march=native", "-std=c++20", "-o", program, source, *libraries], check=True)
    return program
