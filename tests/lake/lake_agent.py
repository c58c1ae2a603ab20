"""The agent that tests of the lake sinks run: JSON lines of a folder, parsed, into one sink."""


def configuration(folder, incoming, parsed, sink, source=""):
    """`folder` is for data_dir, `parsed` the columns of the lines as an inline table, `sink` the sink's table."""
    return f"""
[agent]
data_dir = "{folder}/data"
log_level = "warning"
[sources.in]
type = "spool"
path = "{incoming}"
settle = "0s"
{source}
interceptors = ["parse", "drop"]
channels = ["main"]
[interceptors.parse]
type = "parse_json"
columns = {parsed}
[interceptors.drop]
type = "drop_columns"
columns = ["body", "file", "offset"]
[channels.main]
type = "memory"
[sinks.out]
channel = "main"
{sink}
"""
