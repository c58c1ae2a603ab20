"""The servers that tests of the lake plugins write to, as tests/services/with hdfs s3 has started them, and how Python
reads what is in them."""

import json
import os
import pathlib
import subprocess
import urllib.parse
import urllib.request

SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
SECONDS = 240  # Until a wait counts as failed.
USER = "alice"


class Hdfs:
    """The HDFS of the environment."""

    folder = os.environ["HDFS_DIR"]
    web = os.environ["HDFS_WEB"]

    @classmethod
    def address(cls, place):
        return f"webhdfs://{cls.web}/{place}"

    options = [f"user={USER}"]

    @classmethod
    def get(cls, path, operation):
        url = f"http://{cls.web}/webhdfs/v1/{urllib.parse.quote(path)}?op={operation}&user.name={USER}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read()

    @classmethod
    def read(cls, place, path):
        return cls.get(f"{place}/{path}", "OPEN")

    @classmethod
    def fetch(cls, place, to):
        """Copies all below the place into a folder of the machine; gives that folder."""
        to.mkdir()
        for entry in json.loads(cls.get(place, "LISTSTATUS"))["FileStatuses"]["FileStatus"]:
            name = entry["pathSuffix"]
            if entry["type"] == "DIRECTORY":
                cls.fetch(f"{place}/{name}", to / name)
            else:
                (to / name).write_bytes(cls.read(place, name))
        return to

    @classmethod
    def service(cls, *words):
        subprocess.run([SERVICES / "hdfs", words[0], cls.folder, *words[1:]], check=True, timeout=SECONDS,
                       stdout=subprocess.DEVNULL)


class S3:
    """The S3 of the environment, reached through a proxy or not."""

    folder = pathlib.Path(os.environ["S3_DIR"]) / "data" / os.environ["S3_BUCKET"]
    endpoint = os.environ["S3_ENDPOINT"]

    @classmethod
    def address(cls, place):
        return f"s3://{os.environ['S3_BUCKET']}/{place}"

    @classmethod
    def options(cls, endpoint):
        return [f"endpoint={endpoint}", f"access_key={os.environ['S3_ACCESS_KEY']}",
                f"secret_key={os.environ['S3_SECRET_KEY']}", f"region={os.environ['S3_REGION']}"]

    @classmethod
    def read(cls, place, path):
        return (cls.folder / place / path).read_bytes()

    @classmethod
    def fetch(cls, place, to):
        """The folder in which the server has all below the place."""
        return cls.folder / place
