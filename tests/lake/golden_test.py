"""Tables of Spark and of delta-rs, one for each feature of the protocol: levada appends to them, and other programs see
the rows; or it refuses to by the feature's name, and nothing is written. What looks at a table or after it is right, or
refuses as well.

The tables of Spark come packed from golden/tables.tar.gz, which golden/make.py has made. Below tests/services/with
spark they are made anew, and compared with those.
"""

import datetime
import functools
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

import deltalake
import pyarrow

sys.path.insert(0, str(pathlib.Path(__file__).parent / "golden"))
import make
import spark_session
from delta_table import LEVADA, SECONDS, command, duckdb_with_delta, run

NEW = [{"id": 1000 + at, "name": None if at % 3 == 0 else f"new {at}"} for at in range(10)]
PARSED = {"id": "int64", "name": "text"}

# What the sink says of tables that it does not write to.
REFUSED = {
    "checkConstraints": "the feature checkConstraints",
    "generatedColumns": "the feature generatedColumns",
    "identityColumns": "the feature identityColumns",
    "allowColumnDefaults": "the feature allowColumnDefaults",
    "columnMappingName": "the feature columnMapping",
    "columnMappingId": "the feature columnMapping",
    "rowTracking": "the feature rowTracking",
    "inCommitTimestamp": "the feature inCommitTimestamp",
    "clustering": "the feature clustering",
    "variantType": "the feature variantType",
    "icebergCompatV2": "the feature columnMapping",
    "checkpointProtection": "the feature checkpointProtection",
    "invariants": "the feature invariants",
    "icebergCompatV3": "the feature rowTracking",
    "materializePartitionColumns": "the feature materializePartitionColumns",
    "typeWideningPreview": "the feature typeWidening-preview",
    "variantShredding": "the feature variantType",
}
# What `cat` says of tables that it does not read.
UNREAD = {
    "columnMappingName": "the feature columnMapping",
    "columnMappingId": "the feature columnMapping",
    "icebergCompatV2": "the feature columnMapping",
    "variantType": "the feature variantType",
    "icebergCompatV3": "the feature columnMapping",
    "typeWideningPreview": "the feature typeWidening-preview",
    "variantShredding": "the feature variantType",
    "maps": "which levada does not show",
    "shallowClone": "outside of the table",
}
# Of these DuckDB 1.5 reads other rows than Spark, or none.
NOT_FOR_DUCKDB = {"shallowClone"}


def plain(value):
    """A value as it can be compared: a time as its milliseconds, which is all that Spark shows in JSON."""
    if isinstance(value, dict):
        return tuple(sorted((name, plain(each)) for name, each in value.items()))
    if isinstance(value, list):
        return tuple(plain(each) for each in value)
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value).replace(tzinfo=None).isoformat(timespec="milliseconds")
        except ValueError:
            return value
    return value


def plain_rows(lines):
    return sorted((plain(json.loads(line)) for line in lines), key=repr)


def files_of(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def for_each_table(test):
    """A test of all golden tables, which gets the name of one and its folder."""
    @functools.wraps(test)
    def test_all(self):
        for name in make.TABLES:
            with self.subTest(name):
                test(self, name, self.tables / name)
    return test_all


class GoldenTables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="levada-golden.")))
        cls.packed = cls.folder / "packed"
        with tarfile.open(make.PACKED) as tar:
            tar.extractall(cls.packed)
        cls.tables = cls.packed
        if spark_session.is_there():
            cls.tables = cls.folder / "made"
            cls.tables.mkdir()
            make.make_all(cls.tables)

    def expected(self, name, folder=None):
        return plain_rows(((folder or self.tables) / f"{name}.json").read_text().splitlines())

    def seen_by_us(self, table):
        return plain_rows(command("cat", table).splitlines())

    def seen_by_others(self, name, table):
        """The ids, as other programs see them."""
        ids = {}
        if name not in NOT_FOR_DUCKDB:
            found = duckdb_with_delta().execute(f"SELECT id FROM delta_scan('{table}')").fetchall()
            ids["DuckDB"] = sorted(row[0] for row in found)
        if spark_session.is_there():
            ids["Spark"] = sorted(row["id"] for row in spark_session.rows_of(table))
        return ids

    def check_rows(self, name, table, rows):
        for reader, ids in self.seen_by_others(name, table).items():
            self.assertEqual(ids, sorted(dict(row)["id"] for row in rows), reader)
        if name not in UNREAD:
            self.assertEqual(self.seen_by_us(table), rows)

    def copy_of(self, name):
        """The table once more, to be changed."""
        to = self.folder / self._testMethodName / name
        to.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-rp", self.tables / name, to], check=True)
        return to

    def refuse(self, name, table, *arguments):
        """The command fails, says why, and changes nothing."""
        before = files_of(table)
        done = subprocess.run([LEVADA, "table", arguments[0], str(table), *arguments[1:]], capture_output=True,
                              text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn((UNREAD if arguments[0] == "cat" else REFUSED)[name], done.stdout + done.stderr)
        self.assertEqual(files_of(table), before)

    @unittest.skipUnless(spark_session.is_there(), "without Spark")
    @for_each_table
    def test_made_anew_they_are_the_same(self, name, table):
        self.assertEqual(self.expected(name), self.expected(name, self.packed))
        shown, packed = (self.shown(folder / name) for folder in (self.tables, self.packed))
        self.assertEqual(shown, packed)

    def shown(self, table):
        """What stays the same of a table that is made anew."""
        lines = command("show", table).splitlines()
        return [re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", line) for line in lines
                if not line.startswith(("table ", "id ", "files "))]

    @for_each_table
    def test_they_are_shown_with_their_history(self, name, table):
        writable = f"no: the table uses {REFUSED[name]}" if name in REFUSED else "yes"
        self.assertRegex(command("show", table), rf"(?m)^writable +{writable}")
        versions = [int(line.split("\t")[0]) for line in command("history", table).splitlines()]
        self.assertEqual(versions, list(range(len(list((table / "_delta_log").glob("?" * 20 + ".json"))) - 1, -1, -1)))

    @for_each_table
    def test_their_rows_are_read_or_refused(self, name, table):
        if name in UNREAD:
            self.refuse(name, table, "cat")
        else:
            self.assertEqual(self.seen_by_us(table), self.expected(name))

    @for_each_table
    def test_rows_are_appended_or_nothing_is_written(self, name, _):
        table = self.copy_of(name)
        before = files_of(table)
        if name in REFUSED:
            with self.assertRaisesRegex(AssertionError, REFUSED[name]):
                run(self.folder, table, NEW, name=f"agent-{name}", parsed=PARSED)
            self.assertEqual(files_of(table), before)
            return
        run(self.folder, table, NEW, name=f"agent-{name}", parsed=PARSED)
        rows = self.expected(name)
        others = {} if not rows else {column: None for column in dict(rows[0])}
        rows += [plain({**others, **row}) for row in NEW]
        self.check_rows(name, table, sorted(rows, key=repr))
        if spark_session.is_there():
            spark_session.sql(f"INSERT INTO delta.`{table}` (id, name) VALUES (2000, 'theirs')")
            run(self.folder, table, [{"id": 3000, "name": "ours"}], name=f"agent-{name}", parsed=PARSED)
            rows += [plain({**others, **row}) for row in
                     ({"id": 2000, "name": "theirs"}, {"id": 3000, "name": "ours"})]
            self.check_rows(name, table, sorted(rows, key=repr))

    @for_each_table
    def test_optimize_and_vacuum_keep_the_rows_or_are_refused(self, name, _):
        table = self.copy_of(name)
        if name in REFUSED:
            for verb in (["optimize"], ["vacuum", "--retention", "0 seconds"], ["restore", "--version", "0"]):
                self.refuse(name, table, *verb)
            return
        if name == "shallowClone":
            self.assertIn(UNREAD[name], command("optimize", table, code=1))
        else:
            command("optimize", table)
            self.check_rows(name, table, self.expected(name))
        command("vacuum", table, "--retention", "0 seconds")
        self.check_rows(name, table, self.expected(name))

    @for_each_table
    def test_an_earlier_version_is_read_and_restored(self, name, _):
        table = self.copy_of(name)
        if name in REFUSED or name in UNREAD or name == "columnsAddedAndDropped":
            return
        if name in ("appendOnly", "changeDataFeed"):
            command("restore", table, "--version", "1", code=1)
            return
        then = plain_rows(command("cat", table, "--version", "1").splitlines())
        command("restore", table, "--version", "1")
        self.check_rows(name, table, then)
        latest = max(int(path.name[:20]) for path in (table / "_delta_log").glob("?" * 20 + ".json"))
        command("restore", table, "--version", str(latest - 1))
        self.check_rows(name, table, self.expected(name))


class TablesOfDeltaRs(unittest.TestCase):
    """Those that levada appends to are in delta_readers_test.py."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="levada-golden.")))
        self.table = self.folder / "table"

    def make(self, **options):
        rows = pyarrow.table({"id": pyarrow.array([1, 2], pyarrow.int64()), "name": ["one", None]})
        deltalake.write_deltalake(str(self.table), rows, **options)
        return deltalake.DeltaTable(str(self.table))

    def append(self):
        run(self.folder, self.table, NEW, parsed=PARSED)

    def check_appended(self):
        self.append()
        found = deltalake.DeltaTable(str(self.table)).to_pyarrow_table()
        self.assertEqual(sorted(found["id"].to_pylist()), [1, 2, *(row["id"] for row in NEW)])
        self.assertEqual(len(command("cat", self.table).splitlines()), 2 + len(NEW))

    def check_refused(self, feature):
        before = files_of(self.table)
        with self.assertRaisesRegex(AssertionError, feature):
            self.append()
        self.assertEqual(files_of(self.table), before)

    def test_append_only(self):
        self.make(configuration={"delta.appendOnly": "true"})
        self.check_appended()

    def test_change_data_feed(self):
        self.make(configuration={"delta.enableChangeDataFeed": "true"})
        self.check_appended()

    def test_after_deletes_and_merges(self):
        table = self.make()
        table.delete("id = 2")
        table.update(updates={"name": "'two'"}, predicate="id = 1")
        self.make(mode="append")
        table = deltalake.DeltaTable(str(self.table))
        table.delete("name is null and id = 2")
        table.create_checkpoint()
        self.append()
        self.assertEqual(len(command("cat", self.table).splitlines()), 2 + len(NEW))

    def test_constraints(self):
        self.make().alter.add_constraint({"positive": "id > 0"})
        self.check_refused("checkConstraints")

    def test_a_feature_by_its_name(self):
        self.make().alter.add_feature(deltalake.TableFeatures.RowTracking, True)
        self.check_refused("rowTracking")


if __name__ == "__main__":
    unittest.main()
