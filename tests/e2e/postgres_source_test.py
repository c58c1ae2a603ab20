"""A real PostgreSQL -> files: the rows of a query, each once, whatever happens to the agent and to the server.

Run below `tests/services/with postgres --`.
"""

import collections
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from sink_test_bench import KILLS, LEVADA, SECONDS, SEED, SERVICES

CONFORMANCE = os.environ["LEVADA_CONFORMANCE"]
PLUGIN = os.environ["LEVADA_POSTGRES_PLUGIN"]
URL = os.environ["PG_URL"]
PASSWORD = os.environ["PG_PASSWORD"]


def sql(text):
    words = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", URL]
    environment = {**os.environ, "PGPASSWORD": PASSWORD, "PGTZ": "UTC"}
    done = subprocess.run(words, input=text, text=True, timeout=SECONDS, capture_output=True, env=environment)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.splitlines()


class PostgresSource(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="levada-postgres.")))
        self.agents = []
        self.addCleanup(self.end)
        self.server("start")
        sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def end(self):
        for agent in self.agents:
            if agent.poll() is None:
                agent.kill()
            agent.communicate()

    def server(self, command):
        subprocess.run([SERVICES / "postgres", command, os.environ["PG_DIR"]], check=True, capture_output=True)

    def configure(self, more, query="SELECT * FROM rows", name="agent", cursor="id"):
        config = self.folder / f"{name}.toml"
        config.write_text(f"""
            [agent]
            data_dir = "{self.folder}/{name}"
            [sources.rows]
            type = "postgres"
            connection = "{URL}?sslmode=verify-full&sslrootcert={os.environ['PG_CA']}"
            password = "{PASSWORD}"
            query = '{query}'
            cursor = "{cursor}"
            timeout = "5s"
            interval = "20ms"
            channels = ["main"]
            {more}
            [channels.main]
            type = "memory"
            [sinks.out]
            type = "file"
            channel = "main"
            path = "{self.folder}/out"
            prefix = "{name}"
            format = "json"
            commit_interval = "20ms"
            roll_interval = "20ms"
            """)
        return config

    def start(self, config, *arguments):
        with open(config.with_suffix(".log"), "ab") as log:
            words = [LEVADA, "run", "--config", config, *arguments]
            self.agents.append(subprocess.Popen(words, stdout=log, stderr=log))
        return self.agents[-1]

    def finish(self, config, code=0):
        agent = self.start(config, "--until-drained")
        self.assertEqual(agent.wait(SECONDS), code, self.said(config))

    def said(self, config):
        return config.with_suffix(".log").read_text()[-4000:]

    def found(self):
        """The rows that have arrived, in the order of their files."""
        paths = [path for path in (self.folder / "out").glob("*.ndjson") if path.is_file()]
        paths.sort(key=lambda path: [int(number) for number in re.findall(r"\d+", path.name)])
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    def wait_until(self, condition, what):
        end = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            threading.Event().wait(0.02)

    def assert_once(self, expected):
        found = collections.Counter(row["id"] for row in self.found())
        self.assertEqual([id for id, times in found.items() if times > 1], [], "doubled")
        self.assertEqual(sorted(found), list(expected))

    def test_values_have_the_types_of_the_query(self):
        sql("CREATE TYPE mood AS ENUM ('sad')")
        sql("CREATE TABLE rows AS SELECT 1::smallint AS id, true AS b, -2::int AS i, 3::bigint AS l, 0.1::real AS r, "
            "1e300::float8 AS f, '2026-01-31 01:00+01'::timestamptz AS at, '2026-01-31'::timestamp AS ts, "
            "'Sümmer'::text AS t, 1.50::numeric AS n, '2026-01-31'::date AS d, '{\"a\": 1}'::jsonb AS jb, "
            "'sad'::mood AS m, '{1,2}'::int[] AS a, 'x'::bytea AS by, 'abc'::char(5) AS c UNION ALL SELECT 2, " +
            ", ".join(["NULL"] * 15))
        self.finish(self.configure(""))
        first, second = self.found()
        self.assertEqual(first, {
            "id": 1, "b": True, "i": -2, "l": 3, "r": 0.10000000149011612, "f": 1e300, "t": "Sümmer", "n": "1.50",
            "at": "2026-01-31T00:00:00.000000Z", "ts": "2026-01-31T00:00:00.000000Z", "d": "2026-01-31",
            "jb": '{"a": 1}', "m": "sad", "a": "{1,2}", "by": "x", "c": "abc  ",
        })
        self.assertEqual({name for name, value in second.items() if value is not None}, {"id"})

    def test_a_table_is_copied_with_all_of_its_types(self):
        sql("CREATE TYPE mood AS ENUM ('sad', 'it''s'); CREATE TYPE pair AS (a int, b text); "
            "CREATE DOMAIN small AS smallint CHECK (VALUE < 100)")
        values = {
            "boolean": ["true", "false"], "smallint": ["-32768", "7"], "bigint": ["-9223372036854775808", "7"],
            "real": ["0.1", "'NaN'"], "float8": ["1e-300", "'-Infinity'"], "small": ["99", "-1"],
            "numeric": ["12345678901234567890.000100", "'NaN'"], "numeric(10,2)": ["-0.05", "99999999.99"],
            "date": ["'2026-02-28'", "'0001-01-01'"], "time": ["'23:59:59.000001'", "'00:00'"],
            "timestamptz": ["'2026-01-31 01:00:00.000001+01'", "'1969-12-31 23:59:59.999999Z'"],
            "timestamp": ["'2026-01-31 01:00'", "'1900-01-01'"], "interval": ["'1 year -2 days 03:04:05.6'", "'0'"],
            "uuid": ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000000'"],
            "json": ["""'{"b": 1,  "a": [null, "ü"]}'""", "'null'"], "jsonb": ["""'{"a": "\\u00fc"}'""", "'[]'"],
            "int[]": ["'{1,NULL,3}'", "'{}'"], "text[]": ["""'{{"a b","c\\d"},{"NULL",NULL}}'""", "'[5:6]={x,y}'"],
            "uuid[]": ["'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'", "NULL"], "mood": ["'it''s'", "'sad'"],
            "pair": ["""ROW(1, 'x, "y"')""", "ROW(NULL, '')"], "int4range": ["'[1,5)'", "'empty'"],
            "inet": ["'10.1.2.3/8'", "'::1'"], "cidr": ["'10.0.0.0/8'", "'2001:db8::/32'"],
            "bytea": ["'\\x00ff5c'", "''"], "text": ["'Sümmer 🌞\\'", "''"], "char(5)": ["'ab'", "''"],
            "bit varying(9)": ["B'101'", "B''"], "point": ["'(1.5,-2)'", "'(0,0)'"],
            "macaddr": ["'08:00:2b:01:02:03'", "NULL"],
        }
        columns = ", ".join(f"c{at} {type}" for at, type in enumerate(values))
        sql(f"CREATE TABLE rows (id serial PRIMARY KEY, {columns}); CREATE TABLE copies (LIKE rows)")
        for row in (*zip(*values.values()), ["NULL"] * len(values)):
            sql(f"INSERT INTO rows VALUES (DEFAULT, {', '.join(row)})")
        config = self.configure("")
        text = config.read_text()
        config.write_text(text[:text.index("[sinks.out]")] + f"""
            [sinks.out]
            type = "postgres"
            channel = "main"
            connection = "{URL}"
            password = "{PASSWORD}"
            table = "copies"
            """)
        self.finish(config)
        names = ["id", *(f"c{at}" for at in range(len(values)))]
        for name, type in zip(names, ["int", *values]):
            wrong = sql(f"SELECT r.{name}, c.{name} FROM rows r LEFT JOIN copies c USING (id) "
                        f"WHERE r.{name}::text IS DISTINCT FROM c.{name}::text")
            self.assertEqual(wrong, [], type)
        self.assertEqual(sql("SELECT count(*) FROM copies"), ["3"])

    def test_it_is_put_to_the_musts(self):
        sql("CREATE TABLE rows (id serial, k int, t text, n numeric); INSERT INTO rows (k, t, n) "
            "SELECT n / 2, 'a text of more than twelve bytes', n FROM generate_series(1, 9) n")
        connection = f'connection = "{URL}"\npassword = "{PASSWORD}"\n'
        for more in ('cursor = "id"\nbatch_rows = 2', 'cursor = "k"\nbatch_rows = 3\nshare = "1/1"'):
            case = self.folder / "case.toml"
            options = json.dumps(f'{connection}query = "SELECT * FROM rows"\n{more}\n')
            refused = json.dumps('connection = "host=x"\nquery = ""\ncursor = "id"')
            case.write_text(f'component = "postgres"\noptions = {options}\nrefused = {{ query = {refused} }}\n')
            done = subprocess.run([CONFORMANCE, PLUGIN, case], capture_output=True, text=True, timeout=10 * SECONDS)
            self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-4000:])

    def test_rows_come_once_in_order_and_rows_with_one_cursor_stay_together(self):
        sql("CREATE TABLE rows AS SELECT n AS id, n / 7 AS k, repeat('x', 100) AS t FROM generate_series(1, 5000) n; "
            "INSERT INTO rows VALUES (0, NULL, 'no cursor')")
        self.finish(self.configure("batch_rows = 100", cursor="k"))
        rows = self.found()
        self.assertEqual([row["k"] for row in rows], sorted(n // 7 for n in range(1, 5001)))
        self.assert_once(range(1, 5001))

    def test_shares_and_ranges_of_several_agents_are_all_of_it(self):
        sql("CREATE TABLE rows AS SELECT n AS id FROM generate_series(-5000, 15000) n")
        for number in range(1, 4):
            self.finish(self.configure(f'share = "{number}/3"', name=f"share{number}"))
        self.assert_once(range(-5000, 15001))
        for path in (self.folder / "out").glob("*.ndjson"):
            path.unlink()
        for number in range(1, 4):
            more = f'share = "{number}/3"\nstart = "-4000"\nend = "15001"\nbatch_rows = 999'
            self.finish(self.configure(more, name=f"range{number}"))
        self.assert_once(range(-4000, 15001))

    def test_each_row_comes_once_though_agent_and_server_are_killed(self):
        print(f"LEVADA_SEED={SEED}")
        choice = random.Random(SEED)
        sql("CREATE TABLE rows (id bigint PRIMARY KEY)")
        config = self.configure("batch_rows = 100")
        agent = self.start(config)
        rows = 0
        for number in range(KILLS):
            sql(f"INSERT INTO rows SELECT generate_series({rows}, {rows + 2999})")
            rows += 3000
            with self.assertRaises(subprocess.TimeoutExpired):
                agent.wait(choice.uniform(0.01, 0.4))
            if number % 3 != 0:
                self.server("kill")
                self.server("start")
            if number % 3 != 1:
                agent.kill()
                agent.wait()
                agent = self.start(config)
        # The last agent reads a row itself: only then it is sure to take the signal as a wish.
        sql(f"INSERT INTO rows VALUES ({rows})")
        rows += 1
        self.wait_until(lambda: len(self.found()) >= rows, f"all rows are there; {self.said(config)}")
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(SECONDS), 0, self.said(config))
        self.assert_once(range(rows))
        self.assertNotIn(PASSWORD, config.with_suffix(".log").read_text())

    def test_rows_that_come_later_are_read_and_an_empty_table_is_waited_for(self):
        sql("CREATE TABLE rows (id int)")
        config = self.configure("")
        agent = self.start(config)
        for number in range(5):
            sql(f"INSERT INTO rows VALUES ({number})")
            self.wait_until(lambda: len(self.found()) == number + 1, f"row {number} is there; {self.said(config)}")
        sql("ALTER TABLE rows ALTER COLUMN id TYPE bigint; INSERT INTO rows VALUES (5000000000)")
        self.wait_until(lambda: len(self.found()) == 6, f"a row of another type is there; {self.said(config)}")
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(SECONDS), 0, self.said(config))
        self.assert_once([0, 1, 2, 3, 4, 5000000000])

    def psql(self):
        """A session that does what is written to it, and prints what \\echo says."""
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        words = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", URL]
        session = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(session.wait)
        self.addCleanup(session.stdout.close)
        self.addCleanup(session.stdin.close)
        return session

    def tell(self, session, text):
        session.stdin.write(text + "\n\\echo done\n")
        session.stdin.flush()
        self.assertEqual(session.stdout.readline(), "done\n")

    def asked(self, part):
        """Whether the source has asked for something since the server started, and has its answer."""
        return sql(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'levada' AND state = 'idle' "
                   f"AND query LIKE '%{part}%'") != ["0"]

    def test_a_row_that_is_committed_behind_a_greater_cursor_is_read_before_it(self):
        for table in ("CREATE TABLE rows (id bigserial, t text)",
                      "CREATE TABLE rows (id bigserial, t text) PARTITION BY RANGE (id); "
                      "CREATE TABLE rows_all PARTITION OF rows DEFAULT"):
            sql("DROP TABLE IF EXISTS rows; " + table)
            config = self.configure("", name=f"agent{len(table)}", query="SELECT * FROM (SELECT * FROM rows) AS r")
            agent = self.start(config)
            early = self.psql()
            self.tell(early, "BEGIN; INSERT INTO rows (t) VALUES ('early');")
            sql("INSERT INTO rows (t) SELECT 'late' FROM generate_series(1, 9)")
            self.assertEqual(sql("SELECT count(*), min(id) FROM rows"), ["9|2"])
            # It has seen them, by a question that came behind them.
            sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'levada'")
            self.wait_until(lambda: self.asked("rows"), f"it asks; {self.said(config)}")
            self.tell(early, "COMMIT;")
            self.wait_until(lambda: len(self.found()) == 10, f"all rows; {self.said(config)}")
            self.assertEqual([row["id"] for row in self.found()], list(range(1, 11)))
            agent.send_signal(signal.SIGTERM)
            self.assertEqual(agent.wait(SECONDS), 0, self.said(config))
            for path in (self.folder / "out").glob("*.ndjson"):
                path.unlink()

    def test_no_row_of_many_transactions_at_a_time_is_passed_by(self):
        print(f"LEVADA_SEED={SEED}")
        sql("CREATE TABLE rows (id serial, writer int)")
        config = self.configure("batch_rows = 50")
        agent = self.start(config)
        is_over = threading.Event()

        def write(number):
            choice, session = random.Random(f"{SEED} {number}"), self.psql()
            while not is_over.wait(choice.choice([0, 0.01])):
                self.tell(session, "BEGIN;")
                for _ in range(choice.randint(1, 4)):
                    self.tell(session, f"INSERT INTO rows (writer) SELECT {number} FROM generate_series(1, 9);")
                    is_over.wait(choice.choice([0, 0, 0.02]))
                self.tell(session, choice.choice(["COMMIT;", "COMMIT;", "ROLLBACK;"]))

        writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
        for writer in writers:
            writer.start()
        try:
            for number in range(1, KILLS + 1):
                self.wait_until(lambda: len(self.found()) >= number * 300, f"it goes on; {self.said(config)}")
                agent.kill()
                agent.wait()
                agent = self.start(config)
        finally:
            is_over.set()
            for writer in writers:
                writer.join(SECONDS)
        self.assertFalse(any(writer.is_alive() for writer in writers))
        sql("INSERT INTO rows (writer) VALUES (0)")
        expected = [int(id) for id in sql("SELECT id FROM rows ORDER BY id")]
        self.wait_until(lambda: len(self.found()) >= len(expected), f"all rows are there; {self.said(config)}")
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(SECONDS), 0, self.said(config))
        self.assert_once(expected)

    def test_a_query_that_cannot_work_ends_it_with_the_reason(self):
        sql("CREATE TABLE rows (id text)")
        for name, query, more, reason in (
            ("missing", "SELECT * FROM nothing", "", 'relation "nothing" does not exist'),
            ("nocursor", "SELECT 1 AS n", "", 'the query gives no column "id"'),
            ("text", "SELECT * FROM rows", 'share = "1/2"', "share needs a cursor of whole numbers"),
            ("two", "SELECT 1 AS id, 2 AS id", "", 'column reference "id" is ambiguous'),
            ("write", "DELETE FROM rows RETURNING id", "", "syntax error"),
        ):
            config = self.configure(more, query=query, name=name)
            self.finish(config, code=1)
            self.assertIn(reason, self.said(config))


if __name__ == "__main__":
    unittest.main()
