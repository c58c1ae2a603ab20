"""The guarantee table of docs/guides/delivery.md, cell by cell: each source over each channel into each sink, with
kill -9 at random points.

guarantees_test.py Local needs no server; guarantees_test.py Kafka runs below tests/services/with-kafka.
"""

import collections
import json
import os
import re
import subprocess
import threading
import unittest
import uuid

from test_bench import LEVADA, SECONDS, FaultTest

ROWS = 12_000
STDIN_ROWS = 1000
KILLS = 4
BROKER = os.environ.get("KAFKA_BOOTSTRAP")

SOURCES = {
    "spool": 'type = "spool"\npath = "{folder}/spool"\nsettle = "0s"\nread_bytes = "2KiB"',
    "stdin": 'type = "stdin"\nread_bytes = "2KiB"',
    "generate": 'type = "generate"\nrecord = "bot_events"\nrows = {rows}\nrate = 20_000\nbatch_rows = 50',
    "kafka": 'type = "kafka"\nbrokers = ["{broker}"]\ntopics = ["{topic}-in"]\nshare = "1/1"\nbatch_rows = 200',
}
CHANNELS = {
    "memory": 'type = "memory"',
    "file": 'type = "file"\nlow_water_bytes = 0',
}
TO_KAFKA = 'type = "kafka"\nbrokers = ["{broker}"]\ntopic = "{topic}-out"\ncreate_topics = true\n'
SINKS = {
    "file": 'type = "file"\npath = "{folder}/out"',
    "console": 'type = "console"',
    "null": 'type = "null"',
    "kafka": TO_KAFKA,
    "kafka_transactions": TO_KAFKA + 'transactions = true\ntransactional_id = "{topic}"',
}
EXACTLY_ONCE = {"file", "kafka_transactions"}

CONFIGURATION = """
[agent]
data_dir = "{folder}/data"
[sources.in]
channels = ["main"]
{source}
[channels.main]
{channel}
[sinks.out]
channel = "main"
commit_interval = "10ms"
commit_rows = 200
retry_max = "200ms"
{sink}
"""


class Guarantees(FaultTest):
    def prepare(self, source, channel, sink):
        self.sink, self.topic, self.outputs = sink, f"cell-{uuid.uuid4().hex[:8]}", []
        names = {"folder": self.folder, "rows": ROWS, "broker": BROKER, "topic": self.topic}
        self.config.write_text(CONFIGURATION.format(
            folder=self.folder, source=SOURCES[source].format(**names), channel=CHANNELS[channel],
            sink=SINKS[sink].format(**names)))
        said = self.command("check")
        self.assertEqual("sinks.out: it keeps no position" in said, sink not in EXACTLY_ONCE, said)
        self.assertEqual("sources.in: it cannot go back" in said, source == "stdin", said)

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        """What it prints is kept apart for each life."""
        self.outputs.append(self.folder / f"printed-{len(self.outputs)}")
        with open(self.log, "ab") as log, open(self.outputs[-1], "wb") as output:
            self.agent = subprocess.Popen(
                [LEVADA, "run", "--config", str(self.config), *arguments], stdin=stdin, stdout=output, stderr=log)

    def end(self):
        super().end()
        if self.agent and self.agent.stdin:
            self.agent.stdin.close()

    def lines(self, first, rows):
        return [json.dumps({"id": number}) for number in range(first, first + rows)]

    def write_input(self, source):
        """The rows that must arrive."""
        lines = self.lines(0, ROWS)
        text = "".join(line + "\n" for line in lines)
        if source == "spool":
            (self.folder / "spool").mkdir()
            for part in range(4):
                quarter = lines[part * ROWS // 4:(part + 1) * ROWS // 4]
                (self.folder / f"spool/{part}.ndjson").write_text("".join(line + "\n" for line in quarter))
        elif source == "generate":
            lines = self.generated()
        else:
            command = ["kcat", "-P", "-b", BROKER, "-t", f"{self.topic}-in"]
            subprocess.run(command, input=text.encode(), check=True, timeout=SECONDS)
        return collections.Counter(lines)

    def generated(self):
        """What the generator makes, by a run that nobody disturbs."""
        config = self.folder / "reference.toml"
        config.write_text(CONFIGURATION.format(
            folder=f"{self.folder}/reference", source=SOURCES["generate"].format(rows=ROWS), channel=CHANNELS["memory"],
            sink=SINKS["console"]))
        run = subprocess.run([LEVADA, "run", "--config", config, "--until-drained"],
                             capture_output=True, text=True, check=True, timeout=SECONDS)
        lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
        self.assertEqual(len(lines), ROWS)
        return lines

    def delivered(self):
        """How often each row has arrived."""
        if self.sink == "file":
            texts = [path.read_text() for path in (self.folder / "out").glob("*.ndjson")]
        elif self.sink == "console":
            texts = [path.read_text() for path in self.outputs]
        else:
            command = ["kcat", "-C", "-q", "-e", "-o", "beginning", "-b", BROKER]
            command += ["-X", "isolation.level=read_committed"]
            command += ["-t", f"{self.topic}-out", "-f", "%s\\n"]
            texts = [subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout]
        # A line that a kill cut off is no row; the report of a run is none, either.
        lines = (line for text in texts for line in text.splitlines(keepends=True))
        return collections.Counter(line[:-1] for line in lines if line.startswith("{") and line.endswith("\n"))

    def counted(self):
        """The rows that were read, and those that were delivered, by the audit, which finds no fault."""
        if not any((self.folder / "data").glob("*")):
            return 0, 0
        audit = self.command("audit")
        found = re.search(r"read ([\d,]+) = delivered ([\d,]+)", audit)
        return tuple(int(count.replace(",", "")) for count in found.groups()) if found else (0, 0)

    def check(self, expected, maybe=()):
        """All that is expected arrived; what else may be there are the rows `maybe`."""
        read, delivered = self.counted()
        self.assertEqual(read, delivered)
        least = sum(expected.values())
        self.assertTrue(least <= read <= least + len(maybe), f"{read} of {least} rows; {self.context()}")
        if self.sink == "null":
            return
        arrived = self.delivered()
        lost = expected - arrived
        self.assertFalse(lost, f"{sum(lost.values())} rows are lost; {self.context()}")
        more = arrived - expected - collections.Counter(maybe)
        if self.sink in EXACTLY_ONCE:
            self.assertFalse(more, f"{sum(more.values())} rows are doubled; {self.context()}")
        else:
            self.assertFalse(more.keys() - expected.keys() - set(maybe), f"{self.context()}")

    def prove(self, source, channel, sink):
        self.prepare(source, channel, sink)
        if source == "stdin":
            return self.prove_stdin(channel)
        expected = self.write_input(source)
        pause = threading.Event()
        longest = 1.0 if "kafka" in (source, sink[:5]) else 0.15
        for _ in range(KILLS):
            self.start()
            pause.wait(self.rng.random() * longest)
            if self.agent.poll() != 0:  # A generator that has made all its rows ends the run.
                self.kill()
        self.start("--until-drained")
        self.assertEqual(self.agent.wait(timeout=SECONDS), 0, self.context())
        self.check(expected)

    def prove_stdin(self, channel):
        """What the channel has on disk, or the sink in a commit, is safe. What was under way is lost, never doubled."""
        stored, under_way, later = (self.lines(part * STDIN_ROWS, STDIN_ROWS) for part in range(3))
        self.start(stdin=subprocess.PIPE)
        self.give(stored)
        if channel == "file":
            self.wait_for(lambda: f"{STDIN_ROWS:,} rows" in self.listed(), "the channel has the rows")
        else:
            self.wait_for(lambda: self.counted()[1] == STDIN_ROWS, "the sink has the rows")
        self.give(under_way)
        self.kill()
        self.agent.stdin.close()
        self.start("--until-drained", stdin=subprocess.PIPE)
        self.give(later)
        self.agent.stdin.close()
        self.assertEqual(self.agent.wait(timeout=SECONDS), 0, self.context())
        self.check(collections.Counter(stored + later), under_way)

    def give(self, lines):
        self.agent.stdin.write("".join(line + "\n" for line in lines).encode())
        self.agent.stdin.flush()

    def listed(self):
        if not (self.folder / "data/channels/main/channel").exists():
            return ""
        return self.command("channel", "list", "main")


def add_cells(case, sources, sinks):
    for source in sources:
        for channel in CHANNELS:
            for sink in sinks:
                def test(self, cell=(source, channel, sink)):
                    self.prove(*cell)

                setattr(case, f"test_{source}_over_{channel}_to_{sink}", test)


class Local(Guarantees):
    pass


class Kafka(Guarantees):
    pass


add_cells(Local, ("spool", "stdin", "generate"), ("file", "console", "null"))
add_cells(Kafka, ("spool", "stdin", "generate"), ("kafka", "kafka_transactions"))
add_cells(Kafka, ("kafka",), SINKS)

if __name__ == "__main__":
    unittest.main()
