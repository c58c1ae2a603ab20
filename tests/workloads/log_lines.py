"""Lines of mixed logs made up by chance, and what a set of patterns finds in them, by Python's own `re`."""

import collections
import pathlib
import re
import tomllib

PATTERNS = pathlib.Path(__file__).parent.parent.parent / "conf/examples/log_patterns/patterns.toml"
LEVELS = ("fatal", "error", "warn", "info", "debug")


def read_patterns(path=PATTERNS):
    """The expressions of a file of patterns by their names, over bytes: each byte is a character."""
    with open(path, "rb") as file:
        return {name: re.compile(text.encode()) for name, text in tomllib.load(file)["patterns"].items()}


def made_up(choice):
    """One line of a log, as bytes without its end; most are what logs have, some are anything."""
    number = choice.randrange
    ip = ".".join(str(number(300)) for _ in range(4))
    uuid = "-".join(f"{number(16 ** size):0{size}x}" for size in (8, 4, 4, 4, 12))
    second = f"{number(24):02}:{number(60):02}:{number(60):02}"
    month = choice.choice(["Jan", "Feb", "Jul", "Dec", "Foo"])
    message = choice.choice([
        f"user_id={number(90000)} session={uuid} login from {ip}",
        f"request_id={uuid} GET /items/{number(99)} took {number(2500)} ms",
        f"connection to {ip}:{number(65536)} timed out after {number(30)}.5ms, Time-Out {number(9)}ms",
        f"sent mail to user{number(99)}@example{number(9)}.com, uid: a.b@c and req:{number(99)}",
        "java.lang.OutOfMemoryError: operation failed; Cannot allocate memory",
        f"sshd[{number(32768)}]: Failed password for invalid user admin from {ip} ssh2",
        "authentication failure; Access Denied; WARNING: ERR INFORMATION", "", " ", "\x00 INFO \xe4\xf6", "\t",
    ])
    level = choice.choice(["INFO", "DEBUG", "WARN", "ERROR", "FATAL", "TRACE", "SEVERE", "info", "NOTICE"])
    kind = number(7)
    if kind < 3:
        text = f"2026-{number(13):02}-{number(32):02} {second},{number(1000):03} {level} [w-{number(16)}] {message}"
    elif kind == 3:
        status = choice.choice([200, 404, 500, 503])
        when = f"[{number(32):02}/{month}/2026:{second} +0000]"
        text = f'{ip} - - {when} "GET /p?sessionid={number(99)} HTTP/1.1" {status} 7'
    elif kind == 4:
        text = f"{month} {number(32):2} {second} host {message}"
    elif kind == 5:
        text = choice.choice(["\tat com.shop.Class.method(Class.java:7)", "  at x.y$Z.<init>(A)", "at x(", message])
    else:
        text = "".join(chr(choice.choice([number(256), 32 + number(95)])) for _ in range(number(200)))
    return text.encode("latin-1").translate(None, b"\r\n")


def level_of(names):
    """The level of a line that has these patterns."""
    return next((level for level in LEVELS if f"lvl_{level}" in names), "none")


def found_in(line, patterns):
    """The names of the patterns that occur in a line."""
    return [name for name, expression in patterns.items() if expression.search(line)]


def counts_of(lines, patterns, batch_rows):
    """By (batch, column, value) the number of lines: of each pattern, and of each level."""
    counts = collections.Counter()
    for number, line in enumerate(lines):
        names = found_in(line, patterns)
        for name in names:
            counts[number // batch_rows, f"p_{name}", "true"] += 1
        counts[number // batch_rows, "level", level_of(names)] += 1
    return counts


def matches_of(lines, patterns):
    """(line's number, pattern, value, start) of each match, by lines, patterns and places."""
    for number, line in enumerate(lines):
        for name, expression in patterns.items():
            for match in expression.finditer(line):
                yield number, name, match[0], match.start()
