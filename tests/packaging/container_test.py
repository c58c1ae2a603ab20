"""The image that buildah makes of the unmodified docker/Dockerfile, run by podman: healthy, as its own user, on a root
that is read only, with volumes. And a system of the unmodified docker/compose.yaml, brought up by podman-compose and
looked at from outside.
"""

import atexit
import itertools
import json
import os
import pathlib
import socket
import sys
import tempfile
import unittest

import machine
from engine import KAFKA, REDIS, Engine
from machine import wait_until

SOURCES = machine.HERE.parent.parent
LEVADA = "localhost/levada"
USER = 10001
PATIENCE_SECONDS = 400  # Of who waits for a Kafka that starts beside other work.

machine.skip_unless_possible("buildah", "podman", "runc", "debootstrap", "redis-cli", os.environ["LEVADA_COMPOSE"])
engine = Engine(tempfile.mkdtemp(prefix="levada-container."))
atexit.register(engine.remove_all)


def setUpModule():
    root = engine.make_debian()
    if reason := engine.why_not():
        print(f"SKIPPED: podman cannot run a container here: {reason}", file=sys.stderr)
        sys.exit(machine.SKIPPED)
    objects = pathlib.Path(os.environ.get("CCACHE_DIR", pathlib.Path.home() / ".cache/ccache"))
    objects.mkdir(parents=True, exist_ok=True)
    engine.buildah(
        *("build", "--isolation", "chroot", "--network", "host", "--pull=never", "--format", "docker"),
        *("--volume", f"{objects}:/root/.cache/ccache"),
        *("-f", SOURCES / "docker/Dockerfile", "-t", "levada", SOURCES),
    )
    engine.make_servers(root)


def folder_for_the_user():
    folder = pathlib.Path(tempfile.mkdtemp(dir=engine.folder))
    os.chown(folder, USER, USER)
    return folder


def drop(spool, name, text):
    """Into the spool folder, whole at once."""
    fresh = spool / (name + ".tmp")
    fresh.write_text(text)
    os.chown(fresh, USER, USER)
    fresh.rename(spool / name)


class Container(unittest.TestCase):
    def start(self):
        """As docs/guides/operate.md says; the name of the container, which is removed behind the test."""
        spool = f"{self.spool}:/var/spool/levada"
        name = engine.podman("run", "--detach", "--read-only", "--cap-drop", "ALL", "-v", "/var/lib/levada",
                             "-v", spool, "levada")  # fmt: skip
        self.addCleanup(engine.podman, "rm", "--force", "--volumes", name)
        return name

    def setUp(self):
        self.spool = folder_for_the_user()

    def test_says_who_it_is(self):
        (image,) = json.loads(engine.podman("image", "inspect", "levada"))
        config = image["Config"]
        self.assertEqual(config["User"], "levada")
        self.assertEqual(config["Entrypoint"], ["levada"])
        self.assertEqual(list(config["Volumes"]), ["/var/lib/levada"])
        self.assertEqual(engine.podman("run", "--rm", "--entrypoint", "id", "levada", "-u"), str(USER))

    def test_has_all_plugins_and_what_they_need(self):
        plugins = engine.podman("run", "--rm", "levada", "plugins")
        self.assertRegex(plugins, r"(?s)\n  delta .*\n  kafka .*\n  postgres ")

    def test_runs_as_its_own_user_on_a_root_that_is_read_only(self):
        name = self.start()
        drop(self.spool, "a.json", '{"a":1}\n{"b":2}\n')
        volume = pathlib.Path(engine.inspect(name)["Mounts"][0]["Source"])
        out = volume / "out"
        wait_until(lambda: any(path.read_text() for path in out.rglob("*") if path.is_file()), "the rows")
        wait_until(lambda: engine.is_healthy(name), "the health")
        engine.podman("stop", "--time", machine.DEADLINE_SECONDS, name)
        self.assertEqual(engine.inspect(name)["State"]["ExitCode"], 0, engine.log(name))
        rows = [line for path in out.rglob("*") if path.is_file() for line in path.read_text().splitlines()]
        self.assertEqual(rows, ['{"a":1}', '{"b":2}'])
        for path in volume.rglob("*"):
            self.assertEqual(path.stat().st_uid, USER, path)

    def test_is_not_healthy_while_it_cannot_work(self):
        os.chmod(self.spool, 0)
        name = self.start()
        wait_until(lambda: " warning sources.spool: " in engine.log(name), "an error")
        self.assertFalse(engine.is_healthy(name))
        os.chmod(self.spool, 0o700)
        wait_until(lambda: engine.is_healthy(name), "the health")


def event(kind, ip, time):
    return {"type": kind, "ip": ip, "event_time": time, "url": "/c/1"}


def is_open(address, port):
    try:
        socket.create_connection((address, port), machine.DEADLINE_SECONDS).close()
        return True
    except ConnectionRefusedError:
        return False


class Compose(unittest.TestCase):
    def setUp(self):
        self.spool = folder_for_the_user()
        self.addCleanup(self.compose, "down", "--volumes")

    def compose(self, *command):
        file = SOURCES / "docker/compose.yaml"
        said = {"SPOOL": str(self.spool), "KAFKA_IMAGE": KAFKA, "REDIS_IMAGE": REDIS, "LEVADA_IMAGE": LEVADA}
        return engine.run(os.environ["LEVADA_COMPOSE"], "-f", file, "--profile", "bot_detection", *command,
                          environment=said).stdout  # fmt: skip

    def redis(self, *words):
        return engine.run("redis-cli", "-h", self.redis_address, *words).stdout.split()

    def test_bots_are_found_by_what_the_file_describes(self):
        self.compose("up", "--detach", "--no-build")
        kafka = engine.address("levada_kafka_1")
        wait_until(lambda: is_open(kafka, 9092), "Kafka", PATIENCE_SECONDS)
        # Those who need the others first: to ask Kafka by its own tool costs most.
        services = [f"levada_{service}_1" for service in ("bot-ingest", "bot-detection", "redis", "kafka")]
        for service in services:
            wait_until(lambda: engine.is_healthy(service), f"the health of {service}", PATIENCE_SECONDS)
        self.redis_address = engine.address("levada_redis_1")
        events = [event("click", "10.0.0.66", 1000 + at // 10) for at in range(60)]
        events += [event("view", "10.0.0.7", 1000 + at) for at in (0, 30, 60)]
        drop(self.spool, "events.json", "".join(json.dumps(each) + "\n" for each in events))
        files = itertools.count()

        def is_found():
            # Time passes once each partition has later rows.
            drop(self.spool, f"later-{next(files)}.json", json.dumps(event("view", "10.1.1.1", 2000)) + "\n")
            return self.redis("KEYS", "bot_*")

        wait_until(is_found, "a bot", PATIENCE_SECONDS)
        self.assertEqual(self.redis("KEYS", "bot_*"), ["bot_10.0.0.66"])
        self.assertTrue((self.spool / "events.json.COMPLETED").exists())
        wait_until(lambda: self.redis("KEYS", "stat_10.0.0.7"), "the statistic", PATIENCE_SECONDS)
        self.compose("stop")
        for service in services[:2]:
            self.assertEqual(engine.inspect(service)["State"]["ExitCode"], 0, engine.log(service))


if __name__ == "__main__":
    unittest.main()
