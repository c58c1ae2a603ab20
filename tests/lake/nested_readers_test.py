"""Objects and arrays of JSON lines go through the real agent into Parquet files and Delta tables as structs and lists.
pyarrow, DuckDB, delta-rs and polars find in them what Python's json finds in the lines."""

import datetime
import decimal
import json
import pathlib
import random
import subprocess
import tempfile
import unittest

import duckdb
import pyarrow
import pyarrow.parquet

from delta_table import LEVADA, READERS, command, inline, run
from lake_agent import configuration

ROWS = 3_000
PARSED = {
    "id": "int64",
    "user": "struct<id: int64, name: text, tags: list<text>, home: struct<lat: float64, at: timestamp>>",
    "orders": "list<struct<price: text, day: text, count: int64, more: list<list<int64>>>>",
    "other": "json",
}
# As they stand in files: some narrower than in the rows.
WRITTEN = {
    "id": "int64",
    "user": "struct<id: int32, name: text, tags: list<text>, home: struct<lat: float32, at: timestamp>>",
    "orders": "list<struct<price: decimal(10,2), day: date, count: int16, more: list<list<int64>>>>",
    "other": "text",
}
ARROW = pyarrow.schema([
    ("id", pyarrow.int64()),
    ("user", pyarrow.struct([
        ("id", pyarrow.int32()), ("name", pyarrow.string()), ("tags", pyarrow.list_(pyarrow.string())),
        ("home", pyarrow.struct([("lat", pyarrow.float32()), ("at", pyarrow.timestamp("us", "UTC"))]))])),
    ("orders", pyarrow.list_(pyarrow.struct([
        ("price", pyarrow.decimal128(10, 2)), ("day", pyarrow.date32()), ("count", pyarrow.int16()),
        ("more", pyarrow.list_(pyarrow.list_(pyarrow.int64())))]))),
    ("other", pyarrow.string()),
])


class Lines:
    """Random lines, and what each of them is in the files; None where it is rejected, with `reasons` by id."""

    def __init__(self, seed, rows=ROWS):
        self.rng = random.Random(seed)
        self.reasons = {}
        self.lines, self.rows = [], []
        for number in range(rows):
            line = {"id": number, "user": self.maybe(self.user), "orders": self.maybe(lambda: self.items(self.order)),
                    "other": self.maybe(lambda: {"a": [1, {"b": number}]})}
            self.reason = None
            row = self.expected(line)
            if self.reason:
                self.reasons[number] = self.reason
            else:
                self.rows.append(row)
            present = {key: value for key, value in line.items() if value is not None or self.rng.random() < 0.5}
            self.lines.append(json.dumps(present, ensure_ascii=self.rng.random() < 0.5))

    def maybe(self, make):
        return None if self.rng.random() < 0.2 else make()

    def items(self, make):
        return [self.maybe(make) for _ in range(40 if self.rng.random() < 0.01 else self.rng.randrange(5))]

    def text(self):
        return self.rng.choice(["", "short", "exactly 12 b", "longer than the twelve bytes of a view", "ä\n\"\\ 🎈"])

    def user(self):
        user = {"id": self.maybe(lambda: self.rng.choice([1, -5, 2**31 - 1, 2**31 if self.rng.random() < 0.02 else 7])),
                "name": self.maybe(self.text), "tags": self.maybe(lambda: self.items(self.text)),
                "home": self.maybe(lambda: {"lat": self.maybe(lambda: self.rng.randrange(-900, 900) / 8),
                                            "at": self.maybe(self.time)}),
                "unknown": {"tags": [7]}}
        names = self.rng.sample(list(user), len(user))
        return {name: user[name] for name in names if user[name] is not None or self.rng.random() < 0.5}

    def time(self):
        start = datetime.datetime(1969, 12, 1, tzinfo=datetime.timezone.utc)
        return (start + datetime.timedelta(microseconds=self.rng.randrange(10**15))).isoformat()

    def order(self):
        return {"price": self.maybe(lambda: f"{self.rng.randrange(-10**6, 10**6) / 100:.2f}"),
                "day": self.maybe(lambda: f"2026-0{self.rng.randrange(1, 10)}-11"),
                "count": self.maybe(lambda: self.rng.choice([-32768, 32768 if self.rng.random() < 0.005 else 9])),
                "more": self.maybe(lambda: self.items(lambda: self.items(lambda: self.rng.randrange(10**12))))}

    def fault(self, place):
        self.reason = self.reason or place

    def expected(self, line):
        user, orders, row = line["user"], line["orders"], dict(line)
        if user is not None:
            home = user.get("home")
            if home is not None:
                at = home.get("at")
                home = {"lat": home.get("lat"), "at": at and datetime.datetime.fromisoformat(at)}
            row["user"] = {"id": user.get("id"), "name": user.get("name"), "tags": user.get("tags"), "home": home}
            if (user.get("id") or 0) > 2**31 - 1:
                self.fault("user.id")
        if orders is not None:
            row["orders"] = []
            for at, order in enumerate(orders):
                if order is not None:
                    if (order["count"] or 0) > 32767:
                        self.fault(f"orders[{at}].count")
                    price, day = order["price"], order["day"]
                    order = {**order, "price": price and decimal.Decimal(price),
                             "day": day and datetime.date.fromisoformat(day)}
                row["orders"].append(order)
        row["other"] = line["other"] and json.dumps(line["other"])
        return row


class NestedReaders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="levada-nested.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check(self, found, expected, name=""):
        found = {row["id"]: row for row in found}
        self.assertEqual(found.keys(), {row["id"] for row in expected}, name)
        for row in expected:
            self.assertEqual(found[row["id"]], row, name)

    def run_agent(self, lines, sink, columns):
        """Gives the reasons of the rejected rows, by their ids."""
        incoming = self.folder / "in"
        incoming.mkdir(exist_ok=True)
        (incoming / "rows.ndjson").write_text("\n".join(lines.lines) + "\n")
        config = self.folder / "agent.toml"
        config.write_text(configuration(self.folder, incoming, inline(PARSED | {"shard": "text"}),
                                        f"{sink}\ncolumns = {inline(columns)}"))
        ran = subprocess.run([LEVADA, "run", "--config", config, "--until-drained"], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 3 if lines.reasons else 0, ran.stdout + ran.stderr)
        dumped = subprocess.run([LEVADA, "channel", "dump", "--config", config, "dead_letters"], capture_output=True,
                                text=True)
        self.assertEqual(dumped.returncode, 0, dumped.stdout + dumped.stderr)
        letters = [json.loads(line) for line in dumped.stdout.splitlines()]
        return {letter["id"]: letter["reason"] for letter in letters}

    def test_parquet_files_are_read_as_python_reads_the_lines(self):
        for number, options in enumerate(["", 'partition_by = ["shard"]', 'sort_by = ["id"]\ncompression = "snappy"']):
            lines = Lines(number)
            self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="levada-nested.")))
            columns = WRITTEN | ({"shard": "text"} if "shard" in options else {})
            reasons = self.run_agent(lines, f'type = "parquet"\npath = "{self.folder}/out"\n{options}', columns)
            self.assertTrue(lines.reasons)
            self.assertEqual(reasons.keys(), lines.reasons.keys())
            for row, place in lines.reasons.items():
                self.assertIn(f" at {place} does not fit ", reasons[row])
            (file,) = (self.folder / "out").rglob("*.parquet")
            table = pyarrow.parquet.ParquetFile(file).read()
            self.assertEqual([table.schema.field(name).type for name in ARROW.names], ARROW.types)
            self.check(table.to_pylist(), lines.rows, "pyarrow")
            duckdb.execute("SET TimeZone = 'UTC'")
            found = duckdb.sql(f"SELECT id, user, orders, other FROM '{file}'").to_arrow_table().to_pylist()
            self.check(found, lines.rows, "DuckDB")
            leaves = pyarrow.parquet.read_metadata(file).schema
            paths = [leaves.column(at).path for at in range(len(leaves))]
            for path in ("user.tags.list.element", "orders.list.element.more.list.element.list.element"):
                self.assertIn(path, paths)

    def test_delta_tables_are_read_as_python_reads_the_lines(self):
        table, lines = self.folder / "table", Lines(11)
        reasons = self.run_agent(lines, f'type = "delta"\npath = "{table}"', WRITTEN)
        self.assertEqual(reasons.keys(), lines.reasons.keys())
        for name, read in READERS.items():
            self.check(read(table), lines.rows, name)
        shown = command("show", table)
        for name, kind in WRITTEN.items():
            self.assertIn(f"  {name}  {kind}\n", shown)
        self.check_cat(table, lines.rows)
        command("optimize", table)
        for name, read in READERS.items():
            self.check(read(table), lines.rows, name)

    def check_cat(self, table, rows):
        printed = {row["id"]: row for row in map(lambda line: json.loads(line, parse_float=decimal.Decimal),
                                                 command("cat", table).splitlines())}
        self.assertEqual(printed.keys(), {row["id"] for row in rows})
        for row in rows:
            orders = printed[row["id"]]["orders"]
            for order, expected in zip(orders or [], row["orders"] or []):
                if expected is not None:
                    self.assertEqual(order["price"], expected["price"])
                    self.assertEqual(order["day"], expected["day"] and expected["day"].isoformat())
                    self.assertEqual(order["more"], expected["more"])

    def test_a_nested_column_is_added_to_a_table_and_old_rows_have_null(self):
        table = self.folder / "table"
        few = [{"id": number} for number in range(10)]
        run(self.folder, table, few, parsed={"id": "int64"}, schema_mode="add_columns")
        lines = Lines(5, 500)
        rows = [json.loads(line) for line in lines.lines]
        for row in rows:
            row["id"] += 10
        run(self.folder, table, rows, parsed=PARSED, schema_mode="add_columns")
        for name, read in READERS.items():
            found = {row["id"]: row for row in read(table)}
            self.assertEqual(len(found), 510, name)
            for number in range(10):
                self.assertEqual(found[number], {"id": number, "user": None, "orders": None, "other": None}, name)
            for row in rows:
                tags = (row.get("user") or {}).get("tags")
                self.assertEqual((found[row["id"]]["user"] or {}).get("tags"), tags, name)


if __name__ == "__main__":
    unittest.main()
