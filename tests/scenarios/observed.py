"""What a command left behind, in the form in which a scenario states it: one method for each section."""

import base64
import ctypes
import gzip
import hashlib
import json
import re
from pathlib import Path

import scenario

LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (debug|info|warning|error) ")
REPORT_LINE = re.compile(r"^((sources|interceptors|sinks|sink_groups)\.\S+ {2,}|dead letters {2,}|  [\d,]+ +\S"
                         r"|  [\w.-]+ {2,}(good|unchanged|FAILED|pending) "
                         r"|[\d.]+ s, [\d,]+ rows a second$)")
NOT_THERE = "(not there)"


class Gzip:
    @staticmethod
    def compress(data):
        return gzip.compress(data, mtime=0)

    decompress = staticmethod(gzip.decompress)


class Zstd:
    """The library that the plugins use; Python's own comes with 3.14."""

    @staticmethod
    def library():
        library = ctypes.CDLL("libzstd.so.1")
        library.ZSTD_compressBound.restype = ctypes.c_size_t
        library.ZSTD_compress.restype = ctypes.c_size_t
        library.ZSTD_decompress.restype = ctypes.c_size_t
        return library

    @classmethod
    def compress(cls, data):
        library, size = cls.library(), ctypes.c_size_t(len(data))
        to = ctypes.create_string_buffer(library.ZSTD_compressBound(size))
        count = library.ZSTD_compress(to, ctypes.c_size_t(len(to)), data, size, 3)
        return to.raw[:count]

    @classmethod
    def decompress(cls, data):
        library = cls.library()
        to = ctypes.create_string_buffer(64 << 20)
        count = library.ZSTD_decompress(to, ctypes.c_size_t(len(to)), data, ctypes.c_size_t(len(data)))
        if library.ZSTD_isError(ctypes.c_size_t(count)):
            return b"(no zstd)\n"
        return to.raw[:count]


COMPRESSIONS = {"gzip": Gzip, "zstd": Zstd}
SUFFIXES = {".gz": Gzip, ".zst": Zstd}


class Observed:
    def __init__(self, folder, code, stdout, stderr, dead_letters):
        """dead_letters() gives them as lines of JSON."""
        self.dead_letters = dead_letters
        self.folder, self.code = Path(folder), code
        self.stdout_text = self.without_folder(stdout)
        self.stderr_text = self.without_folder(stderr)
        lines = self.stdout_text.splitlines()
        report = len(lines)
        while report > 0 and REPORT_LINE.match(lines[report - 1]):
            report -= 1
        self.report_lines = lines[report:]
        self.rows_on_stdout = "".join(line + "\n" for line in lines[:report])

    def without_folder(self, data):
        text = data.decode("utf-8", "backslashreplace")
        return text.replace(str(self.folder), "${dir}")

    def errors(self, _):
        """Diagnostics: what stands on stderr and is no line of the log."""
        return [line for line in self.stderr_text.splitlines() if not LOG_LINE.match(line)]

    def log(self, section):
        """The expected lines that are there, and all other warnings and errors: each once, as threads mix them."""
        lines = []
        for line in self.stderr_text.splitlines():
            stamp = LOG_LINE.match(line)
            if stamp and (text := line[stamp.start(1):]) not in lines:
                lines.append(text)
        patterns = {each: re.compile(".*".join(map(re.escape, each.split("*")))) for each in section.lines}
        found = [each for each in section.lines if any(patterns[each].fullmatch(line) for line in lines)]
        others = [line for line in lines if line.startswith(("warning ", "error ")) and
                  not any(pattern.fullmatch(line) for pattern in patterns.values())]
        return found + others

    def stdout(self, _):
        """Without the report of a run."""
        return scenario.visible_lines(self.rows_on_stdout.encode())

    def output(self, section):
        pattern, *flags = section.words
        paths = self.find(pattern)
        if not paths:
            return [NOT_THERE]
        data = b"".join(map(self.read, paths))
        if "digest" in flags:
            if "sorted" in flags:
                data = b"".join(sorted(data.splitlines(keepends=True)))
            return [f"{data.count(bytes([10]))} lines, SHA-256 {hashlib.sha256(data).hexdigest()}"]
        lines = scenario.visible_lines(data)
        return sorted(lines) if "sorted" in flags else lines

    def files(self, section):
        pattern, *flags = section.words
        names = [str(path.relative_to(self.folder)) for path in self.find(pattern)]
        return [str(len(names))] if "count" in flags else names

    def rejected(self, section):
        """The dead letters: component, reason, and the columns that the section names, else the body."""
        columns = [word for word in section.words if word != "sorted"] or ["body"]
        lines = []
        for row in map(json.loads, self.dead_letters()):
            texts = [row["component"], row["reason"]] + [self.value(row, column) for column in columns]
            lines.append(" | ".join(map(scenario.visible, texts)).replace(str(self.folder), "${dir}"))
        return sorted(lines) if "sorted" in section.words else lines

    def report(self, section):
        """Of each expected line what is there: the component, and those of its counts that are named."""
        if not section.lines:
            return [line for line in self.report_lines if not line.endswith("rows a second")]
        there = {parts[0]: parts[1:] for parts in map(self.parts, self.report_lines)}
        lines = []
        for line in section.lines:
            name, *counts = self.parts(line)
            found = [self.counted(count, there.get(name, [])) for count in counts]
            lines.append(line if found == counts else "  ".join([name] + found))
        return lines

    @staticmethod
    def counted(count, there):
        """The count of that name as it is."""
        name = re.sub(r"[\d,]+", "#", count)
        return next((each for each in there if re.sub(r"[\d,]+", "#", each) == name), NOT_THERE)

    @staticmethod
    def parts(line):
        parts = re.split(r" {2,}", line.strip())
        # A reason is the name of its line, its count comes first.
        return parts[::-1] if re.fullmatch(r"[\d,]+", parts[0]) else parts

    @staticmethod
    def value(row, column):
        if column + "_base64" in row:
            return base64.b64decode(row[column + "_base64"]).decode("utf-8", "backslashreplace")
        value = row.get(column, "(none)")
        return value if isinstance(value, str) else json.dumps(value)

    def find(self, pattern):
        return sorted(path for path in self.folder.glob(pattern) if path.is_file())

    @staticmethod
    def read(path):
        data = path.read_bytes()
        # A completed input file has a suffix behind that of its compression.
        suffix = next((each for each in path.suffixes if each in SUFFIXES), None)
        return SUFFIXES[suffix].decompress(data) if suffix else data
