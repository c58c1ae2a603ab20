"""Two agents and an optimizer work on one Delta table, and are killed at random points: each row is in the table once,
the log names no file that is not there, and vacuum takes what nobody needs."""

import collections
import json
import pathlib
import signal
import subprocess
import threading
import time
import unittest
import urllib.parse

import deltalake
import pyarrow

from test_bench import LEVADA, FaultTest, Spool, toml, turns

KILLS = 4 * turns(5, "LEVADA_KILLS")
FILE_ROWS = 400
FILES_WAITING = 6


class DeltaKills(FaultTest):
    def setUp(self):
        super().setUp()
        self.table = self.folder / "table"
        self.agents = {}
        self.optimizer = None
        self.addCleanup(self.end_all)

    def end_all(self):
        for process in [*self.agents.values(), self.optimizer]:
            if process and process.poll() is None:
                process.kill()
                process.wait()

    def configure_agent(self, name):
        config = self.folder / f"{name}.toml"
        config.write_text(toml({
            "agent": {"data_dir": f"{self.folder}/data-{name}"},
            "sources.files": {"type": "spool", "path": f"{self.folder}/spool-{name}", "settle": "0s",
                              "completed": "delete", "channels": ["main"], "interceptors": ["columns"]},
            "interceptors.columns": {"type": "parse_json"},
            "interceptors.columns.columns": {"id": "int64", "key": "text"},
            "channels.main": {"type": "memory"},
            "sinks.rows": {"type": "delta", "channel": "main", "path": str(self.table), "partition_by": ["writer"],
                           "commit_interval": "20ms", "checkpoint_interval": 7, "schema_mode": "add_columns",
                           "interceptors": ["writer"]},
            "sinks.rows.columns": {"id": "int64", "key": "text", "writer": "text"},
            "interceptors.writer": {"type": "static"},
            "interceptors.writer.columns": {"writer": name},
        }))
        return config

    def start_process(self, *arguments):
        with open(self.log, "ab") as log:
            return subprocess.Popen([LEVADA, *arguments], stdout=log, stderr=log)

    def start_agent(self, name, *arguments):
        self.agents[name] = self.start_process("run", "--config", str(self.folder / f"{name}.toml"), *arguments)

    def optimize(self):
        """Starts the optimizer anew where it is through."""
        if self.optimizer is None or self.optimizer.poll() is not None:
            self.optimizer = self.start_process("table", "optimize", str(self.table))

    def test_each_row_is_there_once(self):
        spools = {}
        for name in ("one", "two"):
            self.configure_agent(name)
            spools[name] = Spool(self.folder / f"spool-{name}", self.rng)
            self.start_agent(name)
        pause = threading.Event()
        kills = collections.Counter()
        while kills.total() < KILLS:
            until = time.monotonic() + 0.7 * self.rng.random()
            while time.monotonic() < until:
                for name, spool in spools.items():
                    while spool.waiting() < FILES_WAITING:
                        spool.add(self.rng.randrange(1, FILE_ROWS), self.rng.randrange(100))
                    self.assertIsNone(self.agents[name].poll(), "an agent ended by itself; " + self.context())
                self.optimize()
                pause.wait(0.01)
            victim = self.rng.choice(["one", "two", "optimizer"])
            process = self.optimizer if victim == "optimizer" else self.agents[victim]
            process.kill()
            # An optimizer may have just ended by itself.
            kills[victim] += process.wait() == -signal.SIGKILL
            if victim != "optimizer":
                self.start_agent(victim)
        for name in spools:
            self.agents[name].kill()
            self.agents[name].wait()
            self.start_agent(name, "--until-drained")
        for name, spool in spools.items():
            self.assertEqual(self.agents[name].wait(timeout=100), 0, self.context())
            self.assertEqual(spool.waiting(), 0, self.context())
        self.optimizer.wait(timeout=100)
        self.check(spools)
        print(f"kills: {dict(kills)}; {deltalake.DeltaTable(str(self.table)).version()} versions")

    def check_log(self):
        """Each commit adds what was not there and removes what was, and all that is live is there."""
        log = self.table / "_delta_log"
        versions = sorted(log.glob("?" * 20 + ".json"))
        self.assertEqual([int(path.name[:20]) for path in versions], list(range(len(versions))))
        live = set()
        for path in versions:
            actions = [json.loads(line) for line in path.read_text().splitlines()]
            for action in actions:
                if "remove" in action:
                    self.assertIn(action["remove"]["path"], live, f"{path.name} removes it")
                    live.remove(action["remove"]["path"])
            for action in actions:
                if "add" in action:
                    self.assertNotIn(action["add"]["path"], live, f"{path.name} adds it")
                    live.add(action["add"]["path"])
        for path in live:
            self.assertTrue((self.table / urllib.parse.unquote(path)).is_file(), f"{path} is in the log, and not there")

    def check(self, spools):
        self.check_log()
        self.check_rows(spools)
        for verb in (["optimize"], ["vacuum", "--retention", "0 seconds"]):
            done = subprocess.run([LEVADA, "table", verb[0], str(self.table), *verb[1:]],
                                  capture_output=True, text=True, timeout=100)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.check_rows(spools)
        named = {pathlib.Path(uri).relative_to(self.table) for uri in deltalake.DeltaTable(str(self.table)).file_uris()}
        there = {path.relative_to(self.table) for path in self.table.rglob("*.parquet")
                 if "_delta_log" not in path.parts}
        self.assertEqual(there, named, "files that nobody needs stay, or some are missing")
        self.assertEqual([path for path in self.table.rglob(".*") if path.suffix == ".tmp"], [], "left in the log")

    def check_rows(self, spools):
        table = deltalake.DeltaTable(str(self.table)).to_pyarrow_table(columns=["id", "key", "writer"])
        for name, spool in spools.items():
            rows = table.filter(pyarrow.compute.equal(table["writer"], name))
            self.assert_once(rows.to_pylist(), spool.rows, f"rows of {name}")
            self.assertEqual(collections.Counter(rows["key"].to_pylist()), spool.by_key)


if __name__ == "__main__":
    unittest.main()
