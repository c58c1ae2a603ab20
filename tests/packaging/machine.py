"""A machine to install packages on: a fresh Debian that systemd boots, in namespaces of its own and without a network.

Needs root, systemd-nspawn and debootstrap; skip_unless_possible() says aloud what is missing.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
from waiting import wait_until  # noqa: E402

PACKAGES = pathlib.Path(os.environ["LEVADA_PACKAGES"])
DEADLINE_SECONDS = 120
SKIPPED = 77  # SKIP_RETURN_CODE of ctest.
CLEAN = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


def skip_unless_possible(*programs):
    """Ends the test as skipped where this machine cannot run it."""
    missing = [program for program in programs if shutil.which(program) is None]
    reason = None
    if os.geteuid() != 0:
        reason = "only root may do this"
    elif missing:
        reason = f"{', '.join(missing)} missing: tools/setup packaging"
    elif not any(PACKAGES.glob("*.deb")):
        reason = f"no packages in {PACKAGES}: packaging/build"
    if reason:
        print(f"SKIPPED: {reason}", file=sys.stderr)
        sys.exit(SKIPPED)


def fresh_root(folder, copy_of=None):
    """A copy of Debian's base, or of another root."""
    base = copy_of or subprocess.run([HERE / "root"], check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(["cp", "-a", "--reflink=auto", base, folder], check=True)
    return pathlib.Path(folder)


def in_root(root, *command):
    """Runs it in the root, with the network of this machine."""
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root / 'proc'}", "chroot", root]
    return subprocess.run([*inside, *command], check=True, capture_output=True, text=True, env=CLEAN)


def install_needs(root, *packages):
    """What the packages need of Debian's own, so that they can be installed without a network."""
    needs = set()
    for package in packages:
        asked = subprocess.run(["dpkg-deb", "-f", package, "Depends"], check=True, capture_output=True, text=True)
        needs |= {each.split("|")[0].split("(")[0].strip() for each in asked.stdout.split(",")}
    needs = sorted(each for each in needs if each and not each.startswith("levada"))
    in_root(root, "apt-get", "update", "-qq")
    in_root(root, "apt-get", "install", "-y", "-q", "--no-install-recommends", *needs)


class Machine:
    """Booted while the with statement lasts."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def __enter__(self):
        self.console = tempfile.TemporaryFile()
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--console=pipe",
             "--machine=levada-test", "--kill-signal=SIGRTMIN+3", "--boot", f"--directory={self.root}"],
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT)  # fmt: skip
        try:
            self.leader = wait_until(self.find_leader, "the boot", DEADLINE_SECONDS)
            wait_until(lambda: self.ask("systemctl", "is-system-running") in ("running", "degraded"), "the boot",
                       DEADLINE_SECONDS)
        except BaseException:
            self.console.seek(0)
            sys.stderr.buffer.write(self.console.read())
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.nspawn.terminate()
        try:
            self.nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait()
        self.console.close()

    def find_leader(self):
        if self.nspawn.poll() is not None:
            raise RuntimeError(f"systemd-nspawn ended with {self.nspawn.returncode}")
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        return next((pid for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text() == "systemd\n"), None)

    def run(self, *command, check=True):
        """Runs it on the machine; its output, with stderr."""
        done = subprocess.run(
            ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "--", "env", "-i",
             *[f"{name}={value}" for name, value in CLEAN.items()], *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def ask(self, *command):
        return self.run(*command, check=False).strip()

    def property(self, name, unit="levada"):
        return self.ask("systemctl", "show", "--value", "-p", name, unit)

    def journal(self, *arguments):
        return self.ask("journalctl", "-u", "levada", "--no-pager", "-o", "cat", *arguments)
