#!/usr/bin/env python3
"""The rules of the house that a program can check. Prints each breach as file:line: what; exits 1 if there is one."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SELF = pathlib.Path(__file__).resolve()
FROZEN = ROOT / "tests/contract/1.0"
C_FAMILY = {".h", ".cc", ".c"}
SOURCE = C_FAMILY | {".py"}
CODE = ("agent", "sources", "sinks", "plugins", "tests", "tools")
LINES_MAX = 500
COLUMNS_MAX = 120
COMMENT_COLUMNS_MAX = 100
breaches = []


def breach(path, line, what):
    breaches.append(f"{path.relative_to(ROOT)}:{line}: {what}")


def files(*folders, suffixes=SOURCE):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file() and "build" not in path.relative_to(ROOT).parts:
                yield path


def check_includes():
    """The agent and the plugins see of each other only the SDK."""
    for path in files("agent"):
        if path.name.endswith("_test.cc") or path.name.startswith("test_"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            included = re.match(r'\s*#include "([^"]+)"', line)
            if included and not included[1].startswith(("agent/", "levada/")):
                breach(path, number, f'includes "{included[1]}": the agent knows only agent/ and the SDK')
            if included and included[1].startswith("levada/testkit/"):
                breach(path, number, "the agent includes the testkit")
    for path in files("sources", "sinks", "plugins"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.match(r'\s*#include [<"]agent/', line):
                breach(path, number, "a plugin includes a file of the agent")
    for path in files("plugins/sdk"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            included = re.match(r'\s*#include "([^"]+)"', line)
            if included and (not included[1].startswith("levada/") or included[1].startswith("levada/testkit/")):
                breach(path, number, f'includes "{included[1]}": the SDK stands on nothing of ours')


# What stands later may include what stands before it, and nothing else.
AGENT_FOLDERS = ["base", "config", "observe", "env", "plugin_host", "flow", "channels", "pipeline", "status", "cli"]


def check_direction():
    """The folders of the agent include each other in one direction."""
    for path in files("agent"):
        folder = path.relative_to(ROOT / "agent").parts[0]
        if folder not in AGENT_FOLDERS:
            breach(path, 1, f"the folder agent/{folder} has no place in AGENT_FOLDERS")
            continue
        allowed = AGENT_FOLDERS[: AGENT_FOLDERS.index(folder) + 1]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            included = re.match(r'\s*#include "agent/([^/"]+)/', line)
            if included and included[1] not in allowed:
                breach(path, number, f"agent/{folder} includes agent/{included[1]}, which stands above it")


def check_names():
    """A name in a namespace of the agent is one type: the linker takes two for the same."""
    found = {}
    for path in files("agent", suffixes={".h"}):
        namespace = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if opened := re.match(r"namespace ([\w:]+) \{", line):
                namespace = opened[1]
            defined = re.match(r"(?:struct|class|union|enum class) (\w+)(?: final)?(?: : [^;]*)? \{", line)
            if defined and (first := found.setdefault((namespace, defined[1]), path)) != path:
                breach(path, number, f"{namespace}::{defined[1]} is another type in {first.relative_to(ROOT)}")


def columns_max(path, line):
    """Tables, links and the tests' own data may be as wide as they are."""
    if path.suffix == ".md":
        return None if line.startswith(("|", "[")) or "](" in line else COLUMNS_MAX
    is_comment = path.suffix in C_FAMILY and re.match(r"\s*(//|/\*|\* )", line)
    return COMMENT_COLUMNS_MAX if is_comment else COLUMNS_MAX


def check_lines():
    for path in files(*CODE, "cmake", "conf", suffixes=SOURCE | {".txt", ".cmake", ".toml", ".js", ".html"}):
        if FROZEN in path.parents:
            continue
        lines = path.read_text().splitlines()
        if len(lines) > LINES_MAX:
            breach(path, LINES_MAX, f"{len(lines)} lines: split it by noun")
        for number, line in enumerate(lines, 1):
            # A literal cannot be broken.
            is_literal = path.suffix in C_FAMILY and re.match(r'\s*R"', line)
            if len(line) > columns_max(path, line) and not is_literal:
                breach(path, number, f"{len(line)} columns")
            if re.search(r"\bTODO\b|\bFIXME\b|\bXXX\b", line) and path != SELF:
                breach(path, number, "open ends go into an issue")


# docs/glossary.md says what to write instead. Words that are also used for something else are not here.
RETIRED = re.compile(
    r"\b(parcels?|ledgers?|receipts?|scouts?|drills?|obstacles?|fates|keepers?|relieved|held up|commit records?|rigs?"
    r"|turn(?:s|ed|ing)? (?:(?:it|them|this|that|some|rows) )?down)\b",
    re.IGNORECASE,
)


def check_words():
    """One word for one thing."""
    suffixes = SOURCE | {".md", ".txt", ".cmake", ".toml", ".scenario"}
    for path in [*ROOT.glob("*.md"), *files(*CODE, "docs", "conf", suffixes=suffixes)]:
        if path in (SELF, ROOT / "docs/glossary.md") or FROZEN in path.parents:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for retired in RETIRED.findall(line):
                breach(path, number, f'"{retired}" is a retired word: see docs/glossary.md')


def check_tests():
    """Tests do not sleep, and each one is run."""
    lists = files("agent", "sources", "sinks", "plugins", suffixes={".txt"})
    registered = "\n".join(path.read_text() for path in lists)
    for path in files("agent", "sources", "sinks", "plugins"):
        if not path.name.endswith("_test.cc") or "template" in path.parts:
            continue
        if not re.search(rf"\b{re.escape(path.name)}\b", registered):
            breach(path, 1, "no CMakeLists.txt names this test")
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"sleep_for|sleep_until|usleep|\bsleep\(", line):
                breach(path, number, "a test sleeps")
    for path in files("tests", suffixes={".py"}):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if path != SELF and re.search(r"\btime\.sleep\b|\bimport sleep\b", line):
                breach(path, number, "a test sleeps: tests/waiting.py waits for a condition")


def check_plugins():
    """Each plugin's folder is complete."""
    for parent in ("sources", "sinks", "plugins/interceptors", "plugins/analytics"):
        for folder in sorted((ROOT / parent).iterdir()):
            if not (folder / "CMakeLists.txt").is_file() or not folder.is_dir():
                continue
            if not (folder / "README.md").is_file():
                breach(folder / "CMakeLists.txt", 1, "the plugin has no README.md")
            elif "```toml" not in (folder / "README.md").read_text():
                breach(folder / "README.md", 1, "shows no configuration")


def check_documents():
    """A document has one title, and its links lead somewhere."""
    for path in [*ROOT.glob("*.md"), *files("docs", "sources", "sinks", "plugins", "tests", suffixes={".md"})]:
        text = re.sub(r"```.*?```", lambda code: "\n" * code[0].count("\n"), path.read_text(), flags=re.S)
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > (columns_max(path, line) or len(line)):
                breach(path, number, f"{len(line)} columns")
            if re.match(r"(<{7}|>{7}) ", line):
                breach(path, number, "a merge was left undecided")
        titles = [line for line in text.splitlines() if line.startswith("# ")]
        if len(titles) != 1:
            breach(path, 1, f"{len(titles)} titles")
        for number, line in enumerate(text.splitlines(), 1):
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
                if not target.startswith(("http://", "https://", "mailto:")) and not (path.parent / target).exists():
                    breach(path, number, f"the link {target} leads nowhere")


for check in (check_includes, check_direction, check_names, check_lines, check_words, check_tests, check_plugins,
              check_documents):
    check()
print("\n".join(breaches) or "tidy")
sys.exit(bool(breaches))
