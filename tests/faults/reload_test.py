"""An agent reloads LEVADA_RELOADS times under load, with random legal and illegal edits of its configuration, plugin
files that are replaced, and sinks that nobody can reach: no row is lost or doubled, nothing hangs, and each illegal
edit is answered with its reason, and all goes on as before. LEVADA_SEED repeats the random choices."""

import copy
import os
import pathlib
import re
import shutil
import signal
import threading
import time
import unittest

import test_bench

RELOADS = int(os.environ.get("LEVADA_RELOADS", "40"))
FLOWS = ("a", "b", "c")
ANSWER = re.compile(r" (?:info|error) reload: (reloaded|nothing changed|not reloaded|rolled back|reload failed)\b")
GOOD = ("reloaded", "nothing changed")


class Load:
    """Puts files into the spools all the time, no more than the agent takes."""

    def __init__(self, spools):
        self.spools, self.ended = spools, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ended.wait(0.02):
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
        self.spools = {name: test_bench.Spool(self.folder / f"spool-{name}", self.rng) for name in FLOWS}
        (self.folder / "secret").write_text("first\n")
        self.names = 0
        self.wishes = {"agent": {"log_level": "info"}, "extra": [],
                       **{name: {"interval": "20ms", "bytes": 1 << 20, "clean": False, "dead": None}
                          for name in FLOWS}}

    def tables(self, wishes):
        made = {"agent": {"data_dir": f"{self.folder}/data", "stop_timeout": "1s", **wishes["agent"]}}
        for name in FLOWS:
            wish = wishes[name]
            made[f"sources.{name}"] = {
                "type": "spool", "path": f"{self.folder}/spool-{name}", "settle": "0s", "read_bytes": "16KiB",
                "channels": [name] + ([wish["dead"]] if wish["dead"] else []),
                "interceptors": ["clean"] if wish["clean"] else []}
            made[f"channels.{name}"] = {"type": "file", "low_water_bytes": 0} if name == "b" else {"type": "memory"}
            made[f"sinks.{name}"] = {"type": "file", "channel": name, "path": f"{self.folder}/rows-{name}",
                                     "commit_interval": wish["interval"], "roll_bytes": wish["bytes"]}
            if wish["dead"]:
                made[f"channels.{wish['dead']}"] = {"type": "file", "low_water_bytes": 0}
                made[f"sinks.{wish['dead']}"] = {"type": "kafka", "channel": wish["dead"],
                                                 "brokers": ["127.0.0.1:1"], "topic": "t"}
        if any(wishes[name]["clean"] for name in FLOWS):
            made["interceptors.clean"] = {"type": "static"}
            made["interceptors.clean.columns"] = {"v": "${file:secret}"}
        for name in wishes["extra"]:
            made[f"sources.{name}"] = {"type": "generate", "record": "bot_events", "rows": 1000, "channels": [name]}
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
        wish["dead"] = None if wish["dead"] else self.new_name("dead")

    def a_flow_comes_or_goes(self, wishes):
        if wishes["extra"] and self.rng.random() < 0.6:
            wishes["extra"].pop(self.rng.randrange(len(wishes["extra"])))
        else:
            wishes["extra"].append(self.new_name("extra"))

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
        load = Load(self.spools)
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
            self.wishes[name]["dead"] = None
        self.write(test_bench.toml(self.tables(self.wishes)))
        self.assertIn(self.reload()[0], GOOD)
        for name, spool in self.spools.items():
            self.wait_for(lambda: spool.waiting() == 0, f"the spool of {name} to be empty")
        self.stop()
        for name, spool in self.spools.items():
            self.assert_once(self.rows_in(f"rows-{name}"), spool.rows, f"flow {name}")
        self.assertEqual(self.dead_letters(), [])
        print(f"{RELOADS} reloads, {bad} of them illegal; {sum(spool.rows for spool in self.spools.values())} rows, "
              f"each once; the slowest reload took {slowest:.2f} s", flush=True)

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
