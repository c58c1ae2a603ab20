"""Rows go through the real agent into Delta tables. delta-rs, DuckDB, polars and pyarrow find in them what Python's
json finds in the lines, and what delta-rs has made is appended to."""

import datetime
import decimal
import json
import pathlib
import random
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import deltalake
import pyarrow
import pyarrow.parquet

import spark_session
from delta_table import (COLUMNS, HOSTS, LEVADA, READERS, command, counted, duckdb_with_delta, make_rows, run,
                         seen_by_deltars)

ROWS = 2_000
PARTITIONS = {"partition_by": ["host"], "columns": COLUMNS}


class DeltaReaders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="levada-delta.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.table = self.folder / "table"
        self.rng = random.Random(7)
        self.rows = []

    def append(self, count=ROWS, **options):
        rows = list(make_rows(self.rng, len(self.rows), count))
        run(self.folder, self.table, rows, **options)
        self.rows += rows

    def check(self, columns=tuple(COLUMNS), rows=None):
        expected = counted(self.rows if rows is None else rows, columns)
        for name, read in READERS.items():
            found = read(self.table)
            self.assertEqual(set(found[0]), set(columns), name)
            different = counted(found, columns) - expected, expected - counted(found, columns)
            self.assertFalse(any(different), f"{name} sees other rows: {[list(each)[:3] for each in different]}")

    def live_files(self):
        return deltalake.DeltaTable(str(self.table)).file_uris()

    def test_readers_see_the_rows_types_and_null_counts(self):
        self.append()
        self.append()
        self.check()
        table = deltalake.DeltaTable(str(self.table))
        self.assertEqual([(field.name, field.type.type) for field in table.schema().fields],
                         [("id", "long"), ("host", "string"), ("at", "timestamp"), ("ratio", "double"),
                          ("ok", "boolean"), ("note", "string")])
        actions = pyarrow.table(table.get_add_actions(flatten=True)).to_pylist()
        self.assertEqual(sum(each["num_records"] for each in actions), len(self.rows))
        for column in COLUMNS:
            nulls = sum(row[column] is None for row in self.rows)
            self.assertEqual(sum(each[f"null_count.{column}"] for each in actions), nulls, column)
        for each, file in zip(actions, self.live_files()):
            read = pyarrow.parquet.read_table(file)
            self.assertEqual(read.num_rows, each["num_records"])
        self.assertEqual(min(each["min.id"] for each in actions), 0)
        self.assertEqual(max(each["max.id"] for each in actions), len(self.rows) - 1)

    def test_files_are_skipped_by_statistics_only_where_no_row_is(self):
        self.append()
        self.append()
        for row in self.rng.sample(self.rows, 20):
            for column in ("id", "at", "note"):
                if row[column] is None:
                    continue
                table = deltalake.DeltaTable(str(self.table)).to_pyarrow_dataset()
                found = table.to_table(filter=pyarrow.dataset.field(column) == pyarrow.scalar(row[column])).to_pylist()
                expected = [each for each in self.rows if each[column] == row[column]]
                self.assertEqual(counted(found, COLUMNS), counted(expected, COLUMNS), column)

    def test_partition_values_are_what_the_rows_had(self):
        self.append(**PARTITIONS)
        self.append(**PARTITIONS)
        self.check()
        values = {each["host"] for each in deltalake.DeltaTable(str(self.table)).partitions()}
        self.assertEqual(values, set(HOSTS))

    def test_partitions_by_time_number_and_truth(self):
        columns = {"id": "int64", "at": "timestamp", "ok": "boolean", "note": "text"}
        self.rows = list(make_rows(self.rng, 0, 12))
        self.rows[3]["at"] = self.rows[3]["at"].replace(microsecond=250_000)
        self.rows[4]["at"] = self.rows[4]["at"].replace(microsecond=0)
        run(self.folder, self.table, self.rows, columns=columns, partition_by=["at", "id", "ok"])
        self.check(columns=tuple(columns))

    def test_columns_are_added_and_checkpoints_stand_for_a_log_that_is_gone(self):
        few = {"schema_mode": "add_columns", "checkpoint_interval": 2}
        old = [{name: row[name] for name in ("id", "host")} for row in make_rows(self.rng, 0, ROWS)]
        run(self.folder, self.table, old, parsed={"id": "int64", "host": "text"}, **few)
        self.rows += old
        self.append(**few)
        self.append(**few)
        self.check()
        log = self.table / "_delta_log"
        checkpoints = sorted(log.glob("*.checkpoint.parquet"))
        self.assertTrue(checkpoints)
        for path in log.glob("*.json"):
            if path.name[:20] <= checkpoints[-1].name[:20]:
                path.unlink()
        self.check()
        self.append(**few)
        self.check()

    def test_narrow_types_are_what_was_declared(self):
        columns = {"small": "int8", "middle": "int16", "number": "int32", "ratio": "float32", "price": "decimal(12,3)",
                   "day": "date", "wall": "timestamp_ntz", "raw": "bytes"}
        parsed = {"small": "int64", "middle": "int64", "number": "int64", "ratio": "float64", "price": "text",
                  "day": "text", "wall": "timestamp", "raw": "bytes"}
        lines, expected = [], []
        for number in range(120):
            day = datetime.date(1969, 12, 1) + datetime.timedelta(days=self.rng.randrange(60))
            wall = datetime.datetime(2026, 1, 30) + datetime.timedelta(microseconds=self.rng.randrange(10**12))
            price = decimal.Decimal(self.rng.randrange(-10**9, 10**9)) / 1000
            row = {"small": number % 256 - 128, "middle": -number * 100, "number": number * 17_000_000,
                   "ratio": number / 8, "price": price, "day": day, "wall": wall, "raw": b"%x" % number}
            for column in self.rng.sample(list(columns), 2):
                row[column] = None
            expected.append(row)
            lines.append({name: value.decode() if name == "raw" and value else value if value is None or
                          isinstance(value, (int, float)) else value.isoformat() if name in ("day", "wall") else
                          str(value) for name, value in row.items()})
        for partitions in ([], ["day"], ["small", "number"]):
            self.table = self.folder / f"table{len(partitions)}"
            run(self.folder, self.table, lines, name=f"agent{len(partitions)}", parsed=parsed, columns=columns,
                partition_by=partitions)
            self.check(columns=tuple(columns), rows=expected)
            command("optimize", self.table)
            self.check(columns=tuple(columns), rows=expected)
        schema = deltalake.DeltaTable(str(self.table)).schema()
        self.assertEqual([field.type.type for field in schema.fields],
                         ["byte", "short", "integer", "float", "decimal(12,3)", "date", "timestamp_ntz", "binary"])

    def test_the_guide_says_what_works(self):
        guide = (pathlib.Path(__file__).parents[2] / "docs/guides/lake.md").read_text()
        blocks = re.findall(r"```(\w+)\n(.*?)```", guide, re.S)
        tomls = [text for kind, text in blocks if kind == "toml"]
        config = self.folder / "guide.toml"
        spool = self.folder / "spool"
        spool.mkdir()
        config.write_text(f'[agent]\ndata_dir = "{self.folder}/data"\n' +
                          tomls[0].replace("/data/views", str(self.table)).replace("/var/spool/views", str(spool)))
        views = [{"view_id": f"v{at}", "start_timestamp": "2026-01-31T12:00:00Z", "campaign_id": at % 3}
                 for at in range(30)]
        (spool / "views.ndjson").write_text("".join(json.dumps(view) + "\n" for view in views))
        subprocess.run([LEVADA, "run", "--config", str(config), "--until-drained"], check=True, timeout=100,
                       capture_output=True)
        sql = next(text for kind, text in blocks if kind == "sql").replace("/data/views", str(self.table))
        sql = "\n".join(line for line in sql.splitlines() if not line.startswith(("INSTALL", "LOAD")))
        self.assertEqual(sorted(duckdb_with_delta().execute(sql).fetchall()), [(0, 10), (1, 10), (2, 10)])
        pythons = [text for kind, text in blocks if kind == "python" and "spark" not in text]
        self.assertEqual(len(pythons), 2)
        results = []
        for text in pythons:
            *lines, last = text.replace("/data/views", str(self.table)).strip().splitlines()
            names = {}
            exec("\n".join(line for line in lines if "load_as_version" not in line), names)
            results.append(eval(last, names))
        self.assertEqual(sorted(results[0].rows()), [(0, 10), (1, 10), (2, 10)])
        self.assertEqual(results[1], 30)
        if spark_session.is_there():
            text = next(text for kind, text in blocks if "spark" in text and kind == "python")
            statement = re.search(r'spark\.sql\("(.*)"\)\.show', text)[1].replace("/data/views", str(self.table))
            self.assertEqual(sorted(tuple(row.values()) for row in spark_session.query(statement)),
                             [(0, 10), (1, 10), (2, 10)])

    def test_after_optimize_vacuum_and_restore(self):
        for _ in range(3):
            self.append(count=300, **PARTITIONS)
        before = len(self.live_files())
        version = deltalake.DeltaTable(str(self.table)).version()
        self.assertIn(f"{before} files", command("optimize", self.table))
        self.assertEqual(len(self.live_files()), len(HOSTS))
        self.check()
        self.append(count=300, **PARTITIONS)
        self.check()
        command("restore", self.table, "--version", str(version))
        self.check(rows=self.rows[:900])
        self.assertEqual(counted(seen_by_deltars(self.table, version), COLUMNS), counted(self.rows[:900], COLUMNS))
        self.append(count=300, **PARTITIONS)
        command("vacuum", self.table, "--retention", "0 seconds")
        self.check(rows=self.rows[:900] + self.rows[1200:])
        history = deltalake.DeltaTable(str(self.table)).history()
        self.assertIn("OPTIMIZE", [each["operation"] for each in history])
        self.assertEqual(len(command("cat", self.table).splitlines()), 1200)

    def test_the_history_is_drawn(self):
        for _ in range(2):
            self.append(count=20, **PARTITIONS)
        command("optimize", self.table)
        picture = subprocess.run([pathlib.Path(__file__).parents[2] / "tools/history_picture"], check=True,
                                 input=command("history", self.table), capture_output=True, text=True).stdout
        titles = [title.text for title in xml.etree.ElementTree.fromstring(picture).findall(".//{*}title")]
        last = deltalake.DeltaTable(str(self.table)).version()
        self.assertEqual(len(titles), last + 1)
        self.assertEqual(titles[0], "version 0: CREATE TABLE, 0 files")
        self.assertRegex(titles[-1], f"version {last}: OPTIMIZE, {len(self.live_files())} files")

    def test_a_table_of_delta_rs_is_appended_to_and_the_other_way_round(self):
        schema = pyarrow.schema([
            ("id", pyarrow.int64()), ("host", pyarrow.string()), ("at", pyarrow.timestamp("us", "UTC")),
            ("ratio", pyarrow.float64()), ("ok", pyarrow.bool_()), ("note", pyarrow.string())])
        for partitions in (None, ["host"]):
            with self.subTest(partitions=partitions):
                self.table, self.rows = self.folder / f"table{len(partitions or [])}", []
                for round_ in range(3):
                    theirs = list(make_rows(self.rng, len(self.rows), 200))
                    deltalake.write_deltalake(str(self.table), pyarrow.Table.from_pylist(theirs, schema),
                                              mode="append", partition_by=partitions)
                    self.rows += theirs
                    self.append(count=200, name=f"agent{len(partitions or [])}")
                    if round_ == 1:
                        deltalake.DeltaTable(str(self.table)).create_checkpoint()
                        deltalake.DeltaTable(str(self.table)).optimize.compact()
                self.check()
                command("optimize", self.table)
                self.check()

    def test_a_feature_that_is_not_written_is_refused_by_its_name(self):
        self.append(count=10)
        table = deltalake.DeltaTable(str(self.table))
        table.alter.add_constraint({"positive": "id >= 0"})
        before = sorted(self.table.rglob("*"))
        with self.assertRaisesRegex(AssertionError, "checkConstraints"):
            run(self.folder, self.table, make_rows(self.rng, 10, 10))
        self.assertEqual(sorted(self.table.rglob("*")), before)


if __name__ == "__main__":
    unittest.main()
