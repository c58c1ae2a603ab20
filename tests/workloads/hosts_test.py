"""stdin -> parse_hosts -> console: lists made up by chance, against the same rules in Python."""

import collections
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import unittest

LEVADA = os.environ["LEVADA"]
SEED = int(os.environ.get("LEVADA_SEED", random.SystemRandom().randrange(1 << 32)))
LINES = int(os.environ.get("LEVADA_LINES", "20000"))

LABEL = re.compile(r"^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$")
V4 = re.compile(r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$", re.ASCII)
LOCAL = {"localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
         "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts"}


def domain(name):
    name = name.lower().removesuffix(".")
    if not name:
        return None, "empty"
    if name in LOCAL:
        return None, "local"
    if V4.match(name) or ":" in name:
        return None, "ip_literal"
    labels = name.split(".")
    if len(labels) < 2:
        return None, "single_label"
    if len(name) > 253 or not all(LABEL.match(label) for label in labels):
        return None, "bad_name"
    return name, None


def is_ip(text):
    return bool(V4.match(text)) or (":" in text and re.match(r"^[0-9a-fA-F:.%]+[a-z0-9]*$", text) is not None)


def entries(line, format):
    """(name, address, reason) of each name, or of the line."""
    text = line.lstrip("\ufeff")
    if format == "domains" and text.lstrip().startswith("!"):
        return
    words = text.split("#", 1)[0].split()
    if not words:
        return
    if format == "domains":
        yield (words[0], None, None) if len(words) == 1 else (None, None, "junk")
    elif not is_ip(words[0]):
        yield None, None, "bad_ip"
    elif len(words) == 1:
        yield None, None, "no_host"
    else:
        for name in words[1:]:
            yield name, words[0], None


def expected(lines, format):
    rows, reasons = collections.Counter(), collections.Counter()
    for line in lines:
        for name, ip, reason in entries(line, format):
            found, reason = (None, reason) if reason else domain(name)
            if reason:
                reasons[reason] += 1
            else:
                rows[found, ip] += 1
    return rows, reasons


def made_up(choice):
    """A line, mostly of what lists have, sometimes of anything."""
    ips = ["0.0.0.0", "127.0.0.1", "::1", "fe80::1%lo0", "300.1.1.1", "1.2.3", "001.2.3.4", "255.255.255.255", "::g"]
    names = ["a.com", "Ads.Example.COM", "b.co.uk.", "localhost", "ip6-loopback", "0.0.0.0", "nodot", "a-.com", "_x.y",
             "x" * 63 + ".com", "x" * 64 + ".com", ".", "..", "a..b", "::1", "bücher.example", "a.org",
             ".".join(["x" * 62] * 4) + ".x", ".".join(["x" * 62] * 4) + ".xx", "-a.com", "256.1.1.1", "1.1.1.1.", "!"]
    spaces = [" ", "\t", "  ", " \t ", "\u00a0", "\u3000", "\x0b", "\x1c"]
    kind = choice.random()
    if kind < 0.05:
        return choice.choice(["", "# comment", "! comment", " ! x", "#", "\ufeff", "\ufeff# x", "   ", "!"])
    if kind < 0.1:
        return "".join(choice.choice("abcXYZ019.-_:#! \t\u00e4%/|^") for _ in range(choice.randrange(30)))
    words = [choice.choice(ips)] if choice.random() < 0.6 else []
    words += [choice.choice(names) if choice.random() < 0.5 else f"n{choice.randrange(1000)}.example"
              for _ in range(choice.randrange(4))]
    line = choice.choice(spaces).join(words)
    if choice.random() < 0.2:
        line += choice.choice([" # x", "#x", "\r", " ", "."])
    return ("\ufeff" if choice.random() < 0.02 else "") + line


class Hosts(unittest.TestCase):
    def test_lists_give_the_names_and_the_reasons_that_they_should(self):
        print(f"LEVADA_SEED={SEED}")
        choice = random.Random(SEED)
        for format in ("hosts", "domains"):
            with tempfile.TemporaryDirectory() as folder, self.subTest(format):
                lines = [made_up(choice) for _ in range(LINES)]
                config = pathlib.Path(folder) / "agent.toml"
                config.write_text(f"""
                    [agent]
                    data_dir = "{folder}/data"
                    [sources.list]
                    type = "stdin"
                    interceptors = ["names"]
                    channels = ["main"]
                    [interceptors.names]
                    type = "parse_hosts"
                    format = "{format}"
                    idna = "reject"
                    [channels.main]
                    type = "memory"
                    [sinks.out]
                    type = "file"
                    channel = "main"
                    path = "{folder}/out"
                    format = "json"
                    """)
                done = subprocess.run([LEVADA, "run", "--until-drained", "--config", str(config)], text=True,
                                      input="".join(f"{line}\n" for line in lines), capture_output=True)
                rows, reasons = expected(lines, format)
                self.assertEqual(done.returncode, 3 if reasons else 0, done.stderr)
                found = collections.Counter()
                for path in (pathlib.Path(folder) / "out").iterdir():
                    for line in path.read_text().splitlines() if path.is_file() else []:
                        row = json.loads(line)
                        found[row["domain"], row.get("ip")] += 1
                self.assertEqual(found, rows)
                local = reasons.pop("local", 0)
                names = "bad_ip|no_host|junk|empty|ip_literal|single_label|bad_name"
                told = {reason: int(count.replace(",", "")) for count, reason in
                        re.findall(rf"([\d,]+)\D*?\b({names}): ", done.stdout)}
                self.assertEqual(told, dict(reasons), done.stdout)
                self.assertIn(f"names local {local:,}", done.stdout.replace("_", " "))


if __name__ == "__main__":
    unittest.main()
