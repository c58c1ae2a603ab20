"""An agent reloads LEVADA_RELOADS times under load, with random legal and illegal edits of its configuration, plugin
files that are replaced, and sinks that nobody can reach: no row is lost or doubled, nothing hangs, and each illegal
edit is answered with its reason, and all goes on as before. LEVADA_SEED repeats the random choices."""

import copy
import json
import os
import pathlib
import re
import shutil
import signal
import threading
import time
import unittest

import test_bench

RELOADS = test_bench.turns(40, "LEVADA_RELOADS")
# A plugin that crashes ends its process by the signal, as it does without a sanitizer.
if "ASAN_OPTIONS" in os.environ:
    os.environ["ASAN_OPTIONS"] += ":handle_segv=0"
FLOWS = ("a", "b", "c", "d")
FOLLOWS = "d"  # The flow of a source that follows a file; the others are of spooled files.
# Sources and sinks that nobody can reach, or whom nobody reaches.
LONELY = {
    "http": {"listen": "127.0.0.1:0", "routes": {"/rows": {"format": "ndjson"}}},
    "http_fetch": {"urls": {"list": "http://127.0.0.1:1/list"}, "every": "1h"},
    "postgres": {"connection": "host=127.0.0.1 port=1 dbname=none", "query": "SELECT id FROM rows", "cursor": "id"},
    "tail": {"include": ["/nonexistent/*.log"]},
    "generate": {"record": "bot_events", "rows": 1000},
}
DEAD = {
    "kafka": {"brokers": ["127.0.0.1:1"], "topic": "t"},
    "postgres": {"connection": "host=127.0.0.1 port=1 dbname=none", "table": "rows"},
    "webhook": {"url": "http://127.0.0.1:1/"},
}
ANSWER = re.compile(r" (?:info|error) reload: (reloaded|nothing changed|not reloaded|rolled back|reload failed)\b")
GOOD = ("reloaded", "nothing changed")


class Log:
    """A file that grows."""

    def __init__(self, path):
        self.path, self.rows = path, 0
        path.touch()

    def add(self, rows):
        with open(self.path, "a") as file:
            file.writelines(json.dumps({"id": self.rows + at}) + "\n" for at in range(rows))
        self.rows += rows


class Load:
    """Puts files into the spools all the time, no more than the agent takes, and rows into the log."""

    def __init__(self, spools, log):
        self.spools, self.log, self.ended = spools, log, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ended.wait(0.02):
            self.log.add(20)
            for spool in self.spools.values():
                if spool.waiting() < 10:
                    spool.add(200)

    def end(self):
        self.ended.set()
        self.thread.join()


class ReloadTest(test_bench.FaultTest):
    def setUp(self):
        super().setUp()
        # A program of its own, whose plugin files may be replaced.
        program = pathlib.Path(test_bench.LEVADA)
        (self.folder / "bin/plugins").mkdir(parents=True)
        self.plugins = program.parent / "plugins"
        shutil.copy(program, self.folder / "bin/levada")
        for plugin in self.plugins.glob("*.so"):
            shutil.copy(plugin, self.folder / "bin/plugins")
        self.addCleanup(setattr, test_bench, "LEVADA", test_bench.LEVADA)
        test_bench.LEVADA = str(self.folder / "bin/levada")
        self.spools = {name: test_bench.Spool(self.folder / f"spool-{name}", self.rng)
                       for name in FLOWS if name != FOLLOWS}
        self.followed = Log(self.folder / "followed.log")
        (self.folder / "secret").write_text("first\n")
        self.names = 0
        self.wishes = {"agent": {"log_level": "info"}, "extra": {},
                       **{name: {"interval": "20ms", "bytes": 1 << 20, "clean": False, "dead": {}}
                          for name in FLOWS}}

    def tables(self, wishes):
        made = {"agent": {"data_dir": f"{self.folder}/data", "stop_timeout": "1s", **wishes["agent"]}}
        for name in FLOWS:
            wish = wishes[name]
            source = {"type": "spool", "path": f"{self.folder}/spool-{name}", "settle": "0s", "read_bytes": "16KiB"}
            if name == FOLLOWS:
                source = {"type": "tail", "include": [str(self.followed.path)], "start": "beginning"}
            made[f"sources.{name}"] = {**source, "channels": [name, *wish["dead"]],
                                       "interceptors": ["clean"] if wish["clean"] else []}
            made[f"channels.{name}"] = {"type": "file", "low_water_bytes": 0} if name == "b" else {"type": "memory"}
            made[f"sinks.{name}"] = {"type": "file", "channel": name, "path": f"{self.folder}/rows-{name}",
                                     "commit_interval": wish["interval"], "roll_bytes": wish["bytes"]}
            for dead, kind in wish["dead"].items():
                made[f"channels.{dead}"] = {"type": "file", "low_water_bytes": 0}
                made[f"sinks.{dead}"] = {"type": kind, "channel": dead, **DEAD[kind]}
        if any(wishes[name]["clean"] for name in FLOWS):
            made["interceptors.clean"] = {"type": "static"}
            made["interceptors.clean.columns"] = {"v": "${file:secret}"}
        for name, kind in wishes["extra"].items():
            made[f"sources.{name}"] = {"type": kind, "channels": [name], **LONELY[kind]}
            made[f"channels.{name}"] = {"type": "memory"}
            made[f"sinks.{name}"] = {"type": "null", "channel": name}
        return made

    def new_name(self, kind):
        self.names += 1
        return f"{kind}{self.names}"

    def write(self, text):
        aside = self.config.with_suffix(".new")
        aside.write_text(text)
        aside.rename(self.config)

    # Edits that are legal: each changes the wishes.

    def another_value(self, wishes):
        wish = wishes[self.rng.choice(FLOWS)]
        wish["interval"] = self.rng.choice(["10ms", "50ms", "1s"])
        wish["bytes"] = self.rng.choice([1 << 16, 1 << 20])

    def an_interceptor_comes_or_goes(self, wishes):
        wish = wishes[self.rng.choice(FLOWS)]
        wish["clean"] = not wish["clean"]

    def a_sink_that_nobody_can_reach_comes_or_goes(self, wishes):
        wish = wishes[self.rng.choice(FLOWS)]
        wish["dead"] = {} if wish["dead"] else {self.new_name("dead"): self.rng.choice(list(DEAD))}

    def a_flow_comes_or_goes(self, wishes):
        if wishes["extra"] and self.rng.random() < 0.6:
            wishes["extra"].pop(self.rng.choice(list(wishes["extra"])))
        else:
            wishes["extra"][self.new_name("extra")] = self.rng.choice(list(LONELY))

    def another_secret(self, _):
        (self.folder / "secret").write_text(self.new_name("secret") + "\n")

    def another_log_level(self, wishes):
        wishes["agent"]["log_level"] = self.rng.choice(["info", "debug"])

    def nothing(self, _):
        pass

    def another_plugin_file(self, _):
        self.put_plugin((self.plugins / "static.so").read_bytes())

    def put_plugin(self, content):
        aside = self.folder / "bin/static.new"
        aside.write_bytes(content)
        aside.chmod(0o755)
        aside.rename(self.folder / "bin/plugins/static.so")

    # Edits that are illegal: each gives a text, or nothing where it did something else, and what the answer says.

    def illegal(self, tables, table, option, value, reason):
        tables[table][option] = value
        return test_bench.toml(tables), reason

    def some_flow(self):
        return self.rng.choice(FLOWS)

    def illegal_edits(self, tables):
        flow = self.some_flow()
        place = r"agent\.toml:\d+:\d+: "
        return [
            lambda: (test_bench.toml(tables) + "[sinks.x\n", place),
            lambda: self.illegal(tables, f"sinks.{flow}", "colour", "red", place + f"sinks.{flow}: unknown option"),
            lambda: self.illegal(tables, f"sinks.{flow}", "channel", "nowhere", place + ".*no channel is named"),
            lambda: self.illegal(tables, f"sinks.{flow}", "type", "sieve", place + ".*no sink has the type"),
            lambda: self.illegal(tables, f"sinks.{flow}", "commit_interval", "soon", place + ".*commit_interval"),
            lambda: self.illegal(tables, f"sinks.{flow}", "path", "", place + f"sinks.{flow}.path"),
            lambda: self.illegal(tables, f"sinks.{flow}", "path", "${file:nothing}", place + ".*cannot be read"),
            lambda: self.illegal(tables, "agent", "data_dir", f"{self.folder}/other", place + ".*needs a restart"),
            lambda: self.illegal(tables, "agent", "memory_bytes", "1GiB", place + ".*needs a restart"),
            lambda: self.illegal(tables, "channels.a", "type", "file", place + "channels.a.type: needs a restart"),
            lambda: self.illegal(tables, "channels.b", "path", f"{self.folder}/moved",
                                 place + "channels.b.path: needs a restart"),
            # It is known when it is opened.
            lambda: self.illegal({**tables, "channels.lost": {"type": "memory"},
                                  "sinks.lost": {"type": "null", "channel": "lost"},
                                  "sources.lost": {"type": "spool", "channels": ["lost"]}},
                                 "sources.lost", "path", f"{self.folder}/missing", "sources.lost: open: "),
            self.the_file_vanishes,
            self.the_plugin_is_cut_off,
        ]

    def the_file_vanishes(self):
        self.config.unlink()
        return None, "agent.toml.*cannot be read"

    def the_plugin_is_cut_off(self):
        self.put_plugin((self.plugins / "static.so").read_bytes()[:5000])
        wishes = copy.deepcopy(self.wishes)
        wishes[self.some_flow()]["clean"] = True
        return test_bench.toml(self.tables(wishes)), r"agent\.toml:\d+:\d+: interceptors\.clean\.type: no interceptor"

    def reload(self):
        """Until the agent has answered: the first words of the answer, and what it said since."""
        before = len(self.said())
        self.agent.send_signal(signal.SIGHUP)
        self.wait_for(lambda: ANSWER.search(self.said()[before:]), "the answer of a reload")
        return ANSWER.search(self.said()[before:]).group(1), before

    def edit_well(self):
        wishes = copy.deepcopy(self.wishes)
        edit = self.rng.choice([self.another_value, self.an_interceptor_comes_or_goes,
                                self.a_sink_that_nobody_can_reach_comes_or_goes, self.a_flow_comes_or_goes,
                                self.another_secret, self.another_log_level, self.nothing, self.another_plugin_file])
        edit(wishes)
        self.write(test_bench.toml(self.tables(wishes)))
        word, before = self.reload()
        self.assertIn(word, GOOD, f"{edit.__name__}: {self.said()[before:]}; {self.context()}")
        self.wishes = wishes

    def edit_badly(self):
        text, reason = self.rng.choice(self.illegal_edits(self.tables(self.wishes)))()
        if text:
            self.write(text)
        word, before = self.reload()
        self.assertIn(word, ("not reloaded", "rolled back"), f"{reason}: {self.context()}")
        self.wait_until_said("error reload: .*" + reason, since=before)
        if "interceptors" in reason:
            self.another_plugin_file(None)
        self.write(test_bench.toml(self.tables(self.wishes)))

    def test_rows_arrive_once_however_often_it_reloads(self):
        self.write(test_bench.toml(self.tables(self.wishes)))
        self.start()
        self.wait_until_said(" info levada .* runs ")
        load = Load(self.spools, self.followed)
        self.addCleanup(load.end)
        bad, slowest = 0, 0
        for _ in range(RELOADS):
            before = time.monotonic()
            if self.rng.random() < 0.4:
                self.edit_badly()
                bad += 1
            else:
                self.edit_well()
            slowest = max(slowest, time.monotonic() - before)
        load.end()
        # What nobody can reach would keep the rest from being told apart.
        for name in FLOWS:
            self.wishes[name]["dead"] = {}
        self.write(test_bench.toml(self.tables(self.wishes)))
        self.assertIn(self.reload()[0], GOOD)
        for name, spool in self.spools.items():
            self.wait_for(lambda: spool.waiting() == 0, f"the spool of {name} to be empty")
        self.wait_for(lambda: self.arrived(f"rows-{FOLLOWS}") >= self.followed.rows, "all rows of the file")
        self.stop()
        self.assert_once(self.rows_in(f"rows-{FOLLOWS}"), self.followed.rows, f"flow {FOLLOWS}")
        for name, spool in self.spools.items():
            self.assert_once(self.rows_in(f"rows-{name}"), spool.rows, f"flow {name}")
        self.assertEqual(self.dead_letters(), [])
        rows = self.followed.rows + sum(spool.rows for spool in self.spools.values())
        print(f"{RELOADS} reloads, {bad} of them illegal; {rows} rows, "
              f"each once; the slowest reload took {slowest:.2f} s", flush=True)

    def test_a_component_that_cannot_be_created_changes_nothing(self):
        shutil.copy(os.environ["SPOILT_PLUGIN"], self.folder / "bin/plugins/spoilt.so")
        tables = self.tables(self.wishes)
        self.write(test_bench.toml(tables))
        self.start()
        self.wait_until_said(" info levada .* runs ")
        for way, reason in (("crashes", "a component ends the process when it is created: Segmentation fault"),
                            ("exits", "a component ends the process when it is created, with the exit code 0"),
                            ("throws", r"agent\.toml:\d+:\d+: interceptors\.x: .*it cannot be created"),
                            ("agent", r"agent\.toml:\d+:\d+: interceptors\.x: .*it cannot be created")):
            with self.subTest(way):
                self.write(test_bench.toml({**tables, "sources.a": {**tables["sources.a"], "interceptors": ["x"]},
                                            "interceptors.x": {"type": "spoilt", "way": way}}))
                word, before = self.reload()
                self.assertEqual(word, "not reloaded", self.said()[before:])
                self.wait_until_said("error reload: .*" + reason, since=before)
                rows = self.spools["a"].rows
                self.spools["a"].add(100)
                self.wait_for(lambda: self.arrived("rows-a") == rows + 100, "what came then")
        # The plugin itself does no harm.
        self.write(test_bench.toml({**tables, "sources.a": {**tables["sources.a"], "interceptors": ["x"]},
                                    "interceptors.x": {"type": "spoilt"}}))
        self.assertEqual(self.reload()[0], "reloaded")
        self.stop()
        self.assert_once(self.rows_in("rows-a"), self.spools["a"].rows, "flow a")

    def test_signals_that_come_while_it_reloads_make_one_more(self):
        self.write(test_bench.toml(self.tables(self.wishes)))
        self.start()
        self.wait_until_said(" info levada .* runs ")
        for _ in range(20):
            self.agent.send_signal(signal.SIGHUP)
        self.wait_for(lambda: ANSWER.search(self.said()), "an answer")
        self.wishes["a"]["interval"] = "1s"
        self.write(test_bench.toml(self.tables(self.wishes)))
        self.agent.send_signal(signal.SIGHUP)
        self.wait_until_said(" info reload: changed: sinks.a")
        self.assertLess(len(ANSWER.findall(self.said())), 20)
        self.stop()

    def test_a_stop_wins_over_a_reload(self):
        for _ in range(5):
            self.write(test_bench.toml(self.tables(self.wishes)))
            self.start()
            self.wait_until_said(" info levada .* runs ", since=self.said_before)
            self.edit_in_passing()
            self.agent.send_signal(signal.SIGHUP)
            threading.Event().wait(self.rng.uniform(0, 0.5))
            self.stop()

    def edit_in_passing(self):
        self.wishes["a"]["bytes"] += 1
        self.write(test_bench.toml(self.tables(self.wishes)))


if __name__ == "__main__":
    unittest.main()
