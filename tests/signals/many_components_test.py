"""A configuration with 1,000 channels and sinks, 200 of them with files, under the usual limit of 1,024 open files: the
agent raises its limit, and each sink gets every row; where it may not, it says at the start what it needs."""

import os
import pathlib
import resource
import subprocess
import tempfile
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

    def run_with(self, soft, hard):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

        return subprocess.run(
            [LEVADA, "run", "--until-drained", "--config", str(self.config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
            preexec_fn=limit,
        )

    def test_each_sink_gets_each_row_though_the_soft_limit_is_low(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        done = self.run_with(1024, hard)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.assertNotIn("open files", done.stderr)
        for number in range(PAIRS):
            self.assertRegex(done.stdout, rf"(?m)^sinks\.s{number} .*  rows written {ROWS}( |$)")
        for number in range(WITH_FILES):
            files = list((self.folder / f"out/{number}").glob("*.ndjson"))
            self.assertEqual(sum(len(file.read_text().splitlines()) for file in files), ROWS, f"sinks.s{number}")

    def test_it_says_what_it_needs_where_it_may_not_have_it(self):
        done = self.run_with(100, 100)
        self.assertRegex(done.stderr, r"warning .*may have 100 open files, and this configuration needs up to [\d,]+")


if __name__ == "__main__":
    unittest.main()
