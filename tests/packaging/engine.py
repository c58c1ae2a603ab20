"""Podman with images, containers, volumes and networks of its own, in a folder of the test's; and the images that no
registry is asked for: a Debian, a Kafka and a Redis of our own making, under the names by which they are asked for.
"""

import json
import os
import pathlib
import shutil
import subprocess

import machine

SERVICES = machine.HERE.parent / "services"
DEBIAN = "docker.io/library/debian:bookworm-slim"
KAFKA = "docker.io/apache/kafka:4.3.1"
REDIS = "docker.io/library/redis:7.4"
# A machine that is a container itself may not raise its limits, which an engine does unless it is told what to give.
CONTAINERS = """
[containers]
default_ulimits = ["nofile=8192:8192", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{0}/networks"
"""
STORAGE = """
[storage]
driver = "overlay"
graphroot = "{0}/storage"
runroot = "{0}/run"
"""


class Engine:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name, text in (("containers.conf", CONTAINERS), ("storage.conf", STORAGE)):
            (self.folder / name).write_text(text.format(self.folder))
        self.environment = {
            **os.environ,
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            # Where no systemd runs the health checks, tests do.
            "DISABLE_HC_SYSTEMD": "true",
        }

    def run(self, *command, check=True, **options):
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True,
            env={**self.environment, **options.pop("environment", {})}, **options)  # fmt: skip
        if check and done.returncode != 0:
            said = done.stdout[-4000:] + done.stderr[-4000:]
            raise RuntimeError(f"{' '.join(map(str, command[:2]))} ended with {done.returncode}:\n{said}")
        return done

    def podman(self, *arguments):
        return self.run("podman", *arguments).stdout.strip()

    def buildah(self, *arguments):
        return self.run("buildah", *arguments).stdout.strip()

    def inspect(self, container):
        (found,) = json.loads(self.podman("inspect", container))
        return found

    def log(self, container):
        """What it has said, from its file."""
        return pathlib.Path(self.inspect(container)["HostConfig"]["LogConfig"]["Path"]).read_text()

    def address(self, container):
        (network,) = self.inspect(container)["NetworkSettings"]["Networks"].values()
        return network["IPAddress"]

    def is_healthy(self, container):
        return self.run("podman", "healthcheck", "run", container, check=False).returncode == 0

    def remove_all(self):
        """Containers, networks and volumes; then the folder."""
        self.run("podman", "rm", "--all", "--force", "--time", "1", "--volumes", check=False)
        self.run("podman", "network", "prune", "--force", check=False)
        self.run("buildah", "rm", "--all", check=False)
        # What containers are mounted from is a mount itself.
        self.run("umount", "--lazy", self.folder / "storage/overlay", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_image(self, root, name, entry=(), **config):
        """Of the files in the folder `root`."""
        container = self.buildah("from", "scratch").splitlines()[-1]
        self.buildah("add", container, f"{root}/", "/")
        options = [word for key, value in config.items() for word in (f"--{key}", value)]
        self.buildah("config", "--entrypoint", json.dumps(list(entry)), *options, container)
        self.buildah("commit", "--rm", container, name)

    def make_debian(self):
        root = machine.fresh_root(self.folder / "debian")
        # It reaches the registries of packages as this machine does.
        for path in ("etc/pip.conf", "etc/ssl/certs/ca-certificates.crt"):
            if pathlib.Path("/", path).exists():
                shutil.copy(pathlib.Path("/", path), root / path)
        self.make_image(root, DEBIAN, cmd="/bin/sh")
        return root

    def why_not(self):
        """Why no container of DEBIAN can be run here; empty where one can."""
        return self.run("podman", "run", "--rm", DEBIAN, "true", check=False).stderr.strip()

    def make_servers(self, root):
        """Kafka with its own wrapper for containers, from the jars that the other tests run; Redis as Debian has it."""
        machine.in_root(root, "apt-get", "update", "-qq")
        machine.in_root(
            root, *("apt-get", "install", "-y", "-q", "--no-install-recommends"),
            *("openjdk-17-jre-headless", "redis-server"))  # fmt: skip
        jars = self.run(SERVICES / "fetch", "kafka").stdout.strip()
        shutil.copytree(jars, root / "opt/kafka/libs")
        shutil.copytree(machine.HERE / "servers/kafka", root / "opt/kafka/bin")
        shutil.copy(machine.HERE / "servers/redis-server", root / "usr/local/bin")
        self.make_image(root, KAFKA, cmd="/opt/kafka/bin/run")
        self.buildah("tag", KAFKA, REDIS)
