"""What each component is tested with. A component that is built and has no case here fails."""

from dataclasses import dataclass, field

LINES = b"".join(b'{"ip":"10.0.0.%d","url":"/index.html","time":%d}\n' % (n % 250, n) for n in range(40))
JSON = [
    b'{"ip":"10.0.0.1","event":"click","time":"2026-01-01T00:00:00Z","count":1}',
    b'{"ip":"10.0.0.2","event":"view","count":2.5,"nested":{"a":[1,2,{"b":null}]}}',
    b"[",
    b' {"ip":"10.0.0.3","event":"a text that is longer than twelve bytes","flag":true} ,',
    b'{"ip":',
    b"",
    b'{"ip":"\\u00fc\\n","flag":false},{"ip":"two in one row"}',
    b"\xff\xfe no text",
    b'{"ip":null}',
]
LOG = [b"GET /a 200", b"", b"GET /b 500 and a text that is longer than twelve bytes", b"\x00\xff bytes", b"POST /c 404"]

ACCESS_LOG = [
    b'10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326 "http://x.example/" "Mozilla/4.08"',
    b'2001:db8::7 - - [2004-05-18 05:58:48] "GET /\\"x\\" HTTP/1.0" 500 -',
    b'10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /broken HTTP/1.0 200',
    b"",
    b"\xff\xfe no text",
]

CSV = [b"ip,agent,n", b'10.0.0.1,"Mozilla/5.0 (X11, ""Linux"")",7', b"::1,,x", b"", b'"', b"a,b,c,d", b"\xff,\xfe,1"]
HEADER = 'header = ["ip", "agent", "n"]\n'
REGEX = r"pattern = '^(?P<method>[A-Z]+) (?P<path>\S+)(?: (?P<status>\w+))?'"
MATCHES = (
    "patterns = { get = 'GET', path = { pattern = '(/\\S+) ', as = \"value\" }, "
    "status = { pattern = '[0-9]+', as = \"value\", type = \"int64\" }, letter = '[a-z]' }\n"
)
HOSTS = [b"0.0.0.0 a.com b.com # x", b"c.com", b"||d.com^", b"! x", b"", b"::1 localhost", b"\xff\xfe.com", b"::1 -"]
TABLE = 'path = "/t.csv"\nkeys = { a_text = "id" }\n'
TAIL = 'include = ["/in/*"]\nstart = "beginning"\n'
TABLE_FILES = {"/t.csv": b"id,name,n\nvalue 1,Summer,1\nvalue 2,a name of more than twelve bytes,\n"}


@dataclass
class Case:
    component: str
    options: str = ""
    bodies: list = field(default_factory=lambda: LOG)
    files: dict = field(default_factory=dict)
    stdin: bytes = b""
    refused: list = field(default_factory=list)  # (options, the option that create must blame)
    cuts_matter: bool = False
    elsewhere: list = field(default_factory=list)  # MUSTs that only the component's own tests can judge.


KAFKA = 'brokers = ["127.0.0.1:1"]\ntopic = "t"\nlibrdkafka = { "test.mock.num.brokers" = 1 }'
DECLARED = (
    'columns = { ip = "text", count = "float64", flag = "boolean", time = "timestamp", '
    'event = { type = "text", required = true }, deep = { pointer = "/nested/a/2", type = "json" }, '
    'nested = "struct<a: list<int64>, b: struct<c: text>>" }'
)

WINDOW = (
    'time = "a_time"\nsize = "1h"\nkeys = ["a_text", "a_number"]\n'
    'aggregates = { rows = "count", least = "min(body)", sum = "sum(a_number)", words = "distinct(extra_text)" }'
)
SESSIONS = WINDOW.replace("size", "gap").replace("distinct", "top").replace("(extra_text)", "(extra_text, 3)")
MOVING = 'time = "a_time"\nmoving = "1h"\nkeys = ["a_text"]\naggregates = { rows = "count", most = "max(body)" }'

# Which rows a table has, only a reader of its log knows; bytes by chance stand in sequence files.
# The times of the batches are years apart, and in no order: without a lateness most rows are late.
BY_TIME = 'time = "a_time"\nmax_jump = "0s"\n'

# Which rows a table has, only a reader of its log knows.
OF_A_LOG = ["K4", "K5", "K6", "K15"]

CASES = [
    # sources
    Case("generate", 'record = "bot_events"\nrows = 100\nbatch_rows = 7'),
    Case("generate", 'record = "access_log"\nrows = 100\nbroken = 0.1\nbatch_rows = 16'),
    Case("stdin", stdin=LINES),
    Case(
        "spool", 'path = "/in"', files={"/in/a.json": LINES, "/in/b.json": LINES[: len(LINES) // 2], "/in/empty": b""}
    ),
    Case("spool", 'path = "/in"\ncompleted = "delete"', files={"/in/a.json": LINES}),
    Case(
        "spool",
        'path = "/in"\ncompleted = "move"\ncompleted_dir = "/done"',
        files={"/in/a.json": LINES, "/in/b.json": LINES},
    ),
    Case(
        "spool", 'path = "/in"\ncompleted = "keep"\nread_bytes = 256', files={"/in/a.json": LINES, "/in/b.json": LINES}
    ),
    Case("tail", TAIL, files={"/in/a.json": LINES, "/in/b.json": LINES, "/in/empty": b""}),
    Case("tail", TAIL + 'read_bytes = 256\nmultiline_start = "[02468]}$"', files={"/in/a.json": LINES}),
    Case(
        "http_fetch",
        'urls = { a = "/in/a.json", b = { url = "file:///in/b.json", category = "x" }, empty = "/in/empty" }\n'
        "read_bytes = 256",
        files={"/in/a.json": LINES, "/in/b.json": LINES[: len(LINES) // 2], "/in/empty": b""},
        refused=[("urls = {}", "urls")],
    ),
    # interceptors
    Case(
        "alert",
        'time = "a_time"\nmax_jump = "0s"\nkeys = ["a_text"]\n'
        'rules = { high = { column = "a_number", above = 0.5 }, away = { absent_for = "1m" } }',
        refused=[("rules = { r = { above = 1 } }", "rules.r.column")],
    ),
    Case("alert", 'time = "an_integer"\nrules = { moves = { column = "a_number", rises_by = 0, window = "1h" } }'),
    Case("clean_json", bodies=JSON),
    Case("clean_json", 'repair = ["nan", "comments"]', bodies=JSON),
    Case("count_by", 'columns = ["a_text", "a_number"]'),
    Case("count_by", 'columns = ["body"]\nas = "a_text"', refused=[("columns = []", "columns")]),
    Case(
        "count_values",
        'columns = ["body", "a_text", "a_boolean", "extra_*"]\nbatch_rows = 7',
        refused=[('columns = ["a"]\nbatch_rows = 0', "batch_rows")],
    ),
    Case(
        "deduplicate",
        BY_TIME + 'keys = ["a_text"]\nttl = "1h"',
        refused=[('keys = ["a"]\nttl = "0s"', "ttl")],
    ),
    Case("deduplicate", BY_TIME + 'keys = ["a_text", "a_boolean"]\nttl = "9h"\nmethod = "bloom"\nexpected_keys = 100'),
    Case(
        "detect_bots",
        BY_TIME + 'keys = ["a_text"]\nwindow = "7h"\nmax_rate = 1\ncategory = "body"',
        refused=[('max_rate = 1\nrefresh = "1h"', "refresh")],
    ),
    Case("detect_bots", BY_TIME + 'keys = ["a_text", "a_number"]\nwindows = "tumbling"\nemit = "statistics"'),
    Case(
        "detect_surge",
        BY_TIME + 'column = "a_text"\nwindow = "9h"\nevery = "1h"\nthreshold = 0',
        refused=[('column = "a"', "threshold")],
    ),
    Case("detect_surge", BY_TIME + 'column = "an_integer"\nvalues = ["1", "2"]\nfactor = 2\nbaseline = "3m"'),
    Case("drop_columns", 'columns = ["a_*", "extra_text"]'),
    Case("drop_columns", 'keep = ["body"]'),
    Case("filter", 'pattern = "GET"', refused=[('pattern = "("', "pattern")]),
    Case("filter", 'where = "a_number >= 0"'),
    Case("host"),
    Case("convert", 'columns = { a_text = "int64", a_number = "text", a_time = { type = "int64", unit = "s" } }'),
    Case("convert", 'columns = { a_text = { type = "float64", required = true } }\non_mismatch = "reject"'),
    Case("join_table", TABLE + 'columns = { n = "int64", name = "text" }', files=TABLE_FILES),
    Case("join_table", TABLE + 'join = "left"', files=TABLE_FILES),
    Case("join_table", TABLE + 'join = "anti"', files=TABLE_FILES, refused=[("path = \"/t\"\nkeys = {}", "keys")]),
    Case(
        "limit_rate",
        BY_TIME + 'keys = ["a_text"]\nlimit = 1\nwindow = "1000h"',
        refused=[('keys = ["a"]\nlimit = 0\nwindow = "1s"', "limit")],
    ),
    Case("limit_rate", BY_TIME + 'keys = ["body", "a_number"]\nlimit = 1\nwindow = "1000h"\nemit = "intervals"'),
    # It holds rows, and their batch, until their time comes.
    Case("limit_rate", BY_TIME + 'keys = ["a_text"]\nlimit = 1\nwindow = "9h"\nlateness = "400000h"', elsewhere=["I6"]),
    Case("limit_rate", 'time = "an_integer"\nkeys = ["a_boolean"]\nlimit = 2\nwindow = "1h"\naction = "drop"'),
    Case("parse_access_log", bodies=ACCESS_LOG, refused=[("columns = []", "columns")]),
    Case("parse_access_log", 'columns = ["user", "path", "user_agent"]', bodies=ACCESS_LOG),
    Case("parse_csv", HEADER, bodies=CSV, refused=[("header = []", "header")]),
    Case("parse_csv", HEADER + 'columns = { n = { type = "int64", required = true } }', bodies=CSV),
    Case(
        "parse_hosts",
        'format = "hosts"',
        bodies=HOSTS,
        refused=[('format = "hosts"\nname_column = ""', "name_column")],
    ),
    Case("parse_hosts", 'format = "domains"\nip_column = ""', bodies=HOSTS),
    Case("parse_hosts", 'format = "adblock"', bodies=HOSTS),
    Case("parse_hosts", 'format = "auto"\nformat_column = "a_text"', bodies=HOSTS),
    Case("parse_json", DECLARED, bodies=JSON),
    Case("parse_json", DECLARED + '\non_mismatch = "reject"', bodies=JSON),
    Case("parse_json", "infer = true", bodies=JSON, cuts_matter=True),
    Case("parse_regex", REGEX, refused=[("pattern = '('", "pattern")]),
    Case("parse_regex", REGEX + '\ncolumns = { status = "int64" }\non_mismatch = "reject"'),
    Case("match_patterns", refused=[("patterns = { a = '(' }", "patterns.a")]),
    Case("match_patterns", MATCHES + 'as = "count"\nfirst = { level = { of = ["get"], otherwise = "none" } }'),
    Case("match_patterns", MATCHES + 'emit = "rows"\nmatches_max = 2'),
    Case("match_patterns", 'column = "a_text"\nfile = "/p.toml"', files={"/p.toml": b"[patterns]\na = 'a'\n"}),
    Case("rename", 'columns = { a_text = "renamed", body = "raw" }'),
    Case("sort_by_time", BY_TIME, refused=[("memory_bytes = 0", "memory_bytes")]),
    # It holds rows, and their batch, until their time comes.
    Case("sort_by_time", BY_TIME + 'lateness = "400000h"', elsewhere=["I6"]),
    Case("static", 'columns = { dc = "eu1", a_text = "longer than the twelve bytes of a view" }\noverwrite = true'),
    Case("timestamp"),
    Case("timestamp", 'from = "a_text"\non_invalid = "reject"\noverwrite = true'),
    Case("to_json"),
    Case("to_json", 'exclude = []\nnulls = "write"'),
    Case("window", WINDOW, refused=[('size = "0s"', "size")]),
    Case("window", WINDOW + '\nslide = "10m"\nlateness = "1h"\nhaving = "rows > 1"'),
    Case("window", WINDOW + '\nlate = "update"\nearly = "1s"'),
    Case("window", SESSIONS, refused=[('gap = "0s"', "gap")]),
    Case("window", SESSIONS + '\nlate = "update"\nkeep = "1000h"\nearly = "1s"'),
    Case("window", MOVING, refused=[('moving = "1s"\nearly = "1s"', "early")]),
    # It holds rows, and their batch, until their time comes.
    Case("window", MOVING + '\nlateness = "400000h"\nhaving = "rows > 1"', elsewhere=["I6"]),
    Case("top_k", BY_TIME + 'keys = ["a_text"]\nweight = "a_number"', refused=[('keys = ["a"]\nk = 0', "k")]),
    Case("top_k", BY_TIME + 'keys = ["body"]\ncounters = 2\nk = 2\nwindow = "10000h"'),
    # sinks
    Case("null"),
    Case("console"),
    Case("console", 'format = "json"'),
    Case(
        "console",
        "highlight = { red = 'a' }\ncolor = \"always\"",
        refused=[("highlight = { pink = 'a' }", "highlight.pink")],
    ),
    Case("file", 'path = "/out"'),
    Case(
        "delta",
        'path = "/out"',
        refused=[('path = "/out"\ncolumns = { a = "string" }', "columns.a")],
        elsewhere=OF_A_LOG,
    ),
    Case("delta", 'path = "/out"\npartition_by = ["a_text"]\nschema_mode = "add_columns"', elsewhere=OF_A_LOG),
    Case("file", 'path = "/out"\nroll_rows = 2\nformat = "json"'),
    Case(
        "file",
        'path = "/out"\nroll_rows = 2\nformat = "avro"\ncompression = "snappy"',
        refused=[('path = "/out"\nformat = "avro"\nend = ""', "end")],
        elsewhere=OF_A_LOG,
    ),
    Case("hdfs", 'path = "/out/{a_text:-none}"\nformat = "avro"\ncompression = "gzip"', elsewhere=OF_A_LOG),
    Case("hdfs", 'path = "/out"', refused=[('path = "/out"\nprefix = "a:b"', "prefix")]),
    Case("hdfs", 'path = "/out/{a_text:-none}"\nroll_rows = 2\nformat = "json"\ncompression = "gzip"'),
    Case(
        "hdfs",
        'path = "/out"\nfile_type = "sequence_text"\ncompression = "snappy"\nmax_open_files = 1',
        elsewhere=OF_A_LOG,
    ),
    Case("parquet", 'path = "/out"', refused=[('path = "/out"\ncolumns = { a = "string" }', "columns.a")]),
    Case("parquet", 'path = "/out"\npartition_by = ["a_text"]\nsort_by = ["a_number"]\nroll_rows = 3'),
    Case("parquet", 'path = "/out"\ncolumns = { body = "text", a_text = "text", a_number = "int16", a_time = "date" }'),
    Case(
        "parquet",
        'path = "/out"\ncolumns = { a_list = "list<text>", a_struct = "struct<id: int32, tags: list<bytes>>" }',
    ),
    # librdkafka's own mock of a cluster, in the same process.
    Case("kafka", KAFKA),
    Case("kafka", KAFKA + '\nvalue = "json"'),
]

# By kind (0: source) and name: components that need what Python cannot give them, and the tests of theirs that take the
# place of a case here. But for that of `agent_metrics` they run the suite.
ELSEWHERE = {
    (0, "kafka"): "sources/kafka/kafka_source_test.cc: topics with rows in librdkafka's mock cluster",
    (0, "postgres"): "tests/e2e/postgres_source_test.py: a real server",
    (0, "http"): "sources/http/http_source_conformance_test.cc: with clients",
    (0, "log_api"): "sources/log_api/log_api_conformance_test.cc: with clients",
    (0, "agent_metrics"): "sources/agent_metrics/agent_metrics_test.cc: it waits by the machine's clock",
    (1, "join_postgres"): "tests/e2e/join_test.py: a real server",
    (1, "join_redis"): "plugins/analytics/join_redis/join_redis_test.cc: a server within the test",
    (2, "postgres"): "sinks/postgres/postgres_conformance_test.cc, of tests/e2e/postgres_sink_test.py: a real server",
    (2, "redis"): "sinks/redis/redis_test.cc: a server within the test",
    (2, "webhook"): "sinks/webhook/webhook_test.cc: a server within the test",
    (2, "email"): "sinks/email/email_test.cc: a server within the test",
}
