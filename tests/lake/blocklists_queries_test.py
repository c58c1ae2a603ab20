"""The queries that docs/guides/blocklists.md has for Spark, on a table such as the loader makes.
Run below tests/services/with spark."""

import collections
import pathlib
import random
import tempfile
import unittest

from delta_table import queries_of, run, seen_by_deltars
from spark_session import query

COLUMNS = {"domain": "text", "ip": "text", "source": "text", "category": "text"}
LISTS = {"hosts": ("ads", "0.0.0.0"), "names": ("ads", None), "feed": (None, "192.0.2.7"), "rules": ("phishing", None)}


class BlocklistsQueries(unittest.TestCase):
    def test_spark_answers_what_the_guide_asks(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="levada-spark.")))
        table = folder / "table"
        rng = random.Random(12)
        rows = [{"domain": f"n{number}.example", "ip": ip, "source": source, "category": category}
                for source, (category, ip) in LISTS.items() for number in rng.sample(range(400), 250)]
        for first in range(0, len(rows), 400):
            run(folder, table, rows[first : first + 400], parsed=COLUMNS)
        by_category, agreed, before = [query(each) for each in queries_of("blocklists.md", "Spark", table)]
        expected = collections.Counter((row["source"], row["category"]) for row in rows)
        self.assertEqual({(row["source"], row["category"]): row["rows"] for row in by_category}, dict(expected))
        lists = collections.Counter(row["domain"] for row in rows)
        expected = {domain: count for domain, count in lists.items() if count >= 3}
        self.assertGreater(len(expected), 0)
        self.assertEqual({row["domain"]: row["lists"] for row in agreed}, expected)
        self.assertEqual(before, [{"rows": len(seen_by_deltars(table, 0))}])
        self.assertLess(before[0]["rows"], len(rows))


if __name__ == "__main__":
    unittest.main()
