"""The stores of the lake plugins against a real HDFS and a real S3, which break while they are written to.

What is in HDFS is read with WebHDFS by Python, what is in S3 from the folder of the server: nothing of ours reads it.
Run below tests/services/with hdfs s3. LEVADA_SEED repeats the random choices of a run.
"""

import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import unreliable_proxy
from lake_servers import SECONDS, SERVICES, Hdfs, S3

SERVERS_TEST = os.environ["LEVADA_SERVERS_TEST"]
WRITER = os.environ["LEVADA_STORE_WRITER"]
SEED = int(os.environ.get("LEVADA_SEED", random.randrange(1, 1_000_000)))


class Writer:
    """A process that writes files, and what it says of those that are complete."""

    def __init__(self, test, kind, address, seed, count, options):
        self.test = test
        self.files = {}
        self.ended = False
        self.heard = threading.Condition()
        self.process = subprocess.Popen([WRITER, kind, address, str(seed), str(count), *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        test.addCleanup(lambda: self.process.poll() is None and self.process.kill())
        self.errors = []
        self.readers = [threading.Thread(target=self.read_files), threading.Thread(target=self.read_errors)]
        for reader in self.readers:
            reader.start()

    def read_files(self):
        for line in self.process.stdout:
            path, length, digest = line.split(" ")
            with self.heard:
                self.files[path] = (int(length), digest.strip())
                self.heard.notify_all()
        with self.heard:
            self.ended = True
            self.heard.notify_all()

    def read_errors(self):
        for line in self.process.stderr:
            with self.heard:
                self.errors.append(line)
                self.heard.notify_all()

    def wait_for(self, files, or_errors=False):
        def heard():
            return len(self.files) >= files or self.ended or (or_errors and self.errors)
        with self.heard:
            self.test.assertTrue(self.heard.wait_for(heard, SECONDS), "".join(self.errors[-20:]))

    def end(self):
        code = self.process.wait(timeout=SECONDS)
        for reader in self.readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
        return code

    def finish(self):
        code = self.end()
        self.test.assertEqual(code, 0, "".join(self.errors[-20:]))


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.place = f"faults-{SEED}-{self._testMethodName}"
        print(f"LEVADA_SEED={SEED}", flush=True)

    def check(self, server, *writers):
        """Every file that a writer has completed is there with its bytes, and no two have made the same one."""
        made = [path for writer in writers for path in writer.files]
        self.assertEqual(len(made), len(set(made)), "two have made the same file")
        for writer in writers:
            for path, (length, digest) in writer.files.items():
                content = server.read(self.place, path)
                self.assertEqual((len(content), hashlib.sha256(content).hexdigest()), (length, digest), path)


class Conformance(StoreTest):
    def run_suite(self, name):
        done = subprocess.run([SERVERS_TEST, f"--gtest_filter={name}/*", "--gtest_brief=1"], timeout=SECONDS)
        self.assertEqual(done.returncode, 0)

    def test_hdfs_keeps_what_a_store_promises(self):
        self.run_suite("Hdfs")

    def test_s3_keeps_what_a_store_promises(self):
        self.run_suite("S3")


class HdfsFaults(StoreTest):
    def writers(self, count):
        return [Writer(self, kind, Hdfs.address(self.place), SEED + number, count, Hdfs.options)
                for number, kind in enumerate(["files", "files", "log", "log"])]

    def break_and_mend(self, node):
        writers = self.writers(24)
        for writer in writers:
            writer.wait_for(4)
        Hdfs.service("kill", node)
        # It stays away until that was noticed, or until the others have gone on without it.
        written = [len(writer.files) for writer in writers]
        for writer, files in zip(writers, written):
            writer.wait_for(files + 2, or_errors=True)
        Hdfs.service("start")
        for writer in writers:
            writer.finish()
        self.check(Hdfs, *writers)

    def test_a_data_node_that_dies_and_comes_back_costs_no_file(self):
        self.break_and_mend("dn1")

    def test_a_name_node_that_dies_and_comes_back_costs_no_file(self):
        self.break_and_mend("nn")


class S3Faults(StoreTest):
    def test_requests_that_fail_are_cut_or_doubled_cost_no_file(self):
        with unreliable_proxy.UnreliableProxy(S3.endpoint, SEED) as proxy:
            writers = [Writer(self, kind, S3.address(self.place), SEED + number, 24, S3.options(proxy.endpoint))
                       for number, kind in enumerate(["files", "files", "log", "log"])]
            for writer in writers:
                writer.finish()
            print(dict(proxy.faults), flush=True)
        self.check(S3, *writers)
        for fault in unreliable_proxy.FAULTS:
            self.assertGreater(proxy.faults[fault], 0, fault)

    def test_a_server_that_dies_and_comes_back_costs_no_file(self):
        folder = S3.folder.parent.parent
        writers = [Writer(self, kind, S3.address(self.place), SEED + number, 40, S3.options(S3.endpoint))
                   for number, kind in enumerate(["files", "log"])]
        for writer in writers:
            writer.wait_for(4)
        for action in ("kill", "start"):
            subprocess.run([SERVICES / "s3", action, folder], check=True, timeout=60, stdout=subprocess.DEVNULL)
        for writer in writers:
            writer.finish()
        self.check(S3, *writers)


class Tls(StoreTest):
    """Certificates are looked at: without the one of the authority that signed it, no server is taken."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.authority = self.folder / "authority.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=proxy",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "key",
                        "-out", self.authority], check=True, capture_output=True)
        self.certificate = self.folder / "both.pem"
        self.certificate.write_text((self.folder / "key").read_text() + self.authority.read_text())

    def test_s3_over_https(self):
        with unreliable_proxy.UnreliableProxy(S3.endpoint, SEED, share=0, certificate=self.certificate) as proxy:
            options = S3.options(proxy.endpoint)
            writer = Writer(self, "files", S3.address(self.place), SEED, 4, [*options, f"ca_file={self.authority}"])
            writer.finish()
            self.check(S3, writer)
            stranger = Writer(self, "files", S3.address(self.place), SEED, 1, options)
            stranger.wait_for(1, or_errors=True)
            self.assertIn("certificate", "".join(stranger.errors))
            stranger.process.kill()
            stranger.end()
            self.assertEqual(stranger.files, {})

    def test_hdfs_over_https(self):
        web = f"http://{Hdfs.web}"
        with unreliable_proxy.UnreliableProxy(web, SEED, share=0, certificate=self.certificate) as proxy:
            address = proxy.endpoint.replace("https", "swebhdfs") + f"/{self.place}"
            writer = Writer(self, "log", address, SEED, 3, [*Hdfs.options, f"ca_file={self.authority}"])
            writer.finish()
        self.check(Hdfs, writer)
        self.assertGreater(proxy.faults["none"], 0)


if __name__ == "__main__":
    unittest.main()
