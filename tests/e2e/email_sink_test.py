"""spool -> a real SMTP server with TLS and logins: the mails that it takes, whatever happens to the agent and to it.

Run below `tests/services/with smtp --`.
"""

import json
import random
import unittest

import smtp_server
from sink_test_bench import KILLS, SEED, SinkTest

PARSE = 'interceptors = ["parse"]\n[interceptors.parse]\ntype = "parse_json"\n'
SENDER = 'from = "levada <levada@example.com>"'


class EmailSink(SinkTest):
    sink = "email"

    def setUp(self):
        super().setUp()
        smtp_server.begin()

    def to_server(self, more, server=smtp_server.STARTTLS, login=smtp_server.LOGIN):
        return f'{server}\n{login}\ntls_ca = "{smtp_server.CERTIFICATE}"\n{SENDER}\n{more}'

    def sent_to(self):
        return [mail.recipients for mail in smtp_server.mails()]

    def test_a_digest_over_starttls_and_over_tls_with_a_login(self):
        for name, server in [("starttls", smtp_server.STARTTLS), ("tls", smtp_server.TLS)]:
            smtp_server.begin()
            self.spool_file(["Größe: 5 €", "second", ".", "x" * 3000])
            options = 'to = ["ops@example.com", "Boß <boss@example.com>"]\nsubject = "Meldungen: Größe"\n'
            options += 'text = "{body}"'
            self.finish(self.configure(self.to_server(options, server), name=name))
            (mail,) = smtp_server.mails()
            self.assertEqual(mail.sender, "levada@example.com")
            self.assertEqual(mail.recipients, ["ops@example.com", "boss@example.com"])
            self.assertEqual(mail.subject, "Meldungen: Größe")
            self.assertEqual(mail.message["to"], "ops@example.com, Boß <boss@example.com>")
            self.assertEqual(mail.text.splitlines(), ["Größe: 5 €", "", "second", "", ".", "", "x" * 3000])

    def test_nothing_in_a_row_becomes_a_header_or_a_recipient(self):
        evil = "x\r\nBcc: victim@example.com\r\n\r\ntext\n.\nMAIL FROM:<a@b>"
        rows = [{"subject": evil, "to": "ops@example.com"}, {"subject": "good", "to": f"a@b{evil}"}]
        self.spool_file(json.dumps(row) for row in rows)
        options = 'to = ["{to}"]\nsubject = "{subject}"\ntext = "{subject}"'
        columns = 'columns = { subject = "text", to = "text" }'
        log = self.finish(self.configure(self.to_server(options), source=PARSE + columns), code=3)
        (mail,) = smtp_server.mails()
        self.assertEqual(mail.recipients, ["ops@example.com"])
        self.assertIsNone(mail.message["bcc"])
        self.assertEqual(mail.subject, " ".join(evil.split()))
        self.assertEqual(mail.text.splitlines(), evil.splitlines())
        self.assertIn("no mail address", log)

    def test_refused_recipients_are_dead_letters_and_busy_ones_are_tried_again(self):
        smtp_server.answer(**{"RCPT gone@example.com": "550 no such user", "RCPT busy@example.com": "451 later"})
        self.spool_file(["ada", "gone", "busy"])
        config = self.configure(self.to_server('to = ["{body}@example.com"]\nsubject = "s"'))
        agent = self.start(config)
        log = config.with_suffix(".log")
        self.wait_until(lambda: "busy@example.com: 451 later" in log.read_text(), "the server is not asked")
        agent.kill()
        agent.communicate()
        self.assertEqual(self.sent_to(), [["ada@example.com"]])
        smtp_server.answer(**{"RCPT gone@example.com": "550 no such user"})
        report = self.finish(config, code=3)
        self.assertEqual(self.sent_to(), [["ada@example.com"], ["busy@example.com"]])
        self.assertIn("the server refuses the mail to gone@example.com: # no such user", report)

    def test_a_wrong_password_and_an_unknown_certificate_send_nothing_and_lose_nothing(self):
        self.spool_file(["row"])
        options = 'to = ["ops@example.com"]\nsubject = "s"'
        wrong = smtp_server.LOGIN.replace('-secret"', '-guess"')
        for name, sink, said in [
            ("password", self.to_server(options, login=wrong), "does not let the user in"),
            ("authority", self.to_server(options).replace("tls_ca", "#"), "certificate"),
        ]:
            config = self.configure(sink, name=name)
            agent = self.start(config)
            log = config.with_suffix(".log")
            self.wait_until(lambda: said in log.read_text(), f"no \"{said}\" in the log")
            self.assertNotIn("levada-guess", log.read_text())
            self.assertIsNone(agent.poll())
            agent.kill()
            agent.communicate()
            self.assertEqual(self.sent_to(), [])
            self.finish(self.configure(self.to_server(options), name=name))
            self.assertEqual(self.sent_to(), [["ops@example.com"]])
            smtp_server.begin()
            for file in self.spool.iterdir():
                file.rename(self.spool / f"again-{name}.log")

    def test_no_row_is_without_a_mail_though_agent_and_server_are_killed(self):
        print(f"LEVADA_SEED={SEED}")
        choice = random.Random(SEED)
        options = 'to = ["{body}@example.com"]\nsubject = "row"\ntext = "{body}"\ntimeout = "5s"\nretry_max = "200ms"'
        config = self.configure(self.to_server(options))
        expected = set()
        agent = self.start(config)
        for number in range(KILLS):
            rows = [f"{number}-{row}" for row in range(5)]
            self.spool_file(rows)
            expected.update(rows)
            self.assert_lives(agent, choice.uniform(0.05, 0.5))
            if number % 3 == 0:
                smtp_server.server("kill")
                smtp_server.server("start")
            if number % 3 != 1:
                agent.kill()
                agent.communicate()
                agent = self.start(config)
        agent.terminate()
        agent.communicate()
        self.finish(config)
        found = [mail.text.strip() for mail in smtp_server.mails()]
        self.assertEqual(set(found), expected)
        # A mail goes out again only where the agent died between the server's word and its own note.
        self.assertLessEqual(len(found) - len(expected), KILLS)


if __name__ == "__main__":
    unittest.main()
