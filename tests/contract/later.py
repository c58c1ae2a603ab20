#!/usr/bin/env python3
"""Makes of plugin.h what a later version might be: more fields at the end of every struct that may grow.

later.py PLUGIN_H OUT
"""

import pathlib
import re
import sys

text = pathlib.Path(sys.argv[1]).read_text()
text, structs = re.subn(
    r"(typedef struct (levada_\w+) \{\n  uint32_t size;.*?)(\n\} \2;)",
    r"\1\n  uint64_t later[4]; /* Since a version to come. */\3",
    text,
    flags=re.S,
)
text, minors = re.subn(r"#define LEVADA_ABI_MINOR \d+", "#define LEVADA_ABI_MINOR 99\n#define LEVADA_LATER 1", text)
if structs < 15 or minors != 1:
    sys.exit(f"{sys.argv[1]}: found {structs} structs that may grow and {minors} minor versions")
out = pathlib.Path(sys.argv[2])
out.parent.mkdir(parents=True, exist_ok=True)
out.write_text(text)
