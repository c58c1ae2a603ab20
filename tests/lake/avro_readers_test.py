"""JSON lines go through the real agent into Avro files of each codec, with nested columns and nulls. fastavro, DuckDB
and polars find in them what Python's json finds in the lines; and fastavro reads each row once after kill -9."""

import collections
import datetime
import json
import pathlib
import random
import subprocess
import tempfile
import threading
import time
import unittest

import duckdb
import duckdb_extension_avro
import fastavro
import polars

from lake_agent import configuration
from test_bench import LEVADA, FaultTest, Spool

ROWS = 2_000
KILLS = 20
FILE_ROWS = 400
SECONDS = 100
CODECS = {"none": "null", "gzip": "deflate", "zstd": "zstandard", "snappy": "snappy"}
PARSED = {
    "id": "int64",
    "at": "timestamp",
    "ratio": "float64",
    "ok": "boolean",
    "a-note": "text",
    "user": "struct<id: int64, tags: list<text>, home: struct<lat: float64, at: timestamp>>",
    "orders": "list<struct<price: text, more: list<list<int64>>>>",
}
TEXTS = ["", "short", "exactly 12 b", "longer than the twelve bytes of a view", "ä\n\"\\ 🎈", 1_000 * "x"]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def with_zone(value):
    """The times of the value, and of what is in it, in UTC."""
    if isinstance(value, dict):
        return {key: with_zone(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_zone(each) for each in value]
    return value.replace(tzinfo=datetime.timezone.utc) if isinstance(value, datetime.datetime) else value


class Lines:
    """Random rows as JSON has them; what is None is missing or null."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.rows = [self.row(number) for number in range(ROWS)]

    def maybe(self, make):
        return None if self.rng.random() < 0.2 else make()

    def items(self, make):
        return [self.maybe(make) for _ in range(100 if self.rng.random() < 0.01 else self.rng.randrange(4))]

    def number(self):
        return self.rng.choice([0, -1, 1, 63, -64, 64, 2**31, -2**63, 2**63 - 1, self.rng.randrange(10**6)])

    def text(self):
        return self.rng.choice(TEXTS)

    def time(self):
        return EPOCH + datetime.timedelta(microseconds=self.rng.randrange(-10**15, 2 * 10**15))

    def row(self, number):
        return {
            "id": number,
            "at": self.maybe(self.time),
            "ratio": self.maybe(lambda: self.rng.randrange(-900, 900) / 8),
            "ok": self.maybe(lambda: self.rng.random() < 0.5),
            "a-note": self.maybe(self.text),
            "user": self.maybe(lambda: {
                "id": self.maybe(self.number), "tags": self.maybe(lambda: self.items(self.text)),
                "home": self.maybe(lambda: {"lat": self.maybe(lambda: 0.5), "at": self.maybe(self.time)})}),
            "orders": self.maybe(lambda: self.items(lambda: {
                "price": self.maybe(self.text),
                "more": self.maybe(lambda: self.items(lambda: self.items(self.number)))})),
        }

    def lines(self):
        for row in self.rows:
            # Now and then, keys are left out; never all of a batch's.
            present = {key: value for key, value in row.items() if value is not None or self.rng.random() < 0.5}
            yield json.dumps(present, default=lambda time: time.isoformat(), ensure_ascii=self.rng.random() < 0.5)


class AvroReaders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seed = random.randrange(1 << 32)
        print(f"seed {cls.seed}", flush=True)
        folder = tempfile.TemporaryDirectory(prefix="levada-avro.")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        incoming = cls.folder / "in"
        incoming.mkdir()
        lines = Lines(cls.seed)
        (incoming / "a.ndjson").write_text("".join(line + "\n" for line in lines.lines()))
        parsed = "{ " + ", ".join(f'"{name}" = "{kind}"' for name, kind in PARSED.items()) + " }"
        sinks = "\n".join(f"""
[sinks.{compression}]
type = "file"
channel = "main"
path = "{cls.folder}/{compression}"
format = "avro"
compression = "{compression}"
roll_rows = {ROWS * 2 // 5}
commit_rows = 100
""" for compression in CODECS)
        config = cls.folder / "agent.toml"
        config.write_text(configuration(cls.folder, incoming, parsed, 'type = "null"', 'read_bytes = "16KiB"') + sinks)
        done = subprocess.run([LEVADA, "run", "--config", config, "--until-drained"], timeout=SECONDS,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        # As the files have them.
        cls.rows = [{key.replace("-", "_"): value for key, value in row.items()} for row in lines.rows]

    def paths(self, compression):
        paths = sorted((self.folder / compression).glob("*.avro"))
        self.assertEqual(len(paths), 3)
        return paths

    def check(self, found):
        self.assertEqual(len(found), ROWS)
        for row, expected in zip(sorted(found, key=lambda row: row["id"]), self.rows):
            self.assertEqual(row, expected)

    def test_fastavro_reads_each_codec(self):
        for compression, codec in CODECS.items():
            found = []
            for path in self.paths(compression):
                with path.open("rb") as file:
                    reader = fastavro.reader(file)
                    self.assertEqual(reader.codec, codec)
                    found += list(reader)
                    note = reader.writer_schema["fields"][4]
                    self.assertEqual((note["name"], note["column"]), ("a_note", "a-note"))
            self.check(found)

    def test_duckdb_and_polars_read_the_codecs_that_they_know(self):
        connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        folder = pathlib.Path(duckdb_extension_avro.__file__).parent
        connection.execute(f"LOAD '{next(folder.rglob('*.duckdb_extension'))}'")

        def by_duckdb(path):
            return connection.execute(f"SELECT * FROM read_avro('{path}')").arrow().read_all().to_pylist()

        for read in (by_duckdb, lambda path: polars.read_avro(path).to_dicts()):
            for compression in ("none", "gzip", "snappy"):
                self.check(with_zone([row for path in self.paths(compression) for row in read(path)]))


class AvroKills(FaultTest):
    def test_each_row_is_there_once_after_kill_9(self):
        self.configure({
            "sources.files": {"completed": "delete", "interceptors": ["columns"]},
            "interceptors.columns": {"type": "parse_json"},
            "interceptors.columns.columns": {"id": "int64", "key": "text"},
            "sinks.rows": {"format": "avro", "compression": "snappy", "roll_rows": 3000, "commit_interval": "20ms"},
        })
        spool = Spool(self.folder / "spool", self.rng)
        pause = threading.Event()
        patience = self.slowness()
        cut = 0
        for _ in range(KILLS):
            self.start()
            until = time.monotonic() + patience * self.rng.choice([0.1, 0.3, 0.6]) * self.rng.random()
            while time.monotonic() < until:
                while spool.waiting() < 6:
                    spool.add(self.rng.randrange(1, 2 * FILE_ROWS), self.rng.randrange(200))
                pause.wait(0.01)
            self.kill()
            cut += sum(1 for _ in (self.folder / "rows").glob("*.avro.tmp"))
        self.assertGreater(cut, 0, "no file was in use at any kill; " + self.context())
        self.drain()
        found, keys = collections.Counter(), collections.Counter()
        for path in (self.folder / "rows").glob("*"):
            if path.suffix == ".lock":
                continue
            with path.open("rb") as file:
                for row in fastavro.reader(file):
                    found[row["id"]] += 1
                    keys[row["key"]] += 1
        self.assertEqual(len(found), spool.rows, self.context())
        self.assertEqual(set(found.values()), {1}, self.context())
        self.assertEqual(keys, spool.by_key, self.context())


if __name__ == "__main__":
    unittest.main()
