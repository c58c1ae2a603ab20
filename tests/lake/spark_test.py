"""Spark and levada append to one table by turns, change its schema and look after it; Spark and other programs find the
rows that both wrote. Run below tests/services/with spark."""

import pathlib
import random
import tempfile
import unittest

import pyarrow
import pyarrow.parquet

from delta_table import COLUMNS, HOSTS, READERS, command, counted, make_rows, run
from spark_session import query, sql

ROWS = 300
PARTITIONS = {"partition_by": ["host"], "columns": COLUMNS}
TYPES = {"id": pyarrow.int64(), "host": pyarrow.string(), "at": pyarrow.timestamp("us", "UTC"),
         "ratio": pyarrow.float64(), "ok": pyarrow.bool_(), "note": pyarrow.string()}


class SparkAndLevada(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="levada-spark.")))
        self.table = self.folder / "table"
        self.sql_name = f"delta.`{self.table}`"
        self.rng = random.Random(11)
        self.rows = []

    def ours(self, count=ROWS, **options):
        rows = list(make_rows(self.rng, len(self.rows), count))
        run(self.folder, self.table, rows, **options)
        self.rows += rows

    def theirs(self, count=ROWS):
        """Spark appends rows that come from a Parquet file."""
        rows = list(make_rows(self.rng, len(self.rows), count))
        for row in rows:
            # To Spark, too, an empty partition value is null; so that one is not asked for.
            row["note"] = row["note"] or None
        file = self.folder / "theirs.parquet"
        schema = pyarrow.schema(list(TYPES.items()))
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema), file)
        names = ", ".join(COLUMNS)
        sql(f"INSERT INTO {self.sql_name} ({names}) SELECT {names} FROM parquet.`{file}`")
        self.rows += rows

    def check(self, columns=tuple(COLUMNS), rows=None):
        expected = counted(self.rows if rows is None else rows, columns)
        for name, read in READERS.items():
            found = counted(read(self.table), columns)
            different = found - expected, expected - found
            self.assertFalse(any(different), f"{name} sees other rows: {[list(each)[:3] for each in different]}")

    def latest(self):
        return max(int(path.name[:20]) for path in (self.table / "_delta_log").glob("?" * 20 + ".json"))

    def test_by_turns(self):
        self.ours()
        self.theirs()
        self.ours()
        self.check()
        types = {row["col_name"]: row["data_type"] for row in query(f"DESCRIBE {self.sql_name}")}
        self.assertEqual(types, {"id": "bigint", "host": "string", "at": "timestamp", "ratio": "double",
                                 "ok": "boolean", "note": "string"})
        counts = ", ".join(f"count({name}) AS {name}" for name in COLUMNS)
        expected = {name: sum(row[name] is not None for row in self.rows) for name in COLUMNS}
        self.assertEqual(query(f"SELECT {counts} FROM {self.sql_name}"), [expected])

    def test_partitions(self):
        self.ours(**PARTITIONS)
        self.theirs()
        self.ours(**PARTITIONS)
        self.check()
        values = {row["host"] for row in query(f"SELECT DISTINCT host FROM {self.sql_name}")}
        self.assertEqual(values, set(HOSTS))
        for host in HOSTS:
            is_it = "IS NULL" if host is None else "= '" + host.replace("\\", "\\\\").replace("'", "\\'") + "'"
            found = query(f"SELECT count(*) AS n FROM {self.sql_name} WHERE host {is_it}")[0]["n"]
            self.assertEqual(found, sum(row["host"] == host for row in self.rows), host)

    def test_files_are_skipped_only_where_no_row_is(self):
        self.ours()
        self.ours()
        for row in self.rng.sample(self.rows, 10):
            literal = row["at"].isoformat()
            found = query(f"SELECT id FROM {self.sql_name} WHERE at = TIMESTAMP '{literal}' AND id = {row['id']}")
            self.assertEqual(found, [{"id": row["id"]}])

    def test_columns_that_both_have_added(self):
        few = {"schema_mode": "add_columns"}
        run(self.folder, self.table, [{"id": 1, "host": "h"}], parsed={"id": "int64", "host": "text"}, **few)
        sql(f"ALTER TABLE {self.sql_name} ADD COLUMNS (at TIMESTAMP, ratio DOUBLE)")
        self.rows = [{"id": 1, "host": "h"}]
        self.ours(**few)
        self.theirs()
        self.ours(**few)
        self.check()

    def test_types_that_were_widened(self):
        sql(f"CREATE TABLE {self.sql_name} (id INT, ratio FLOAT) USING delta "
            "TBLPROPERTIES ('delta.enableTypeWidening' = 'true')")
        sql(f"INSERT INTO {self.sql_name} VALUES (1, 0.5), (2, null)")
        wide = [{"id": 5_000_000_000, "ratio": 0.1}, {"id": None, "ratio": 1e300}]
        run(self.folder, self.table, wide, parsed={"id": "int64", "ratio": "float64"}, schema_mode="widen")
        sql(f"INSERT INTO {self.sql_name} VALUES (6000000000, 0.7)")
        rows = [{"id": 1, "ratio": 0.5}, {"id": 2, "ratio": None}, *wide, {"id": 6_000_000_000, "ratio": 0.7}]
        seen = query(f"SELECT * FROM {self.sql_name}")
        self.assertEqual(counted(seen, ("id", "ratio")), counted(rows, ("id", "ratio")))
        command("optimize", self.table)
        seen = query(f"SELECT * FROM {self.sql_name}")
        self.assertEqual(counted(seen, ("id", "ratio")), counted(rows, ("id", "ratio")))

    def test_checkpoints_of_both_stand_for_a_log_that_is_gone(self):
        options = {**PARTITIONS, "properties": '{ "delta.checkpointInterval" = "3" }'}
        for append in (lambda: self.ours(**options), self.theirs):
            append()
            while not (self.table / f"_delta_log/{self.latest():020}.checkpoint.parquet").exists():
                append()
            for path in (self.table / "_delta_log").glob("?" * 20 + ".*"):
                if path.suffix == ".crc" or (path.suffix == ".json" and int(path.name[:20]) < self.latest()):
                    path.unlink()
            self.check()
            self.theirs()
            self.ours(**options)
            self.check()

    def test_each_looks_after_the_table_of_both(self):
        for _ in range(2):
            self.ours(**PARTITIONS)
            self.theirs()
        command("optimize", self.table)
        self.check()
        self.theirs()
        sql(f"OPTIMIZE {self.sql_name}")
        self.ours(**PARTITIONS)
        self.check()
        then, version = list(self.rows), self.latest()
        self.theirs()
        self.ours(**PARTITIONS)
        command("restore", self.table, "--version", str(version))
        self.rows = list(then)
        self.check()
        self.theirs()
        sql(f"RESTORE TABLE {self.sql_name} TO VERSION AS OF {version}")
        self.rows = list(then)
        self.check()
        sql(f"DELETE FROM {self.sql_name} WHERE ok")
        self.rows = [row for row in self.rows if not row["ok"]]
        for vacuum in (lambda: command("vacuum", self.table, "--retention", "0 seconds"),
                       lambda: sql(f"VACUUM {self.sql_name} RETAIN 0 HOURS")):
            vacuum()
            self.check()
            self.theirs()
            self.ours(**PARTITIONS)
            self.check()


if __name__ == "__main__":
    unittest.main()
