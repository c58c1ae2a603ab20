"""spool -> a real Redis: what redis-cli finds there, whatever happens to the agent and to the server.

Run below `tests/services/with redis --`.
"""

import collections
import json
import os
import random
import signal
import subprocess
import unittest

from sink_test_bench import KILLS, LEVADA, SECONDS, SEED, SERVICES, SinkTest

ADDRESS = os.environ["REDIS_ADDRESS"]
PASSWORD = os.environ["REDIS_PASSWORD"]


def redis(*arguments, address=ADDRESS):
    """The lines that redis-cli prints."""
    host, port = address.split(":")
    command = ["redis-cli", "-h", host, "-p", port, *arguments]
    environment = {**os.environ, "REDISCLI_AUTH": PASSWORD}
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=environment, check=True)
    return done.stdout.splitlines()


def pairs(*arguments):
    lines = redis(*arguments)
    return dict(zip(lines[::2], lines[1::2]))


class RedisSink(SinkTest):
    sink = "redis"

    def setUp(self):
        super().setUp()
        redis("flushall")

    def connected(self, more):
        return f'address = "{ADDRESS}"\npassword = "{PASSWORD}"\n{more}'

    def server(self, command):
        subprocess.run([SERVICES / "redis", command, os.environ["REDIS_DIR"]], check=True, capture_output=True)

    def test_rows_are_there_once_though_agent_and_server_are_killed(self):
        print(f"LEVADA_SEED={SEED}")
        choice = random.Random(SEED)
        config = self.configure(self.connected('mode = "list"\nkey = "rows"\nvalue = "body"\ntimeout = "2s"'))
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
        found = collections.Counter(redis("lrange", "rows", "0", "-1"))
        self.assertEqual(found - expected, collections.Counter(), "doubled")
        self.assertEqual(expected - found, collections.Counter(), "missing")
        audit = subprocess.run([LEVADA, "audit", "--config", str(config)], capture_output=True, text=True)
        self.assertEqual(audit.returncode, 0, audit.stdout)

    def test_encrypted_rows_are_there_and_nobody_else_is_spoken_to(self):
        lines = [str(row) for row in range(100_000)]
        self.spool_file(lines)
        address, ca = os.environ["REDIS_TLS_ADDRESS"], os.environ["REDIS_CA"]
        client = f'tls_certificate = "{os.environ["REDIS_CERTIFICATE"]}"\ntls_key = "{os.environ["REDIS_KEY"]}"'
        rows = f'password = "{PASSWORD}"\nmode = "list"\nkey = "rows"\nvalue = "body"\ntls = true\ntimeout = "2s"'
        for address_, more, reason in (
            (address, f'tls_ca = "{ca}"', "TLS"),  # The server wants to see a certificate.
            (address, client, "self-signed certificate in certificate chain"),
            (ADDRESS, f'tls_ca = "{ca}"\n{client}', "TLS with"),  # No TLS is spoken there.
            (address.replace("localhost", "127.0.0.1"), f'tls_ca = "{ca}"\n{client}', "IP address mismatch"),
        ):
            config = self.configure(f'address = "{address_}"\n{more}\n{rows}', name="refused")
            agent = self.start(config)
            log = config.with_suffix(".log")
            self.wait_until(lambda: reason in log.read_text(), f"{reason}: {log.read_text()}")
            agent.kill()
            agent.communicate()
            log.unlink()
        self.assertEqual(redis("exists", "rows"), ["0"])
        self.finish(self.configure(f'address = "{address}"\ntls_ca = "{ca}"\n{client}\n{rows}'))
        self.assertEqual(redis("lrange", "rows", "0", "-1"), lines)

    def test_statistics_of_bots_as_two_hashes_and_as_keys_that_expire(self):
        self.spool_file(json.dumps({"ip": f"10.0.0.{row % 4}", "clicks": row}) for row in range(100))
        parse = 'type = "parse_json"\ncolumns = { ip = "text", clicks = "int64" }'
        source = f'interceptors = ["parse"]\n[interceptors.parse]\n{parse}'
        hashes = self.configure(
            self.connected('mode = "hash"\nkey = "statistic"\nfield = "{ip}"\ncolumns = ["clicks"]'), source=source
        )
        self.finish(hashes)
        self.assertEqual(pairs("hgetall", "statistic"), {f"10.0.0.{n}": f'{{"clicks":{96 + n}}}' for n in range(4)})

        for file in self.spool.iterdir():
            file.rename(file.with_suffix(".log"))
        keys = 'mode = "keys"\nkey = "stat_{ip}"\nvalue = "fields"\nttl = "10m"\ndatabase = 3\n'
        keys += 'columns = ["clicks", "ip"]'
        self.finish(self.configure(self.connected(keys), name="keys", source=source))
        for n in range(4):
            found = pairs("-n", "3", "hgetall", f"stat_10.0.0.{n}")
            self.assertEqual(found, {"ip": f"10.0.0.{n}", "clicks": f"{96 + n}"})
            self.assertIn(int(redis("-n", "3", "ttl", f"stat_10.0.0.{n}")[0]), range(400, 601))

    def test_sets_streams_and_channels(self):
        self.spool_file(["a", "b", "a"])
        self.finish(self.configure(self.connected('mode = "set"\nkey = "seen"\nvalue = "{body}"\nttl = "1h"')))
        self.assertEqual(sorted(redis("smembers", "seen")), ["a", "b"])
        self.assertGreater(int(redis("ttl", "seen")[0]), 3000)
        self.spool_file(["c", "d"])
        stream = self.connected('mode = "stream"\nkey = "log"\nvalue = "body"\nmax_length = 1000')
        self.finish(self.configure(stream, name="stream"))
        self.assertEqual(redis("xlen", "log"), ["2"])
        self.spool_file(["e"])
        listener = subprocess.Popen(
            ["redis-cli", "-p", ADDRESS.split(":")[1], "subscribe", "alerts"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "REDISCLI_AUTH": PASSWORD},
        )
        self.addCleanup(listener.stdout.close)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)
        self.assertEqual([listener.stdout.readline().strip() for _ in range(3)], ["subscribe", "alerts", "1"])
        self.finish(self.configure(self.connected('mode = "publish"\nkey = "alerts"\nvalue = "body"'), name="publish"))
        self.assertEqual([listener.stdout.readline().strip() for _ in range(3)], ["message", "alerts", "e"])

    def test_rows_for_a_key_of_another_type_are_dead_letters(self):
        redis("set", "rows", "a text")
        self.spool_file(["a", "b"])
        log = self.finish(self.configure(self.connected('mode = "list"\nkey = "rows"\nvalue = "body"')), code=3)
        self.assertIn('the key "rows" is a string in Redis, and no list', log)
        self.assertEqual(redis("get", "rows"), ["a text"])

    def test_a_server_that_is_full_or_a_replica_is_waited_for(self):
        config = self.configure(self.connected('mode = "list"\nkey = "rows"\nvalue = "body"'))
        agent = self.start(config)
        troubles = [
            (["config", "set", "maxmemory", "1"], ["config", "set", "maxmemory", "0"], "OOM"),
            (["replicaof", "127.0.0.1", "1"], ["replicaof", "no", "one"], "READONLY"),
        ]
        for number, (trouble, relief, word) in enumerate(troubles):
            redis(*trouble)
            self.spool_file([f"{number}"])
            self.wait_until(lambda: word in config.with_suffix(".log").read_text(), f"no {word} in the log")
            redis(*relief)
            self.wait_until(lambda: redis("llen", "rows") == [str(number + 1)], f"no row after {word}")
        agent.send_signal(signal.SIGTERM)
        agent.communicate(timeout=SECONDS)
        self.assertEqual(redis("lrange", "rows", "0", "-1"), ["0", "1"])

    def test_of_two_agents_with_one_checkpoint_the_later_goes_on(self):
        sink = self.connected('mode = "list"\nkey = "rows"\nvalue = "body"\ncheckpoint_key = "position"')
        first = self.configure(sink, name="first", source='completed = "keep"')
        old = self.start(first)
        self.spool_file(["a"])
        self.wait_until(lambda: redis("llen", "rows") == ["1"], "the first agent writes nothing")
        other = self.folder / "other"
        other.mkdir()
        second = self.configure(sink, name="second")
        second.write_text(second.read_text().replace(str(self.spool), str(other)))
        owner = redis("hget", "position", "owner")
        new = self.start(second)
        self.wait_until(lambda: redis("hget", "position", "owner") != owner, "the second agent takes nothing over")
        self.spool_file(["b"])
        taken = "another agent has taken over"
        self.wait_until(lambda: taken in first.with_suffix(".log").read_text(), "the first agent does not notice")
        self.assertIsNone(new.poll())
        for agent in (old, new):
            agent.kill()
            agent.communicate()
        self.assertEqual(redis("lrange", "rows", "0", "-1"), ["a"])

    def test_users_and_what_is_refused(self):
        redis("acl", "setuser", "writer", "on", ">pass word", "+@all", "~*", "&*")
        self.addCleanup(redis, "acl", "deluser", "writer")
        sink = 'mode = "list"\nkey = "rows"\nvalue = "body"'
        self.spool_file(["a"])
        user = f'address = "{ADDRESS}"\nuser = "writer"\npassword = "pass word"\n{sink}'
        self.finish(self.configure(user))
        self.assertEqual(redis("lrange", "rows", "0", "-1"), ["a"])
        for name, wrong, said in [
            ("nobody", f'address = "{ADDRESS}"', "NOAUTH"),
            ("stranger", f'address = "{ADDRESS}"\npassword = "guess"', "WRONGPASS"),
            ("lost", self.connected("database = 99"), "DB index is out of range"),
        ]:
            self.assertIn(said, self.finish(self.configure(f"{wrong}\n{sink}", name=name), code=1))

    def test_a_cluster_is_refused(self):
        folder = self.folder / "cluster"
        start = [SERVICES / "redis", "start", folder]
        environment = {**os.environ, "REDIS_OPTIONS": "--cluster-enabled yes"}
        started = subprocess.run(start, env=environment, capture_output=True, text=True, check=True)
        self.addCleanup(subprocess.run, [SERVICES / "redis", "stop", folder], check=True)
        address = dict(line.split("=", 1) for line in started.stdout.splitlines())["REDIS_ADDRESS"]
        self.spool_file(["a"])
        sink = f'address = "{address}"\npassword = "{PASSWORD}"\nmode = "list"\nkey = "rows"'
        self.assertIn("this is a Redis Cluster", self.finish(self.configure(sink), code=1))


if __name__ == "__main__":
    unittest.main()
