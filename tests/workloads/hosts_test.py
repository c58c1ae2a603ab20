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

from host_lists import domain, entries

LEVADA = os.environ["LEVADA"]
SEED = int(os.environ.get("LEVADA_SEED", random.SystemRandom().randrange(1 << 32)))
LINES = int(os.environ.get("LEVADA_LINES", "20000"))

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
