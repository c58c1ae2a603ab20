#!/usr/bin/env python3
"""describe.py LEVADA FOLDER: writes the manual pages and the completion of shells into FOLDER.

All of it comes from what the program says of itself: --help of each command, and the reference of all options.
"""

import gzip
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

# Options whose value is a file.
FILES = {"--config"}


def ask(levada, *arguments):
    # What is on the way into a package has no configuration yet: nothing of this machine is to be seen.
    return subprocess.run(
        [levada, *arguments], capture_output=True, text=True, check=True, env={"LC_ALL": "C.UTF-8", "PATH": os.defpath}
    ).stdout


@dataclass
class Entry:
    names: list
    value: str  # "TEXT", "TEXT:{a,b}" or nothing
    text: str

    @property
    def choices(self):
        found = re.search(r"\{([^}]*)\}", self.value)
        return found[1].split(",") if found else []


@dataclass
class Command:
    name: str  # "channel dump"; empty: the program
    summary: str = ""
    options: list = field(default_factory=list)
    arguments: list = field(default_factory=list)
    commands: list = field(default_factory=list)
    footer: str = ""


def entries(lines):
    """Those of a section of --help: what stands left, and behind or below it what it means."""
    for line in lines:
        if re.match(r"  \S", line):
            left, _, text = line[2:].partition("  ")
            yield [left, text.strip()]
        elif line.strip():
            raise ValueError(f"{line!r} is none of --help's entries")


def joined(lines):
    """Lines that are a continuation stand behind the one that they go on from."""
    out = []
    for line in lines:
        if out and re.match(r" {10,}\S", line):
            out[-1] += "  " + line.strip()
        else:
            out.append(line)
    return out


def read_command(levada, name=""):
    text = ask(levada, *name.split(), "--help")
    command = Command(name)
    section, found, plain = None, {}, []
    for line in joined(text.splitlines()):
        if re.match(r"(Options|Positionals|Subcommands):$", line):
            section = line[:-1]
        elif not line.strip():
            section = None
        elif section:
            found.setdefault(section, []).append(line)
        else:
            plain.append(line)
    command.summary = plain[0]
    command.footer = "\n".join(line for line in plain[1:] if not line.startswith("Usage:"))
    for left, meaning in entries(found.get("Options", [])):
        names, _, value = left.partition(" ")
        value = re.sub(r"^(TEXT|INT|UINT)?(:?)", lambda is_: is_[1] or "", value)
        command.options.append(Entry(names.split(","), left.partition(" ")[2], meaning))
    for left, meaning in entries(found.get("Positionals", [])):
        names, _, value = left.partition(" ")
        command.arguments.append(Entry([names], value, meaning))
    for left, _ in entries(found.get("Subcommands", [])):
        command.commands.append(read_command(levada, f"{name} {left}".strip()))
    return command


def flat(command):
    yield command
    for each in command.commands:
        yield from flat(each)


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return re.sub(r"^\.", "\\&.", text, flags=re.MULTILINE)


def sentence(text):
    return text if not text or text[-1] in ".!?" else text + "."


def header(name, section, version, title):
    return [f'.TH {name} {section} "" "levada {version}" "{title}"']


def default_of(entry):
    found = re.search(r"=(\S+)", entry.value)
    return f" The default is {found[1]}." if found else ""


def value_of(entry):
    if entry.choices:
        return "|".join(entry.choices)
    return entry.value.split("=")[0].split(":")[0].split()[0] if entry.value else ""


def command_page(program, version):
    out = header("LEVADA", 1, version, "User Commands")
    out += [".SH NAME", "levada \\- ingestion agent with sources, interceptors and sinks as plugins", ".SH SYNOPSIS"]
    for command in flat(program):
        if command.name and (command.arguments or not command.commands):
            out += [f".B levada {roff(command.name)}", "[\\fIoptions\\fR]"]
            out += [f"\\fI{roff(each.names[0])}\\fR" for each in command.arguments]
            out.append(".br")
    out += [".SH DESCRIPTION", roff(program.summary)]
    out.append("What the agent does stands in a configuration, levada\\-agent.toml(5).")
    for command in flat(program):
        if not command.name:
            continue
        out += [f".SH COMMAND {roff(command.name.upper())}", roff(sentence(command.summary))]
        for entry in command.arguments + command.options:
            if "--help" in entry.names:
                continue
            names = ", ".join(f"\\fB{roff(name)}\\fR" for name in entry.names)
            value = value_of(entry) if entry in command.options else ""
            out += [".TP", names + (f" \\fI{roff(value)}\\fR" if value else "")]
            out.append(roff(sentence(entry.text) + default_of(entry)))
        if command.footer:
            out += [".PP"] + [roff(line) for line in command.footer.splitlines()]
    out += [".SH FILES"]
    for path, meaning in (
        ("/etc/levada/agent.toml, /etc/levada/conf.d/*.toml", "The configuration of the service."),
        ("/var/lib/levada", "What the agent keeps: positions, dead letters, file channels."),
        ("/usr/lib/levada/plugins, /usr/local/lib/levada/plugins", "Plugins: of packages, and of your own."),
    ):
        out += [".TP", f"\\fI{roff(path)}\\fR", roff(meaning)]
    out += [".SH SIGNALS", ".TP", ".B SIGTERM, SIGINT"]
    out.append("Sources read no more, and what is under way is stored; a second one ends the agent at once.")
    out += [".SH SEE ALSO", "levada\\-agent.toml(5), systemctl(1), journalctl(1)"]
    return out


def plain(markdown):
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "").replace("\\|", "|")


def configuration_page(reference, version):
    out = header("LEVADA-AGENT.TOML", 5, version, "File Formats")
    out += [".SH NAME", "levada\\-agent.toml \\- configuration of the ingestion agent levada", ".SH DESCRIPTION"]
    out.append(roff(
        "A TOML file with a table for each source, interceptor, channel and sink; files in conf.d beside it are read "
        "with it, in the order of their names. levada check tells all that is wrong with it, and touches nothing. "
        "${env:NAME} and ${env:NAME:-default} stand for a variable of the environment, ${file:path} for the text of a "
        "file, ${credential:NAME} for a credential of the systemd service. Nothing that is logged shows what came from "
        "a file or a credential. Durations are written as 500ms, 30s, 5m, 2h or 1d, sizes as 64KiB, 16MiB or 1GiB."
    ))  # fmt: skip
    for line in reference.splitlines()[5:]:
        if line.startswith("## "):
            out += [f".SH {roff(plain(line[3:]).upper() if '[' not in line else plain(line[3:]))}"]
        elif line.startswith("### "):
            out += [f".SS {roff(plain(line[4:]))}"]
        elif line.startswith("| `"):
            cells = [plain(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            name, kind, default, meaning = cells
            out += [".TP", f"\\fB{roff(name)}\\fR, {roff(kind)}"]
            tail = "Required." if default == "required" else f"The default is {default}." if default else ""
            out.append(roff(f"{sentence(meaning)} {tail}".strip()))
        elif line.strip() and not line.startswith("|"):
            out.append(roff(plain(line)))
    out += [".SH SEE ALSO", "levada(1)"]
    return out


def bash_completion(program):
    out = [
        "# Completion of levada for bash.",
        "_levada() {",
        "  local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= word",
        "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do",
        "    case \"$command $word\" in",
    ]
    for command in flat(program):
        for each in command.commands:
            out.append(f"    \"{command.name} {each.name.split()[-1]}\") command=\"{each.name}\" ;;")
    out += ["    esac", "  done", "  case \"$previous\" in"]
    values = {}
    for command in flat(program):
        for option in command.options:
            for name in option.names:
                values.setdefault(name, set()).update(option.choices)
    for name, choices in sorted(values.items()):
        if choices:
            out.append(f"  {name}) COMPREPLY=($(compgen -W \"{' '.join(sorted(choices))}\" -- \"$cur\")); return ;;")
    out += ["  -c | --config) COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames; return ;;", "  esac"]
    out += ["  local words=", "  case \"$command\" in"]
    for command in flat(program):
        words = [each.name.split()[-1] for each in command.commands]
        words += [name for option in command.options for name in option.names if name.startswith("--")]
        words += [choice for each in command.arguments for choice in each.choices]
        out.append(f"  \"{command.name}\") words=\"{' '.join(words)}\" ;;")
    out += [
        "  esac",
        "  # The components that there are now.",
        "  if [ \"$command\" = plugins ]; then",
        "    words+=\" $(levada plugins 2>/dev/null | awk '/^plugins/ { exit } /^  / { print $1 }')\"",
        "  fi",
        "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))",
        "}",
        "complete -F _levada levada",
    ]
    return out


def zsh_text(text):
    return text.replace("\\", "\\\\").replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh_arguments(command):
    out = []
    for option in command.options:
        action = f"({' '.join(option.choices)})" if option.choices else "_files" if FILES & set(option.names) else " "
        value = f":{option.names[-1].lstrip('-')}:{action}" if option.value else ""
        names = option.names if len(option.names) == 1 else [f"({' '.join(option.names)})" + "'{" + ",".join(option.names) + "}'"]
        out.append(f"'{names[0]}[{zsh_text(option.text)}]{value}'")
    for argument in command.arguments:
        action = f"({' '.join(argument.choices)})" if argument.choices else " "
        if command.name == "plugins":
            action = "($(levada plugins 2>/dev/null | awk \"/^plugins/ { exit } /^  / { print \\$1 }\"))"
        out.append(f"':{argument.names[0]}:{action}'")
    return out


def zsh_completion(program):
    out = ["#compdef levada", "", "# Completion of levada for zsh."]
    for command in flat(program):
        function = "_" + "_".join(["levada", *command.name.split()])
        out += ["", f"{function}() {{", "  local state line"]
        arguments = [argument for argument in zsh_arguments(command)]
        if command.commands:
            arguments = [each for each in arguments if not each.startswith("':")]
            out += ["  _arguments -C \\"] + [f"    {each} \\" for each in arguments]
            out += ["    '1: :->command' '*:: :->arguments'", "  case $state in", "  command)", "    local -a commands=("]
            out += [f"      '{each.name.split()[-1]}:{zsh_text(each.summary)}'" for each in command.commands]
            if command.name == "plugins":
                out.append("      $(levada plugins 2>/dev/null | awk '/^plugins/ { exit } /^  / { print $1 }')")
            out += ["    )", "    _describe command commands ;;", "  arguments)", "    case $line[1] in"]
            for each in command.commands:
                word = each.name.split()[-1]
                out.append(f"    {word}) _{'_'.join(['levada', *each.name.split()])} ;;")
            out += ["    esac ;;", "  esac", "}"]
        else:
            out += ["  _arguments \\"] + [f"    {each} \\" for each in arguments[:-1]] + [f"    {arguments[-1]}", "}"]
    return out + ["", "_levada \"$@\""]


def write(path, lines, packed=False):
    text = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(text, 9, mtime=0) if packed else text)


def main():
    levada, folder = sys.argv[1], Path(sys.argv[2])
    version = ask(levada, "--version").strip()
    program = read_command(levada)
    write(folder / "levada.1.gz", command_page(program, version), packed=True)
    reference = ask(levada, "plugins", "--format", "reference")
    write(folder / "levada-agent.toml.5.gz", configuration_page(reference, version), packed=True)
    write(folder / "levada.bash", bash_completion(program))
    write(folder / "_levada", zsh_completion(program))


main()
