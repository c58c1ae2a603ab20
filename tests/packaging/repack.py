"""Packages made of ours for a test: a later version, with another configuration, or one that brings a plugin."""

import pathlib
import re
import subprocess
import tempfile


def repacked(package, to, version, replace=()):
    """The package as that version, with texts of its files replaced: (path, old, new)."""
    with tempfile.TemporaryDirectory(prefix="levada-repack.") as name:
        folder = pathlib.Path(name) / "package"
        subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
        control = folder / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
        for path, old, new in replace:
            text = (folder / path).read_text()
            assert old in text, (path, old)
            (folder / path).write_text(text.replace(old, new))
        return build(folder, to)


def plugin_package(plugin, to, name):
    """A package of somebody else, with nothing but a plugin in it: no scripts, no triggers of its own."""
    with tempfile.TemporaryDirectory(prefix="levada-repack.") as work:
        folder = pathlib.Path(work) / "package"
        place = folder / "usr/lib/levada/plugins"
        place.mkdir(parents=True)
        (place / plugin.name).write_bytes(plugin.read_bytes())
        (folder / "DEBIAN").mkdir()
        (folder / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: 1\nArchitecture: amd64\nMaintainer: Nobody <nobody@localhost>\n"
            "Description: a plugin\n"
        )
        return build(folder, to)


def build(folder, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    pack = ["dpkg-deb", "--root-owner-group", "-b", "-Zgzip", "-z1"]
    subprocess.run([*pack, folder, to], check=True, capture_output=True)
    return to
