"""demo_bots.py CLEAN FOUND: shows the bots that tools/demo found, and finds them again.

The folder CLEAN has the events, FOUND what detect_bots made of them. Python goes through the events one by one, and has
to come to the same bots, from the same second to the same second, for the same reasons.
"""

import collections
import json
import operator
import pathlib
import sys
from datetime import datetime

# The rules and spans of detect.toml.
WINDOW, RATE_WINDOW, TTL = 600, 10, 600
MAX_RATE, MAX_CLICKS_OVER_VIEWS, MAX_CATEGORIES = 20, 30, 5
BOT_ADDRESSES = "172.20."  # Where the generator puts bots; people are in 10.0.0.0/8.


def rows(folder):
    for path in sorted(pathlib.Path(folder).glob("*.ndjson")):
        with open(path, "rb") as lines:
            yield from map(json.loads, lines)


def show_table(bots, visitors):
    print(f"{'ip':<12}{'bot since':<11}{'reasons':<17}{'requests':>8}{'clicks':>8}{'views':>8}{'categories':>12}")
    for ip, bot in sorted(bots.items()):
        print(f"{ip:<12}{bot['since'][11:19]:<11}{bot['reasons']:<17}{bot['requests']:>8,}{bot['clicks']:>8,}"
              f"{bot['views']:>8,}{bot['categories']:>12}")
    all_bots = {ip for ip in visitors if ip.startswith(BOT_ADDRESSES)}
    print(f"{len(all_bots & set(bots))} of {len(all_bots)} bots were found, "
          f"{len(set(bots) - all_bots)} of {len(visitors) - len(all_bots):,} people were taken for bots")


def show_plot(bots, visitors, columns=50, per_column=2):
    """Each visitor: its requests in ten seconds to the right, its share of clicks upwards."""
    people_at, bots_at = collections.Counter(), collections.Counter()
    for ip, statistic in (visitors | bots).items():
        tenths = round(10 * statistic["clicks"] / statistic["requests"])
        column = min(statistic["rate"] // per_column, columns - 1)
        (bots_at if ip in bots else people_at)[tenths, column] += 1

    def character(place):
        if bots_at[place]:
            return "B"
        for least, density in ((30, "#"), (5, ":"), (1, ".")):
            if people_at[place] >= least:
                return density
        return "|" if place[1] == MAX_RATE // per_column else " "

    for tenths in range(10, -1, -1):
        label = f"{10 * tenths}% clicks" if tenths % 5 == 0 else ""
        line = "".join(character((tenths, column)) for column in range(columns))
        print(f"{label:>11} |{line}".rstrip())
    print(f"{'':>12}+{'-' * columns}")
    scale = "".join(f"{column * per_column:<10}" for column in range(0, columns, 10))
    print(f"{'':>13}{scale}requests in {RATE_WINDOW} s")
    print("B bots, # : . people (30, 5, 1 or more), | the limit of requests")


class Visitor:
    def __init__(self):
        self.visits = collections.deque()  # Of the window.
        self.clicks_over_views = 0
        self.categories = {}

    def see(self, time, is_click, category):
        self.visits.append((time, is_click, category))
        self.clicks_over_views += 1 if is_click else -1
        self.categories[category] = self.categories.get(category, 0) + 1
        while time - self.visits[0][0] >= WINDOW:
            _, is_click, category = self.visits.popleft()
            self.clicks_over_views -= 1 if is_click else -1
            self.categories[category] -= 1
            if not self.categories[category]:
                del self.categories[category]

    def broken_rules(self):
        broken = set()
        if len(self.visits) > MAX_RATE and self.visits[-1][0] - self.visits[-MAX_RATE - 1][0] < RATE_WINDOW:
            broken.add("rate")
        if self.clicks_over_views > MAX_CLICKS_OVER_VIEWS:
            broken.add("clicks")
        if len(self.categories) > MAX_CATEGORIES:
            broken.add("categories")
        return broken


def expected_bots(events):
    """(ip, since, until, reasons) of each time that a visitor is a bot."""
    visitors, bots, ended = collections.defaultdict(Visitor), {}, []
    for event in events:
        ip, time = event["ip"], event["event_time"]
        visitors[ip].see(time, event["type"] == "click", event["url"].split("/")[4])
        broken = visitors[ip].broken_rules()
        if not broken:
            continue
        if ip in bots and time > bots[ip][1]:
            ended.append((ip, *bots.pop(ip)))
        since, _, reasons = bots.get(ip, (time, time, set()))
        bots[ip] = (since, time + TTL, reasons | broken)
    return ended + [(ip, *bot) for ip, bot in bots.items()]


def seconds(time):
    return int(datetime.fromisoformat(time).timestamp())


def main():
    clean, found = sys.argv[1:]
    bots, visitors, ended = {}, {}, []
    for row in rows(found):
        if row["kind"] == "bot":
            bots[row["ip"]] = row  # The last one stays.
        elif row["kind"] == "statistic":
            visitors[row["ip"]] = row
        else:
            ended.append((row["ip"], seconds(row["since"]), seconds(row["until"]), set(row["reasons"].split("+"))))
    show_table(bots, visitors)
    print("==> all visitors, by their requests in ten seconds and their share of clicks")
    show_plot(bots, visitors)
    print("==> the same with Python, event by event", flush=True)
    expected = expected_bots(rows(clean))
    by_ip_and_time = operator.itemgetter(0, 1)
    is_same = sorted(ended, key=by_ip_and_time) == sorted(expected, key=by_ip_and_time)
    if not is_same or set(bots) != {ip for ip, *_ in expected}:
        sys.exit(f"demo: Python found {expected}, and levada {ended}: this is a fault of levada's")
    print(f"{len(expected)} bots: those that levada found, to the second, for the same reasons")


main()
