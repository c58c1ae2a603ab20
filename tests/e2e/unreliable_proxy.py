"""An HTTP proxy between a client and one server that lets some requests fail, cuts some and doubles some, by a seed."""

import collections
import random
import socket
import ssl
import threading
import urllib.parse

# What becomes of a request, beside being passed on as it is.
FAULTS = ["refused", "request cut", "answer lost", "answer cut", "doubled"]
SHARE = 0.04  # Of each fault.
BUSY_BODY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n%s" % (len(BUSY_BODY), BUSY_BODY)


def read_message(stream):
    """The bytes of a request or an answer, its head and its body; nothing where the connection has ended."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None, None
        head += line
    fields = {}
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip()
    return head, fields


def read_chunks(stream):
    body = b""
    while True:
        line = stream.readline()
        body += line
        chunk = stream.read(int(line.split(b";")[0], 16) + 2)
        body += chunk
        if len(chunk) == 2:
            return body


class UnreliableProxy:
    """With a certificate (a PEM file with its key) clients come over TLS; with a share of 0 nothing fails."""

    def __init__(self, server, seed, share=SHARE, certificate=None):
        parts = urllib.parse.urlsplit(server)
        self.server = (parts.hostname, parts.port)
        self.random = random.Random(seed)
        self.share = share
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.lock = threading.Lock()
        self.faults = collections.Counter()
        self.listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if certificate else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def choose(self):
        with self.lock:
            at = self.random.random()
            fault = FAULTS[int(at / self.share)] if at < self.share * len(FAULTS) else "none"
            self.faults[fault] += 1
            return fault

    def serve(self, client):
        try:
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            with client, client.makefile("rb") as stream:
                while self.serve_one(client, stream):
                    pass
        except OSError:
            client.close()

    def serve_one(self, client, stream):
        """Whether the connection goes on."""
        head, fields = read_message(stream)
        if not head:
            return False
        body = stream.read(int(fields.get(b"content-length", 0)))
        fault = self.choose()
        if fault == "refused":
            client.sendall(BUSY if not head.startswith(b"HEAD") else BUSY.replace(BUSY_BODY, b""))
            return True
        if fault == "request cut":
            self.ask((head + body)[: len(head) + len(body) // 2], is_whole=False)
            return False
        answer = self.ask(head + body)
        if fault == "answer lost":
            return False
        if fault == "doubled":
            answer = self.ask(head + body)
        if fault == "answer cut":
            client.sendall(answer[: len(answer) // 2])
            return False
        client.sendall(answer)
        return True

    def ask(self, request, is_whole=True):
        with socket.create_connection(self.server, timeout=60) as server:
            server.sendall(request)
            if not is_whole:
                return b""
            with server.makefile("rb") as stream:
                head, fields = read_message(stream)
                if head is None:
                    raise OSError("the server gave no answer")
                if request.startswith(b"HEAD") or head.split(b" ")[1] in (b"204", b"304"):
                    return head
                if fields.get(b"transfer-encoding") == b"chunked":
                    return head + read_chunks(stream)
                return head + stream.read(int(fields.get(b"content-length", 0)))
