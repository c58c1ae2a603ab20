"""The sink hdfs writes to a real HDFS, and the agent and the servers are killed while it does so: other programs find
each row once, and Hadoop reads every kind of file.

Files are listed and fetched with WebHDFS by Python, or printed by Hadoop's own FsShell. Run below
tests/services/with hdfs s3, with the Python packages of tools/requirements.txt.
"""

import collections
import datetime
import gzip
import io
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import fastavro
import pyarrow

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
from lake_servers import SECONDS, SERVICES, USER, Hdfs
from waiting import wait_until

LEVADA = os.environ["LEVADA"]
EXAMPLE = SERVICES.parent.parent / "conf/examples/hdfs/access_log.toml"
SEED = int(os.environ.get("LEVADA_SEED", random.randrange(1, 1_000_000)))
KILLS = 5
HOURS = 24
HOUR_ROWS = 150
DAY = datetime.datetime(2026, 1, 31, tzinfo=datetime.timezone.utc)
AGENT = """
[agent]
data_dir = "{folder}/data"
log_level = "warning"
[sources.in]
type = "spool"
path = "{folder}/in"
settle = "0s"
interceptors = ["parse"]
channels = ["main"]
[interceptors.parse]
type = "parse_json"
columns = {{ id = "int64", at = "timestamp" }}
[channels.main]
type = "memory"
"""
SINK = """
[sinks.{name}]
type = "hdfs"
channel = "main"
time_column = "at"
storage = {{ user = "{user}" }}
path = "{path}"
{options}
"""


class HdfsSink(unittest.TestCase):
    def setUp(self):
        print(f"LEVADA_SEED={SEED}", flush=True)
        self.rng = random.Random(SEED)
        folder = tempfile.TemporaryDirectory(prefix="levada-hdfs.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.incoming = self.folder / "in"
        self.incoming.mkdir()
        self.place = f"hdfs-{SEED}-{self._testMethodName}"
        self.log = self.folder / "agent.log"
        self.log.touch()
        self.config = self.folder / "agent.toml"
        self.config.write_text(AGENT.format(folder=self.folder))

    def add_sink(self, name, path, options):
        with self.config.open("a") as config:
            config.write(SINK.format(name=name, user=USER, path=f"{Hdfs.address(self.place)}/{path}", options=options))

    def start(self, *arguments):
        with open(self.log, "ab") as log:
            agent = subprocess.Popen([LEVADA, "run", "--config", self.config, *arguments], stdout=log, stderr=log)
        self.addCleanup(lambda: agent.poll() is None and agent.kill())
        return agent

    def drain(self):
        self.assertEqual(self.start("--until-drained").wait(timeout=SECONDS), 0, self.said())

    def said(self):
        return f"LEVADA_SEED={SEED}; the agent said:\n{self.log.read_text()[-4000:]}"

    def lines_of(self, hour, count=HOUR_ROWS):
        """Rows of an hour, some of them of one before."""
        for number in range(count):
            late = self.rng.random() < 0.02
            at = DAY + datetime.timedelta(hours=self.rng.randrange(hour + 1) if late else hour,
                                          seconds=self.rng.randrange(3600))
            yield json.dumps({"id": hour * count + number, "at": at.isoformat(), "text": 20 * f"{number} ä"})

    def feed(self, name, lines):
        (self.incoming / f"{name}.tmp").write_text("".join(line + "\n" for line in lines))
        (self.incoming / f"{name}.tmp").rename(self.incoming / f"{name}.ndjson")

    def fetch(self):
        """The content of each complete file, by its path; files in use must all have gone."""
        fetched = Hdfs.fetch(self.place, self.folder / "fetched")
        contents = {str(path.relative_to(fetched)): path.read_bytes() for path in fetched.rglob("*") if path.is_file()}
        hidden = {path for path in contents if f"/{path}".find("/.") >= 0}
        self.assertEqual([path for path in hidden if not path.endswith("/here")], [], self.said())
        return {path: content for path, content in contents.items() if path not in hidden}

    def check(self, lines, times, text_of):
        """Each line is there so many times, in the folder of its hour."""
        found = collections.Counter()
        for path, content in self.fetch().items():
            for line in text_of(content).decode().splitlines():
                hour = json.loads(line)["at"][:13].replace("-", "/").replace("T", "/")
                self.assertEqual(path.rsplit("/", 1)[0], hour)
                found[line] += 1
        expected = collections.Counter({line: times for line in lines})
        self.assertEqual(sum((expected - found).values()), 0, f"rows are lost; {self.said()}")
        self.assertEqual(sum((found - expected).values()), 0, f"rows are doubled, or changed; {self.said()}")

    def test_two_sinks_of_a_folder_are_killed_with_their_agent(self):
        for name in ("one", "two"):
            self.add_sink(name, "%Y/%m/%d/%H", """
compression = "gzip"
max_open_files = 4
roll_rows = 1000
roll_interval = "2s"
commit_interval = "100ms"
""")
        lines = []
        pause = threading.Event()
        for kill in range(KILLS):
            agent = self.start()
            for hour in range(HOURS * kill // KILLS, HOURS * (kill + 1) // KILLS):
                hour_lines = list(self.lines_of(hour))
                lines += hour_lines
                self.feed(f"{hour:02}", hour_lines)
            pause.wait(0.3 + 1.2 * self.rng.random())
            agent.send_signal(signal.SIGKILL)
            self.assertEqual(agent.wait(timeout=SECONDS), -signal.SIGKILL, self.said())
        self.drain()
        self.check(lines, 2, gzip.decompress)

    def test_servers_die_under_load_and_come_back(self):
        self.add_sink("one", "%Y/%m/%d/%H", """
roll_rows = 400
commit_interval = "100ms"
""")
        agent = self.start()
        lines = []
        hours = iter(range(HOURS))
        for node in ("dn1", "nn"):
            for action in ([], ["kill", node], ["start"]):
                if action:
                    Hdfs.service(*action)
                for hour in [next(hours) for _ in range(HOURS // 6)]:
                    hour_lines = list(self.lines_of(hour))
                    lines += hour_lines
                    self.feed(f"{hour:02}", hour_lines)
                self.wait_for_rows(agent, node if not action else None)
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(timeout=SECONDS), 0, self.said())
        self.drain()
        self.check(lines, 1, bytes)

    def wait_for_rows(self, agent, before):
        """Until the sink has something in use, so that a server is killed under load."""
        if not before:
            return

        def has_files():
            try:
                return "FileStatus\":[" in Hdfs.get(self.place, "LISTSTATUS").decode()
            except OSError:
                return False

        wait_until(has_files, "a file comes", SECONDS, alive=[agent], said=self.said)

    def test_hadoop_reads_every_kind_of_file(self):
        kinds = [("text", "none"), ("text", "gzip"), ("text", "snappy"), ("sequence_text", "none"),
                 ("sequence_text", "gzip"), ("sequence_text", "snappy"), ("sequence_bytes", "none"),
                 ("sequence_bytes", "snappy"), ("text", "zstd")]
        for file_type, compression in kinds:
            self.add_sink(f"{file_type}_{compression}", f"{file_type}/{compression}/%Y", f"""
file_type = "{file_type}"
compression = "{compression}"
roll_rows = {HOUR_ROWS * 2 // 3}
commit_rows = {HOUR_ROWS // 3}
""")
        lines = []
        for hour in range(3):
            hour_lines = list(self.lines_of(hour))
            lines += hour_lines
            # Each file is a commit, and a part, at least.
            self.feed(f"{hour:02}", hour_lines)
        self.drain()
        lines.sort()
        zstd_lines = []
        contents = self.fetch()
        for path, content in contents.items():
            if path.endswith(".zst"):
                with pyarrow.input_stream(pyarrow.py_buffer(content), compression="zstd") as stream:
                    zstd_lines += stream.read().decode().splitlines()
        self.assertEqual(sorted(zstd_lines), lines)
        # However many parts there were.
        files = collections.Counter(path.rsplit("/", 2)[0] for path in contents)
        self.assertEqual(files, {"/".join(kind): -(-len(lines) // (HOUR_ROWS * 2 // 3)) for kind in kinds})
        read_by_hadoop = kinds[:-1]
        globs = [f"/{self.place}/{file_type}/{compression}/2026/*" for file_type, compression in read_by_hadoop]
        words = [SERVICES / "hdfs", "tool", Hdfs.folder, "org.apache.hadoop.fs.FsShell", "-text", *globs]
        shell = subprocess.run(words, capture_output=True, timeout=SECONDS)
        self.assertEqual(shell.returncode, 0, shell.stderr.decode()[-4000:])
        printed = shell.stdout.decode().splitlines()
        self.assertEqual(len(printed), len(lines) * len(read_by_hadoop))
        for at, (file_type, compression) in enumerate(read_by_hadoop):
            rows = printed[at * len(lines):(at + 1) * len(lines)]
            if file_type != "text":
                keys, rows = zip(*(row.split("\t") for row in rows))
            if file_type == "sequence_bytes":
                rows = [bytes.fromhex(row.replace(" ", "")).decode() for row in rows]
            self.assertEqual(sorted(rows), lines, f"{file_type}, {compression}")
            if file_type != "text":
                self.assertEqual([self.milliseconds(row) for row in rows], [int(key) for key in keys])

    def test_hadoop_and_fastavro_read_avro_files(self):
        codecs = ("none", "gzip", "snappy", "zstd")
        for codec in codecs:
            self.add_sink(codec, f"{codec}/%Y", f"""
format = "avro"
compression = "{codec}"
roll_rows = {HOUR_ROWS * 2 // 3}
commit_rows = {HOUR_ROWS // 3}
""")
        lines = []
        for hour in range(3):
            hour_lines = list(self.lines_of(hour))
            lines += hour_lines
            self.feed(f"{hour:02}", hour_lines)
        self.drain()
        expected = sorted((row["id"], datetime.datetime.fromisoformat(row["at"])) for row in map(json.loads, lines))
        contents = self.fetch()
        files = collections.Counter(path.split("/")[0] for path in contents)
        self.assertEqual(files, {codec: -(-len(lines) // (HOUR_ROWS * 2 // 3)) for codec in codecs})
        for codec in codecs:
            rows = [row for path, content in contents.items() if path.startswith(f"{codec}/")
                    for row in fastavro.reader(io.BytesIO(content))]
            self.assertEqual(sorted((row["id"], row["at"]) for row in rows), expected, codec)
        for codec in codecs[:3]:
            words = [SERVICES / "hdfs", "tool", Hdfs.folder, "org.apache.hadoop.fs.FsShell", "-text",
                     f"/{self.place}/{codec}/2026/*"]
            shell = subprocess.run(words, capture_output=True, timeout=SECONDS)
            self.assertEqual(shell.returncode, 0, shell.stderr.decode()[-4000:])
            rows = [json.loads(line) for line in shell.stdout.decode().splitlines() if line]
            self.assertEqual(sorted(row["id"]["long"] for row in rows), [number for number, _ in expected], codec)

    def test_the_example_runs(self):
        lines = [json.dumps({"time": (DAY + datetime.timedelta(seconds=3601 * number)).isoformat(),
                             **({"host": "a:1"} if number else {})}) for number in range(3)]
        self.feed("access", lines)
        settings = {"NAMENODE": Hdfs.web, "FOLDER": f"/{self.place}", "SPOOL": self.incoming, "HDFS_USER": USER,
                    "DATA": self.folder / "data"}
        done = subprocess.run([LEVADA, "run", "--config", EXAMPLE, "--until-drained"], timeout=SECONDS,
                              env={**os.environ, **settings}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        contents = self.fetch()
        self.assertEqual(sorted(path.rsplit("/", 1)[0] for path in contents),
                         ["a_1/2026/01/31/01", "a_1/2026/01/31/02", "unknown/2026/01/31/00"])
        self.assertEqual({path.rsplit(".", 2)[1] for path in contents}, {"ndjson"})

    @staticmethod
    def milliseconds(line):
        return round(datetime.datetime.fromisoformat(json.loads(line)["at"]).timestamp() * 1000)


if __name__ == "__main__":
    unittest.main()
