"""What the tests of Delta tables share: runs of the agent into a table, and the rows that other programs see."""

import collections
import datetime
import json
import os
import pathlib
import re
import subprocess

import deltalake
import duckdb
import duckdb_extension_delta
import polars

import spark_session
from lake_agent import configuration

LEVADA = os.environ["LEVADA"]
SECONDS = 100

COLUMNS = {"id": "int64", "host": "text", "at": "timestamp", "ratio": "float64", "ok": "boolean", "note": "text"}
HOSTS = ["web1", "a b", "50%", "x/y", "ä€", "c:d=e", 'q"uo\'te', "[z]{}", "!$&()+,;@|<>`\u00a0", None]


def make_rows(rng, first, count):
    """Rows as the lines have them, by the names of COLUMNS; what is None is missing or null."""
    for number in range(first, first + count):
        second = datetime.datetime(2026, 1, 30, 23, 59, 59, tzinfo=datetime.timezone.utc)
        yield {
            "id": number,
            "host": rng.choice(HOSTS),
            "at": second + datetime.timedelta(microseconds=rng.randrange(10**12)),
            "ratio": rng.choice([None, 0.5, -1.25, number / 4]),
            "ok": rng.choice([None, True, False]),
            "note": rng.choice([None, "", "ä short", f"a note with a \\ and a \" and a 🎈, {number} " + 60 * "x"]),
        }


def line_of(row):
    return json.dumps({name: value.isoformat() if name == "at" else value for name, value in row.items()})


def inline(columns):
    """Columns by their names as an inline table of TOML."""
    return "{ " + ", ".join(f"{column} = {json.dumps(kind)}" for column, kind in columns.items()) + " }"


def run(folder, table, rows, name="agent", parsed=COLUMNS, **options):
    """A run of the agent, to its end, that appends the rows. Options of the sink by their names."""
    incoming = pathlib.Path(folder) / name / "in"
    incoming.mkdir(parents=True, exist_ok=True)
    number = len(list(incoming.glob("*")))
    (incoming / f"{number:03}.ndjson").write_text("".join(line_of(row) + "\n" for row in rows))
    if "columns" in options:
        options["columns"] = inline(options["columns"])
    written = "\n".join(f"{option} = {value if isinstance(value, str) and value.startswith('{') else json.dumps(value)}"
                        for option, value in {"commit_interval": "100ms", **options}.items())
    config = pathlib.Path(folder) / f"{name}.toml"
    config.write_text(configuration(f"{folder}/{name}", incoming, inline(parsed),
                                    f'type = "delta"\npath = "{table}"\n{written}'))
    done = subprocess.run([LEVADA, "run", "--config", str(config), "--until-drained"], capture_output=True, text=True,
                          timeout=SECONDS)
    if done.returncode not in (0, 3):
        raise AssertionError(f"{done.returncode}: {done.stdout}{done.stderr}")
    return done


def command(verb, table, *arguments, code=0):
    """What a command says."""
    done = subprocess.run([LEVADA, "table", verb, str(table), *arguments], capture_output=True, text=True,
                          timeout=SECONDS)
    if done.returncode != code:
        raise AssertionError(f"levada table {verb}: {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def seen_by_deltars(table, version=None):
    return deltalake.DeltaTable(str(table), version=version).to_pyarrow_table().to_pylist()


def duckdb_with_delta():
    """A connection that reads Delta tables, by the extension that a package brought."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    folder = pathlib.Path(duckdb_extension_delta.__file__).parent
    extension = next(folder.rglob("*.duckdb_extension"))
    connection.execute(f"LOAD '{extension}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def seen_by_duckdb(table):
    return duckdb_with_delta().execute(f"SELECT * FROM delta_scan('{table}')").arrow().read_all().to_pylist()


def queries_of(guide, program, table):
    """The queries that a guide of docs/guides has for DuckDB or Spark, on a table of the test."""
    text = (pathlib.Path(__file__).resolve().parent.parent.parent / "docs/guides" / guide).read_text()
    (block,) = re.findall(rf"\n{program}:\n\n```sql\n(.*?)```", text, re.S)
    (path,) = set(re.findall(r"/data/\w+", block))
    queries = [query.strip() for query in block.replace(path, str(table)).split(";")]
    return [query for query in queries if "SELECT" in query]


def seen_by_polars(table):
    return polars.read_delta(str(table)).to_dicts()


READERS = {"delta-rs": seen_by_deltars, "DuckDB": seen_by_duckdb, "polars": seen_by_polars}
if spark_session.is_there():
    READERS["Spark"] = spark_session.rows_of


def counted(rows, columns):
    """How often each row is there, as a value that can be compared; a column that is missing is null."""
    def plain(value):
        if isinstance(value, datetime.datetime) and value.tzinfo:
            return value.astimezone(datetime.timezone.utc)
        return value
    return collections.Counter(tuple(plain(row.get(column)) for column in columns) for row in rows)
