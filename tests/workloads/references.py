"""What the detectors must find, worked out from all rows at once, by the rules in their READMEs."""

import collections
import datetime
import functools
import json
import re

LINE = re.compile(r'(\S+) \S+ \S+ \[([^\]]+)\] "(?:[^"\\]|\\.)*" (\d{3}) (?:\d+|-)')
CATEGORY = re.compile(r"/c/([^/?#]+)")


@functools.cache
def seconds_of(text):
    return int(datetime.datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").timestamp())


def requests_of(lines):
    """(seconds, host, status) of the lines of an access log that are whole, in the order of their times."""
    rows = []
    for line in lines:
        if found := LINE.match(line):
            rows.append((seconds_of(found[2]), found[1], int(found[3])))
    return sorted(rows, key=lambda row: row[0])


def blocked_intervals(requests, limit, window, admit):
    """(host, first, last, count) of each run of blocked requests."""
    intervals = []
    by_host = collections.defaultdict(list)
    for when, host, _ in requests:
        by_host[host].append(when)
    for host, times in by_host.items():
        counted, run = [], []
        for when in times:
            blocked = len(counted) >= limit and when - counted[-limit] < window
            if not (blocked and admit):
                counted.append(when)
            if blocked:
                run.append(when)
            elif run:
                intervals.append((host, run[0], run[-1], len(run)))
                run = []
        if run:
            intervals.append((host, run[0], run[-1], len(run)))
    return sorted(intervals)


def surges(requests, statuses, window, threshold, factor, baseline, minimum):
    """(kind, begin, end, peak) of each surge of these statuses together."""
    counts = collections.Counter(when for when, _, status in requests if status in statuses)
    first, last = requests[0][0], requests[-1][0]
    sums = [sum(counts[tick - back] for back in range(window)) for tick in range(first, last + 1)]

    def is_relative(at):
        return at >= baseline and sums[at] >= minimum and sums[at] * baseline > factor * sum(sums[at - baseline : at])

    found = []
    for kind, is_on in (("absolute", lambda at: sums[at] > threshold), ("relative", is_relative)):
        run = []
        for at in range(len(sums) + 1):
            if at < len(sums) and is_on(at):
                run.append(at)
            elif run:
                found.append((kind, first + run[0], first + run[-1], max(sums[run[0] : run[-1] + 1])))
                run = []
    return sorted(found)


def events_of(lines):
    """(seconds, ip, type, category) of the lines that are JSON, in the order of their times."""
    rows = []
    for line in lines:
        try:
            event = json.loads(line)
            rows.append((event["event_time"], event["ip"], event["type"], CATEGORY.search(event["url"])[1]))
        except (ValueError, KeyError):
            pass
    return sorted(rows, key=lambda row: row[0])


def reasons(rules, rate, clicks_over_views, categories):
    broken = {
        "rate": rate > rules["max_rate"],
        "clicks": clicks_over_views > rules["max_clicks_over_views"],
        "categories": categories > rules["max_categories"],
    }
    return {rule for rule, is_broken in broken.items() if is_broken}


def sliding_bots(events, rules, window, rate_window, ttl):
    """(ip, since, until, reasons) of each time for which somebody is a bot."""
    found = []
    by_ip = collections.defaultdict(list)
    for event in events:
        by_ip[event[1]].append(event)
    for ip, all_events in by_ip.items():
        bots, begin = [], 0
        for at, (when, _, _, _) in enumerate(all_events):
            while when - all_events[begin][0] >= window:
                begin += 1
            inside = all_events[begin : at + 1]
            kinds = collections.Counter(event[2] for event in inside)
            rate = sum(when - event[0] < rate_window for event in inside)
            broken = reasons(rules, rate, kinds["click"] - kinds["view"], len({event[3] for event in inside}))
            if not broken:
                continue
            if bots and when <= bots[-1][1]:
                bots[-1][1] = when + ttl
                bots[-1][2] |= broken
            else:
                bots.append([when, when + ttl, broken])
        found += [(ip, since, until, tuple(sorted(why))) for since, until, why in bots]
    return sorted(found)


def tumbling_bots(events, rules, window, rate_window):
    """(start, ip, requests, clicks, views, categories, rate, reasons) of each bot of each window."""
    windows = collections.defaultdict(list)
    for event in events:
        windows[event[0] // window * window, event[1]].append(event)
    found = []
    for (start, ip), inside in windows.items():
        kinds = collections.Counter(event[2] for event in inside)
        rate = max(collections.Counter(event[0] // rate_window for event in inside).values())
        categories = len({event[3] for event in inside})
        if broken := reasons(rules, rate, kinds["click"] - kinds["view"], categories):
            found.append(
                (start, ip, len(inside), kinds["click"], kinds["view"], categories, rate, tuple(sorted(broken)))
            )
    return sorted(found)
