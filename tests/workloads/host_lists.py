"""Lists of hosts as they are published, made up by chance, and the rows that must come of them, by the rules in the
README of parse_hosts, written in the plainest way."""

import collections
import csv
import re

LABEL = re.compile(r"^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$")
V4 = re.compile(r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$", re.ASCII)
LOCAL = {"localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
         "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts"}


def domain(name):
    name = name.lower().removesuffix(".")
    if not name:
        return None, "empty"
    if name in LOCAL:
        return None, "local"
    if V4.match(name) or ":" in name:
        return None, "ip_literal"
    labels = name.split(".")
    if len(labels) < 2:
        return None, "single_label"
    if len(name) > 253 or not all(LABEL.match(label) for label in labels):
        return None, "bad_name"
    return name, None


def is_ip(text):
    return bool(V4.match(text)) or (":" in text and re.match(r"^[0-9a-fA-F:.%]+[a-z0-9]*$", text) is not None)


def entries(line, format):
    """(name, address, reason) of each name, or of the line."""
    text = line.lstrip("\ufeff")
    if format == "domains" and text.lstrip().startswith("!"):
        return
    words = text.split("#", 1)[0].split()
    if not words:
        return
    if format == "domains":
        yield (words[0], None, None) if len(words) == 1 else (None, None, "junk")
    elif not is_ip(words[0]):
        yield None, None, "bad_ip"
    elif len(words) == 1:
        yield None, None, "no_host"
    else:
        for name in words[1:]:
            yield name, words[0], None


FEED = ["id", "dateadded", "domain", "ip", "category"]
TOP = ["com", "net", "org", "ru", "cn", "info", "xyz", "co.uk", "xn--p1ai", "top"]
SUB = ["", "", "", "www.", "ads.", "cdn.", "track.", "a.b.", "s3_bucket."]


def write_lists(folder, rows, choice):
    """Files of all formats with so many lines each: {name: format}. Their names overlap."""
    def name():
        number = choice.randrange(rows * 4)
        return f"{SUB[number % 9]}{'bcdfgh'[number % 6]}{'aeiou'[number // 6 % 5]}{number}.{TOP[number // 30 % 10]}"

    def hosts(end, mark, ip):
        yield f"{mark}# Title: a list{end}{end}127.0.0.1 localhost{end}::1 localhost ip6-localhost{end}"
        yield f"255.255.255.255 broadcasthost{end}0.0.0.0 0.0.0.0{end}"
        for _ in range(rows):
            kind = choice.random()
            if kind < 0.01:
                yield f"# comment{end}"
            elif kind < 0.03:
                yield f"{ip}\t{name()} {name()}{end}"
            elif kind < 0.06:
                yield f"{ip} {name()} # tracker{end}"
            elif kind < 0.07:
                yield f"{ip} bad_domain-.{'x' * 70}{end}" if kind < 0.065 else f"300.1.1.1 {name()}{end}"
            else:
                yield f"{ip} {name()}{end}"

    def domains():
        for _ in range(rows):
            kind = choice.random()
            each = name()
            if kind < 0.01:
                yield "! comment\n# other\n\n"
            elif kind < 0.06:
                yield {0: each.upper(), 1: f"{each}.", 2: "not a domain!", 3: "localhost"}[int(kind * 400) % 4] + "\n"
            else:
                yield each + "\n"

    def adblock():
        yield "[Adblock Plus 2.0]\n! Title: rules\n"
        for _ in range(rows):
            kind = choice.random()
            option = "$important" if kind < 0.1 else ""
            yield "@@||good.example^\n" if kind > 0.99 else f"||{name()}^{option}\n"

    def feed():
        yield ",".join(FEED) + "\n"
        for number in range(rows):
            ip = ".".join(str(choice.randrange(1, 255)) for _ in range(4)) if choice.random() > 0.01 else ""
            category = choice.choice(["malware", "phishing", '"ads, banners"', '"c2 ""botnet"""'])
            domain = name() if choice.random() > 0.01 else ""
            more = ",one too many" if choice.random() < 0.005 else ""
            time = f"2026-06-01 00:{number // 60 % 60:02}:{number % 60:02}"
            yield f'"{number}","{time}",{domain},{ip},{category}{more}\n'

    return write(folder, {"hosts_crlf": ("hosts", hosts("\r\n", "", "0.0.0.0")),
                          "hosts_mark": ("hosts", hosts("\n", "\ufeff", "::")), "names": ("domains", domains()),
                          "rules": ("adblock", adblock()), "feed": ("csv", feed()),
                          "hosts_utf16": ("hosts", hosts("\r\n", "\ufeff", "127.0.0.1"))})


def write(folder, makers):
    """Files of {name: (format, pieces of text)}."""
    for file, (format, text) in makers.items():
        encoding = "utf-16-le" if file.endswith("utf16") else "utf-8"
        with open(folder / file, "w", newline="", encoding=encoding) as out:
            out.writelines(text)
    return {file: format for file, (format, _) in makers.items()}


def write_feeds(folder, rows, choice):
    """More files, as write_lists: feeds of URLs as two publishers write them, names that are not ASCII, and a list of
    which each line is of another kind."""
    def host():
        number = choice.randrange(rows)
        return choice.choice([f"h{number}.example", f"H{number}.Example.COM.", f"192.0.2.{number % 256}", f"h{number}"])

    def url():
        login = choice.choice(["", "", "", "user:secret@"])
        return f"{choice.choice(['http', 'https', 'HTTP'])}://{login}{host()}{choice.choice(['', ':8080'])}" \
               f"{choice.choice(['', '/', '/a,b?c=d', '?x=http://z.example/', '/it is, said'])}"

    def urlhaus():
        yield '################\r\n# URLhaus "Database Dump", the last 30 days\r\n'
        yield '# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n'
        for number in range(rows):
            threat = choice.choice(["malware_download", "phishing"])
            tags = choice.choice(["32-bit,elf,mips", "None", ""])
            reporter = "one" if choice.random() > 0.01 else 'one","too many'
            yield (f'"{number}","2026-06-01 00:00:{number % 60:02}","{url()}","online","","{threat}","{tags}",'
                   f'"https://urlhaus.example/url/{number}/","{reporter}"\r\n')

    def phishtank():
        yield "phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,target\n"
        for number in range(rows):
            each = url()
            quoted = f'"{each}"' if "," in each else each
            target = choice.choice(["Other", '"Bank, The"', '"The ""Bank"""'])
            yield (f"{number},{quoted},http://detail.example/{number},2026-06-01T00:00:00+00:00,yes,"
                   f"2026-06-01T00:00:00+00:00,yes,{target}\n")

    def international():
        for number in range(rows // 10):
            word = choice.choice(["bücher", "CAFÉ", "пример", "例え", "münchen-ost", "xn--bcher-kva"])
            yield f"{word}{number % 7}.example\n"

    def mixed():
        yield "! Title: all kinds\n# of lines\n"
        for _ in range(rows):
            number = choice.randrange(rows)
            yield choice.choice([f"0.0.0.0 m{number}.example", f"::1\tm{number}.example # local", f"m{number}.example",
                                 f"||m{number}.example^", f"https://m{number}.example/path", "! comment", "",
                                 f"{number},2026-06-01,m{number}.example,192.0.2.1", f"0.0.0.0 m{number}-.example",
                                 f'{number},"http://m{number}.example/a,b",yes']) + "\n"

    return write(folder, {"urlhaus": ("urlhaus", urlhaus()), "phishtank": ("phishtank", phishtank()),
                          "international": ("domains", international()), "mixed": ("auto", mixed())})


def host_of(url):
    return url.strip().split("://", 1)[-1].split("/")[0].split("?")[0].rsplit("@")[-1].split(":")[0]


def any_kind(line):
    """As entries, of a line that may be of any kind."""
    text = line.strip()
    if not text or text[0] in "![#":
        return
    if text.startswith(("||", "@@")):
        yield from rules(line)
    elif "," in text:
        (fields,) = csv.reader([text])
        name = next((host_of(field) for field in fields if "://" in field), None)
        name = name or next(field for field in fields if domain(field)[0])
        yield name, next(filter(is_ip, fields), None), None
    elif "://" in text:
        yield host_of(text), None, None
    else:
        yield from entries(line, "hosts" if is_ip(text.split()[0]) else "domains")


def in_ascii(name):
    return name if name is None or name.isascii() else name.encode("idna").decode()


def rules(line):
    """As entries, of rules for ad blockers."""
    text = line.strip()
    if not text or text[0] in "![#":
        return
    found = re.fullmatch(r"\|\|([^^]*)\^(?:\$(?:important|all|document))?", text)
    yield (found[1], None, None) if found else (None, None, "exception" if text.startswith("@@") else "junk")


# Of each feed: how many fields and lines of header it has; (name, address, category) of a row.
FEEDS = {"csv": (len(FEED), 1, lambda row, _: (row[2], row[3] or None, row[4])),
         "urlhaus": (9, 0, lambda row, _: (host_of(row[2]), None, row[5])),
         "phishtank": (8, 1, lambda row, category: (host_of(row[1]), None, category))}


def expected_rows(path, format, category):
    """{domain: (ip, category)}, the first of each; how many are rejected, by reason; how many domains come again."""
    found, reasons, again = {}, collections.Counter(), 0
    encoding = "utf-16" if path.name.endswith("utf16") else "utf-8-sig"
    with open(path, encoding=encoding, newline="") as file:
        if format in FEEDS:
            fields, header, values = FEEDS[format]
            rows = list(csv.reader(line for line in file if not line.startswith("#")))[header:]
            names = ((*values(row, category), None) if len(row) == fields else (None, None, None, "csv_width")
                     for row in rows)
        else:
            read = {"adblock": rules, "auto": any_kind}.get(format, lambda line: entries(line, format))
            names = ((name, ip, category, why) for line in file for name, ip, why in read(line.rstrip("\r\n")))
        for name, ip, kind, why in names:
            each, why = (None, why) if why else domain(in_ascii(name))
            if why:
                reasons[why] += 1
            elif each in found:
                again += 1
            else:
                found[each] = (ip, kind)
    return found, reasons, again
