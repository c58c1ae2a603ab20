"""Plugins of outsiders, and what `levada plugins new` makes: built against the installed SDK, dropped in, listed,
described, checked and run; the bad ones are refused or contained, with the reason."""

import json
import os
import pathlib
import shutil
import subprocess
import time
import unittest

PROGRAM = os.environ["LEVADA_PROGRAM"]
BUILD = os.environ["LEVADA_BUILD"]
CMAKE = os.environ["LEVADA_CMAKE"]
CTEST = str(pathlib.Path(CMAKE).with_name("ctest"))
WORK = pathlib.Path(os.environ["LEVADA_WORK"])
HERE = pathlib.Path(__file__).parent
PREFIX = WORK / "prefix"
PLUGINS = WORK / "plugins"
DEADLINE_SECONDS = 600

CONFIG = """
[agent]
data_dir = "{work}/data/{file}"

[sources.lines]
type = "generate"
record = "access_log"
rows = 100
interceptors = {chain}
channels = ["main"]

[channels.main]
type = "memory"

[sinks.out]
type = "console"
channel = "main"
"""
STATEFUL = """
[agent]
data_dir = "{folder}/data"
[sources.events]
type = "spool"
path = "{folder}/in"
settle = "1ms"
channels = ["main"]
[channels.main]
type = "memory"
[interceptors.parse]
type = "parse_json"
columns = {{ ip = "text", event_time = "int64" }}
[interceptors.gaps]
type = "since_last"
keys = ["ip"]
time = "event_time"
unit = "s"
lateness = "10s"
[sinks.out]
type = "console"
channel = "main"
format = "json"
interceptors = ["parse", "gaps"]
"""
INTERCEPTORS = {
    "shout": 'type = "shout"\nmark = "#"\n',
    "first": 'type = "first_rows"\nrows = 7\n',
    "says_and_crashes": 'type = "says_and_crashes"\n',
    "throws": 'type = "throws"\n',
    "throws_unguarded": 'type = "throws_unguarded"\n',
}


def command(*arguments, folder=None, **environment):
    """Runs a command; gives its exit code and all that it wrote."""
    done = subprocess.run(
        [str(argument) for argument in arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_SECONDS,
        cwd=folder,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout


def must(*arguments, **environment):
    code, output = command(*arguments, **environment)
    if code != 0:
        raise AssertionError(f"{' '.join(map(str, arguments))} gave {code}:\n{output}")
    return output


def levada(*arguments, plugins=PLUGINS, folder=None):
    return command(PROGRAM, *arguments, folder=folder, LEVADA_PLUGIN_PATH=str(plugins))


def configure(source, folder, *options, **environment):
    """Warnings are errors, as with a careful outsider."""
    flags = "-Wall -Wextra -Werror"
    must(
        *[CMAKE, "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={PREFIX}"],
        *[f"-DCMAKE_C_FLAGS={flags} -pedantic", f"-DCMAKE_CXX_FLAGS={flags}", *options],
        **environment,
    )


def build(source, folder, *options, **environment):
    """Builds a project of an outsider."""
    before = time.monotonic()
    configure(source, folder, *options, **environment)
    must(CMAKE, "--build", folder, "--parallel", "2", **environment)
    print(f"{source.name}{' '.join(['', *options])}: built in {time.monotonic() - before:.1f} s", flush=True)


def drop_in(built, names):
    PLUGINS.mkdir(exist_ok=True)
    PLUGINS.chmod(0o755)
    for name in names:
        shutil.copy(built / "plugins" / f"{name}.so", PLUGINS)
        (PLUGINS / f"{name}.so").chmod(0o755)


def write_config(file, *chain):
    path = WORK / f"{file}.toml"
    shutil.rmtree(WORK / "data" / file, ignore_errors=True)
    tables = [f"\n[interceptors.{name}]\n{INTERCEPTORS[name]}" for name in chain]
    path.write_text(CONFIG.format(work=WORK, file=file, chain=json.dumps(chain)) + "".join(tables))
    return path


def setUpModule():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    must(CMAKE, "--install", BUILD, "--component", "dev", "--prefix", PREFIX)
    for name, plugins in {
        "cpp": ["shout", "since_last"],
        "c": ["first_rows"],
        "bad": ["crashes", "other_major", "no_plugin", "throws", "throws_unguarded"],
    }.items():
        build(HERE / name, WORK / "build" / name)
        drop_in(WORK / "build" / name, plugins)
    shutil.copy(PLUGINS / "shout.so", PLUGINS / "world_writable.so")
    (PLUGINS / "world_writable.so").chmod(0o777)
    whole = (PLUGINS / "shout.so").read_bytes()
    (PLUGINS / "cut_off.so").write_bytes(whole[: len(whole) // 2])
    (PLUGINS / "empty.so").touch()
    # Says what it has, and crashes when it is loaded.
    (WORK / "index").write_bytes(b"bsays_and_crashes\0")
    must("objcopy", "--add-section", f".levada.components={WORK / 'index'}", PLUGINS / "crashes.so",
         PLUGINS / "says_and_crashes.so")
    (PLUGINS / "says_and_crashes.so").chmod(0o755)


class Dropped(unittest.TestCase):
    """What was dropped into the plugin folder."""

    def test_is_listed_with_version_and_license(self):
        code, output = levada("plugins")
        self.assertEqual(code, 0, output)
        self.assertRegex(output, r"shout +Ends each body with a mark\.")
        self.assertRegex(output, r"first_rows +Lets the first rows pass\.")
        self.assertRegex(output, rf"shout +2\.1\.0, .*MIT +{PLUGINS}/shout\.so")

    def test_is_described_with_its_options(self):
        code, output = levada("plugins", "first_rows")
        self.assertEqual(code, 0, output)
        self.assertIn("How many rows pass.", output)
        code, output = levada("plugins", "shout")
        self.assertEqual(code, 0, output)
        self.assertIn("What each body ends with.", output)

    def test_is_checked_with_the_words_of_the_plugin(self):
        config = write_config("checked", "shout", "first")
        code, output = levada("check", "--config", config)
        self.assertEqual(code, 0, output)
        config.write_text(config.read_text().replace('mark = "#"', 'mark = ""').replace("rows = 7", "rows = -1"))
        code, output = levada("check", "--config", config)
        self.assertNotEqual(code, 0, output)
        self.assertRegex(output, r"checked\.toml:\d+:\d+: .*mark.*must not be empty")
        self.assertRegex(output, r"checked\.toml:\d+:\d+: .*rows.*must be 0 or more, not -1")

    def test_runs_in_a_chain(self):
        code, output = levada("run", "--config", write_config("run", "shout", "first"), "--until-drained")
        self.assertEqual(code, 0, output)
        rows = [line for line in output.splitlines() if line.endswith("#")]
        self.assertEqual(len(rows), 7, output)

    def test_a_stateful_one_goes_by_the_times_of_the_events(self):
        folder = WORK / "stateful"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "in").mkdir(parents=True)
        rows = [("a", 100), ("b", 101), ("a", 107), ("a", 104), ("b", 103), ("a", 130), ("a", 90)]
        lines = [json.dumps({"ip": ip, "event_time": at}) for ip, at in rows]
        (folder / "in/events.json").write_text("\n".join(lines) + "\n")
        config = folder / "agent.toml"
        config.write_text(STATEFUL.format(folder=folder))
        code, output = levada("run", "--config", config, "--until-drained")
        self.assertEqual(code, 3, output)  # A row is late.
        given = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        self.assertEqual(
            [(row["ip"], row["event_time"], row.get("since_last_us")) for row in given],
            [("a", 100, None), ("b", 101, None), ("b", 103, 2000000), ("a", 104, 4000000), ("a", 107, 3000000),
             ("a", 130, 23000000)],
        )

    def test_the_guide_shows_the_stateful_one_as_it_is_built_here(self):
        guide = (HERE.parents[1] / "docs/guides/write-a-stateful-interceptor.md").read_text()
        self.assertIn((HERE / "cpp/since_last.cc").read_text(), guide)


class Bad(unittest.TestCase):
    """What must be refused, or contained."""

    def refusal(self, name):
        code, output = levada("plugins")
        self.assertEqual(code, 0, output)
        lines = [line for line in output.splitlines() if "refused" in line and f"/{name}" in line]
        self.assertEqual(len(lines), 1, output)
        return lines[0]

    def test_another_major_version_is_refused_with_both_versions_and_the_remedy(self):
        line = self.refusal("other_major.so")
        self.assertIn("version 2", line)
        self.assertIn("version 1", line)
        self.assertIn("upgrade the agent, or rebuild the plugin", line)

    def test_what_is_no_plugin_is_refused(self):
        self.assertIn("is no levada plugin", self.refusal("no_plugin.so"))

    def test_what_others_may_write_to_is_refused(self):
        line = self.refusal("world_writable.so")
        self.assertIn("may be written to by everyone", line)
        self.assertIn("chmod go-w", line)

    def test_what_is_cut_off_or_empty_is_refused_and_the_others_run(self):
        whole = (PLUGINS / "shout.so").stat().st_size
        said = rf"is cut off: it has {whole // 2} bytes of at least \d+; copy it again"
        self.assertRegex(self.refusal("cut_off.so"), said)
        self.assertIn("is no shared library: it has 0 bytes", self.refusal("empty.so"))
        for command in (["check"], ["run", "--until-drained"]):
            code, output = levada(*command, "--config", write_config("beside_bad_ones", "shout"))
            self.assertEqual(code, 0, output)
            self.assertIn("cut_off.so: is cut off", output)

    def test_what_crashes_when_it_is_loaded_is_refused_and_the_others_run(self):
        self.assertIn("ends the process when it is loaded: Segmentation fault", self.refusal("crashes.so"))

    def test_what_says_what_it_has_and_crashes_is_refused_once_it_is_asked_for(self):
        reason = "says_and_crashes.so: ends the process when it is loaded: Segmentation fault"
        self.assertIn(reason, self.refusal("says_and_crashes.so"))
        code, output = levada("check", "--config", write_config("named_and_crashes", "says_and_crashes"))
        self.assertEqual(code, 2, output)
        self.assertIn('no interceptor has the type "says_and_crashes"', output)
        self.assertIn(reason, output)
        code, output = levada("check", "--config", write_config("beside_it", "shout"))
        self.assertEqual(code, 0, output)
        self.assertNotIn("says_and_crashes", output)
        for format in ("schema", "reference"):
            code, output = levada("plugins", "--format", format)
            self.assertEqual(code, 0, output)
            self.assertNotIn("says_and_crashes", output)

    def test_the_reason_is_given_where_somebody_asks_for_it_by_name(self):
        code, output = levada("plugins", "crashes")
        self.assertEqual(code, 1, output)
        self.assertIn("crashes.so: ends the process when it is loaded", output)

    def test_a_plugin_that_is_replaced_under_a_running_agent_does_no_harm(self):
        folder = WORK / "replaced"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        shutil.copy(PLUGINS / "shout.so", folder)
        config = write_config("replaced", "shout")
        config.write_text(config.read_text().replace("rows = 100", "rows = 0\nrate = 1000\nbatch_rows = 10"))
        environment = {**os.environ, "LEVADA_PLUGIN_PATH": str(folder)}
        command = [PROGRAM, "run", "--config", config]
        agent = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            self.assertTrue(agent.stdout.readline().endswith("#\n"))
            self.assertRegex(pathlib.Path(f"/proc/{agent.pid}/maps").read_text(), r"r-xp.*shout\.so")
            # In place, as cp does it: the pages of a file that is mapped would change, or be gone.
            (folder / "shout.so").write_bytes(b"")
            for _ in range(5000):
                self.assertTrue(agent.stdout.readline().endswith("#\n"))
        finally:
            agent.terminate()
            agent.communicate(timeout=DEADLINE_SECONDS)
        self.assertEqual(agent.returncode, 0)

    def test_a_component_that_two_files_give_is_used_only_where_the_order_of_the_folders_is_said(self):
        stock = pathlib.Path(BUILD) / "plugins"
        own = WORK / "own"
        own.mkdir(exist_ok=True)
        own.chmod(0o755)
        shutil.copy(stock / "console.so", own)
        config = write_config("displaced")
        code, output = levada("check", "--config", config, plugins=own)
        self.assertEqual(code, 2, output)
        both = rf"sinks\.out\.type: the sink console is given by {own}/console\.so and by .*; name the folders"
        self.assertRegex(output, both)
        code, output = levada("check", "--config", config, plugins=f"{own}:{stock}")
        self.assertEqual(code, 0, output)
        config.write_text(config.read_text().replace('"console"', '"null"'))
        code, output = levada("check", "--config", config, plugins=own)
        self.assertEqual(code, 0, output)

    def test_a_folder_that_others_may_write_to_is_refused(self):
        folder = WORK / "open_to_all"
        folder.mkdir(exist_ok=True)
        shutil.copy(PLUGINS / "shout.so", folder)
        folder.chmod(0o777)
        code, output = levada("plugins", plugins=folder)
        self.assertEqual(code, 0, output)
        self.assertRegex(output, rf"refused.*{folder}.* may be written to by everyone")
        self.assertNotIn("Ends each body", output)

    def test_a_link_into_a_folder_that_others_may_write_to_is_refused(self):
        folder, theirs = WORK / "with_a_link", WORK / "theirs"
        for made in (folder, theirs):
            made.mkdir(exist_ok=True)
        shutil.copy(PLUGINS / "shout.so", theirs)
        theirs.chmod(0o777)
        (folder / "shout.so").unlink(missing_ok=True)
        (folder / "shout.so").symlink_to(theirs / "shout.so")
        code, output = levada("plugins", plugins=folder)
        self.assertEqual(code, 0, output)
        self.assertRegex(output, rf"refused.*{theirs} may be written to by everyone")
        self.assertNotIn("Ends each body", output)

    def test_a_folder_below_one_that_others_may_write_to_is_refused(self):
        parent = WORK / "parent_of_all"
        folder = parent / "plugins"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(PLUGINS / "shout.so", folder)
        parent.chmod(0o777)
        code, output = levada("plugins", plugins=folder)
        self.assertEqual(code, 0, output)
        self.assertRegex(output, rf"refused.*{parent} may be written to by everyone")
        self.assertNotIn("Ends each body", output)
        # Nobody can rename what belongs to others there.
        parent.chmod(0o1777)
        self.assertIn("Ends each body", levada("plugins", plugins=folder)[1])

    def test_what_throws_is_contained_and_named(self):
        for name, why in {
            "throws": "the guarded one has had enough",
            "throws_unguarded": "the unguarded one has had enough",
        }.items():
            with self.subTest(name):
                code, output = levada("run", "--config", write_config(name, name), "--until-drained")
                self.assertGreater(code, 0, output)
                self.assertIn(why, output)
                self.assertIn(f"interceptors.{name}", output)


class New(unittest.TestCase):
    """levada plugins new KIND NAME."""

    def made(self, kind, *options, name=None, test="Conformance_{}.", **environment):
        name = name or f"my_{kind}"
        folder = WORK / name
        code, output = levada("plugins", "new", kind, name, folder, *options)
        self.assertEqual(code, 0, output)
        for path in folder.iterdir():
            self.assertNotIn("@", path.read_text(), f"{path} has a placeholder left")
        build(folder, folder / "build", **environment)
        self.assertIn("CMAKE_BUILD_TYPE:STRING=Release", (folder / "build/CMakeCache.txt").read_text())
        listing = must(CTEST, "--test-dir", folder / "build", "--output-on-failure", "--no-tests=error")
        self.assertIn("100% tests passed", listing)
        self.assertIn(test.format(name), listing)
        code, output = levada("plugins", name, plugins=folder / "build/plugins")
        self.assertEqual(code, 0, output)
        run = ["run", "--config", "sample.toml", "--until-drained"]
        code, output = levada(*run, plugins="build/plugins", folder=folder)
        self.assertEqual(code, 0, output)
        return folder, output

    def test_an_interceptor_builds_passes_and_runs(self):
        _, output = self.made("interceptor")
        self.assertEqual(len([line for line in output.splitlines() if line.startswith("> ")]), 10, output)

    def test_a_source_builds_passes_and_runs(self):
        folder, output = self.made("source")
        self.assertEqual([line for line in output.splitlines() if line.isdigit()], [str(n) for n in range(10)])
        # Only those whom the installed testkit does not fit compile it. That takes minutes, so here it is planned only.
        self.assertNotIn("liblevada_testkit.a:", (folder / "build/build.ninja").read_text())
        configure(folder, folder / "from_source", "-DLEVADA_TESTKIT_FROM_SOURCE=ON", "-DCMAKE_BUILD_TYPE=Debug")
        self.assertIn("liblevada_testkit.a:", (folder / "from_source/build.ninja").read_text())
        self.assertIn("CMAKE_BUILD_TYPE:STRING=Debug", (folder / "from_source/CMakeCache.txt").read_text())

    def test_an_interceptor_in_c_builds_without_a_cpp_compiler_passes_and_runs(self):
        folder, output = self.made("interceptor", "--c", name="my_c", test="my_c.conformance", CXX="/no/compiler")
        rows = [line for line in output.splitlines() if "HTTP/" in line]
        self.assertTrue(rows, output)
        self.assertEqual([row for row in rows if " 404 " not in row], [])
        self.assertNotIn("CMAKE_CXX_COMPILER", (folder / "build/CMakeCache.txt").read_text())
        code, output = levada("plugins", "new", "--c", "sink", "my_c_sink", WORK / "unmade")
        self.assertNotEqual(code, 0)
        self.assertIn("there is a template in C for an interceptor, and none for a sink", output)

    def test_the_conformance_program_tells_what_does_not_hold(self):
        case = WORK / "case.toml"
        sound = 'component = "shout"\nbodies = ["a", "b", "c"]\nrefused = { mark = \'mark = ""\' }\n'
        case.write_text(sound.replace('mark = ""', 'mark = "!"'))
        program = PREFIX / "bin/levada-conformance"
        code, output = command(program, PLUGINS / "shout.so", case)
        self.assertEqual(code, 1, output)
        self.assertIn('P7_names_the_option_that_it_refuses: given mark = "!": create accepted it', output)
        self.assertIn("a null in the column body is taken for an empty text: body becomes", output)
        case.write_text(sound + "nulls_are_empty = true\n")
        code, output = command(program, PLUGINS / "shout.so", case)
        self.assertEqual(code, 0, output)
        faults = {'component = "nosuch"': "has no component nosuch", "bodys = 1": 'unknown option "bodys"'}
        for text, why in faults.items():
            case.write_text(text)
            code, output = command(program, PLUGINS / "shout.so", case)
            self.assertEqual(code, 2, output)
            self.assertIn(why, output)

    def test_a_sink_builds_passes_and_runs(self):
        folder, _ = self.made("sink")
        self.assertEqual(len((folder / "build/lines.log").read_text().splitlines()), 10)

    def test_a_name_that_is_none_and_a_folder_that_is_there_are_refused(self):
        code, output = levada("plugins", "new", "sink", "Not-Snake", WORK / "unmade")
        self.assertNotEqual(code, 0)
        self.assertIn("write it in snake_case", output)
        self.assertFalse((WORK / "unmade").exists())
        code, output = levada("plugins", "new", "sink", "fine", HERE)
        self.assertNotEqual(code, 0)
        self.assertIn("is already there", output)

    def test_the_installed_program_finds_the_installed_templates(self):
        must(CMAKE, "--install", BUILD, "--component", "core", "--prefix", PREFIX)
        folder = WORK / "from_installed"
        must(PREFIX / "bin/levada", "plugins", "new", "source", "fresh", folder)
        self.assertTrue((folder / "fresh.cc").exists())
        self.assertIn("generate", must(PREFIX / "bin/levada", "plugins"))


if __name__ == "__main__":
    unittest.main()
