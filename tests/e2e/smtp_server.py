"""What tests see of the server of tests/services/smtp: its mails, and what it is to answer."""

import email
import email.policy
import json
import os
import pathlib
import subprocess

SERVICES = pathlib.Path(os.environ["LEVADA_SERVICES"])
FOLDER = pathlib.Path(os.environ["SMTP_DIR"])
LOGIN = f'user = "{os.environ["SMTP_USER"]}"\npassword = "{os.environ["SMTP_PASSWORD"]}"'
CERTIFICATE = os.environ["SMTP_CERTIFICATE"]
STARTTLS = f'server = "localhost:{os.environ["SMTP_PORT"]}"'
TLS = f'server = "localhost:{os.environ["SMTP_TLS_PORT"]}"\ntls = "implicit"'


class Mail:
    def __init__(self, path):
        whole = json.loads(path.read_text())
        self.sender, self.recipients = whole["from"], whole["to"]
        self.message = email.message_from_string(whole["data"], policy=email.policy.default)
        self.subject, self.text = self.message["subject"], self.message.get_content()


def mails():
    return [Mail(path) for path in sorted((FOLDER / "mail").iterdir())]


def answer(**answers):
    """From now on: {"RCPT a@b": "550 no"}, and yes to everything else."""
    aside = FOLDER / "answers.aside"
    aside.write_text(json.dumps(answers))
    aside.rename(FOLDER / "answers.json")


def begin():
    """As if nothing had been sent, and nothing were refused."""
    answer()
    for path in (FOLDER / "mail").iterdir():
        path.unlink()


def server(command):
    subprocess.run([SERVICES / "smtp", command, FOLDER], check=True, capture_output=True)
