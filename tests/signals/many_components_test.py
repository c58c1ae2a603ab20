"""A configuration with 1,000 channels and sinks, 200 of them with files, under the usual limit of 1,024 open files: the
agent raises its limit, and each sink gets every row; where it may not, it says at the start what it needs."""

import os
import pathlib
import re
import resource
import subprocess
import tempfile
import threading
import unittest

LEVADA = os.environ["LEVADA"]
SECONDS = 280
PAIRS = 500
WITH_FILES = 100
ROWS = 100


class ManyComponents(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        channels = ", ".join(f'"c{number}"' for number in range(PAIRS))
        tables = [
            f"""
            [agent]
            data_dir = "{self.folder}/data"
            [sources.rows]
            type = "generate"
            record = "bot_events"
            rows = {ROWS}
            channels = [{channels}]
            """
        ]
        for number in range(PAIRS):
            with_files = number < WITH_FILES
            channel = 'type = "file"\nlow_water_bytes = 0' if with_files else 'type = "memory"'
            sink = f'type = "file"\npath = "{self.folder}/out/{number}"' if with_files else 'type = "null"'
            tables.append(
                f'[channels.c{number}]\n{channel}\n[sinks.s{number}]\nchannel = "c{number}"\n{sink}\n'
            )
        self.config = self.folder / "agent.toml"
        self.config.write_text("\n".join(tables))

    def start(self, soft, hard):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

        command = [LEVADA, "run", "--until-drained", "--config", str(self.config)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=limit)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_each_sink_gets_each_row_though_the_soft_limit_is_low(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        process = self.start(1024, hard)
        report, log = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 0, log[-3000:])
        self.assertNotIn("open files", log)
        for number in range(PAIRS):
            self.assertRegex(report, rf"(?m)^sinks\.s{number} .*  rows written {ROWS}( |$)")
        for number in range(WITH_FILES):
            files = list((self.folder / f"out/{number}").glob("*.ndjson"))
            self.assertEqual(sum(len(file.read_text().splitlines()) for file in files), ROWS, f"sinks.s{number}")

    def test_it_says_what_it_needs_where_it_may_not_have_it(self):
        process = self.start(100, 100)
        deadline = threading.Timer(SECONDS, process.kill)
        deadline.start()
        self.addCleanup(deadline.cancel)
        said = re.compile(r"warning .*may have 100 open files, and this configuration needs up to [\d,]+")
        self.assertTrue(any(said.search(line) for line in process.stderr), "it said nothing of open files")


if __name__ == "__main__":
    unittest.main()
