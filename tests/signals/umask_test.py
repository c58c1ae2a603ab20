"""Whatever the umask: what the agent makes is for its own user only; a sink's files for a group where it is told so."""

import grp
import os
import pathlib
import pwd
import stat
import subprocess
import tempfile
import unittest

LEVADA = os.environ["LEVADA"]
SECONDS = 100

CONFIGURATION = """
[agent]
data_dir = "data"
[sources.in]
type = "spool"
path = "in"
settle = "0s"
interceptors = ["clean"]
channels = ["disk", "memory"]
[interceptors.clean]
type = "clean_json"
[channels.disk]
type = "file"
low_water_bytes = 0
[channels.memory]
type = "memory"
[sinks.own]
type = "file"
channel = "disk"
path = "own/%Y"
[sinks.shared]
type = "file"
channel = "memory"
path = "shared/%Y"
group = "{group}"
"""


def modes(folder):
    return {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


class Umask(unittest.TestCase):
    def test_nobody_else_can_read_what_the_agent_makes(self):
        for mask in (0o000, 0o022, 0o077):
            with self.subTest(f"{mask:03o}"), tempfile.TemporaryDirectory(prefix="levada-umask.") as name:
                self.run_in(pathlib.Path(name), mask)

    def run_in(self, folder, mask):
        group = grp.getgrgid(os.getegid()).gr_name
        (folder / "agent.toml").write_text(CONFIGURATION.format(group=group))
        (folder / "in").mkdir()
        (folder / "in/a.ndjson").write_text('{"a":1}\nbroken\n')
        run = subprocess.run([LEVADA, "run", "--config", "agent.toml", "--until-drained"], cwd=folder, umask=mask,
                             capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(run.returncode, 3, run.stdout + run.stderr)
        found = {**modes(folder / "data"), **modes(folder / "own")}
        self.assertGreater(len(found), 10)
        for path, mode in found.items():
            self.assertEqual(mode, 0o700 if path.is_dir() else 0o600, f"{path}: {mode:o}")
        for path, mode in modes(folder / "shared").items():
            self.assertEqual(mode, 0o750 if path.is_dir() else 0o640, f"{path}: {mode:o}")
        self.assertTrue(list((folder / "shared").rglob("*.ndjson")))

    @unittest.skipUnless(os.geteuid() == 0, "SKIP_only root can do what it must not")
    def test_root_writes_nothing_into_the_folder_of_another_user(self):
        with tempfile.TemporaryDirectory(prefix="levada-umask.") as name:
            folder = pathlib.Path(name)
            group = grp.getgrgid(os.getegid()).gr_name
            (folder / "agent.toml").write_text(CONFIGURATION.format(group=group))
            (folder / "in").mkdir()
            (folder / "data").mkdir()
            owner = pwd.getpwnam("nobody")
            os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
            for command in (["run", "--until-drained"], ["replay"]):
                run = subprocess.run([LEVADA, *command, "--config", "agent.toml"], cwd=folder, capture_output=True,
                                     text=True, timeout=SECONDS)
                self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
                self.assertIn("data belongs to the user nobody", run.stderr)
                self.assertEqual(list((folder / "data").iterdir()), [])

    @unittest.skipUnless(os.geteuid() == 0, "SKIP_only root can write as another user")
    def test_what_root_acknowledges_belongs_to_the_owner(self):
        with tempfile.TemporaryDirectory(prefix="levada-umask.") as name:
            folder = pathlib.Path(name)
            self.run_in(folder, 0o022)
            folder.chmod(0o755)
            owner = pwd.getpwnam("nobody")
            for path in (folder / "data", *(folder / "data").rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)
            for _ in range(2):
                audit = subprocess.run([LEVADA, "audit", "--acknowledge-missing", "--config", "agent.toml"], cwd=folder,
                                       capture_output=True, text=True, timeout=SECONDS)
                self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)
            for path in (folder / "data").rglob("*"):
                self.assertEqual((path.stat().st_uid, path.stat().st_gid), (owner.pw_uid, owner.pw_gid), path)
            self.assertTrue((folder / "data/acknowledged").exists())


if __name__ == "__main__":
    unittest.main()
