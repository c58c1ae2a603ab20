"""Every MUST of docs/spec has a test of its number, or is marked *by review*; and every test stands in docs/spec.

spec.py REPOSITORY
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
musts = {}
for page in sorted((root / "docs/spec").glob("*.md")):
    for number, review in re.findall(r"^- \*\*([PSIK]\d+)\*\*( \*\(by review\)\*)?", page.read_text(), re.M):
        if number in musts:
            sys.exit(f"{page.name}: {number} stands twice")
        musts[number] = bool(review)
suite = (root / "plugins/testkit/levada/testkit").glob("conformance_*.cc")
tests = {number for source in suite for number in re.findall(r'"([PSIK]\d+)_[a-z]', source.read_text())}
faults = [f"{number} has no test" for number, review in musts.items() if not review and number not in tests]
faults += [
    f"{number} is marked by review and has a test" for number, review in musts.items() if review and number in tests
]
faults += [f"the test {number} stands in no page" for number in sorted(tests - musts.keys())]
print("\n".join(faults) or f"{len(tests)} tests for {len(musts)} MUSTs")
sys.exit(1 if faults else 0)
