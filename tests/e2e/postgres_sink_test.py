"""spool -> a real PostgreSQL: what psql finds there, whatever happens to the agent and to the server.

Run below `tests/services/with postgres --`.
"""

import collections
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import threading
import unittest

from sink_test_bench import KILLS, LEVADA, SECONDS, SEED, SERVICES, SinkTest

URL = os.environ["PG_URL"]
PASSWORD = os.environ["PG_PASSWORD"]


def sql(text):
    """What psql prints, without headers: a list of lines, columns between |."""
    words = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", URL]
    environment = {**os.environ, "PGPASSWORD": PASSWORD, "PGTZ": "UTC"}
    done = subprocess.run(words, input=text, text=True, timeout=SECONDS, capture_output=True, env=environment)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.splitlines()


class CommitCutter:
    """A proxy that cuts connections at some of their commits: before the server has it, or before it can answer."""

    def __init__(self, port, choice):
        self.server, self.choice, self.cuts = ("127.0.0.1", port), choice, collections.Counter()
        self.first = [None, "before", None, "behind"]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.server)
                pair = [client, server]
                threading.Thread(target=self.pass_on, args=(client, server, pair, True), daemon=True).start()
                threading.Thread(target=self.pass_on, args=(server, client, pair, False), daemon=True).start()

    def next_cut(self):
        # The first commit of a connection is that by which the sink claims its positions.
        return self.first.pop(0) if self.first else self.choice.choice([None, None, "before", "behind"])

    def pass_on(self, source, target, pair, is_client):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                cut = self.next_cut() if is_client and b"COMMIT\0" in data else None
                if cut:
                    self.cuts[cut] += 1
                if cut == "behind":
                    pair[0].shutdown(socket.SHUT_WR)
                if cut != "before":
                    target.sendall(data)
                if cut:
                    break
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class PostgresSink(SinkTest):
    sink = "postgres"

    def setUp(self):
        super().setUp()
        self.server("start")
        sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def server(self, command):
        subprocess.run([SERVICES / "postgres", command, os.environ["PG_DIR"]], check=True, capture_output=True)

    def sink_of(self, more, columns=None, name="agent", timeout="5s"):
        """A configuration; `columns`: those that a line of JSON is made to have."""
        source = ""
        if columns:
            drop = '\n[interceptors.plain]\ntype = "drop_columns"\ncolumns = ["file", "offset"]'
            source = 'interceptors = ["parse", "plain"]\n[interceptors.parse]\ntype = "parse_json"\n'
            source += f"columns = {{ {columns} }}{drop}"
        connected = f'connection = "{URL}"\npassword = "{PASSWORD}"\ntimeout = "{timeout}"\n{more}'
        return self.configure(connected, name=name, source=source)

    def spool_rows(self, *rows):
        self.spool_file(json.dumps(row) for row in rows)

    def letters(self, config):
        words = [LEVADA, "channel", "dump", "--config", config, "dead_letters"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assert_once(self, table, expected):
        found = collections.Counter(sql(f"SELECT body FROM {table}"))
        self.assertEqual(found - expected, collections.Counter(), "doubled")
        self.assertEqual(expected - found, collections.Counter(), "missing")

    def test_it_is_put_to_the_musts(self):
        words = [os.environ["LEVADA_POSTGRES_SINK_TEST"], "--gtest_filter=Conformance_*"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=10 * SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-4000:])
        self.assertRegex(done.stdout, r"\[  PASSED  \] [1-9][0-9] tests")
        # It has looked at rows, and knew whose they were.
        self.assertEqual(sql("SELECT count(*) > 100 FROM rows"), ["t"])
        self.assertEqual(sql("SELECT count(*) FROM rows WHERE backend NOT IN (SELECT backend FROM writers)"), ["0"])

    def test_rows_are_there_once_though_agent_and_server_are_killed(self):
        print(f"LEVADA_SEED={SEED}")
        choice = random.Random(SEED)
        sql("CREATE TABLE rows (body text)")
        config = self.sink_of('table = "rows"')
        expected = collections.Counter()
        agent = self.start(config)
        # Of three rounds each, the agent dies in two, the server in two, and both in one.
        for number in range(KILLS * 3 // 2):
            lines = [f"{number}-{row}" for row in range(5000)]
            self.spool_file(lines)
            expected.update(lines)
            self.assert_lives(agent, choice.uniform(0.01, 0.4))
            if number % 3 != 0:
                self.server("kill")
                self.assert_lives(agent, choice.uniform(0, 0.2))
                self.server("start")
            if number % 3 != 1:
                agent.kill()
                agent.communicate()
                agent = self.start(config)
        agent.send_signal(signal.SIGTERM)
        agent.communicate(timeout=SECONDS)
        self.finish(config)
        self.assert_once("rows", expected)
        audit = subprocess.run([LEVADA, "audit", "--config", str(config)], capture_output=True, text=True)
        self.assertEqual(audit.returncode, 0, audit.stdout)

    def test_a_table_is_made_with_the_columns_of_the_rows_and_widened(self):
        columns = 'id = "int64", f = "float64", b = "boolean", at = "timestamp", t = "text", l = "list<int64>", ' \
                  's = "struct<x: text>", price = "text"'
        self.spool_rows({"id": 1, "f": 0.1, "b": True, "at": "2026-01-31T23:59:59.25Z", "t": "Sümmer 🌞", "l": [1, 2],
                         "s": {"x": "y\"z"}, "price": "1234567890123456789.01"}, {"id": -(2**63), "f": 1e300})
        made = 'table = "made"\ncreate_table = true\nadd_columns = true\ntypes = { price = "numeric(30,2)" }'
        self.finish(self.sink_of(made, columns))
        types = sql(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attname"
        )
        made_types = ["at|timestamp with time zone", "b|boolean", "f|double precision", "id|bigint", "l|jsonb"]
        self.assertEqual(types, [*made_types, "price|numeric(30,2)", "s|jsonb", "t|text"])
        found = sql("SELECT id, f, b, at, t, l, s, price FROM made ORDER BY id DESC")
        self.assertEqual(found, [
            '1|0.1|t|2026-01-31 23:59:59.25+00|Sümmer 🌞|[1, 2]|{"x": "y\\"z"}|1234567890123456789.01',
            "-9223372036854775808|1e+300||||||"])
        # The same agent, with a column more.
        self.spool_rows({"id": 2, "more": "x"})
        self.finish(self.sink_of(made, columns + ', more = "text"'))
        self.assertEqual(sql("SELECT more FROM made WHERE id = 2"), ["x"])
        self.assertEqual(sql("SELECT count(*) FROM made"), ["3"])

    def test_values_come_out_as_they_went_in(self):
        sql("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN small AS smallint CHECK (VALUE < 100)")
        sql(
            "CREATE TABLE rows (id int PRIMARY KEY, n numeric, m numeric(6,2), j json, jb jsonb, u uuid, a inet, "
            "c cidr, e mood, d small, i interval, r real, dt date, ts timestamp, ar int[], v varchar(5), by bytea)"
        )
        columns = ", ".join(f'{name} = "text"' for name in "n m j jb u a c e i dt ts ar v by".split())
        columns += ', id = "int64", d = "int64", r = "float64"'
        good = {"n": "-12345678901234567890.000123", "m": "1234.5", "j": '{"b": 1,  "a": [null]}',
                "jb": '{"b": 1, "a": 2}', "u": "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a": "10.1.2.3/8",
                "c": "2001:db8::/32", "e": "happy", "d": 99, "i": "1 day 2 hours", "r": 0.1, "dt": "2026-02-28",
                "ts": "2026-02-28T01:02:03.000004+01:00",
                "ar": "{1,NULL,3}", "v": "Süß", "by": "x"}
        numbers = ["0", "0.000", "1e5", "1e-5", "99999999", "10000.0001", "NaN", "-0.5", "123456789.123456789"]
        self.spool_rows({"id": 1, **good}, {"id": 2},
                        *({"id": 10 + at, "n": number} for at, number in enumerate(numbers)))
        self.finish(self.sink_of('table = "rows"', columns))
        found = sql("SELECT n, m, j, jb, u, a, c, e, d, i, r, dt, ts, ar, v, by FROM rows WHERE id < 3 ORDER BY id")
        self.assertEqual(found, [
            '-12345678901234567890.000123|1234.50|{"b": 1,  "a": [null]}|{"a": 2, "b": 1}|'
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|10.1.2.3/8|2001:db8::/32|happy|99|1 day 02:00:00|0.1|"
            "2026-02-28|2026-02-28 00:02:03.000004|{1,NULL,3}|Süß|\\x78",
            "|" * 15,
        ])
        self.assertEqual(sql("SELECT n FROM rows WHERE id >= 10 ORDER BY id"),
                         [*numbers[:2], "100000", "0.00001", *numbers[4:]])

    def test_a_row_that_the_table_does_not_take_is_a_dead_letter_and_all_others_arrive(self):
        sql(
            "CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (1);"
            "CREATE TABLE rows (id bigint PRIMARY KEY, small smallint CHECK (small <> 13), jb jsonb, "
            "t varchar(3) NOT NULL, p int REFERENCES parents DEFERRABLE INITIALLY DEFERRED, i interval);"
            "INSERT INTO rows VALUES (7, 7, null, 'x')"
        )
        columns = 'id = "int64", small = "int64", jb = "text", t = "text", p = "int64", i = "text"'
        bad = {100: {"small": 40000}, 101: {"small": 13}, 102: {"jb": "{"}, 103: {"t": None}, 104: {"t": "long"},
               105: {"p": 2}, 106: {"i": "no time"}, 107: {"t": "a\0b"}, 7: {}}
        rows = [{"id": 1000 + n, "t": "t", "i": "1 day", "p": 1, "jb": "[]"} for n in range(3000)]
        for at, (number, more) in enumerate(bad.items()):
            rows.insert(at * 333, {"id": number, "t": "t", **more})
        self.spool_rows(*rows)
        config = self.sink_of('table = "rows"', columns)
        self.finish(config, code=3)
        self.assertEqual(sql("SELECT count(*), min(id), max(id) FROM rows WHERE id >= 1000"), ["3000|1000|3999"])
        self.assertEqual(sql("SELECT id FROM rows WHERE id < 1000"), ["7"])
        reasons = {letter["id"]: letter["reason"] for letter in self.letters(config)}
        self.assertEqual(reasons.keys(), bad.keys(), reasons)
        for number, part in ((100, '"40000" does not fit smallint'), (101, "rows_small_check"), (102, "for type json"),
                             (103, "not-null"), (104, "varying(3)"), (105, "rows_p_fkey"), (106, "for type interval"),
                             (107, "zero byte"), (7, "rows_pkey")):
            self.assertIn(part, reasons[number])

    def test_rows_with_a_key_that_is_there_take_its_place(self):
        sql("CREATE TABLE rows (k text, n int, v text, kept text DEFAULT 'kept', PRIMARY KEY (k, n))")
        columns = 'k = "text", n = "int64", v = "text"'
        upsert = 'table = "rows"\nmode = "upsert"\nkeys = ["k", "n"]'
        self.spool_rows({"k": "a", "n": 1, "v": "first"}, {"k": "b", "n": 1, "v": "b"}, {"k": "a", "n": 1, "v": "last"})
        self.finish(self.sink_of(upsert, columns))
        self.assertEqual(sql("SELECT * FROM rows ORDER BY k"), ["a|1|last|kept", "b|1|b|kept"])
        sql("UPDATE rows SET kept = 'changed'")
        self.spool_rows({"k": "b", "n": 1, "v": None}, {"k": "b", "n": None}, {"k": "c", "n": 2, "v": "c"})
        config = self.sink_of(upsert, columns)
        self.finish(config, code=3)
        self.assertEqual(sql("SELECT * FROM rows ORDER BY k"), ["a|1|last|changed", "b|1||changed", "c|2|c|kept"])
        reasons = [letter["reason"] for letter in self.letters(config)]
        self.assertEqual(reasons, ['column "n": is null, and one of keys'])
        self.spool_rows({"k": "c", "n": 2, "v": "no"}, {"k": "d", "n": 1, "v": "d"}, {"k": "d", "n": 1, "v": "no"})
        self.finish(self.sink_of(upsert.replace("upsert", "ignore"), columns))
        self.assertEqual(sql("SELECT k, v FROM rows WHERE k > 'b' ORDER BY k"), ["c|c", "d|d"])

    def test_a_connection_that_is_cut_in_a_commit_loses_and_doubles_nothing(self):
        print(f"LEVADA_SEED={SEED}")
        sql("CREATE TABLE rows (body text)")
        proxy = CommitCutter(int(os.environ["PG_PORT"]), random.Random(SEED))
        self.addCleanup(proxy.listener.close)
        url = URL.replace(os.environ["PG_PORT"], str(proxy.port)) + "?sslmode=disable"
        config = self.sink_of('table = "rows"\ncommit_rows = 500\nretry_initial = "1ms"\nretry_max = "10ms"')
        config.write_text(config.read_text().replace(URL, url))
        lines = [str(row) for row in range(20_000)]
        for first in range(0, len(lines), 500):
            self.spool_file(lines[first:first + 500])
        self.finish(config)
        self.assertGreater(min(proxy.cuts["before"], proxy.cuts["behind"]), 0, proxy.cuts)
        self.assert_once("rows", collections.Counter(lines))

    def test_a_server_that_hangs_is_given_up_and_waited_for(self):
        sql("CREATE TABLE rows (body text)")
        config = self.sink_of('table = "rows"', timeout="300ms")
        self.spool_file(["a"])
        agent = self.start(config)
        self.wait_until(lambda: sql("SELECT body FROM rows") == ["a"], "the first row is there")
        self.server("pause")
        self.spool_file(["b"])
        log = config.with_suffix(".log")
        self.wait_until(lambda: "no answer within the timeout" in log.read_text(), "it gives the server up")
        self.server("start")
        self.wait_until(lambda: sql("SELECT body FROM rows ORDER BY 1") == ["a", "b"], "the second row is there")
        # A lock of somebody else is waited for, no longer than that.
        with subprocess.Popen(["psql", "-X", "-q", URL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "PGPASSWORD": PASSWORD}) as other:
            other.stdin.write("BEGIN; LOCK TABLE rows;\n\\echo locked\n")
            other.stdin.flush()
            self.assertEqual(other.stdout.readline(), "locked\n")
            self.spool_file(["c"])
            self.wait_until(lambda: "canceling statement due to" in log.read_text(), "it gives the lock up")
            other.stdin.close()
        self.wait_until(lambda: sql("SELECT body FROM rows ORDER BY 1") == ["a", "b", "c"], "the third row is there")
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(SECONDS), 0)

    def test_a_server_that_is_another_gets_nothing_and_no_password_is_said(self):
        sql("CREATE TABLE rows (body text)")
        self.spool_file(["a"])
        ca = os.environ["PG_CA"]
        strict = f"{URL}?sslmode=verify-full&sslrootcert="
        for name, url, password, reason in (
            ("unknown", strict + "/etc/hostname", PASSWORD, "certificate"),
            ("name", strict.replace("127.0.0.1", "localhost.") + ca, PASSWORD, "PostgreSQL: "),
            ("password", strict + ca, "a wrong one", "password authentication failed"),
        ):
            config = self.sink_of('table = "rows"', name=name)
            config.write_text(config.read_text().replace(URL, url).replace(f'"{PASSWORD}"', f'"{password}"'))
            agent = self.start(config)
            log = config.with_suffix(".log")
            self.wait_until(lambda: log.exists() and reason in log.read_text(), reason)
            agent.kill()
            agent.communicate()
            self.assertNotIn(password, log.read_text())
        self.assertEqual(sql("SELECT count(*) FROM rows"), ["0"])
        config = self.sink_of('table = "rows"')
        config.write_text(config.read_text().replace(URL, strict + ca))
        self.finish(config)
        self.assertEqual(sql("SELECT body FROM rows"), ["a"])

    def test_what_cannot_work_ends_the_sink_with_the_reason(self):
        sql("CREATE TABLE rows (body text); CREATE TABLE levada_wrong (x int)")
        self.spool_file(["a"])
        for name, sink, reason in (
            ("missing", 'table = "nothing"', 'there is no table "nothing"'),
            ("columns", 'table = "rows"\ncolumns = ["no"]', 'has no column "no"'),
            ("index", 'table = "rows"\nmode = "upsert"\nkeys = ["body"]', "no unique or exclusion constraint"),
            ("positions", 'table = "rows"\npositions_table = "levada_wrong"', "column"),
            ("type", 'table = "made"\ncreate_table = true\ntypes = { file = "nonsense" }', '"nonsense" does not exist'),
        ):
            self.assertIn(reason, self.finish(self.sink_of(sink, name=name), code=1))
        self.assertEqual(sql("SELECT count(*) FROM rows"), ["0"])

    def test_a_column_that_is_dropped_meanwhile_is_missed_by_nobody(self):
        sql("CREATE TABLE rows (id bigint, t text)")
        config = self.sink_of('table = "rows"', 'id = "int64", t = "text"')
        agent = self.start(config)
        self.spool_rows({"id": 1, "t": "a"})
        self.wait_until(lambda: sql("SELECT count(*) FROM rows") == ["1"], "the first row is there")
        sql("ALTER TABLE rows DROP COLUMN t; ALTER TABLE rows ALTER COLUMN id TYPE integer")
        self.spool_rows({"id": 2, "t": "b"})
        self.wait_until(lambda: sql("SELECT count(*) FROM rows") == ["2"], "the second row is there")
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(SECONDS), 0)

    def test_of_two_agents_with_one_id_the_last_goes_on(self):
        sql("CREATE TABLE rows (body text)")
        sink = 'table = "rows"\npositions_id = "shared"'
        first, second = self.sink_of(sink, name="first"), self.sink_of(sink, name="second")
        second.write_text(second.read_text().replace(str(self.spool), str(self.folder / "other")))
        (self.folder / "other").mkdir()
        self.spool_file(["a"])
        old = self.start(first)
        self.wait_until(lambda: sql("SELECT body FROM rows") == ["a"], "the first agent writes")
        new = self.start(second)
        owner = "SELECT sequence FROM levada_positions WHERE stream = '%owner'"
        self.wait_until(lambda: sql(owner) == ["2"], "the second agent has claimed the id")
        self.spool_file(["b"])
        log = first.with_suffix(".log")
        self.wait_until(lambda: 'another agent has taken over "shared"' in log.read_text(), "the first agent notices")
        self.assertNotIn(PASSWORD, log.read_text())
        self.assertIsNone(new.poll())
        for agent in (old, new):
            agent.kill()
            agent.communicate()
        self.assertEqual(sql("SELECT body FROM rows"), ["a"])


if __name__ == "__main__":
    unittest.main()
