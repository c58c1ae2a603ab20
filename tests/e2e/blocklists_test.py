"""conf/examples/blocklists: lists from an HTTP server go to topics of a real Kafka and from there to a Delta table,
whose rows are those that the rules say, with the agents killed on the way. A list that cannot be fetched ends in a mail
on a real SMTP server; a value that a list brings anew becomes a column of the table.

Run below tests/services/with kafka smtp hdfs s3, with the Python packages of tools/requirements.txt.
"""

import collections
import functools
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import unittest

from kafka_test_bench import LEVADA, SECONDS
from system_test_bench import SystemTest

import deltalake
import smtp_server
from lake_servers import USER, Hdfs

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "workloads"), str(HERE.parent / "lake")]
import delta_table  # noqa: E402
import host_lists  # noqa: E402

ROWS = int(os.environ.get("LEVADA_ROWS", "3000"))  # Lines of each list.


class Server(http.server.ThreadingHTTPServer):
    """Gives the files of a folder, and notes what it was asked for."""

    daemon_threads = True

    def __init__(self, folder):
        self.requests = collections.Counter()
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.requests[self.path] += 1
        super().do_GET()

    def log_message(self, *_):
        pass


class Blocklists(SystemTest):
    def setUp(self):
        super().setUp()
        smtp_server.begin()
        seed = int(os.environ.get("LEVADA_SEED", self.random.randrange(1 << 32)))
        print(f"LEVADA_SEED={seed}")
        self.random.seed(seed)
        self.lists = self.folder / "lists"
        self.lists.mkdir()
        self.server = Server(self.lists)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.table = self.folder / "table"
        self.logs = self.folder / "logs"
        # No other test's topics.
        self.prefix = f"{self.topic}-list"
        self.environment.update(
            KAFKA_BOOTSTRAP_SERVERS=os.environ["KAFKA_BOOTSTRAP"], KAFKA_GROUP_ID=self.topic, MAX_IDLE_COUNT="3",
            LOADER_BATCH_SIZE="1000", PRODUCER_BATCH_SIZE="2000", RETENTION_MS="86400000",
            DELTA_TABLE_PATH=str(self.table), PROCESS_LOG_DIRS=str(self.logs), MONITOR_SERVICES="fetch,load",
            LISTS=str(self.folder / "lists.csv"), SMTP=f"localhost:{os.environ['SMTP_PORT']}",
            SMTP_USER=os.environ["SMTP_USER"], SMTP_PASSWORD=os.environ["SMTP_PASSWORD"],
            SMTP_CA=smtp_server.CERTIFICATE, ALERTS_TO="ops@example.com")

    def example(self, name, **changes):
        """As SystemTest has it, with topics of this test."""
        config = super().example(f"blocklists/{name}.toml", **changes)
        text = config.read_text().replace('\nuntil_idle = "8s"', "").replace("blocklist-", f"{self.prefix}-")
        # How long a loader that was killed keeps its partitions.
        text = re.sub(r"(?m)^(group = .*)$", r'\1\nlibrdkafka = { session.timeout.ms = 10000 }', text)
        config.write_text(text)
        return config

    def publish(self, formats, extra=()):
        """The list of lists; `extra`: lines of it."""
        lines = [f"{name},{self.server.url}/{name},ads,{format}" for name, format in formats.items()]
        (self.folder / "lists.csv").write_text("\n".join(["name,url,category,format", *lines, *extra]) + "\n")

    def expected(self, formats):
        """The rows of the table, and by list and reason how many are rejected."""
        rows, rejected = {}, {}
        for name, format in formats.items():
            found, reasons, _ = host_lists.expected_rows(self.lists / name, format, "ads")
            rows.update({(each, name): values for each, values in found.items()})
            # Names of the machine itself are dropped; a record that is no record has another reason.
            reasons.pop("local", None)
            rejected.update({(name, reason): count for reason, count in reasons.items()})
        return rows, rejected

    def in_table(self, version=None):
        rows = deltalake.DeltaTable(str(self.table), version=version).to_pyarrow_table().to_pylist()
        found = {(row["domain"], row["source"]): (row.get("ip"), row["category"]) for row in rows}
        self.assertEqual(len(found), len(rows), "a row is there twice")
        return found

    def letters(self, config):
        """Dead letters by list and reason."""
        dump = subprocess.run([LEVADA, "channel", "dump", "dead_letters", "--config", str(config)], check=True,
                              capture_output=True, text=True, env=self.environment, timeout=SECONDS)
        letters = [json.loads(line) for line in dump.stdout.splitlines()]
        reasons = [(each["name"], re.sub(r"^.*?: expected \d+ fields.*", "csv_width", each["reason"]).split(":")[0])
                   for each in letters]
        return dict(collections.Counter(reasons))

    def statuses(self, service):
        lines = (self.logs / f"{service}_status.log").read_text().splitlines()
        return [line.split(" STATUS: ")[1] for line in lines if " STATUS: " in line]

    def levada(self, *words):
        done = subprocess.run([LEVADA, *words], capture_output=True, text=True, env=self.environment, timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_table_has_each_name_of_each_list_once_through_kills(self):
        formats = host_lists.write_lists(self.lists, ROWS, self.random)
        formats |= host_lists.write_feeds(self.lists, ROWS, self.random)
        self.publish(formats)
        fetch, load = self.example("fetch"), self.example("load")
        self.run_with_kills(fetch, 1.5, codes=(0, 3))
        self.run_with_kills(load, 3)
        rows, rejected = self.expected(formats)
        got = self.in_table()
        self.assertEqual(set(got), set(rows))
        self.assertEqual(got, rows)
        self.assertEqual(self.letters(fetch), rejected)
        # With errors where it has rejected rows itself, and none where a run that was killed had done so.
        self.assertRegex(self.statuses("fetch")[-1], "^completed(_with_errors)? ")
        self.assertEqual(self.statuses("load")[-1].split(" ")[0], "completed")
        self.assertIn("failed", self.statuses("load") + self.statuses("fetch"), "no run was killed")

        # Nothing is new: no row comes again. Then one list has changed, and what is new in it is added.
        self.run_agent(fetch, "--until-drained", codes=(0, 3))
        self.run_agent(load, "--until-drained")
        self.assertEqual(self.in_table(), rows)
        with open(self.lists / "names", "a") as file:
            file.write("quite.new.example\n")
        self.run_agent(fetch, "--until-drained", codes=(0, 3))
        self.run_agent(load, "--until-drained")
        rows["quite.new.example", "names"] = (None, "ads")
        self.assertEqual(self.in_table(), rows)

        before = deltalake.DeltaTable(str(self.table))
        self.levada("table", "optimize", str(self.table))
        after = deltalake.DeltaTable(str(self.table))
        self.assertEqual(self.in_table(), rows)
        self.assertGreater(len(before.file_uris()), 1)
        self.assertEqual(len(after.file_uris()), 1)
        # Its versions stay.
        self.assertEqual(set(self.in_table(0)) - set(rows), set())
        self.check_queries(rows)

    def check_queries(self, rows):
        """What the guide says for DuckDB; what it says for Spark is in tests/lake/blocklists_queries_test.py."""
        connection = delta_table.duckdb_with_delta()
        queries = delta_table.queries_of("blocklists.md", "DuckDB", self.table)
        answers = [connection.execute(query).fetchall() for query in queries]
        self.assertEqual(len(answers), 3)
        sources = collections.Counter(source for _, source in rows)
        self.assertEqual({source: count for source, count, _ in answers[0]}, dict(sources))
        several = collections.Counter(domain for domain, _ in rows)
        self.assertEqual(dict(answers[1]), {each: count for each, count in several.items() if count >= 3})
        self.assertEqual(answers[2], [(len(several), len(rows))])

    def test_a_list_that_cannot_be_fetched_ends_in_a_mail(self):
        formats = host_lists.write_lists(self.lists, 200, self.random)
        del formats["feed"], formats["rules"]
        self.publish({"names": "domains"}, [f"gone,{self.server.url}/gone,ads,hosts"])
        monitor = self.start(self.example("monitor", commit_interval='"1s"'))
        self.run_agent(self.example("fetch"), "--until-drained", codes=(4,))
        (status,) = self.statuses("fetch")[1:]
        self.assertRegex(status, r"^completed_with_errors rows_read=\d+ rows_written=\d+ rows_rejected=\d+ "
                                 r"files_failed=1 ")
        self.wait_for(lambda: smtp_server.mails(), "a mail")
        (mail,) = smtp_server.mails()
        self.assertEqual(mail.subject, "[blocklists] fetch: completed_with_errors")
        self.assertEqual(mail.recipients, ["ops@example.com"])
        self.assertIn(f"fetch STATUS: {status}", mail.text)
        self.assertRegex(mail.text, r"sources\.lists: .*gone.*404")
        # The list that is there is no worse for it, and a run that is good sends no mail.
        self.run_agent(self.example("load"), "--until-drained")
        found, *_ = host_lists.expected_rows(self.lists / "names", "domains", "ads")
        self.assertEqual(set(self.in_table()), {(each, "names") for each in found})
        self.wait_for(lambda: "load STATUS: completed " in self.log(), "the end of the run on the screen")
        monitor.terminate()
        self.assertEqual(monitor.wait(SECONDS), 0, self.log())
        self.assertEqual(len(smtp_server.mails()), 1)

    def test_what_a_list_brings_anew_becomes_a_column_of_a_table_in_hdfs(self):
        place = f"blocklists-{self.topic}"
        self.environment["DELTA_TABLE_PATH"] = Hdfs.address(place)
        (self.lists / "one").write_text("a.example\n")
        (self.lists / "two").write_text("b.example\n")
        fetch, load = self.example("fetch"), self.example("load")
        load.write_text(load.read_text() + f'[sinks.table.storage]\nuser = "{USER}"\n')
        self.publish({"one": "domains"})
        self.run_agent(fetch, "--until-drained")
        self.run_agent(load, "--until-drained")
        url = self.server.url
        self.environment["LISTS"] = str(self.folder / "sources.yaml")
        (self.folder / "sources.yaml").write_text(
            f"sources:\n  - {{ name: one, url: '{url}/one', category: ads, format: domains }}\n"
            f"  - name: two\n    url: {url}/two\n    category: ads\n    format: domains\n    severity: high\n")
        fetch.write_text(fetch.read_text().replace('"format"]\n', '"format", "severity"]\n', 1))
        self.run_agent(fetch, "--until-drained")
        self.run_agent(load, "--until-drained")
        Hdfs.fetch(place, self.table)
        rows = deltalake.DeltaTable(str(self.table)).to_pyarrow_table().to_pylist()
        self.assertEqual(sorted((row["domain"], row["severity"]) for row in rows),
                         [("a.example", None), ("b.example", "high")])


if __name__ == "__main__":
    unittest.main()
