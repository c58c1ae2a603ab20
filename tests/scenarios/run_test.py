#!/usr/bin/env python3
"""Tests of the runner: a scenario that does not hold must fail, each kind of expectation for itself."""

import contextlib
import io
import os
import stat
import tempfile
import unittest
from pathlib import Path

import run

# Stands in for levada: rows on stdout, a report, a log, a diagnostic, dead letters, and exit code 3.
PROGRAM = r"""#!/bin/sh
if [ "$1" = channel ]; then
  printf '%s\n' '{"rejected_at":"t","component":"sinks.out","reason":"too long","file":"in/x","body":"long"}'
  exit 0
fi
mkdir -p out
printf 'b\na\n' > out/rows
echo 'a row'
echo 'sources.in                    rows read 1,200  bytes read 17'
echo 'dead letters                  rows 1 in dead'
echo '  1           sinks.out: too long'
echo '0.01 s, 300 rows a second'
echo '2026-01-01T00:00:00.000+00:00 warning sinks.out: slow: 3 s' >&2
echo "$PWD/agent.toml:1:1: a diagnostic" >&2
exit 3
"""
GOOD = """# Everything that the program gives.

--- command anything

--- exit 3

--- errors
${dir}/agent.toml:1:1: a diagnostic

--- log
warning sinks.out: slow: * s

--- stdout
a row

--- output out/*
b
a

--- output out/* sorted
a
b

--- files **/*
out/rows

--- rejected file body
sinks.out | too long | in/x | long

--- report
sources.in  rows read 1,200
sinks.out: too long  1
"""


class Runner(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="levada-runner-test-")
        self.addCleanup(folder.cleanup)
        self.program = Path(folder.name) / "program"
        self.file = Path(folder.name) / "a.scenario"
        self.write_program(PROGRAM)

    def write_program(self, text):
        self.program.write_text(text, encoding="utf-8")
        os.chmod(self.program, stat.S_IRWXU)

    def run_text(self, text, accept=False):
        self.file.write_text(text, encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            good = run.run_file(str(self.program), str(self.file), accept, keep=False)
        return good, said.getvalue()

    def test_what_holds_passes(self):
        self.assertEqual(self.run_text(GOOD), (True, f"passed: {self.file}\n"))

    def test_each_expectation_fails_by_itself(self):
        changes = {
            "exit 3": "exit 0", "a diagnostic": "another", "slow": "fast", "a row": "no row", "b\na": "a\nb",
            "a\nb\n": "a\n",
            "out/rows\n": "", "too long |": "too short |", "1,200": "1,201", "too long  1": "too long  2",
        }
        for there, instead in changes.items():
            self.assertIn(there, GOOD)
            good, said = self.run_text(GOOD.replace(there, instead, 1))
            self.assertFalse(good, there)
            self.assertIn("came out", said)

    def test_what_is_not_expected_fails(self):
        for section in ("exit 3", "errors", "log"):
            before, _, after = GOOD.partition(f"--- {section}\n")
            good, said = self.run_text(before + after[after.index("---"):])
            self.assertFalse(good, section)
            self.assertIn(section.split()[0], said)

    def test_run_has_to_refuse_what_check_refuses_in_the_same_words(self):
        text = "# Refused.\n\n--- command check\n\n--- exit 2\n\n--- errors\nwrong\n"
        for run_does, good in (("exit 2", True), ("exit 0", False), ("echo more >&2; exit 2", False)):
            self.write_program(f'#!/bin/sh\necho wrong >&2\n[ "$1" = check ] && exit 2\n{run_does}\n')
            passed, said = self.run_text(text)
            self.assertEqual(passed, good, said)

    def test_accept_writes_what_came_out(self):
        bare = GOOD.split("--- exit")[0] + "--- report\n\n--- output out/* digest\n"
        self.assertTrue(self.run_text(bare, accept=True)[0])
        written = self.file.read_text(encoding="utf-8")
        self.assertIn("--- exit 3\n", written)
        self.assertIn("${dir}/agent.toml:1:1: a diagnostic\n", written)
        self.assertIn("2 lines, SHA-256 ", written)
        self.assertTrue(self.run_text(written)[0])

    def test_input_reaches_the_program_as_it_is_written(self):
        self.write_program('#!/bin/sh\ncat plain escaped - "$0.none" 2>/dev/null | od -An -c | tr -d " \\n"\n'
        'echo "$GREETING"\n')
        text = ("# Input.\n\n--- file plain\nx\n\n--- file escaped escaped\n\\xef\\0\\\ny\\\n\n"
        "--- stdin numbered 2\n${n}\n\n"
                "--- environment GREETING=hello\n\n--- command x\n\n--- stdout\nx\\n357\\0y1\\n2\\nhello\n")
        self.assertEqual(self.run_text(text), (True, f"passed: {self.file}\n"))

    def test_compressed_input_is_what_the_suffix_says(self):
        self.write_program("#!/bin/sh\nexit 0\n")
        for flag, suffix in (("gzip", "gz"), ("zstd", "zst")):
            text = f"# Input.\n\n--- file a.{suffix} {flag}\nx\ny\n\n--- command x\n\n--- output a.{suffix}\nx\ny\n"
            self.assertTrue(self.run_text(text)[0], flag)

    def test_a_scenario_at_fault_is_refused(self):
        for text in ("--- command x\n", "# No command.\n", "# Bad.\n\n--- comand x\n",
        "# Bad.\n\n--- exit 0\n\n--- command x\n",
                     "# Bad.\n\n--- file ../x\n\n--- command x\n", "# Bad.\n\n--- file x zip\n\n--- command x\n"):
            self.assertFalse(self.run_text(text)[0], text)


if __name__ == "__main__":
    unittest.main()
