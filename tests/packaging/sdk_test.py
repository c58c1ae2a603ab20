"""What levada-dev installs is enough to start a plugin, build it and test it."""

import pathlib
import subprocess
import tempfile
import unittest

import machine

machine.skip_unless_possible("dpkg-deb", "cmake", "cc")


class Sdk(unittest.TestCase):
    def test_a_plugin_of_the_template_builds_and_passes(self):
        with tempfile.TemporaryDirectory(prefix="levada-sdk.") as name:
            tree = pathlib.Path(name)
            for deb in machine.PACKAGES.glob("levada*_amd64.deb"):
                subprocess.run(["dpkg-deb", "-x", deb, tree], check=True)
            levada = tree / "usr/bin/levada"

            def run(*command):
                done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                return done.stdout

            for kind, extra in (("shout", []), ("murmur", ["--c"])):
                run(levada, "plugins", "new", "interceptor", kind, *extra)
                run("cmake", "-S", kind, "-B", f"{kind}/build", f"-Dlevada_sdk_DIR={tree}/usr/lib/cmake/levada_sdk")
                run("cmake", "--build", f"{kind}/build")
                run("ctest", "--test-dir", f"{kind}/build", "--output-on-failure")


if __name__ == "__main__":
    unittest.main()
