"""What the notebooks share: they run a file of conf/examples without servers, and draw what it wrote.

The source `generate` stands in for Kafka, and Parquet files for Redis and HDFS. What lies between stays as it is.
"""

import json
import os
import pathlib
import subprocess
import tomllib

import matplotlib

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "conf" / "examples"

# Of the palette of Okabe and Ito, which colour-blind people can tell apart.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"

matplotlib.rcParams.update({
    "axes.grid": True, "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
    "grid.color": "#E4E4E4", "figure.constrained_layout.use": True, "legend.frameon": False,
    "svg.fonttype": "none", "svg.hashsalt": "levada",  # Small files, and the same ones each time.
})


def without_servers(name, folder, **rows):
    """The configuration of conf/examples/NAME. Its sources make up `rows`, which are options of the source `generate`;
    its sinks write Parquet files to `folder`/SINK."""
    config = tomllib.loads((EXAMPLES / name).read_text())
    config["agent"] = {"data_dir": f"{folder}/data"}
    for source in config["sources"].values():
        kept = {option: source[option] for option in ("interceptors", "channels")}
        source.clear()
        source.update(type="generate", **rows, **kept)
    for interceptor in config["interceptors"].values():
        interceptor.pop("streams", None)  # A topic has one for each partition, `generate` has one.
    for sink_name, sink in config["sinks"].items():
        options = ("columns", "partition_by") if sink["type"] == "parquet" else ()
        kept = {option: sink[option] for option in ("channel", "interceptors", *options) if option in sink}
        sink.clear()
        sink.update(type="parquet", path=f"{folder}/{sink_name}", **kept)
    return config


def toml_value(value):
    """Of TOML, JSON has all but tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)


def run(config):
    """Runs levada (the program that the variable LEVADA names) until all rows are written; gives its report."""
    folder = pathlib.Path(config["agent"]["data_dir"]).parent
    path = folder / "levada.toml"
    path.write_text("".join(f"{section} = {toml_value(tables)}\n" for section, tables in config.items()))
    ended = subprocess.run([os.environ.get("LEVADA", "levada"), "run", "--config", str(path), "--until-drained"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"levada ended with {ended.returncode}:\n{ended.stdout}")
    return ended.stdout


def save(figure, name):
    """Keeps a picture for the guides, where the variable LEVADA_PICTURES names a folder."""
    if folder := os.environ.get("LEVADA_PICTURES"):
        figure.savefig(pathlib.Path(folder) / f"{name}.svg", metadata={"Date": None})
