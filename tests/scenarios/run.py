#!/usr/bin/env python3
"""Runs scenarios: a configuration, input files, commands, and what must come of them. README.md describes the files.

  run.py --program build/dev/levada FILE...            run them; the first difference of each is shown
  run.py --program build/dev/levada --accept FILE...   write what came out into the files, for review
"""

import argparse
import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import observed
import scenario
from scenario import BadScenario, Section

REFUSED = 2  # The exit code for a configuration that has faults.
TIMEOUT_S = 110  # ctest's own is a little longer: this one still shows what the program said.
DIFF_LINES = 80
SANITIZER_VARIABLES = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", *SANITIZER_VARIABLES)


class Difference(Exception):
    """Something else came out than the scenario says."""


class Run:
    """One scenario in a folder of its own."""

    def __init__(self, program, path, folder, accept):
        self.program, self.path, self.folder, self.accept = program, path, Path(folder), accept
        self.scenario = scenario.read(path)
        self.environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self.environment.update(TZ="UTC", LC_ALL="C.UTF-8", HOME=str(folder))
        self.stdin = b""

    def run(self):
        sections, at = self.scenario.sections, 0
        rewritten = []
        while at < len(sections):
            section = sections[at]
            at += 1
            rewritten.append(section)
            if section.name != "command":
                if section.name not in scenario.SETUP:
                    raise BadScenario(f"{self.path}: {section.name} stands before a command")
                self.set_up(section)
                continue
            expected = []
            while at < len(sections) and sections[at].name in scenario.EXPECTED:
                expected.append(sections[at])
                at += 1
            outcome = self.command(section)
            rewritten += self.check(section, outcome, expected)
            if section.words == ["check"] and outcome.code == REFUSED:
                self.run_refuses(outcome)
        if self.accept:
            self.scenario.sections = rewritten
            Path(self.path).write_text(self.scenario.text(), encoding="utf-8", newline="\n")

    def in_folder(self, name):
        path = (self.folder / name).resolve()
        if not name or not path.is_relative_to(self.folder.resolve()):
            raise BadScenario(f"{self.path}: {name!r} is no path inside the scenario's folder")
        return path

    def set_up(self, section):
        if section.name == "environment":
            name, equals, value = section.argument.partition("=")
            if not equals:
                raise BadScenario(f"{self.path}: write `--- environment NAME=VALUE`")
            self.environment[name] = value
        elif section.name == "stdin":
            self.stdin = self.content(section, section.words)
        elif section.name == "configuration":
            self.write("agent.toml", self.content(section, []))
        elif section.name == "folder":
            self.in_folder(section.argument).mkdir(parents=True, exist_ok=True)
        elif section.name == "remove":
            path = self.in_folder(section.argument)
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        else:
            name, *flags = section.words
            self.write(name, self.content(section, flags), append=section.name == "append")

    def write(self, name, data, append=False):
        if name.endswith(".toml"):
            data = data.replace(b"${dir}", str(self.folder).encode())
        path = self.in_folder(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab" if append else "wb") as file:
            file.write(data)

    def content(self, section, flags):
        flags, lines = list(flags), section.lines
        if "numbered" in flags:
            at = flags.index("numbered")
            lines = scenario.numbered(lines, int(flags[at + 1]))
            del flags[at:at + 2]
        data = "".join(line + "\n" for line in lines).encode()
        for flag in flags:
            if flag == "escaped":
                data = scenario.unescaped(data)
            elif flag in observed.COMPRESSIONS:
                data = observed.COMPRESSIONS[flag].compress(data)
            else:
                raise BadScenario(f"{self.path}: {section.name} {section.argument}: there is no flag {flag}")
        return data

    def command(self, section):
        arguments = section.words
        if arguments[0] in ("check", "run") and "--config" not in arguments:
            arguments += ["--config", "agent.toml"]
        if arguments[0] == "run" and b"data_dir" not in (self.folder / "agent.toml").read_bytes():
            raise BadScenario(f"{self.path}: a run needs a data_dir of its own: data_dir = \"data\"")
        return self.execute(arguments)

    def run_refuses(self, checked):
        """What `check` refuses, `run` refuses in the same words."""
        ran = self.execute(["run", "--until-drained", "--config", "agent.toml"])
        errors = Section("errors")
        differences = [self.difference(wanted, seen) for wanted, seen in (
            (Section("exit", str(REFUSED)), self.see(Section("exit"), ran)),
            (self.see(errors, checked), self.see(errors, ran))) if wanted != seen]
        if differences:
            raise Difference("levada run, where check refuses\n" + "".join(differences) + self.said(ran))

    def execute(self, arguments):
        try:
            ended = subprocess.run([self.program] + arguments, cwd=self.folder, env=self.environment, input=self.stdin,
                                   capture_output=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as slow:
            said = (slow.stdout or b"") + (slow.stderr or b"")
            raise Difference(f"still runs after {TIMEOUT_S} s. It said:\n" + said.decode("utf-8", "replace")) from slow
        return observed.Observed(self.folder, ended.returncode, ended.stdout, ended.stderr, self.dead_letters)

    def dead_letters(self):
        dump = subprocess.run([self.program, "channel", "dump", "--config", "agent.toml", "dead_letters"],
                              cwd=self.folder, env=self.environment, capture_output=True, timeout=TIMEOUT_S,
                              check=False)
        if b"the channel was never open" in dump.stderr:
            return []
        if dump.returncode != 0:
            raise Difference("the dead letters cannot be read: " + dump.stderr.decode("utf-8", "replace"))
        return dump.stdout.decode("utf-8").split("\n")[:-1]

    def check(self, command, outcome, expected):
        """What came out as sections. Whatever is not expected has to be unremarkable: exit 0, no error, no warning."""
        missing = [name for name in ("exit", "errors", "log") if name not in [section.name for section in expected]]
        implied = [Section("exit", "0") if name == "exit" else Section(name) for name in missing]
        actual, differences = [], []
        for section in implied + expected:
            seen = self.see(section, outcome)
            wanted = Section(section.name, section.argument, self.expand(section))
            if (wanted.argument, wanted.lines) != (seen.argument, seen.lines):
                differences.append(self.difference(wanted, seen))
            if section in expected or (seen.argument, seen.lines) != (section.argument, section.lines):
                kept = "numbered" in section.words
                actual.append(section if kept else seen)
        if differences and not self.accept:
            raise Difference(f"levada {command.argument}\n" + "".join(differences) + self.said(outcome))
        return actual

    @staticmethod
    def expand(section):
        if section.name == "output" and "numbered" in section.words:
            return scenario.numbered(section.lines, int(section.words[section.words.index("numbered") + 1]))
        return section.lines

    @staticmethod
    def see(section, outcome):
        if section.name == "exit":
            return Section("exit", str(outcome.code))
        return Section(section.name, section.argument, getattr(outcome, section.name)(section))

    @staticmethod
    def difference(wanted, seen):
        both = [[f"--- {each.name} {each.argument}".rstrip()] + each.lines for each in (wanted, seen)]
        lines = list(difflib.unified_diff(*both, "expected", "came out", lineterm="", n=2))
        if len(lines) > DIFF_LINES:
            lines = lines[:DIFF_LINES] + [f"... and {len(lines) - DIFF_LINES} more lines"]
        return "\n".join(lines) + "\n"

    @staticmethod
    def said(outcome):
        text = outcome.stdout_text + outcome.stderr_text
        return "it said:\n" + "".join(f"  {line}\n" for line in text.splitlines()[-40:]) if text else ""


def run_file(program, path, accept, keep):
    folder = tempfile.mkdtemp(prefix="levada-scenario-")
    try:
        Run(program, path, folder, accept).run()
        print(f"{'written' if accept else 'passed'}: {path}")
        return True
    except (BadScenario, Difference) as problem:
        print(f"FAILED: {path}: {problem}")
        return False
    finally:
        if keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=os.path.abspath, help="the levada to run")
    parser.add_argument("--accept", action="store_true", help="write what came out into the files")
    parser.add_argument("--keep", action="store_true", help="leave the folder in which a scenario ran")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    good = [run_file(arguments.program, path, arguments.accept, arguments.keep) for path in arguments.files]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
