"""A scenario file: reads it, writes it back, and turns its text into bytes and bytes into its text."""

import re
from dataclasses import dataclass, field

SETUP = ("configuration", "file", "append", "folder", "remove", "environment", "stdin")
EXPECTED = ("exit", "errors", "log", "stdout", "output", "files", "rejected", "report")
KNOWN = SETUP + ("command",) + EXPECTED

HEADER = re.compile(r"^--- (\w+)(?: (.*))?$")
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[nrt0\\]|\n)")
SIMPLE_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\", b"\n": b""}


class BadScenario(Exception):
    """The scenario file itself is at fault."""


@dataclass
class Section:
    name: str
    argument: str = ""
    lines: list = field(default_factory=list)

    @property
    def words(self):
        return self.argument.split()


@dataclass
class Scenario:
    comment: list
    sections: list

    def text(self):
        parts = ["\n".join(self.comment)]
        for section in self.sections:
            header = f"--- {section.name} {section.argument}".rstrip()
            parts.append("\n".join([header] + section.lines))
        return "\n\n".join(parts) + "\n"


def read(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")
    comment, sections = [], []
    for number, line in enumerate(lines, 1):
        header = HEADER.match(line)
        if header:
            if header[1] not in KNOWN:
                raise BadScenario(f"{path}:{number}: there is no section {header[1]}; there are {', '.join(KNOWN)}")
            sections.append(Section(header[1], (header[2] or "").strip()))
        elif sections:
            sections[-1].lines.append(line)
        elif line.startswith("#"):
            comment.append(line)
        elif line:
            raise BadScenario(f"{path}:{number}: expected a comment (#) or a section (---)")
    for section in sections:
        while section.lines and not section.lines[-1]:
            section.lines.pop()
    if not comment:
        raise BadScenario(f"{path}: says nowhere what it shows; begin with a comment")
    if not any(section.name == "command" for section in sections):
        raise BadScenario(f"{path}: runs nothing; it needs a section `command`")
    return Scenario(comment, sections)


def numbered(lines, count):
    """The lines `count` times over, with ${n} as the number of the copy, from 1."""
    return [line.replace("${n}", str(number)) for number in range(1, count + 1) for line in lines]


def unescaped(data):
    """\\n, \\r, \\t, \\0, \\\\ and \\xNN; a backslash at the end of a line takes the line end away."""
    def one(match):
        code = match[1]
        return bytes([int(code[1:], 16)]) if code.startswith(b"x") else SIMPLE_ESCAPES[code]

    return ESCAPE.sub(one, data)


def visible(text):
    """The text on one line, without characters that a person cannot see."""
    short = {"\n": "\\n", "\r": "\\r", "\0": "\\0", "\ufeff": "\\xef\\xbb\\xbf"}
    return "".join(short.get(c) or (f"\\x{ord(c):02x}" if ord(c) < 32 and c != "\t" else c) for c in text)


def visible_lines(data):
    """Bytes as the lines of a section. A last line without its end gets a backslash."""
    if not data:
        return []
    lines = [visible(line) for line in data.decode("utf-8", "backslashreplace").split("\n")]
    if lines[-1]:
        lines[-1] += "\\"
    else:
        lines.pop()
    # An empty line at the end of a section does not count, and a line must not look like a header.
    lines = ["\\x2d" + line[1:] if line.startswith("--- ") else line for line in lines]
    for at in range(len(lines) - 1, -1, -1):
        if lines[at]:
            break
        lines[at] = "\\n"
    return lines
