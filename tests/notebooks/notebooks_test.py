"""The notebooks of docs/notebooks run from start to end, and what they show is true.

With LEVADA_PICTURES=docs/guides/pictures the pictures of the guides are drawn anew.
"""

import pathlib
import re
import sys
import unittest
from datetime import timedelta

import matplotlib
import matplotlib.pyplot as plt
import polars as pl

from notebook import Notebook

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "notebooks"
ROWS = 200_000


class NotebookTest(unittest.TestCase):
    def run_notebook(self, name):
        """What the notebook's cells have left in their variables."""
        matplotlib.use("Agg")
        self.addCleanup(plt.close, "all")
        sys.path.insert(0, str(FOLDER))  # Where Jupyter runs it.
        self.addCleanup(sys.path.remove, str(FOLDER))
        notebook = Notebook(FOLDER / name)
        self.assertEqual(notebook.breaches(), [])
        shown = notebook.run()
        self.addCleanup(shown["folder"].cleanup)
        for axes in [axes for number in plt.get_fignums() for axes in plt.figure(number).axes]:
            self.assertTrue(axes.has_data() and axes.get_title() and axes.get_xlabel() and axes.get_ylabel())
        return shown


class AccessLog(NotebookTest):
    def test_who_asks_too_much_and_what_fails(self):
        shown = self.run_notebook("access_log.ipynb")
        requests = shown["requests"]
        self.assertEqual(len(requests), ROWS)

        # Blocked is a request if the hundredth of its host before it is less than a minute older.
        age = pl.col("timestamp") - pl.col("timestamp").shift(100).over("host")
        too_many = requests.filter(age < timedelta(minutes=1)).group_by("host").len("count").sort("host")
        self.assertGreater(len(too_many), 2)
        blocked = shown["intervals"].group_by("host").agg(pl.col("count").sum()).sort("host")
        self.assertEqual(blocked.rows(), too_many.rows())

        surges = shown["surges"]
        self.assertEqual(set(surges["kind"]), {"absolute", "relative"})
        failures = requests.filter(pl.col("http_response").is_in([404, 500]))["timestamp"]

        def failures_in_the_minute_at(second):
            return ((failures > second - timedelta(minutes=1)) & (failures <= second)).sum()

        for surge in surges.filter(pl.col("kind") == "absolute").rows(named=True):
            for second in (surge["begin"], surge["end"]):
                self.assertGreater(failures_in_the_minute_at(second), 900, surge)
            for second in (surge["begin"] - timedelta(seconds=1), surge["end"] + timedelta(seconds=1)):
                self.assertLessEqual(failures_in_the_minute_at(second), 900, surge)


class AdViews(NotebookTest):
    def test_views_by_network_and_campaign(self):
        shown = self.run_notebook("ad_views.ipynb")
        report = shown["report"].pl()
        unknown = int(re.search(r"rows unmatched ([\d,]+)", shown["levada_report"])[1].replace(",", ""))
        self.assertGreater(unknown, 0)
        self.assertEqual(report["total_count"].sum() + unknown, ROWS)
        self.assertEqual(set(report["campaign_id"]), set(range(100)))
        self.assertEqual(set(report["network_id"]), {1, 2, 3, 4})
        self.assertEqual(report.group_by("campaign_id").agg(pl.col("network_id").n_unique())["network_id"].max(), 1)
        self.assertGreaterEqual(report["avg_duration"].min(), 0.1)
        self.assertLessEqual(report["avg_duration"].max(), 60)

        drawn = {(network, minute): views for network, minute, views in shown["networks"]}
        for minute in sorted({minute for _, minute in drawn}):
            views = report.filter(pl.col("minute_timestamp") == minute)["total_count"].sum()
            self.assertEqual(sum(drawn[network, minute] for network in (1, 2, 3, 4)), views)
        self.assertGreater(len(drawn), 4 * 25)


class BotDetection(NotebookTest):
    def test_all_bots_are_found_and_nobody_else(self):
        shown = self.run_notebook("bot_detection.ipynb")
        reasons = {ip: reasons.split("+") for ip, reasons in shown["bots"].select("ip", "reasons").rows()}
        self.assertEqual(set(reasons), {f"172.20.0.{bot}" for bot in range(12)})
        # The first of each three asks fast, the second clicks, the third goes through the categories.
        for bot in range(12):
            self.assertIn(("rate", "clicks", "categories")[bot % 3], reasons[f"172.20.0.{bot}"])
        people = shown["people"]
        self.assertEqual(len(people), 1000)
        self.assertTrue(people["ip"].str.starts_with("10.").all())
        self.assertLess(people["rate"].max(), 20)
        self.assertEqual(set(shown["found"]["ip"]), set(reasons))


if __name__ == "__main__":
    unittest.main()
