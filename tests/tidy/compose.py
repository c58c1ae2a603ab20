#!/usr/bin/env python3
"""What docker/compose.yaml says of the examples holds, as far as it can be seen without an engine: files that agents
are started with are there, and each agent of a system is started. Prints what does not; exits 1 if there is something.
"""

import pathlib
import re
import sys
import tomllib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "conf/examples"
MOUNTED = "/etc/levada/examples/"
MODES = re.search(r"^# How log_patterns works: (.+)\.$", (ROOT / "docker/.env").read_text(), re.M)[1]
# Agents that take the place of another one of their system.
INSTEAD = {"ad_views/key.toml", "bot_detection/hashes.toml"}
breaches = []


def configurations(words):
    """The files below conf/examples that a command names, one for each mode."""
    text = " ".join(words)
    names = re.findall(re.escape(MOUNTED) + r"(\S+?\.toml)", text.replace("$$examples", MOUNTED + "blocklists"))
    modes = re.split(r", | or ", MODES)
    return {name.replace("${PROCESSING_MODE:-stream}", mode) for name in names for mode in modes}


def check_service(name, service, services, volumes):
    started = configurations(service.get("command", []))
    for path in sorted(started):
        if not (EXAMPLES / path).is_file():
            breaches.append(f"{name} is started with {path}, which is not there")
            continue
        given = service["environment"].keys()
        text = (EXAMPLES / path).read_text()
        breaches.extend(f"{name} has no {needed}, which {path} needs"
                        for needed in sorted(set(re.findall(r"\$\{env:(\w+)\}", text)) - given))
    health = service.get("healthcheck", {})
    if started and not health.get("disable") and configurations(health["test"]) != started:
        breaches.append(f"{name} is asked for the health of another agent")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if re.fullmatch(r"[\w-]+", source) and source not in volumes:
            breaches.append(f"{name} has the volume {source}, which is not declared")
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            breaches.append(f"{name} is open to every machine: {port}")
    for needed in service.get("depends_on", {}):
        if not set(service["profiles"]) <= set(services.get(needed, {}).get("profiles", [])):
            breaches.append(f"{name} needs {needed}, which its profile has not")
    return started


def main():
    compose = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
    services, volumes = compose["services"], compose["volumes"].keys()
    started = set()
    for name, service in services.items():
        started |= check_service(name, service, services, volumes)
    ports = [port for service in services.values() for port in service.get("ports", [])]
    breaches.extend(f"two services have the port {port}" for port in sorted(set(ports)) if ports.count(port) > 1)
    profiles = {profile for service in services.values() for profile in service["profiles"]}
    for path in sorted(EXAMPLES.glob("*/*.toml")):
        name = path.relative_to(EXAMPLES).as_posix()
        if name.split("/")[0] in profiles and "agent" in tomllib.loads(path.read_text()) and name not in INSTEAD:
            if name not in started:
                breaches.append(f"no service is started with {name}")
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    breaches.extend(f"the volume {volume} is of no service" for volume in sorted(volumes - used))
    print("\n".join(breaches) or f"{len(services)} services")
    return bool(breaches)


sys.exit(main())
