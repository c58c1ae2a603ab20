"""Rows are joined with tables of a real PostgreSQL and with keys of a real Redis, which change, die and come back.

Run below `tests/services/with redis postgres --`.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import wait_until  # noqa: E402

LEVADA = os.environ["LEVADA"]
CONFORMANCE = os.environ["LEVADA_CONFORMANCE"]
POSTGRES_PLUGIN = os.environ["LEVADA_POSTGRES_PLUGIN"]
SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
SECONDS = 60  # Until a wait counts as failed.
TABLE = """
DROP TABLE IF EXISTS campaigns;
CREATE TABLE campaigns (id integer PRIMARY KEY, name text, ok boolean, since timestamptz, price numeric(10, 2),
                        raw bytea, share real, more jsonb, day date, code uuid, tags text[]);
INSERT INTO campaigns VALUES (7, 'Sümmer', true, '2026-01-31 23:59:59.25+01', 1.50, '\\x00ff', 0.5, '{"a": 1}',
                              '2026-01-31', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{a,NULL,"b c"}'),
                             (8, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
"""

ALL_OF_7 = {"id": 7, "c_name": "Sümmer", "c_ok": True, "c_since": "2026-01-31T22:59:59.250000Z", "c_price": "1.50",
            "c_raw": "\0\ufffd", "c_share": 0.5, "c_more": '{"a": 1}', "c_day": "2026-01-31",
            "c_code": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "c_tags": '{a,NULL,"b c"}'}


def sql(text):
    words = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", os.environ["PG_URL"]]
    environment = {**os.environ, "PGPASSWORD": os.environ["PG_PASSWORD"]}
    subprocess.run(words, input=text, text=True, check=True, timeout=SECONDS, capture_output=True, env=environment)


def redis(*arguments):
    words = ["redis-cli", "-p", os.environ["REDIS_PORT"], *arguments]
    environment = {**os.environ, "REDISCLI_AUTH": os.environ["REDIS_PASSWORD"]}
    subprocess.run(words, check=True, capture_output=True, timeout=SECONDS, env=environment)


def service(name, command):
    folder = os.environ["PG_DIR" if name == "postgres" else "REDIS_DIR"]
    subprocess.run([SERVICES / name, command, folder], check=True, capture_output=True, timeout=SECONDS)


class Join(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="levada-join.")))
        self.spool = self.folder / "spool"
        self.spool.mkdir()
        self.files = self.rows = 0
        self.log = self.folder / "agent.log"
        self.log.touch()
        self.agent = None
        self.addCleanup(self.end)

    def end(self):
        if self.agent and self.agent.poll() is None:
            self.agent.kill()
            self.agent.wait()

    def configure(self, join):
        (self.folder / "agent.toml").write_text(f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.files]
            type = "spool"
            path = "{self.spool}"
            settle = "0s"
            channels = ["main"]
            [channels.main]
            type = "memory"
            [interceptors.parse]
            type = "parse_json"
            columns = {{ row = "int64", id = "int64" }}
            [interceptors.join]
            {join}
            [sinks.out]
            type = "file"
            channel = "main"
            path = "{self.folder}/out"
            format = "json"
            commit_interval = "20ms"
            roll_interval = "10ms"
            interceptors = ["parse", "join"]
            """)

    def start(self, *arguments):
        with self.log.open("ab") as log:
            self.agent = subprocess.Popen([LEVADA, "run", "--config", self.folder / "agent.toml", *arguments],
                                          stdout=log, stderr=log)

    def drain(self, code=0):
        self.start("--until-drained")
        self.assertEqual(self.agent.wait(timeout=SECONDS), code, self.said())

    def stop(self):
        self.agent.send_signal(signal.SIGTERM)
        self.assertEqual(self.agent.wait(timeout=SECONDS), 0, self.said())

    def said(self):
        return self.log.read_text()[-4000:]

    def feed(self, *ids):
        lines = [json.dumps({"row": self.rows + at, "id": number}) for at, number in enumerate(ids)]
        self.rows += len(ids)
        aside = self.folder / "aside"
        aside.write_text("".join(line + "\n" for line in lines))
        aside.rename(self.spool / f"{self.files:04}.ndjson")
        self.files += 1

    def found(self):
        """The rows that have arrived, in order, without what the spool added."""
        rows = [json.loads(line) for path in (self.folder / "out").glob("*.ndjson") if path.is_file()
                for line in path.read_text().splitlines()]
        rows.sort(key=lambda row: row["row"])
        return [{name: value for name, value in row.items() if name not in ("row", "file", "offset")} for row in rows]

    def wait_until(self, condition, what):
        wait_until(condition, what, SECONDS, alive=[self.agent], said=self.said)

    def letters(self):
        words = [LEVADA, "channel", "dump", "--config", self.folder / "agent.toml", "dead_letters"]
        return subprocess.run(words, capture_output=True, text=True, timeout=SECONDS).stdout


class Postgres(Join):
    def arrange(self, more="", query="SELECT * FROM campaigns", keys='{ id = "id" }'):
        self.configure(f"""
            type = "join_postgres"
            connection = "{os.environ['PG_URL']}?sslmode=verify-full&sslrootcert={os.environ['PG_CA']}"
            password = "{os.environ['PG_PASSWORD']}"
            query = '{query}'
            keys = {keys}
            refresh = "50ms"
            {more}
            """)

    def setUp(self):
        super().setUp()
        service("postgres", "start")
        sql(TABLE)

    def test_columns_have_the_types_of_the_query(self):
        self.arrange('join = "left"\nprefix = "c_"')
        self.feed(7, 8, 9)
        self.drain()
        self.assertEqual(self.found(), [ALL_OF_7, {"id": 8}, {"id": 9}])

    def test_declared_columns_have_the_types_that_are_declared(self):
        self.arrange('columns = { price = "float64", name = "text" }')
        self.feed(9, 7, 7)
        self.drain()
        self.assertEqual(self.found(), 2 * [{"id": 7, "price": 1.5, "name": "Sümmer"}])

    def test_a_changed_table_is_taken_while_rows_come(self):
        self.arrange('join = "left"\ncolumns = { name = "text" }')
        self.start()
        self.feed(9)
        self.wait_until(lambda: self.found() == [{"id": 9}], "the table without 9")
        sql("INSERT INTO campaigns VALUES (9, 'Autumn')")

        def arrived():
            self.feed(9)
            return {"id": 9, "name": "Autumn"} in self.found()

        self.wait_until(arrived, "the table with 9")
        self.stop()

    def test_a_server_that_dies_or_hangs_keeps_no_row_up_and_comes_back(self):
        self.arrange('join = "left"\ncolumns = { name = "text" }\ntimeout = "300ms"')
        self.start()
        self.feed(7)
        self.wait_until(lambda: len(self.found()) == 1, "a row")
        for action in ("kill", "pause"):
            before = self.log.read_text().count("the table stays as it was")
            service("postgres", action)
            self.wait_until(lambda: self.log.read_text().count("the table stays as it was") > before, "a failure")
            self.feed(7)
            expected = self.rows
            self.wait_until(lambda: len(self.found()) == expected, "a row while the server is away")
            service("postgres", "start")
            sql(f"UPDATE campaigns SET name = 'after {action}'")

            def arrived():
                self.feed(7)
                return {"id": 7, "name": f"after {action}"} in self.found()

            self.wait_until(arrived, "the server is back")
        self.stop()
        self.assertEqual([row["id"] for row in self.found()], self.rows * [7])

    def test_a_bad_table_changes_nothing(self):
        self.arrange('columns = { name = "text" }', query="SELECT id % 100 AS id, name FROM campaigns")
        self.start()
        self.feed(7)
        self.wait_until(lambda: len(self.found()) == 1, "a row")
        sql("INSERT INTO campaigns VALUES (107, 'twice')")
        self.wait_until(lambda: "has the same key as row" in self.said(), "a failure")
        sql("DROP TABLE campaigns")
        self.wait_until(lambda: 'relation "campaigns" does not exist' in self.said(), "another failure")
        self.feed(7)
        self.wait_until(lambda: len(self.found()) == 2, "a row")
        self.stop()
        self.assertEqual(self.found(), 2 * [{"id": 7, "name": "Sümmer"}])

    def test_a_server_that_is_away_at_the_start_is_waited_for(self):
        service("postgres", "kill")
        self.arrange('columns = { name = "text" }')
        self.feed(7)
        self.start()
        self.wait_until(lambda: "Connection refused" in self.said(), "a failure")
        service("postgres", "start")
        self.wait_until(lambda: len(self.found()) == 1, "a row")
        self.stop()

    def test_what_cannot_work_ends_the_component_with_its_reason(self):
        for query, reason in (("SELECT nothing FROM campaigns", 'column "nothing" does not exist'),
                              ("SELECT 1 AS id; SELECT 2 AS id", "cannot insert multiple commands"),
                              ("DELETE FROM campaigns RETURNING id", "read-only transaction"),
                              ("SELECT name FROM campaigns", 'the query gives no column "id"'),
                              ("COPY campaigns TO STDOUT", "must be a SELECT")):
            self.arrange(query=query)
            self.feed(7)
            self.start("--until-drained")
            self.assertNotEqual(self.agent.wait(timeout=SECONDS), 0, query)
            self.assertIn(reason, self.said())

    def test_the_rows_of_the_keys_of_a_batch_are_asked_for(self):
        self.arrange('load = "keys"\njoin = "left"\nprefix = "c_"', query="SELECT * FROM campaigns -- all;")
        self.feed(9, 7, 8, 7, 2**40, None)
        self.drain()
        self.assertEqual(self.found(), [{"id": 9}, ALL_OF_7, {"id": 8}, ALL_OF_7, {"id": 2**40}, {}])

    def test_keys_that_are_not_there_and_rows_that_do_not_fit_are_rejected_and_replayed(self):
        self.arrange('load = "keys"\njoin = "required"\ncolumns = { name = { type = "text", required = true } }',
                     query="SELECT id, name FROM campaigns UNION ALL SELECT 10, name FROM campaigns")
        self.feed(7, 8, 9, 10)
        self.drain(code=3)
        self.assertEqual(self.found(), [{"id": 7, "name": "Sümmer"}])
        reasons = [json.loads(line)["reason"] for line in self.letters().splitlines()]
        row = "the query's row with this key: "
        self.assertEqual(sorted(reasons), [
            row + 'it has the same key as row 3, "10"', row + 'the column "name" is required and has no value',
            'the table has no row with id "9"'])
        sql("INSERT INTO campaigns VALUES (9, 'late'); UPDATE campaigns SET name = 'eight' WHERE id = 8")
        words = [LEVADA, "replay", "--config", self.folder / "agent.toml"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual([row["name"] for row in self.found()], ["Sümmer", "eight", "late"])

    def test_keys_of_several_columns_and_of_every_type_that_can_be_one(self):
        sql("DROP TABLE IF EXISTS several; DROP TYPE IF EXISTS seven; CREATE TYPE seven AS ENUM ('7'); CREATE TABLE "
            "several (s smallint, b bigint, t text, v varchar(9), n numeric, d date, m seven, value text); "
            "INSERT INTO several VALUES (7, 7, '7', '7', 7, '2026-01-31', '7', 'x')")
        for first, second in (("b", None), ("s", "b"), ("t", "s"), ("v", "t")):
            keys = f'id = "{first}"' + (f', row = "{second}"' if second else "")
            self.arrange('load = "keys"\ncolumns = { value = "text" }', "SELECT * FROM several", f"{{ {keys} }}")
            self.rows = 7
            self.feed(7, 8)
            self.drain()
            self.assertEqual([row["value"] for row in self.found()], ["x"], keys)
            for path in (self.folder / "out").glob("*.ndjson"):
                path.unlink()
        for key in ("n", "d", "m"):
            self.arrange('load = "keys"', "SELECT * FROM several", f'{{ id = "{key}" }}')
            self.start("--until-drained")
            self.assertNotEqual(self.agent.wait(timeout=SECONDS), 0, key)
            self.assertIn(f'the column "{key}" of the query is no whole number, text or uuid', self.said())

    def test_rows_wait_for_a_server_that_dies_or_hangs_where_their_keys_are_asked_for(self):
        self.arrange('load = "keys"\njoin = "left"\ncolumns = { name = "text" }\ntimeout = "300ms"')
        self.start()
        for action in ("kill", "pause", "kill"):
            self.feed(7, 8)
            expected = self.rows
            self.wait_until(lambda: len(self.found()) == expected, "rows")
            service("postgres", action)
            before = self.log.read_text().count("interceptors.join")
            self.feed(7, 9)
            self.wait_until(lambda: self.log.read_text().count("interceptors.join") > before, "a failure")
            service("postgres", "start")
        self.wait_until(lambda: len(self.found()) == self.rows, "all rows")
        self.stop()
        self.assertEqual({row.get("name") for row in self.found() if row["id"] == 7}, {"Sümmer"})
        self.assertEqual(len(self.found()), self.rows)

    def test_a_large_table_is_loaded(self):
        rows = 300_000
        self.arrange(query=f"SELECT n AS id, repeat(md5(n::text), 3) AS name FROM generate_series(1, {rows}) n")
        self.feed(1, rows, rows + 1)
        self.drain()
        self.assertEqual([row["id"] for row in self.found()], [1, rows])
        self.assertTrue(all(len(row["name"]) == 96 for row in self.found()))

    def test_it_is_put_to_the_musts(self):
        sql("CREATE TABLE IF NOT EXISTS texts (id text, n integer); DELETE FROM texts; "
            "INSERT INTO texts VALUES ('a text', 1), ('GET /a 200', NULL)")
        for more in ("", 'load = "keys"\n', 'load = "keys"\njoin = "required"\n'):
            options = (f'connection = "{os.environ["PG_URL"]}"\npassword = "{os.environ["PG_PASSWORD"]}"\n'
                       'query = "SELECT * FROM texts"\nkeys = { a_text = "id" }\n' + (more or 'join = "left"\n'))
            wrong_query = 'connection = ""\nquery = ""\nkeys = { a = "b" }'
            wrong_column = 'connection = ""\nload = "keys"\nquery = "SELECT 1"\nkeys = { a = "b" }\n'
            wrong_column += 'columns = { b = "int64" }'
            case = self.folder / "case.toml"
            case.write_text(f"component = 'join_postgres'\noptions = {json.dumps(options)}\n"
                            "bodies = ['first', 'a body of more than twelve bytes', '']\n"
                            "columns = { a_text = ['a text', 'GET /a 200', 'another'] }\n[refused]\n"
                            f'query = {json.dumps(wrong_query)}\n"columns.b" = {json.dumps(wrong_column)}\n')
            # It connects anew a few hundred times.
            words = [CONFORMANCE, POSTGRES_PLUGIN, case]
            done = subprocess.run(words, capture_output=True, text=True, timeout=10 * SECONDS)
            self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-4000:])


class Redis(Join):
    def arrange(self, more="", tls=False):
        address = os.environ["REDIS_TLS_ADDRESS" if tls else "REDIS_ADDRESS"]
        self.configure(f"""
            type = "join_redis"
            address = "{address}"
            password = "{os.environ['REDIS_PASSWORD']}"
            timeout = "2s"
            key = "campaign:{{id}}"
            {more}
            """)

    def setUp(self):
        super().setUp()
        service("redis", "start")
        redis("flushall")
        redis("hset", "campaign:7", "name", "Sümmer", "network", "3")
        redis("set", "campaign:8", '{"name": "Ä", "network": 4, "more": [1]}')

    def test_hashes_and_objects_are_added_and_what_is_neither_is_rejected(self):
        self.arrange('join = "left"\ncolumns = { name = "text", network = "int64" }')
        self.feed(7, 8, 9)
        self.drain(code=3)
        self.assertEqual(self.found(), [{"id": 7, "name": "Sümmer", "network": 3}, {"id": 9}])
        self.assertIn("WRONGTYPE", self.letters())

    def test_members_of_json_are_added(self):
        self.arrange('value = "json"\ncolumns = { name = "text", network = "int64", more = "text" }')
        self.feed(8, 9)
        self.drain()
        self.assertEqual(self.found(), [{"id": 8, "name": "Ä", "network": 4, "more": "[1]"}])

    def test_with_tls_and_a_certificate(self):
        names = {"tls_ca": "REDIS_CA", "tls_certificate": "REDIS_CERTIFICATE", "tls_key": "REDIS_KEY"}
        files = "tls = true\n" + "".join(f'{option} = "{os.environ[name]}"\n' for option, name in names.items())
        self.arrange(files + 'join = "anti"', tls=True)
        self.feed(7, 9)
        self.drain()
        self.assertEqual(self.found(), [{"id": 9}])

    def test_rows_wait_for_a_server_that_dies(self):
        self.arrange('ttl = "0s"\njoin = "left"\ncolumns = { network = "int64" }')
        self.start()
        for round in range(5):
            redis("hset", "campaign:7", "network", str(round))
            self.feed(*(200 * [7] + [round + 1000]))
            expected = self.rows
            if round % 2:
                service("redis", "kill")
                self.feed(7)
                service("redis", "start")
                expected += 1
            self.wait_until(lambda: len(self.found()) == expected, "all rows")
        self.stop()
        networks = [row.get("network") for row in self.found() if row["id"] == 7]
        self.assertNotIn(None, networks)
        self.assertEqual(networks, sorted(networks))

    def test_what_is_known_is_true_for_its_time(self):
        self.arrange('ttl = "1h"\njoin = "left"\ncolumns = { network = "int64" }')
        self.start()
        self.feed(7)
        self.wait_until(lambda: len(self.found()) == 1, "a row")
        service("redis", "kill")
        self.feed(*(1000 * [7]))
        self.wait_until(lambda: len(self.found()) == 1001, "rows while the server is away")
        self.stop()
        self.assertEqual({row["network"] for row in self.found()}, {3})


if __name__ == "__main__":
    unittest.main()
