"""The packages for dpkg on a machine that systemd boots: installed, edited, upgraded, killed, hung, purged."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import machine
from machine import wait_until
import repack

HERE = pathlib.Path(__file__).parent
GUIDE = HERE.parent.parent / "docs/guides/operate.md"
SDK = HERE.parent.parent / "plugins/sdk"
SPOOL = "var/spool/levada"
OUT = "var/lib/levada/out"
CONFIGURATION = "etc/levada/agent.toml"
# What an installation of any package leaves behind, or the machine itself writes.
NOT_OURS = (
    *("/proc/", "/sys/", "/dev/", "/run/", "/tmp/", "/var/tmp/", "/debs/"),
    *("/var/lib/dpkg/", "/var/lib/apt/", "/var/lib/systemd/", "/var/cache/", "/var/log/"),
    *("/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/.pwd.lock"),
    *("/etc/resolv.conf", "/etc/machine-id"),
)

machine.skip_unless_possible("systemd-nspawn", "debootstrap", "nsenter", "dpkg-deb", "cc")


def package(name):
    (found,) = machine.PACKAGES.glob(f"{name}_*_amd64.deb")
    return found


class Deb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="levada-packaging."))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.debs = [package("levada"), package("levada-lake")]
        cls.base = machine.fresh_root(cls.work / "base")
        machine.install_needs(cls.base, *cls.debs)
        (cls.base / "debs").mkdir()
        for each in cls.debs:
            shutil.copy(each, cls.base / "debs")
        plugin = cls.work / "hang.so"
        compile_plugin = ["cc", "-shared", "-fPIC", "-fvisibility=hidden", "-I", SDK]
        subprocess.run([*compile_plugin, HERE / "hang.c", "-o", plugin], check=True)
        repack.plugin_package(plugin, cls.base / "debs/others-plugin.deb", "others-plugin")

    def setUp(self):
        self.root = machine.fresh_root(self.work / "machine", self.base)
        self.addCleanup(shutil.rmtree, self.root)
        self.machine = self.enterContext(machine.Machine(self.root))

    def install(self, *debs):
        return self.machine.run("dpkg", "-i", *[f"/debs/{deb}" for deb in debs or [package("levada").name]])

    def drop(self, name, text):
        """Into the spool folder, whole at once."""
        fresh = self.root / SPOOL / (name + ".tmp")
        fresh.write_text(text)
        fresh.rename(self.root / SPOOL / name)

    def delivered(self):
        return sorted(
            line
            for path in (self.root / OUT).rglob("*")
            if path.is_file() and not path.name.endswith(".tmp")
            for line in path.read_text().splitlines()
        )

    def configure(self, replace, restart=True):
        path = self.root / CONFIGURATION
        text = path.read_text()
        for old, new in replace:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path.write_text(text)
        if restart:
            self.machine.run("systemctl", "restart", "levada")

    def drop_in(self, options):
        folder = self.root / "etc/systemd/system/levada.service.d"
        folder.mkdir(exist_ok=True)
        (folder / "test.conf").write_text(f"[Service]\n{options}\n")
        self.machine.run("systemctl", "daemon-reload")

    # Rolls soon, so that what is delivered can be seen.
    SOON = [('roll_interval = "5m"', 'roll_interval = "100ms"'), ('settle = "1s"', 'settle = "10ms"')]

    def wait_for_rows(self, rows):
        wait_until(lambda: self.delivered() == rows, f"the delivery of {rows}")

    def pid(self):
        return self.machine.property("MainPID")

    def test_runs_as_it_is_installed_and_says_how_it_is(self):
        self.install()
        self.assertEqual(self.machine.property("ActiveState"), "active")
        self.assertEqual(self.machine.ask("systemctl", "is-enabled", "levada"), "enabled")
        self.assertEqual(self.machine.property("User"), "levada")
        paths = ["/var/lib/levada", "/var/spool/levada", "/etc/levada/agent.toml"]
        modes = self.machine.run("stat", "-c", "%a %U:%G", *paths).splitlines()
        self.assertEqual(modes, ["750 levada:levada", "2770 levada:levada", "640 root:levada"])
        self.configure(self.SOON)
        self.drop("a.json", '{"a":1}\n{"b":broken}\n{"c":3}\n')
        self.wait_for_rows(['{"a":1}', '{"c":3}'])
        wait_until(lambda: "rows read 3" in self.machine.property("StatusText"), "the status")
        self.assertIn("rejected 1", self.machine.property("StatusText"))
        self.assertRegex(self.machine.run("levada", "top", "--once"), r"\Alevada [\d.]+  up (\d+ min )?\d+ s ")
        # As fields of the journal.
        entries = [json.loads(line) for line in self.machine.journal("-o", "json").splitlines()]
        (rejected,) = [each for each in entries if "rejects rows" in each["MESSAGE"]]
        self.assertEqual(rejected["LEVADA_COMPONENT"], "interceptors.clean")
        self.assertEqual(rejected["PRIORITY"], "6")
        self.assertEqual(rejected["SYSLOG_IDENTIFIER"], "levada")
        self.machine.run("systemctl", "stop", "levada")
        self.assertEqual(self.machine.property("Result"), "success")
        self.assertEqual(self.machine.property("ExecMainStatus"), "0")
        # The dead letters are there for the administrator.
        self.assertIn("broken", self.machine.run("levada", "channel", "dump", "dead_letters"))

    def test_is_hardened(self):
        self.install()
        exposure = self.machine.run("systemd-analyze", "security", "--no-pager", "levada").splitlines()[-1]
        number = float(exposure.split("levada.service:")[1].split()[0])
        self.assertLessEqual(number, 1.3, exposure)

    def test_a_wrong_configuration_is_named_and_not_tried_again(self):
        self.install()
        self.configure([("memory_bytes", "memory_byte")], restart=False)
        checked = self.machine.run("levada", "check", check=False)
        self.assertRegex(checked, r'^/etc/levada/agent.toml:\d+:1: agent: unknown option "memory_byte"')
        self.machine.run("systemctl", "restart", "levada", check=False)
        wait_until(lambda: self.machine.property("ActiveState") == "failed", "the end")
        self.assertEqual(self.machine.property("NRestarts"), "0")
        self.assertIn('unknown option "memory_byte"', self.machine.journal())

    def test_a_credential_gets_into_the_configuration_and_not_into_the_log(self):
        self.install()
        self.drop_in("SetCredential=folder:secret-name")
        self.configure([("/var/lib/levada/out/", "/var/lib/levada/out/${credential:folder}/"), *self.SOON])
        self.drop("a.json", '{"a":1}\n')
        self.wait_for_rows(['{"a":1}'])
        self.assertTrue((self.root / OUT / "secret-name").is_dir())
        self.assertNotIn("secret-name", self.machine.journal())

    def test_a_reload_takes_over_what_is_right_and_refuses_what_is_wrong(self):
        self.install()
        self.drop_in("SetCredential=folder:secret-name")
        self.configure([("/var/lib/levada/out/", "/var/lib/levada/out/${credential:folder}/"), *self.SOON])
        self.drop("a.json", '{"a":1}\n')
        self.wait_for_rows(['{"a":1}'])
        before = self.pid()
        self.configure([("${credential:folder}/", "${credential:folder}/more/")], restart=False)
        self.machine.run("systemctl", "reload", "levada")
        self.assertIn("changed: sinks.files", self.machine.journal())
        self.drop("b.json", '{"b":2}\n')
        self.wait_for_rows(['{"a":1}', '{"b":2}'])
        self.assertTrue((self.root / OUT / "secret-name/more").is_dir())
        self.configure([("memory_bytes", "memory_byte")], restart=False)
        self.machine.run("systemctl", "reload", "levada", check=False)
        self.assertIn('unknown option "memory_byte"', self.machine.journal())
        self.assertEqual(self.machine.property("ActiveState"), "active")
        # As root, who has no credential of the service.
        wait_until(lambda: self.machine.ask("levada", "health") == "good", "the health")
        self.assertIn('unknown option "memory_byte"', self.machine.run("levada", "reload", check=False))
        self.drop("c.json", '{"c":3}\n')
        self.wait_for_rows(['{"a":1}', '{"b":2}', '{"c":3}'])
        self.assertEqual(self.pid(), before)

    def test_a_restart_refuses_nobody_where_systemd_has_the_socket(self):
        self.install()
        (unit,) = re.findall(r"```ini\n# /etc/systemd/system/levada\.socket\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        (self.root / "etc/systemd/system/levada.socket").write_text(unit)
        (address,) = re.findall("ListenStream=(.*)", unit)
        source = (f'[sources.web]\ntype = "http"\nlisten = "{address}"\nchannels = ["main"]\n'
                  '[sources.web.routes."/rows"]\nformat = "ndjson"\n\n')
        self.configure([("[sources.spool]", source + "[sources.spool]"), *self.SOON,
                        ('type = "memory"\ncapacity_bytes = "32MiB"', 'type = "file"')], restart=False)  # fmt: skip
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "stop", "levada")
        self.machine.run("systemctl", "enable", "--now", "levada.socket")
        self.machine.run("systemctl", "start", "levada")
        client = subprocess.Popen(
            ["nsenter", "-t", self.machine.leader, "-n", sys.executable, HERE / "poster.py", address.split(":")[-1]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
        self.addCleanup(client.kill)
        for command in ("restart", "restart", "reload", "restart"):
            for _ in range(100):
                self.assertTrue(client.stdout.readline())
            before = self.pid()
            self.machine.run("systemctl", command, "levada")
            self.assertEqual(self.pid() == before, command == "reload")
        # It is started by whoever comes, too.
        self.machine.run("systemctl", "stop", "levada")
        numbers, refused = client.communicate("\n", timeout=machine.DEADLINE_SECONDS)[0].split("refused ")
        self.assertEqual(int(refused), 0)
        self.machine.run("systemctl", "start", "levada")
        stored = int(numbers.split()[-1])
        wait_until(lambda: set(self.delivered()) >= {f'{{"row":{row}}}' for row in range(stored)}, "all rows")
        self.assertEqual(len(self.delivered()), len(set(self.delivered())))

    def test_plugins_come_by_a_package_of_somebody_else_or_by_hand(self):
        self.install()
        before = self.pid()
        self.install("others-plugin.deb")
        wait_until(lambda: self.pid() not in ("0", before), "a restart")
        self.assertIn("  hang ", self.machine.run("levada", "plugins"))
        self.machine.run("dpkg", "-P", "others-plugin")
        self.assertNotIn("  hang ", self.machine.run("levada", "plugins"))
        local = self.root / "usr/local/lib/levada/plugins"
        local.mkdir(parents=True)
        shutil.copy(self.work / "hang.so", local)
        self.configure([('interceptors = ["clean"]', 'interceptors = ["clean", "slow"]'),
                        ("[interceptors.clean]", '[interceptors.slow]\ntype = "hang"\n\n[interceptors.clean]'),
                        *self.SOON])  # fmt: skip
        self.drop("a.json", '{"a":1}\n')
        self.wait_for_rows(['{"a":1}'])

    def test_the_lake_plugins_find_their_libraries(self):
        self.install()
        before = self.pid()
        self.install(package("levada-lake").name)
        wait_until(lambda: self.pid() not in ("0", before), "a restart")
        self.configure([('type = "file"\nchannel', 'type = "parquet"\nchannel'), ("out/%Y-%m-%d", "out"),
                        ('roll_bytes = "128MiB"\nroll_interval = "5m"\n', "")])  # fmt: skip
        self.assertEqual(self.machine.property("ActiveState"), "active", self.machine.journal())

    def test_an_upgrade_keeps_an_edited_configuration(self):
        self.install()
        self.configure([*self.SOON, ("[agent]", "# edited\n[agent]")])
        self.drop("a.json", '{"a":1}\n')
        self.wait_for_rows(['{"a":1}'])
        before = self.pid()
        repack.repacked(package("levada"), self.root / "debs/next.deb", "9.0.0",
                        [(CONFIGURATION, "256MiB", "128MiB")])  # fmt: skip
        self.machine.run("dpkg", "--force-confdef", "--force-confold", "-i", "/debs/next.deb")
        wait_until(lambda: self.pid() not in ("0", before), "a restart")
        text = (self.root / CONFIGURATION).read_text()
        self.assertIn("# edited", text)
        self.assertIn("256MiB", text)
        self.assertIn("128MiB", (self.root / (CONFIGURATION + ".dpkg-dist")).read_text())
        self.assertEqual(self.machine.run("stat", "-c", "%a %U:%G", f"/{CONFIGURATION}").strip(), "640 root:levada")
        self.drop("b.json", '{"b":2}\n')
        self.wait_for_rows(['{"a":1}', '{"b":2}'])

    def test_goes_on_after_it_was_killed(self):
        self.install()
        self.configure(self.SOON)
        rows = [f'{{"row":{number}}}' for number in range(20000)]
        for part in range(10):
            self.drop(f"{part}.json", "\n".join(rows[part::10]) + "\n")
            if part % 3 == 1:
                before = self.pid()
                self.machine.run("systemctl", "kill", "--signal=KILL", "levada")
                wait_until(lambda: self.pid() not in ("0", before), "a restart")
        self.wait_for_rows(sorted(rows))
        self.assertEqual(self.machine.property("NRestarts"), "3")

    def test_the_watchdog_restarts_what_hangs(self):
        self.install()
        local = self.root / "usr/local/lib/levada/plugins"
        local.mkdir(parents=True)
        shutil.copy(self.work / "hang.so", local)
        self.drop_in("WatchdogSec=2s\nLimitCORE=0")
        self.machine.run("touch", "/var/lib/levada/hang")
        self.configure([('interceptors = ["clean"]', 'interceptors = ["clean", "slow"]'),
                        ("[interceptors.clean]", '[interceptors.slow]\ntype = "hang"\n\n[interceptors.clean]'),
                        *self.SOON])  # fmt: skip
        self.drop("a.json", '{"a":1}\n')
        wait_until(lambda: int(self.machine.property("NRestarts")) > 0, "the watchdog")
        log = self.machine.journal()
        self.assertIn("sources.spool: a call has not come back for", log)
        self.assertIn("Watchdog timeout", log)
        (self.root / "var/lib/levada/hang").unlink()
        self.wait_for_rows(['{"a":1}'])
        wait_until(lambda: self.machine.property("ActiveState") == "active", "the start")

    def files(self):
        found = self.machine.run("find", "/", "-xdev", "-not", "-type", "d", "-printf", "%p\\n")
        return {path for path in found.splitlines() if not path.startswith(NOT_OURS)}

    def test_a_purge_leaves_nothing(self):
        before = self.files()
        self.install(package("levada").name, package("levada-lake").name)
        self.configure(self.SOON)
        self.drop_in("LimitCORE=0")
        self.drop("a.json", '{"a":1}\n')
        self.wait_for_rows(['{"a":1}'])
        self.machine.run("dpkg", "-r", "levada-lake", "levada")
        self.assertEqual(self.machine.property("ActiveState"), "inactive")
        self.assertTrue((self.root / CONFIGURATION).exists())
        self.assertEqual(self.delivered(), ['{"a":1}'])
        self.machine.run("dpkg", "-P", "levada-lake", "levada")
        self.assertEqual(self.files() - before, set())
        for folder in ("etc/levada", "var/lib/levada", "var/spool/levada", "usr/lib/levada"):
            self.assertFalse((self.root / folder).exists(), folder)
        self.assertEqual(self.machine.ask("getent", "passwd", "levada"), "")
        self.assertEqual(self.machine.ask("getent", "group", "levada"), "")


if __name__ == "__main__":
    unittest.main()
