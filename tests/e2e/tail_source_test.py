"""tail -> files: a writer, a rotator that renames, copies and truncates, and compresses, and an agent that is killed;
each line is there once, and the lines of each log in their order.
"""

import collections
import gzip
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

LEVADA = os.environ["LEVADA"]
KILLS = int(os.environ.get("LEVADA_KILLS", "10"))
SEED = int(os.environ.get("LEVADA_SEED", random.SystemRandom().randrange(1 << 32)))
SECONDS = 120  # Until a wait counts as failed.


class Log:
    """A log that is written and rotated; what was written of it."""

    def __init__(self, path, choice):
        self.path, self.choice = path, choice
        self.lines, self.rotated = [], 0
        self.path.touch()

    def rotated_path(self, number, ending=""):
        return self.path.with_name(f"{self.path.name}.{number}{ending}")

    def write(self, count):
        with open(self.path, "a") as file:
            for _ in range(count):
                line = f"{self.path.name} {len(self.lines)} {'.' * self.choice.randrange(200)}"
                self.lines.append(line)
                # A line may stand half there for a while.
                part = self.choice.randrange(len(line)) if self.choice.random() < 0.05 else len(line)
                file.write(line[:part])
                file.flush()
                file.write(line[part:] + "\n")

    def shift(self):
        for number in range(self.rotated, 0, -1):
            for ending in ("", ".gz"):
                before = self.rotated_path(number, ending)
                if before.exists():
                    before.rename(self.rotated_path(number + 1, ending))
        self.rotated += 1

    def rotate(self):
        if self.path.stat().st_size == 0:
            return
        self.shift()
        if self.choice.random() < 0.5:
            self.path.rename(self.rotated_path(1))
            self.path.touch()
        else:
            shutil.copy(self.path, self.rotated_path(1))
            os.truncate(self.path, 0)

    def compress(self):
        path = self.rotated_path(self.choice.randint(2, 4))
        if not path.exists():
            return
        info = path.stat()
        aside = path.with_name(f"{path.name}.tmp")
        with open(path, "rb") as source, gzip.open(aside, "wb") as target:
            shutil.copyfileobj(source, target)
        os.utime(aside, ns=(info.st_atime_ns, info.st_mtime_ns))
        aside.rename(path.with_name(f"{path.name}.gz"))
        path.unlink()


class TailSource(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        self.out = self.folder / "out"
        self.config = self.folder / "agent.toml"
        self.config.write_text(
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.logs]
            type = "tail"
            include = ["{self.logs}/*.log"]
            start = "beginning"
            poll_interval = "20ms"
            rotate_wait = "500ms"
            channels = ["main"]
            [channels.main]
            type = "memory"
            [sinks.out]
            type = "file"
            channel = "main"
            path = "{self.out}"
            commit_interval = "50ms"
            """
        )

    def start(self):
        log = open(self.folder / "log", "ab")
        self.addCleanup(log.close)
        agent = subprocess.Popen([LEVADA, "run", "--config", str(self.config)], stdout=log, stderr=log)
        self.addCleanup(lambda: agent.poll() is None and (agent.kill(), agent.wait()))
        return agent

    def wait_for(self, condition, agent, what):
        wait_until(condition, what, SECONDS, alive=[agent], said=lambda: (self.folder / "log").read_text()[-3000:])

    def rows(self):
        rows = collections.defaultdict(list)
        if not self.out.exists():
            return rows
        for path in sorted(self.out.iterdir(), key=lambda each: each.name):
            if path.name[0] == ".":
                continue
            try:
                text = path.read_text()
            except (FileNotFoundError, IsADirectoryError):  # A file that was in use has just got its final name.
                continue
            for line in text.splitlines():
                rows[line.split()[0]].append(line)
        return rows

    def test_each_line_is_there_once_whatever_is_done_to_the_logs_and_the_agent(self):
        print(f"LEVADA_SEED={SEED}")
        choice = random.Random(SEED)
        logs = [Log(self.logs / f"{name}.log", choice) for name in ("a", "b", "c")]
        # What is copied and truncated before a byte of it was read is not known again.
        for log in logs:
            log.write(1)
        agent = self.start()
        pause = threading.Event()
        self.wait_for(lambda: len(self.rows()) >= len(logs), agent, "of each log something is read")
        for step in range(KILLS * 20):
            for log in logs:
                log.write(choice.randrange(100))
            log = choice.choice(logs)
            if choice.random() < 0.3:
                log.rotate()
            if choice.random() < 0.3:
                log.compress()
            if choice.random() < 0.05:
                agent.kill()
                agent.wait()
                # What is done while nobody looks.
                for _ in range(choice.randrange(4)):
                    log.write(choice.randrange(50))
                    log.rotate()
                    log.compress()
                agent = self.start()
            pause.wait(choice.uniform(0, 0.1))
        expected = {log.path.name: log.lines for log in logs}
        written = sum(map(len, expected.values()))
        self.wait_for(lambda: sum(map(len, self.rows().values())) >= written, agent, f"all {written} lines are read")
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(SECONDS), 0)
        found = self.rows()
        for name, lines in expected.items():
            self.assertEqual(found[name], lines, name)
        audit = subprocess.run([LEVADA, "audit", "--config", str(self.config)], capture_output=True, text=True)
        self.assertEqual(audit.returncode, 0, audit.stdout)


if __name__ == "__main__":
    unittest.main()
