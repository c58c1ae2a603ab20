#!/usr/bin/env python3
"""test.sh ends what is not done in LEVADA_MINUTES, and says so: the script itself, with what it calls replaced."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSED, FAILED, SKIPPED = " Passed    0.01 sec", "***Failed    0.01 sec", "***Skipped   0.01 sec"


def lines(*ends):
    """What ctest prints of tests that end like this."""
    return "".join(f" {n}/9 Test  #{n}: T.test_{n} ..........{end}\n" for n, end in enumerate(ends, 1))


class Parts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "build").mkdir()
        for path in ("test.sh", "tools/progress.sh", "tools/in_time.sh"):
            (self.folder / path).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / path, self.folder / path)
        for path in ("tools/setup", "tools/build"):
            self.program(path, f'echo "{path} $*" >>called')
        # sleep: the time is over when a test says so.
        os.mkfifo(self.folder / "over")
        self.program("bin/sleep", f"read -r line <{self.folder}/over")
        self.program("tests/services/with", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
        self.ctest("dev", lines(PASSED, PASSED, SKIPPED))

    def program(self, path, text):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{text}\n")
        path.chmod(0o755)

    def ctest(self, preset, text, then=":"):
        """What ctest prints for a preset, and does then."""
        (self.folder / f"{preset}.text").write_text(text)
        self.program(f"{preset}.then", then)
        self.program("bin/ctest", f'cat "{self.folder}/$2.text"; . "{self.folder}/$2.then"')

    def run_parts(self, *parts, minutes="60", since=0):
        """What test.sh says that began `since` seconds ago, and its status."""
        environment = os.environ | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "LEVADA_MINUTES": minutes}
        ran = subprocess.run([self.folder / "test.sh", *parts], env=environment | {"SECONDS": str(since)},
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
        return ran.stdout, ran.returncode

    def hang(self):
        """A ctest that starts another program, and does not end before the time is over."""
        # The pipe has no reader before sleep runs.
        return f"tail -f /dev/null & echo $! >{self.folder}/pid; echo >{self.folder}/over; wait"

    def test_parts_that_end_in_time_are_added_up(self):
        self.ctest("asan", lines(PASSED))
        said, status = self.run_parts("unit", "asan")
        self.assertIn("3 passed, 0 failed, 1 skipped\n", said)
        self.assertNotIn("not finished", said)
        self.assertEqual(status, 0, said)

    def test_what_hangs_is_ended_with_all_that_it_started_and_is_skipped(self):
        self.ctest("asan", lines(PASSED, PASSED), self.hang())
        said, status = self.run_parts("unit", "asan")
        self.assertIn("not finished: the time of 60 min was over", said)
        self.assertIn("4 passed, 0 failed, 2 skipped\n", said)
        self.assertEqual(status, 0, said)
        pid = (self.folder / "pid").read_text().strip()
        state = pathlib.Path(f"/proc/{pid}/stat")
        self.assertTrue(not state.exists() or state.read_text().split()[2] == "Z", f"{pid} runs: {said}")

    def test_a_test_that_had_failed_before_counts(self):
        self.ctest("asan", lines(PASSED, FAILED), self.hang())
        said, status = self.run_parts("asan")
        self.assertIn("not finished", said)
        self.assertIn("failed in asan: T.test_2.", said)
        self.assertIn("1 passed, 1 failed, 1 skipped\n", said)
        self.assertEqual(status, 1, said)

    def test_a_build_that_hangs_is_ended(self):
        self.program("tools/build", f"[ $1 = dev ] || {{ {self.hang()}; }}")
        said, status = self.run_parts("unit", "asan")
        self.assertIn("not finished", said)
        self.assertNotIn("what to do", said)
        self.assertEqual(status, 0, said)

    def test_what_would_begin_later_does_not_and_what_one_build_can_prove_always_does(self):
        said, status = self.run_parts("all", minutes="1", since=61)
        self.assertEqual(said.count("not finished: the time of 1 min was over"), 3, said)
        self.assertIn("6 passed, 0 failed, 6 skipped\n", said)
        self.assertEqual(status, 0, said)

    def test_a_step_that_fails_without_a_test_is_a_failure(self):
        self.program("tools/build", "exit 1")
        said, status = self.run_parts("unit", "asan")
        self.assertIn("0 passed, 2 failed\n", said)
        self.assertIn("tools/build asan repeats the build", said)
        self.assertEqual(status, 1, said)


if __name__ == "__main__":
    unittest.main()
