#!/usr/bin/env python3
"""Makes the golden tables: small Delta tables by Spark, one for each feature of the protocol, with the rows that Spark
sees in them. Run it below tests/services/with spark:

    tests/services/with spark -- ~/.cache/levada/venv/bin/python tests/lake/golden/make.py

writes tables.tar.gz beside this file. golden_test.py says what levada does with each.
"""

import gzip
import io
import json
import pathlib
import shutil
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import spark_session
from spark_session import query, sql

PACKED = HERE / "tables.tar.gz"
ROWS = "(1, 'one'), (2, 'two'), (3, null), (4, 'four')"
MORE = "(5, 'five'), (6, 'six')"
PLAIN = "id BIGINT, name STRING"


def table(columns=PLAIN, properties=None, more="", before=(), after=()):
    """The statements that make a table; {t} stands for it."""
    given = ", ".join(f"'{name}' = '{value}'" for name, value in (properties or {}).items())
    having = f" TBLPROPERTIES ({given})" if given else ""
    return [*before, f"CREATE TABLE {{t}} ({columns}) USING delta {more}{having}", *after]


def insert(rows):
    return f"INSERT INTO {{t}} (id, name) VALUES {rows}"


def feature(name):
    return {f"delta.feature.{name}": "supported"}


def make_invariants(folder):
    """A column with an invariant, which no SQL makes."""
    spark, gateway = spark_session.session(), spark_session.gateway()
    types, functions = (getattr(gateway.jvm.org.apache.spark.sql, name) for name in ("types", "functions"))
    invariant = json.dumps({"expression": {"expression": "id > 0"}})
    metadata = types.MetadataBuilder().putString("delta.invariants", invariant)
    columns = gateway.new_array(gateway.jvm.org.apache.spark.sql.Column, 2)
    columns[0] = getattr(functions.col("id"), "as")("id", metadata.build())
    columns[1] = functions.col("name")
    spark.sql(f"SELECT id, name FROM VALUES {ROWS} AS rows (id, name)").select(columns).write().format("delta").save(
        f"{folder}/invariants")


TWICE = [insert(ROWS), insert(MORE)]
TABLES = {
    "plain": table(after=TWICE),
    "partitions": table(
        "id BIGINT, name STRING, place STRING, day DATE, at TIMESTAMP, price DECIMAL(8,2)",
        more="PARTITIONED BY (place, day, at, price)",
        after=["INSERT INTO {t} VALUES "
               "(1, 'a', 'a b', DATE '2026-01-31', TIMESTAMP '2026-01-31 12:00:00.123456', 1.50), "
               "(2, 'b', '50%', null, null, null), "
               "(3, 'c', 'x/y', DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59', -2), "
               "(4, 'd', 'ä€', null, TIMESTAMP '2026-01-01 00:00:00', 3), (5, 'e', null, null, null, 0), "
               "(6, 'f', 'c:d=e\"[{}]', DATE '0001-01-01', null, 999999.99)"]),
    "appendOnly": table(properties={"delta.appendOnly": "true"}, after=TWICE),
    "notNull": table("id BIGINT NOT NULL, name STRING", after=TWICE),
    "invariants": [make_invariants],
    "checkConstraints": table(after=[*TWICE, "ALTER TABLE {t} ADD CONSTRAINT positive CHECK (id > 0)"]),
    "changeDataFeed": table(properties={"delta.enableChangeDataFeed": "true"},
                            after=[*TWICE, "UPDATE {t} SET name = 'changed' WHERE id = 2"]),
    "generatedColumns": table("id BIGINT, name STRING, twice BIGINT GENERATED ALWAYS AS (id * 2)", after=TWICE),
    "identityColumns": table("id BIGINT, name STRING, number BIGINT GENERATED ALWAYS AS IDENTITY", after=TWICE),
    "allowColumnDefaults": table("id BIGINT, name STRING, more STRING DEFAULT 'x'",
                                 feature("allowColumnDefaults"), after=TWICE),
    "columnMappingName": table(properties={"delta.columnMapping.mode": "name"},
                               after=[*TWICE, "ALTER TABLE {t} RENAME COLUMN name TO label"]),
    "columnMappingId": table(properties={"delta.columnMapping.mode": "id"}, after=TWICE),
    "deletionVectors": table(properties={"delta.enableDeletionVectors": "true"},
                             after=[insert(ROWS), "INSERT INTO {t} SELECT id, 'many' FROM range(100, 10100)",
                                    "DELETE FROM {t} WHERE id = 2", "DELETE FROM {t} WHERE id > 200 AND id % 2 = 0",
                                    "DELETE FROM {t} WHERE id BETWEEN 1000 AND 6000 OR id = 4"]),
    "deletionVectorsInCheckpoint": table(
        properties={"delta.enableDeletionVectors": "true", "delta.checkpointInterval": "3"},
        more="PARTITIONED BY (name)", after=[insert(ROWS), insert("(11, 'one'), (12, 'one'), (13, 'one')"),
                                            "DELETE FROM {t} WHERE id = 12"]),
    "v2Checkpoint": table(properties={"delta.checkpointPolicy": "v2", "delta.checkpointInterval": "2"},
                          after=[*TWICE, insert("(7, 'seven')")]),
    "checkpointWithStatistics": table(
        properties={"delta.checkpoint.writeStatsAsStruct": "true", "delta.checkpointInterval": "2"}, after=TWICE),
    "checkpointInParts": ["SET spark.databricks.delta.checkpoint.partSize = 2",
                          *table(properties={"delta.checkpointInterval": "3"}, after=[*TWICE, insert("(7, 'seven')")]),
                          "RESET spark.databricks.delta.checkpoint.partSize"],
    "rowTracking": table(properties={"delta.enableRowTracking": "true"}, after=TWICE),
    "timestampNtz": table("id BIGINT, name STRING, wall TIMESTAMP_NTZ",
                          after=[*TWICE, "INSERT INTO {t} VALUES (7, 'seven', TIMESTAMP_NTZ '2026-01-31 12:00:00.5')"]),
    "typeWidening": table("id INT, name STRING, ratio FLOAT", {"delta.enableTypeWidening": "true"},
                          after=["INSERT INTO {t} VALUES (1, 'one', 0.5), (2, null, null)",
                                 "ALTER TABLE {t} CHANGE COLUMN id TYPE BIGINT",
                                 "ALTER TABLE {t} CHANGE COLUMN ratio TYPE DOUBLE",
                                 "INSERT INTO {t} VALUES (5000000000, 'wide', 0.1)"]),
    "inCommitTimestamp": table(properties={"delta.enableInCommitTimestamps": "true"}, after=TWICE),
    "clustering": table(more="CLUSTER BY (id)", after=TWICE),
    "domainMetadata": table(properties=feature("domainMetadata"), after=TWICE),
    "vacuumProtocolCheck": table(properties=feature("vacuumProtocolCheck"), after=TWICE),
    "variantType": table("id BIGINT, name STRING, v VARIANT",
                         after=[*TWICE, "INSERT INTO {t} SELECT 7, 'seven', parse_json('{\"a\": 1}')"]),
    "icebergCompatV2": table(properties={"delta.enableIcebergCompatV2": "true", "delta.columnMapping.mode": "name"},
                             after=TWICE),
    "checkpointProtection": table(properties={"delta.enableDeletionVectors": "true"},
                                  after=[*TWICE, "ALTER TABLE {t} SET TBLPROPERTIES "
                                                 "('delta.enableDeletionVectors' = 'false')",
                                         "ALTER TABLE {t} DROP FEATURE deletionVectors"]),
    "icebergCompatV3": table(properties={"delta.enableIcebergCompatV3": "true", "delta.columnMapping.mode": "name"},
                             after=TWICE),
    "materializePartitionColumns": table(properties=feature("materializePartitionColumns"), after=TWICE),
    "typeWideningPreview": table(properties=feature("typeWidening-preview"), after=TWICE),
    "variantShredding": table("id BIGINT, name STRING, v VARIANT", {"delta.enableVariantShredding": "true"},
                              after=[*TWICE, "INSERT INTO {t} SELECT 7, 'seven', parse_json('{\"a\": 1}')"]),
    "structsAndLists": table("id BIGINT, name STRING, s STRUCT<a: INT, b: ARRAY<STRING>>, l ARRAY<STRUCT<c: DOUBLE>>",
                             after=[*TWICE, "INSERT INTO {t} VALUES (7, 'seven', struct(1, array('x', null)), "
                                            "array(struct(0.5), null)), (8, null, struct(null, array()), array())"]),
    "maps": table("id BIGINT, name STRING, m MAP<STRING, BIGINT>",
                  after=[*TWICE, "INSERT INTO {t} VALUES (7, 'seven', map('k', 9, 'l', null)), (8, null, map())"]),
    "columnsAddedAndDropped": table(after=[insert(ROWS), "ALTER TABLE {t} ADD COLUMNS (more DOUBLE)",
                                           "INSERT INTO {t} VALUES (5, 'five', 0.25)"]),
    "optimized": table(after=[*TWICE, "OPTIMIZE {t}", insert("(7, 'seven')")]),
    "overwritten": table(after=[insert(ROWS), "INSERT OVERWRITE {t} VALUES (5, 'five'), (6, 'six')"]),
    "restored": table(after=[*TWICE, "RESTORE TABLE {t} TO VERSION AS OF 1"]),
    "shallowClone": ["CREATE TABLE delta.`{folder}/shallowClone` SHALLOW CLONE delta.`{folder}/plain`"],
}


def make(folder, name):
    """Makes the table in the folder, and beside it NAME.json, a row in each line."""
    for step in TABLES[name]:
        if callable(step):
            step(folder)
        else:
            sql(step.replace("{t}", f"delta.`{folder}/{name}`").replace("{folder}", str(folder)))
    shown = query(f"SELECT to_json(struct(*), map('ignoreNullFields', 'false')) AS row FROM delta.`{folder}/{name}`")
    (folder / f"{name}.json").write_text("".join(sorted(row["row"] + "\n" for row in shown)))


def make_all(folder):
    for name in TABLES:
        make(folder, name)


def pack(folder):
    """What is no part of a table is left out: checksums of Hadoop's, and those of versions."""
    with PACKED.open("wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed, \
            tarfile.open(fileobj=packed, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".crc":
                entry = tarfile.TarInfo(str(path.relative_to(folder)))
                entry.size = path.stat().st_size
                tar.addfile(entry, io.BytesIO(path.read_bytes()))


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="levada-golden."))
    try:
        for name in TABLES:
            try:
                make(folder, name)
            except Exception as error:
                print(name, str(error)[:300], flush=True)
        (folder / "versions.json").write_text(json.dumps(
            {"spark": spark_session.session().version(), "delta": "4.4.0"}) + "\n")
        pack(folder)
        print(f"{PACKED}: {len(TABLES)} tables, {PACKED.stat().st_size} bytes")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
