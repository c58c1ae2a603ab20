"""smtp_server.py DIR PORT TLS_PORT: the server of tests/services/smtp. STARTTLS and a login are required."""

import json
import os
import pathlib
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = b"levada", b"levada-secret"


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.number = max((int(path.stem) for path in (folder / "mail").iterdir()), default=0)

    def answer(self, command):
        return json.loads((self.folder / "answers.json").read_text()).get(command)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if answer := self.answer("MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if answer := self.answer(f"RCPT {address}"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if answer := self.answer("DATA"):
            return answer
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "data": envelope.content.decode("ascii")}
        self.number += 1
        aside = self.folder / "aside"
        with open(aside, "w") as file:
            json.dump(mail, file)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(self.folder / "mail" / f"{self.number:06}.json")
        return "250 taken"


def log_in(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=good, handled=False)


def main():
    folder = pathlib.Path(sys.argv[1])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    handler = Handler(folder)
    login = {"auth_required": True, "authenticator": log_in}
    plain = Controller(handler, "127.0.0.1", int(sys.argv[2]), require_starttls=True, tls_context=context, **login)
    # The library does not count TLS from the beginning as TLS.
    encrypted = Controller(
        handler, "127.0.0.1", int(sys.argv[3]), ssl_context=context, auth_require_tls=False, **login
    )
    plain.start()
    encrypted.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    plain.stop()
    encrypted.stop()


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
main()
