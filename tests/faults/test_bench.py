"""What the tests of failures share: a folder, an agent in it that can be killed and started again, and a spool.

LEVADA names the program; LEVADA_SEED repeats the random choices of a run.
"""

import collections
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import SECONDS, wait_until  # noqa: E402

LEVADA = os.environ["LEVADA"]


def turns(count, variable=None):
    """How often a loop kills or reloads: `count` times, or as often as the environment's `variable` says; a third of
    that with a sanitizer, where all takes ten times as long. That each turn may go wrong is shown without one."""
    count = int(os.environ.get(variable, count)) if variable else count
    return -(-count // 3) if {"ASAN_OPTIONS", "TSAN_OPTIONS"} & os.environ.keys() else count


def seed():
    return int(os.environ.get("LEVADA_SEED") or random.SystemRandom().randrange(1 << 32))


def toml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)


def toml(tables):
    """The text of a configuration, of its tables by their names. An option that is None is left out."""
    lines = []
    for name, options in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{option} = {toml_value(value)}" for option, value in options.items() if value is not None]
    return "\n".join(lines) + "\n"


class Spool:
    """A folder with files of rows, each row with a number and a key; some lines are broken."""

    def __init__(self, folder, rng, broken=0.0):
        """`broken`: the share of the lines that are."""
        self.folder, self.rng, self.broken_share = folder, rng, broken
        self.rows = self.files = 0
        self.broken = []
        self.by_key = collections.Counter()
        folder.mkdir()

    def add(self, rows, text_bytes=100):
        """Writes a file with so many lines."""
        lines = []
        for _ in range(rows):
            if self.rng.random() < self.broken_share:
                self.broken.append(f"<broken {len(self.broken)} {'x' * text_bytes}")
                lines.append(self.broken[-1])
                continue
            key = f"k{int(self.rng.expovariate(0.1))}"
            self.by_key[key] += 1
            lines.append(json.dumps({"id": self.rows, "key": key, "text": "x" * text_bytes}))
            self.rows += 1
        path = self.folder / f"{self.files:06}.ndjson"
        aside = path.with_suffix(".tmp")
        aside.write_text("".join(line + "\n" for line in lines))
        aside.rename(path)
        self.files += 1

    def waiting(self):
        return sum(1 for _ in self.folder.glob("*.ndjson"))


QUICK_START = 0.1  # Seconds.


class FaultTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="levada-faults.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / "agent.toml"
        self.log = self.folder / "agent.log"
        self.agent = None
        self.addCleanup(self.end)
        self.seed = seed()
        self.rng = random.Random(self.seed)
        print(f"seed {self.seed}", flush=True)

    def configure(self, tables=None, **places):
        """The agent of most tests, spooled files through a channel to a file sink, with what `tables` says otherwise:
        tables and options of other names are added. `places`: where the data, the spool and the sink's rows are."""
        places = {"data": "data", "spool": "spool", "rows": "rows", **places}
        made = {
            "agent": {"data_dir": f"{self.folder}/{places['data']}"},
            "sources.files": {"type": "spool", "path": f"{self.folder}/{places['spool']}", "settle": "0s",
                              "channels": ["main"]},
            "channels.main": {"type": "memory"},
            "sinks.rows": {"type": "file", "channel": "main", "path": f"{self.folder}/{places['rows']}"},
        }
        for name, options in (tables or {}).items():
            made.setdefault(name, {}).update(options)
        self.config.write_text(toml(made))

    def start(self, *arguments):
        self.said_before = len(self.said())
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen(
                [LEVADA, "run", "--config", str(self.config), *arguments], stdout=log, stderr=log)

    def slowness(self):
        """How many times as long as on a machine without other work, and without a sanitizer, the agent takes to start:
        what is killed after some time has to have some of it left for its work."""
        before = time.monotonic()
        self.start()
        self.wait_until_said(" info levada .* runs ", since=self.said_before)
        took = time.monotonic() - before
        self.kill()
        return max(1, took / QUICK_START)

    def end(self):
        if self.agent and self.agent.poll() is None:
            self.agent.kill()
            self.agent.wait()

    def said(self):
        return self.log.read_text() if self.log.exists() else ""

    def context(self):
        return f"seed {self.seed}; the agent said:\n{self.said()[-4000:]}"

    def check_alive(self):
        self.assertIsNone(self.agent.poll(), "the agent ended by itself; " + self.context())

    def kill(self):
        self.check_alive()
        self.agent.kill()
        self.agent.wait()

    def stop(self):
        self.check_alive()
        # Before it runs, a signal ends it like any other program.
        self.wait_until_said(" info levada .* runs ", since=self.said_before)
        self.agent.send_signal(signal.SIGTERM)
        self.assertEqual(self.agent.wait(timeout=SECONDS), 0, self.context())

    def drain(self, codes=(0,)):
        """A run to the end of what is there."""
        self.start("--until-drained")
        self.assertIn(self.agent.wait(timeout=SECONDS), codes, self.context())

    def wait_for(self, condition, what):
        wait_until(condition, what, alive=[self.agent], said=self.context)

    def wait_until_said(self, pattern, since=0):
        self.wait_for(lambda: re.search(pattern, self.said()[since:]), f"the line {pattern!r} in the log")

    def command(self, *arguments, code=0):
        """What another command of the program prints on its configuration."""
        done = subprocess.run([LEVADA, *arguments, "--config", str(self.config)],
                              capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, code, f"levada {arguments}: {done.stdout}{done.stderr}; {self.context()}")
        return done.stdout

    def dead_letters(self):
        """The rows of the dead letters; none where there never were any."""
        if not (self.folder / "data/dead_letters/channel").exists():
            return []
        return [json.loads(line) for line in self.command("channel", "dump", "dead_letters").splitlines()]

    def arrived(self, output):
        """How many rows are in that folder, in files that are still in use, too."""
        count = 0
        for path in (self.folder / output).glob("*"):
            try:
                count += path.read_bytes().count(b"{")  # The last line of a file in use has no end yet.
            except FileNotFoundError:  # It has just got its final name.
                pass
        return count

    def rows_in(self, output):
        """The rows of that folder's files, all of which must be complete."""
        rows = []
        for path in sorted((self.folder / output).glob("*")):
            self.assertNotEqual(path.suffix, ".tmp", f"{path} is still in use; {self.context()}")
            rows += map(json.loads, path.read_text().splitlines())
        return rows

    def assert_once(self, rows, count, what):
        """`rows` are those numbered 0 to count - 1, each once."""
        seen = collections.Counter(row["id"] for row in rows)
        lost = [number for number in range(count) if number not in seen]
        doubled = [number for number, times in seen.items() if times > 1]
        self.assertFalse(lost or doubled or len(seen) != count,
                         f"{what}: of {count} rows {len(lost)} are lost {lost[:5]}, {len(doubled)} doubled "
                         f"{doubled[:5]}, {len(seen) - count + len(lost)} never written; {self.context()}")
