"""The sinks parquet and delta write to a real HDFS and a real S3, and the agent is killed while it does so, or the
servers are, or requests fail on their way, are cut or come twice: other programs find each row once.

What is in HDFS is fetched with WebHDFS by Python, what is in S3 lies in the folder of the server. Run below
tests/services/with hdfs s3, with the Python packages of tools/requirements.txt.
"""

import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import deltalake
import pyarrow
import pyarrow.dataset

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent / "lake")]
from delta_table import COLUMNS, LEVADA, counted, inline, line_of, make_rows
from lake_agent import configuration
from lake_servers import SECONDS, Hdfs, S3
from unreliable_proxy import FAULTS, UnreliableProxy

KILLS = int(os.environ.get("LEVADA_KILLS", "30")) // 5 + 1  # In each of four tests, which take their time.
NODES = ["dn1", "nn", "dn2"]  # Of HDFS, which are killed one after the other, too.
SEED = int(os.environ.get("LEVADA_SEED", random.randrange(1, 1_000_000)))
FILES = 40
FILE_ROWS = 500


def rows_of_parquet(folder):
    in_paths = pyarrow.dataset.partitioning(pyarrow.schema([("ok", pyarrow.bool_())]), flavor="hive")
    return pyarrow.dataset.dataset(folder, format="parquet", partitioning=in_paths).to_table().to_pylist()


def rows_of_delta(folder):
    return deltalake.DeltaTable(str(folder)).to_pyarrow_table().to_pylist()


class Sinks(unittest.TestCase):
    def setUp(self):
        print(f"LEVADA_SEED={SEED}", flush=True)
        self.rng = random.Random(SEED)
        folder = tempfile.TemporaryDirectory(prefix="levada-lake.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.place = f"sinks-{SEED}-{self._testMethodName}"
        self.log = self.folder / "agent.log"

    def configure(self, sink, address, storage):
        options = "\n".join(f'{name} = "{value}"' for name, value in (option.split("=", 1) for option in storage))
        (self.folder / "agent.toml").write_text(configuration(
            self.folder, f"{self.folder}/in", inline(COLUMNS), f"""
type = "{sink}"
path = "{address}"
partition_by = ["ok"]
columns = {inline(COLUMNS)}
commit_interval = "200ms"
[sinks.out.storage]
{options}
""", source='completed = "delete"'))

    def start(self, *arguments):
        with open(self.log, "ab") as log:
            agent = subprocess.Popen([LEVADA, "run", "--config", str(self.folder / "agent.toml"), *arguments],
                                     stdout=log, stderr=log)
        self.addCleanup(lambda: agent.poll() is None and agent.kill())
        return agent

    def prove(self, server, sink, storage, read, nodes=()):
        """The agent is killed while it writes, and after that these nodes of HDFS."""
        self.configure(sink, server.address(self.place), storage)
        incoming = self.folder / "in"
        incoming.mkdir()
        rows = list(make_rows(self.rng, 0, FILES * FILE_ROWS))
        for file in range(FILES):
            lines = [line_of(row) + "\n" for row in rows[file * FILE_ROWS:(file + 1) * FILE_ROWS]]
            (incoming / f"{file:03}.tmp").write_text("".join(lines))
        lives = KILLS + len(nodes)
        for _ in range(KILLS):
            agent = self.start()
            self.add_files(FILES // lives)
            self.pause(0.3 + 2.5 * self.rng.random())
            agent.send_signal(signal.SIGKILL)
            self.assertEqual(agent.wait(timeout=SECONDS), -signal.SIGKILL, self.said())
        if nodes:
            agent = self.start()
        for node in nodes:
            self.add_files(FILES // lives)
            self.pause(self.rng.random())
            server.service("kill", node)
            self.pause(2 * self.rng.random())
            server.service("start")
            self.assertIsNone(agent.poll(), self.said())
        if nodes:
            agent.kill()
            agent.wait()
        self.add_files(FILES)
        agent = self.start("--until-drained")
        self.assertEqual(agent.wait(timeout=SECONDS), 0, self.said())
        found = counted(read(server.fetch(self.place, self.folder / "fetched")), COLUMNS)
        expected = counted(rows, COLUMNS)
        self.assertEqual(sum((expected - found).values()), 0, f"rows are lost; {self.said()}")
        self.assertEqual(sum((found - expected).values()), 0, f"rows are doubled, or changed; {self.said()}")

    def add_files(self, count):
        """Something new for the agent."""
        for path in sorted((self.folder / "in").glob("*.tmp"))[:count]:
            path.rename(path.with_suffix(".ndjson"))

    def pause(self, seconds):
        threading.Event().wait(seconds)

    def said(self):
        return f"LEVADA_SEED={SEED}; the agent said:\n{self.log.read_text()[-4000:]}"

    def test_parquet_in_hdfs_whose_nodes_are_killed(self):
        self.prove(Hdfs, "parquet", Hdfs.options, rows_of_parquet, NODES)

    def test_delta_in_hdfs_whose_nodes_are_killed(self):
        self.prove(Hdfs, "delta", Hdfs.options, rows_of_delta, NODES)

    def prove_in_s3(self, sink, read):
        """By way of a proxy that lets requests fail, cuts them and doubles them."""
        with UnreliableProxy(S3.endpoint, SEED) as proxy:
            self.prove(S3, sink, S3.options(proxy.endpoint), read)
        print(f"requests: {dict(proxy.faults)}")
        self.assertEqual(set(FAULTS) - set(proxy.faults), set())

    def test_parquet_in_s3_behind_an_unreliable_proxy(self):
        self.prove_in_s3("parquet", rows_of_parquet)

    def test_delta_in_s3_behind_an_unreliable_proxy(self):
        self.prove_in_s3("delta", rows_of_delta)


if __name__ == "__main__":
    unittest.main()
