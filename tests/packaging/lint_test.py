"""What lintian and rpmlint say of the packages: nothing, but for what stands in packaging/ with its reason."""

import subprocess
import unittest

import machine

machine.skip_unless_possible("lintian", "rpmlint")


class Lint(unittest.TestCase):
    def test_lintian_says_nothing(self):
        debs = sorted(machine.PACKAGES.glob("*.deb"))
        self.assertEqual(len(debs), 4)
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "none", *debs], capture_output=True, text=True)
        self.assertEqual(done.stdout, "")

    def test_rpmlint_says_nothing(self):
        rpms = sorted(machine.PACKAGES.glob("*.rpm"))
        self.assertEqual(len(rpms), 4)
        settings = machine.HERE.parent.parent / "packaging/rpm/rpmlint.toml"
        done = subprocess.run(["rpmlint", "--config", settings, *rpms], capture_output=True, text=True)
        self.assertIn("0 errors, 0 warnings", done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
