"""A web server that misbehaves on purpose, each path in its own way; what lists it has, and what it was asked for."""

import collections
import email.utils
import gzip
import hashlib
import http.server
import random
import ssl
import threading

BOMB = gzip.compress(bytes(16 << 20))


def lines_of(name, count, version=1):
    return [f"{name}.{version}.{number}.example.com" for number in range(count)]


class Server(http.server.ThreadingHTTPServer):
    """`lists`: name -> lines. `moods`: name -> a function of (handler, bytes, how often it was asked)."""

    daemon_threads = True

    def __init__(self, certificate=None, seed=0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.lists, self.moods = {}, {}
        self.asked = collections.Counter()
        self.requests = []  # (name, headers, status)
        self.stopped = threading.Event()
        self.choice = random.Random(seed)
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name):
        return f"{self.scheme}://127.0.0.1:{self.server_port}/{name}"

    def add(self, name, lines, mood=None):
        self.lists[name] = lines
        if mood:
            self.moods[name] = mood

    def stop(self):
        self.stopped.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # Clients hang up; that is what the test is about.


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = self.path.lstrip("/").split("?")[0]
        with self.server.lock:
            self.server.asked[name] += 1
            times = self.server.asked[name]
        body = "".join(f"{line}\n" for line in self.server.lists.get(name, [])).encode()
        self.name = name
        self.server.moods.get(name, well)(self, body, times)

    def answer(self, status, body=b"", headers=(), length=None, upto=None):
        """`length`: what is said of the body's length; `upto`: how many bytes of it are sent."""
        with self.server.lock:
            self.server.requests.append((self.name, dict(self.headers), status))
        self.send_response(status)
        for header, value in headers:
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body[:upto])
        if upto is not None or length is not None:
            self.close_connection = True

    def pause(self, seconds):
        self.server.stopped.wait(seconds)

    def log_message(self, *arguments):
        pass


def etag_of(body):
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def well(handler, body, times):
    handler.answer(200, body)


def with_etag(handler, body, times):
    if handler.headers.get("If-None-Match") == etag_of(body):
        handler.answer(304, headers=[("ETag", etag_of(body))])
    else:
        handler.answer(200, body, [("ETag", etag_of(body))])


def with_time(handler, body, times):
    stamp = email.utils.formatdate(1_700_000_000 + len(body), usegmt=True)
    if handler.headers.get("If-Modified-Since") == stamp:
        handler.answer(304)
    else:
        handler.answer(200, body, [("Last-Modified", stamp)])


def compressed(handler, body, times):
    handler.answer(200, gzip.compress(body), [("Content-Encoding", "gzip")])


def encoded(name, compress):
    """What this encoding makes of it, for who takes that."""

    def mood(handler, body, times):
        if name in handler.headers.get("Accept-Encoding", "").split(", "):
            handler.answer(200, compress(body), [("Content-Encoding", name)])
        else:
            handler.answer(406)

    return mood


def as_gzip_file(handler, body, times):
    handler.answer(200, gzip.compress(body), [("Content-Type", "application/gzip")])


def in_utf16(handler, body, times):
    handler.answer(200, body.decode().encode("utf-16"), [("Content-Type", "text/plain")])


def slow(handler, body, times):
    """In parts, without a length."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    step = max(1, len(body) // 20)
    for at in range(0, len(body), step):
        part = body[at : at + step]
        handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        handler.wfile.flush()
        handler.pause(0.02)
    handler.wfile.write(b"0\r\n\r\n")


def cut_and_resumed(handler, body, times):
    """Never more than a third at once; the rest by Range."""
    start = 0
    wanted = handler.headers.get("Range")
    headers = [("ETag", etag_of(body)), ("Accept-Ranges", "bytes")]
    if wanted and handler.headers.get("If-Range") == etag_of(body):
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        headers.append(("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}"))
    rest = body[start:]
    part = len(body) // 3 + 1
    handler.answer(206 if start else 200, rest, headers, upto=part if part < len(rest) else None)


def cut(until):
    """Cut in the middle, without a way to go on, for the first times."""

    def mood(handler, body, times):
        handler.answer(200, body, upto=len(body) // 2 if times <= until else None)

    return mood


def failing(status, until, headers=()):
    def mood(handler, body, times):
        if times <= until:
            handler.answer(status, b"<html>try later</html>", headers)
        else:
            handler.answer(200, body)

    return mood


def too_short(handler, body, times):
    handler.answer(200, body, length=len(body) + 100)


def endless(handler, body, times):
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    line = b"endless.example.com\n" * 4096
    while not handler.server.stopped.is_set():
        handler.wfile.write(line)


def bomb(handler, body, times):
    handler.answer(200, BOMB, [("Content-Encoding", "gzip")])


def bomb_file(handler, body, times):
    handler.answer(200, BOMB)


def loop(handler, body, times):
    handler.answer(302, headers=[("Location", handler.path)])


def silent(handler, body, times):
    """Takes the request and says nothing."""
    handler.pause(60)
    handler.close_connection = True


def redirected(handler, body, times):
    if handler.path.endswith("?there"):
        handler.answer(200, body)
    else:
        handler.answer(302, headers=[("Location", handler.path + "?there")])


def sometimes(seed):
    """Well, slow, cut or failing, as the dice have it."""
    choice = random.Random(seed)

    def mood(handler, body, times):
        kind = choice.choice(
            [well, with_etag, slow, slow, cut_and_resumed, cut_and_resumed, cut(times), failing(503, times)]
        )
        kind(handler, body, times)

    return mood
