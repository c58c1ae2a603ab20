"""The sinks parquet and delta write to a real HDFS and a real S3, and agents are killed while they do so, or the
servers are, or requests fail on their way, are cut or come twice: other programs find each row once. A Delta table has
two agents, of which one optimizes it meanwhile.

What is in HDFS is fetched with WebHDFS by Python, what is in S3 lies in the folder of the server. Run below
tests/services/with hdfs s3, with the Python packages of tools/requirements.txt.
"""

import collections
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

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent),
                str(pathlib.Path(__file__).parent.parent / "lake")]
from delta_table import COLUMNS, LEVADA, counted, inline, line_of, make_rows
from lake_agent import configuration
from lake_servers import SECONDS, Hdfs, S3
from unreliable_proxy import FAULTS, UnreliableProxy
from waiting import wait_until

KILLS = int(os.environ.get("LEVADA_KILLS", "30")) // 5 + 1  # In each of four tests, which take their time.
NODES = ["dn1", "nn", "dn2"]  # Of HDFS, which are killed one after the other, too.
SEED = int(os.environ.get("LEVADA_SEED", random.randrange(1, 1_000_000)))
FILES = 40
FILE_ROWS = 500


def rows_of_parquet(folder):
    in_paths = pyarrow.dataset.partitioning(pyarrow.schema([("ok", pyarrow.bool_())]), flavor="hive")
    return pyarrow.dataset.dataset(folder, format="parquet", partitioning=in_paths).to_table().to_pylist()


def rows_of_delta(folder):
    table = deltalake.DeltaTable(str(folder))
    print(f"commits: {dict(collections.Counter(commit['operation'] for commit in table.history()))}")
    return table.to_pyarrow_table().to_pylist()


class Sinks(unittest.TestCase):
    def setUp(self):
        print(f"LEVADA_SEED={SEED}", flush=True)
        self.rng = random.Random(SEED)
        folder = tempfile.TemporaryDirectory(prefix="levada-lake.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.place = f"sinks-{SEED}-{self._testMethodName}"
        self.log = self.folder / "agent.log"

    def configure(self, name, sink, address, storage, more):
        folder = self.folder / name
        (folder / "in").mkdir(parents=True)
        options = "\n".join(f'{name} = "{value}"' for name, value in (option.split("=", 1) for option in storage))
        (folder / "agent.toml").write_text(configuration(folder, folder / "in", inline(COLUMNS), f"""
type = "{sink}"
path = "{address}"
partition_by = ["ok"]
columns = {inline(COLUMNS)}
commit_interval = "200ms"
{more}
[sinks.out.storage]
{options}
""", source='completed = "delete"'))

    def start(self, name, *arguments):
        with open(self.log, "ab") as log:
            agent = subprocess.Popen([LEVADA, "run", "--config", self.folder / name / "agent.toml", *arguments],
                                     stdout=log, stderr=log)
        self.addCleanup(lambda: agent.poll() is None and agent.kill())
        return agent

    def prove(self, server, sink, storage, read, nodes=()):
        """Agents are killed while they write, and after that these nodes of HDFS."""
        names = ["one", "two"] if sink == "delta" else ["one"]
        for name in names:
            self.configure(name, sink, server.address(self.place), storage,
                           'optimize_interval = "500ms"' if name == "two" else "")
        rows = list(make_rows(self.rng, 0, FILES * FILE_ROWS))
        for file in range(FILES):
            lines = [line_of(row) + "\n" for row in rows[file * FILE_ROWS:(file + 1) * FILE_ROWS]]
            incoming = self.folder / names[file % len(names)] / "in"
            (incoming / f"{file:03}.tmp").write_text("".join(lines))
        lives = KILLS + len(nodes)
        agents = {name: self.start(name) for name in names}
        for _ in range(KILLS):
            self.add_files((FILES - 4) // lives)
            self.pause(0.3 + 2.5 * self.rng.random())
            name = self.rng.choice(names)
            agents[name].send_signal(signal.SIGKILL)
            self.assertEqual(agents[name].wait(timeout=SECONDS), -signal.SIGKILL, self.said())
            agents[name] = self.start(name)
        for node in nodes:
            self.add_files((FILES - 4) // lives)
            self.pause(self.rng.random())
            server.service("kill", node)
            self.pause(2 * self.rng.random())
            server.service("start")
        if sink == "delta":
            self.add_files(4)
            wait_until(self.is_optimized, "agent two puts small files together", SECONDS, agents.values(), self.said)
        for agent in agents.values():
            self.assertIsNone(agent.poll(), self.said())
            agent.kill()
            agent.wait()
        self.add_files(FILES)
        for agent in [self.start(name, "--until-drained") for name in names]:
            self.assertEqual(agent.wait(timeout=SECONDS), 0, self.said())
        found = counted(read(server.fetch(self.place, self.folder / "fetched")), COLUMNS)
        expected = counted(rows, COLUMNS)
        self.assertEqual(sum((expected - found).values()), 0, f"rows are lost; {self.said()}")
        self.assertEqual(sum((found - expected).values()), 0, f"rows are doubled, or changed; {self.said()}")

    def is_optimized(self):
        words = ["curl", "--silent", "--unix-socket", self.folder / "two/data/agent.sock", "http://agent/metrics"]
        metrics = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS).stdout
        counts = [line.rsplit(" ", 1)[1] for line in metrics.splitlines() if line.startswith("levada_files_optimized")]
        return any(float(count) > 0 for count in counts)

    def add_files(self, count):
        """Something new for the agent."""
        for path in sorted(self.folder.glob("*/in/*.tmp"), key=lambda path: path.name)[:count]:
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
