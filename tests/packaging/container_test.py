"""The image that the unmodified docker/Dockerfile makes, built by buildah without an engine, and run as an engine does:
as its own user, on a root that is read only, with volumes.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import machine
from machine import wait_until

SOURCES = machine.HERE.parent.parent
# What an engine does: the root read only, volumes where the image says, processes of its own.
START = """
root=$1 volume=$2 spool=$3 user=$4; shift 4
mount --bind "$root" "$root"
mount --bind "$volume" "$root/var/lib/levada"
mount --bind "$spool" "$root/var/spool/levada"
mount -t proc proc "$root/proc"
mount -o remount,ro,bind "$root"
exec chroot --userspec="$user" "$root" env -i PATH=/usr/bin:/bin "$@"
"""

machine.skip_unless_possible("buildah", "debootstrap", "unshare")


class Container(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="levada-container."))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.addClassCleanup(cls.buildah, "rm", "--all")
        # What is called debian:bookworm-slim is a Debian of our own making: no registry of images is asked.
        base = cls.buildah("from", "scratch")
        root = machine.fresh_root(cls.work / "root")
        # It reaches the registries of packages as this machine does.
        for path in ("etc/pip.conf", "etc/ssl/certs/ca-certificates.crt"):
            if pathlib.Path("/", path).exists():
                shutil.copy(pathlib.Path("/", path), root / path)
        cls.buildah("add", base, f"{root}/", "/")
        cls.buildah("config", "--cmd", "/bin/sh", base)
        cls.buildah("commit", "--rm", base, "docker.io/library/debian:bookworm-slim")
        objects = pathlib.Path(os.environ.get("CCACHE_DIR", pathlib.Path.home() / ".cache/ccache"))
        objects.mkdir(parents=True, exist_ok=True)
        cls.buildah(
            *("build", "--isolation", "chroot", "--network", "host", "--pull=never", "--format", "docker"),
            *("--volume", f"{objects}:/root/.cache/ccache"),
            *("-f", SOURCES / "docker/Dockerfile", "-t", "levada", SOURCES),
        )
        cls.container = cls.buildah("from", "--pull=never", "levada")
        cls.root = cls.buildah("mount", cls.container)
        cls.config = json.loads(cls.buildah("inspect", "--type", "image", "levada"))["Docker"]["config"]

    @classmethod
    def buildah(cls, command, *arguments):
        stored = ["--root", cls.work / "storage", "--runroot", cls.work / "run"]
        done = subprocess.run(["buildah", *stored, command, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            said = done.stdout[-4000:] + done.stderr[-4000:]
            raise RuntimeError(f"buildah {command} ended with {done.returncode}:\n{said}")
        return done.stdout.strip().splitlines()[-1] if command in ("from", "mount") else done.stdout

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        for name in ("volume", "spool"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, 10001, 10001)

    def start(self, *command):
        return subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", START, "start", self.root),
                *(self.folder / "volume", self.folder / "spool", "10001:10001", *command),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run_inside(self, *command):
        process = self.start(*command)
        output, _ = process.communicate(timeout=machine.DEADLINE_SECONDS)
        self.assertEqual(process.returncode, 0, output)
        return output

    def test_says_who_it_is(self):
        self.assertEqual(self.config["User"], "levada")
        self.assertEqual(self.config["Entrypoint"], ["levada"])
        self.assertEqual(list(self.config["Volumes"]), ["/var/lib/levada"])
        passwd = (pathlib.Path(self.root) / "etc/passwd").read_text()
        self.assertIn("levada:x:10001:", passwd)

    def test_has_all_plugins_and_what_they_need(self):
        self.assertRegex(self.run_inside("levada", "plugins"), r"(?s)\n  delta .*\n  kafka ")

    def test_runs_as_its_own_user_on_a_root_that_is_read_only(self):
        agent = self.start(*self.config["Entrypoint"], *self.config["Cmd"])
        self.addCleanup(agent.kill)
        fresh = self.folder / "spool/a.json"
        (self.folder / "a.json").write_text('{"a":1}\n{"b":2}\n')
        os.chown(self.folder / "a.json", 10001, 10001)
        (self.folder / "a.json").rename(fresh)
        out = self.folder / "volume/out"
        wait_until(lambda: any(path.read_text() for path in out.rglob("*") if path.is_file()), "the rows")
        (inside,) = pathlib.Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
        os.kill(int(inside), signal.SIGTERM)
        log, _ = agent.communicate(timeout=machine.DEADLINE_SECONDS)
        self.assertEqual(agent.returncode, 0, log)
        rows = [line for path in out.rglob("*") if path.is_file() for line in path.read_text().splitlines()]
        self.assertEqual(rows, ['{"a":1}', '{"b":2}'])
        for path in (self.folder / "volume").rglob("*"):
            self.assertEqual(path.stat().st_uid, 10001, path)


if __name__ == "__main__":
    unittest.main()
