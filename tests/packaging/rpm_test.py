"""The packages for rpm in a root of their own: installed, upgraded over an edited configuration, removed."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import machine

CONFIGURATION = "etc/levada/agent.toml"

machine.skip_unless_possible("rpm", "chroot", "debootstrap")


def package(name):
    (found,) = machine.PACKAGES.glob(f"{name}-[0-9]*.rpm")
    return found


class Rpm(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="levada-packaging."))
        self.addCleanup(shutil.rmtree, self.work)
        # Something with a shell and useradd, and what the programs need: Debian's, as they were built there.
        self.root = machine.fresh_root(self.work / "root")
        debs = [deb for deb in machine.PACKAGES.glob("*_amd64.deb") if not deb.name.startswith("levada-dev")]
        machine.install_needs(self.root, *debs)

    def rpm(self, *arguments):
        # rpm knows nothing of what dpkg has installed there, and scripts want to see /proc.
        inside = ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={self.root / 'proc'}"]
        command = [*inside, "rpm", "--force-debian", "--root", self.root, *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_comes_and_goes(self):
        self.assertEqual(self.rpm("-i", "--nodeps", package("levada"), package("levada-lake")), "")
        paths = ["/var/lib/levada", "/var/spool/levada", "/etc/levada/agent.toml"]
        modes = machine.in_root(self.root, "stat", "-c", "%a %U:%G", *paths).stdout.splitlines()
        self.assertEqual(modes, ["750 levada:levada", "2770 levada:levada", "640 root:levada"])
        self.assertIn("\n  delta ", machine.in_root(self.root, "levada", "plugins").stdout)
        self.assertEqual(self.rpm("-V", "--nodeps", "levada", "levada-lake"), "")
        machine.in_root(self.root, "levada", "check")
        edited = self.root / CONFIGURATION
        edited.write_text("# edited\n" + edited.read_text())
        self.rpm("-U", "--nodeps", "--replacepkgs", "--replacefiles", package("levada"))
        self.assertIn("# edited", edited.read_text())
        self.assertIn("saved as /etc/levada/agent.toml.rpmsave", self.rpm("-e", "levada-lake", "levada"))
        self.assertFalse((self.root / "usr/lib/levada").exists())
        self.assertTrue((self.root / (CONFIGURATION + ".rpmsave")).exists())


if __name__ == "__main__":
    unittest.main()
