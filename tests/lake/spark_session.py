"""Spark with Delta Lake, in the one JVM that tests/services/with spark has started for all tests."""

import functools
import os
import pathlib
import shutil
import tempfile

import pyarrow.dataset
from py4j.java_gateway import GatewayParameters, JavaGateway
from py4j.protocol import Py4JJavaError

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
}


def is_there():
    return "SPARK_PORT" in os.environ


@functools.cache
def gateway():
    return JavaGateway(gateway_parameters=GatewayParameters(port=int(os.environ["SPARK_PORT"])))


@functools.cache
def session():
    """The session of the JVM, made by whoever asks first."""
    builder = gateway().jvm.org.apache.spark.sql.SparkSession.builder().master("local[1]")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def sql(text):
    """Runs a statement. What Spark says of an error is in the first line of the exception's text."""
    try:
        return session().sql(text)
    except Py4JJavaError as error:
        raise AssertionError(f"{text}: {error.java_exception.toString()}") from None


def query(text):
    """The rows that a query gives, as Python's values. They come through a Parquet file, with their types."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="levada-spark."))
    try:
        sql(text).coalesce(1).write().parquet(f"{folder}/rows")
        return pyarrow.dataset.dataset(f"{folder}/rows", format="parquet").to_table().to_pylist()
    finally:
        shutil.rmtree(folder)


def rows_of(table, version=None):
    """All rows of a Delta table."""
    at = "" if version is None else f" VERSION AS OF {version}"
    return query(f"SELECT * FROM delta.`{table}`{at}")
