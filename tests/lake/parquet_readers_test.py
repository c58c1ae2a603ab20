"""Rows go through the real agent into Parquet files; pyarrow and DuckDB find the same rows, types, null counts and
partition values in them as Python's json in the lines."""

import collections
import datetime
import decimal
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import duckdb
import pyarrow
import pyarrow.dataset
import pyarrow.parquet

from lake_agent import configuration

LEVADA = os.environ["LEVADA"]
HOSTS = ["web1", "a b", "50%", "x/y", "ä€", "c:d=e", 'q"uo\'te', "[z]{}", None, "", "tab\there"]
ROWS = 20_000

SCHEMA = pyarrow.schema([
    pyarrow.field("id", pyarrow.int32(), nullable=False),
    ("small", pyarrow.int8()),
    ("price", pyarrow.decimal128(10, 2)),
    ("at", pyarrow.timestamp("ms", "UTC")),
    ("exact", pyarrow.timestamp("ns", "UTC")),
    ("wall", pyarrow.timestamp("us")),
    ("ratio", pyarrow.float32()),
    ("ok", pyarrow.bool_()),
    ("note", pyarrow.string()),
    ("raw", pyarrow.binary()),
    ("absent", pyarrow.int64()),
])
DUCKDB_TYPES = ["INTEGER", "TINYINT", "DECIMAL(10,2)", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE",
                "TIMESTAMP", "FLOAT", "BOOLEAN", "VARCHAR", "BLOB", "BIGINT"]
COLUMNS = """
id = "int32 not null"
small = "int8"
price = "decimal(10,2)"
at = "timestamp_ms"
exact = "timestamp_ns"
wall = "timestamp_ntz"
ratio = "float32"
ok = "boolean"
note = "text"
raw = "bytes"
absent = "int64"
"""
PARSED = """{ id = "int64", host = "text", day = "text", small = "int64", price = "text", at = "int64", \
exact = "timestamp", wall = "timestamp", ratio = "float64", ok = "boolean", note = "text", raw = "bytes" }"""


def make_lines(rng):
    """Lines, of which some have values that no column can have."""
    for number in range(ROWS):
        second = datetime.datetime(2026, 1, 30, 23, 59) + datetime.timedelta(milliseconds=37 * number)
        row = {
            "id": number if rng.random() > 0.01 else 1 << 40,
            "host": rng.choice(HOSTS),
            "day": second.strftime("%Y-%m-%d"),
            "small": rng.choice([None, -128, 0, 127]),
            "price": rng.choice([None, f"{rng.randrange(-10**9, 10**9) / 100:.2f}"]),
            "at": 1_780_000_000_000 + 37 * number,
            "exact": second.isoformat(timespec="milliseconds") + "Z",
            "wall": second.isoformat(timespec="milliseconds") + "Z",
            "ratio": rng.choice([None, 0.5, -1.25, number / 4]),
            "ok": rng.choice([None, True, False]),
            "note": rng.choice([None, "", "ä short", f"a note that is longer than twelve bytes, {number}"]),
            "raw": f"{number:x}",
        }
        yield json.dumps({name: value for name, value in row.items() if value is not None or rng.random() < 0.5})


def expected_of(line):
    """What the line's row is in the files, or None where it is rejected."""
    row = json.loads(line)
    if row["id"] >= 1 << 31:
        return None
    price, exact = row.get("price"), datetime.datetime.fromisoformat(row["exact"])
    return {
        "id": row["id"],
        "small": row.get("small"),
        "price": None if price is None else decimal.Decimal(price),
        "at": datetime.datetime.fromtimestamp(row["at"] / 1000, datetime.timezone.utc),
        "exact": exact,
        "wall": exact.replace(tzinfo=None),
        "ratio": row.get("ratio"),
        "ok": row.get("ok"),
        "note": row.get("note"),
        "raw": row["raw"].encode(),
        "absent": None,
        "host": row.get("host") or None,
        "day": row["day"],
    }


class ParquetReaders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="levada-parquet.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        lines = list(make_lines(random.Random(7)))
        (self.folder / "in").mkdir()
        (self.folder / "in/rows.ndjson").write_text("\n".join(lines) + "\n")
        self.expected = {row["id"]: row for row in map(expected_of, lines) if row is not None}
        self.rejected = len(lines) - len(self.expected)

    def run_agent(self, options, columns="[sinks.out.columns]\n" + COLUMNS, exit_code=3):
        config = self.folder / "agent.toml"
        config.write_text(configuration(self.folder, f"{self.folder}/in", PARSED,
                                        f'type = "parquet"\npath = "{self.folder}/out"\n{options}\n{columns}'))
        ran = subprocess.run([LEVADA, "run", "--config", config, "--until-drained"], capture_output=True, text=True)
        self.assertEqual(ran.returncode, exit_code, ran.stdout + ran.stderr)
        if exit_code == 3:
            self.assertIn(f"{self.rejected:,}".replace(",", ""), ran.stdout.replace(",", ""))
        self.files = sorted((self.folder / "out").rglob("*.parquet"))
        self.assertTrue(self.files)
        self.assertEqual([path for path in (self.folder / "out").rglob("*.tmp")], [])

    def compare(self, table, partitions):
        rows = {}
        for row in table.to_pylist():
            self.assertNotIn(row["id"], rows)
            rows[row["id"]] = row
        self.assertEqual(rows.keys(), self.expected.keys())
        for number, row in self.expected.items():
            for name in SCHEMA.names + partitions:
                self.assertEqual(rows[number][name], row[name], (number, name))

    def test_types_and_values_without_partitions(self):
        self.run_agent("")
        self.assertEqual(len(self.files), 1)
        self.assertTrue(pyarrow.parquet.read_schema(self.files[0]).equals(SCHEMA))
        self.compare(pyarrow.parquet.read_table(self.files[0]), [])
        self.compare(duckdb.sql(f"SELECT * FROM '{self.files[0]}'").to_arrow_table(), [])
        types = duckdb.sql(f"DESCRIBE SELECT * FROM '{self.files[0]}'").fetchall()
        self.assertEqual([row[1].replace("TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE") for row in types], DUCKDB_TYPES)

    def test_null_counts_and_bounds_are_in_the_footer(self):
        self.run_agent("")
        footer = pyarrow.parquet.read_metadata(self.files[0])
        for at, name in enumerate(SCHEMA.names):
            values = [row[name] for row in self.expected.values()]
            statistics = [footer.row_group(group).column(at).statistics for group in range(footer.num_row_groups)]
            self.assertEqual(sum(each.null_count for each in statistics), values.count(None), name)
            if name in ("id", "small", "price", "ratio", "note"):
                known = [value for value in values if value is not None]
                self.assertEqual(min(each.min for each in statistics), min(known), name)
                self.assertEqual(max(each.max for each in statistics), max(known), name)

    def test_partition_values_come_back_as_they_were(self):
        self.run_agent('partition_by = ["day", "host"]', f'[sinks.out.columns]\nhost = "text"\nday = "date"\n{COLUMNS}')
        hive = pyarrow.dataset.partitioning(
            pyarrow.schema([("day", pyarrow.string()), ("host", pyarrow.string())]), flavor="hive")
        dataset = pyarrow.dataset.dataset(self.folder / "out", format="parquet", partitioning=hive)
        self.assertEqual(len(dataset.files), len(self.files))
        self.compare(dataset.to_table(), ["host", "day"])
        seen = duckdb.sql(f"SELECT * FROM read_parquet('{self.folder}/out/**/*.parquet', hive_partitioning = true, "
                          "hive_types_autocast = false)").to_arrow_table()
        self.compare(seen, ["host", "day"])
        wanted = collections.Counter((row["day"], row["host"]) for row in self.expected.values())
        self.assertEqual(len(self.files), len(wanted))

    def test_each_codec_and_small_sorted_row_groups(self):
        for compression in ("none", "snappy", "gzip", "zstd"):
            with self.subTest(compression):
                subprocess.run(["rm", "-r", self.folder / "data", self.folder / "out"], stderr=subprocess.DEVNULL)
                for done in (self.folder / "in").glob("*.COMPLETED"):
                    done.rename(done.with_suffix(""))
                self.run_agent(f'compression = "{compression}"\nsort_by = ["note", "id"]\nmemory_bytes = "1MiB"\n'
                               "roll_rows = 9000")
                self.assertEqual(len(self.files), 3)
                codec = {"none": "UNCOMPRESSED"}.get(compression, compression.upper())
                for path in self.files:
                    group = pyarrow.parquet.read_metadata(path).row_group(0)
                    columns = [group.column(at) for at in range(group.num_columns)]
                    self.assertEqual([each.compression for each in columns if each.path_in_schema == "note"], [codec])
                    self.assertLessEqual({each.compression for each in columns}, {codec, "UNCOMPRESSED"})
                self.compare(pyarrow.concat_tables(map(pyarrow.parquet.read_table, self.files)), [])
                self.compare(duckdb.sql(f"SELECT * FROM '{self.folder}/out/*.parquet'").to_arrow_table(), [])
                for path in self.files:
                    file = pyarrow.parquet.ParquetFile(path)
                    for group in range(file.num_row_groups):
                        rows = file.read_row_group(group, ["note", "id"]).to_pylist()
                        keys = [(row["note"] is not None, (row["note"] or "").encode(), row["id"]) for row in rows]
                        self.assertEqual(keys, sorted(keys))

    def test_columns_of_the_rows(self):
        self.run_agent("", "", exit_code=0)
        schema = pyarrow.parquet.read_schema(self.files[0])
        self.assertEqual(schema.field("id").type, pyarrow.int64())
        self.assertEqual(schema.field("exact").type, pyarrow.timestamp("us", "UTC"))
        self.assertEqual(schema.field("note").type, pyarrow.string())
        self.assertEqual(schema.field("raw").type, pyarrow.binary())
        self.assertEqual(duckdb.sql(f"SELECT count(*) FROM '{self.folder}/out/*.parquet'").fetchall(), [(ROWS,)])


if __name__ == "__main__":
    unittest.main()
