// What the sink email promises, against a server within the process.
#include "email.h"

#include <gtest/gtest.h>

#include <mutex>

#include "levada/checked_text.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "smtp_test_server.h"

namespace levada::email {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::texts;
using Texts = std::vector<std::string>;

std::string text_of(const std::string& message) { return message.substr(message.find("\r\n\r\n") + 4); }
std::string header_of(const std::string& message, const std::string& name) {
  const auto at = message.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  return message.substr(at + name.size() + 4, message.find("\r\n", at + 2) - at - name.size() - 4);
}

class EmailTest : public testing::Test {
 protected:
  EmailTest()
      : server_([this](const auto& command) {
          const std::lock_guard lock(mutex_);
          return answer_ ? answer_(command) : "";
        }) {
    settings_.server = server_.address();
    settings_.tls = EmailSettings::Tls::none;
    settings_.from = "levada@example.com";
    settings_.to = {"ops@example.com"};
    settings_.subject = "alerts";
    settings_.text = "{body}";
  }
  // What the server says from now on; connections of before may still be open.
  void answer_with(SmtpTestServer::Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void start() {
    auto sink = Email::create(settings_, host_.host());
    ASSERT_TRUE(sink) << sink.error().option << ": " << sink.error().message;
    sink_ = *std::move(sink);
    ASSERT_TRUE(sink_->open());
    ASSERT_TRUE(sink_->recover());
  }
  void write(const Texts& bodies) {
    auto batch = batch_of(bodies);
    ASSERT_TRUE(sink_->write(batch, 0ns));
    for (const auto& each : batch.rejections()) rejected_.push_back(each.reason);
  }
  Done commit(uint64_t epoch = 1) {
    for (;;) {
      Batch rejected;
      const Done done = sink_->commit({{}, epoch}, 100ms, rejected);
      if (rejected.rows() > 0)
        for (const auto& reason : texts(rejected, "reason")) rejected_.push_back(reason);
      if (done.code() != Code::idle) return done;
    }
  }
  Texts sent() const {
    Texts all;
    for (const auto& mail : server_.received()) {
      all.push_back("");
      for (const auto& to : mail.to) all.back() += to;
      all.back() += " " + text_of(mail.message);
    }
    return all;
  }

  std::mutex mutex_;
  SmtpTestServer::Answer answer_;
  SmtpTestServer server_;
  testkit::FakeHost host_{"sinks.mail"};
  EmailSettings settings_;
  std::unique_ptr<Email> sink_;
  Texts rejected_;
};

TEST_F(EmailTest, the_rows_of_a_commit_are_a_mail) {
  start();
  write({"one", ".two"});
  write({"three"});
  EXPECT_EQ(sent(), Texts());
  ASSERT_TRUE(commit(1));
  write({"four"});
  ASSERT_TRUE(commit(2));
  ASSERT_TRUE(commit(3));
  EXPECT_EQ(sent(), (Texts{"<ops@example.com> one\r\n\r\n..two\r\n\r\nthree", "<ops@example.com> four"}));
  const auto mail = server_.received()[0];
  EXPECT_TRUE(mail.from.starts_with("<levada@example.com>")) << mail.from;
  EXPECT_EQ(header_of(mail.message, "Subject"), "alerts");
  EXPECT_TRUE(header_of(mail.message, "Message-ID").ends_with("@example.com>"));
  EXPECT_EQ(host_.count("mails_sent"), 2);
}

TEST_F(EmailTest, what_was_sent_is_not_sent_again_after_a_failure_or_a_crash) {
  int failures = 1;
  answer_with(
      [&](const std::string& command) { return command == "RCPT TO:<b@x>" && failures-- > 0 ? "451 try again" : ""; });
  settings_.to = {"{body}@x"};
  start();
  write({"a", "b", "c"});
  const Done failed = commit(7);
  ASSERT_EQ(failed.code(), Code::retry);
  EXPECT_EQ(failed.error().message, "a mail was put off: b@x: 451 try again");
  // The agent dies before the commit is known to be through.
  start();
  write({"a", "b", "c"});
  ASSERT_TRUE(commit(7));
  EXPECT_EQ(sent(), (Texts{"<a@x> a", "<c@x> c", "<b@x> b"}));
  start();
  write({"a", "b", "c"});
  ASSERT_TRUE(commit(7));
  EXPECT_EQ(sent().size(), 3u);
  write({"a"});
  ASSERT_TRUE(commit(8));
  EXPECT_EQ(sent().size(), 4u) << "the same text in another commit is another mail";
}

TEST_F(EmailTest, a_recipient_that_is_refused_has_its_rows_rejected) {
  answer_with(
      [&](const std::string& command) { return command == "RCPT TO:<b@x>" ? "550-5.1.1 no such\r\n550 user" : ""; });
  settings_.to = {"{body}@x"};
  start();
  write({"a", "b", "c"});
  ASSERT_TRUE(commit());
  EXPECT_EQ(sent(), (Texts{"<a@x> a", "<c@x> c"}));
  EXPECT_EQ(rejected_, Texts{"the server refuses the mail to b@x: 550 5.1.1 no such"});
  EXPECT_EQ(host_.count("recipients_refused"), 1);
}

TEST_F(EmailTest, of_several_recipients_each_has_its_own_fate) {
  int deferred = 1;
  answer_with([&](const std::string& command) -> std::string {
    if (command == "RCPT TO:<gone@x>") return "550 no such user";
    if (command == "RCPT TO:<later@x>" && deferred-- > 0) return "450 mailbox busy";
    return "";
  });
  settings_.to = {"gone@x", "later@x", "good@x"};
  start();
  write({"row"});
  EXPECT_EQ(commit(1).code(), Code::retry);
  EXPECT_EQ(sent(), Texts{"<good@x> row"});
  ASSERT_TRUE(sink_->recover());
  write({"row"});
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(sent(), (Texts{"<good@x> row", "<later@x> row"}));
  EXPECT_EQ(rejected_, Texts()) << "others have it";
  EXPECT_TRUE(host_.logged("gone@x: 550 no such user"));
}

TEST_F(EmailTest, a_mail_that_is_refused_as_a_whole_is_rejected_whenever_the_server_says_so) {
  for (const char* at : {"MAIL FROM", "RCPT TO", "DATA", "."}) {
    SCOPED_TRACE(at);
    answer_with([at](const std::string& command) { return command.starts_with(at) ? "554 no spam" : ""; });
    rejected_.clear();
    start();
    write({"one", "two"});
    ASSERT_TRUE(commit());
    const std::string reason = "the server refuses the mail to ops@example.com: 554 no spam";
    EXPECT_EQ(rejected_, (Texts{reason, reason}));
    answer_with([at](const std::string& command) { return command.starts_with(at) ? "451 later" : ""; });
    start();
    write({"one", "two"});
    const Done failed = commit();
    EXPECT_EQ(failed.code(), Code::retry);
    EXPECT_NE(failed.error().message.find("451 later"), std::string::npos) << failed.error().message;
    answer_with([at](const std::string& command) { return command.starts_with(at) ? "-" : ""; });
    start();
    write({"one", "two"});
    EXPECT_EQ(commit().code(), Code::retry);
  }
  EXPECT_EQ(sent(), Texts());
}

TEST_F(EmailTest, no_server_and_one_without_encryption_are_tried_again) {
  settings_.server = "127.0.0.1:1";
  start();
  write({"one"});
  EXPECT_EQ(commit().code(), Code::retry);
  settings_.server = server_.address();
  settings_.tls = EmailSettings::Tls::starttls;
  start();
  write({"one"});
  const Done failed = commit();
  EXPECT_EQ(failed.code(), Code::retry);
  EXPECT_NE(failed.error().message.find("STARTTLS"), std::string::npos) << failed.error().message;
  EXPECT_EQ(sent(), Texts());
}

TEST_F(EmailTest, a_key_cools_down_over_commits_and_restarts) {
  settings_.cool_down = 10min;
  settings_.key = "{body}";
  start();
  write({"a", "a", "b"});
  ASSERT_TRUE(commit(1));
  start();
  host_.clock().advance(5min);
  write({"a", "c"});
  ASSERT_TRUE(commit(2));
  EXPECT_EQ(host_.count("rows_held_back"), 2);
  host_.clock().advance(5min);
  start();
  write({"a"});
  ASSERT_TRUE(commit(3));
  EXPECT_EQ(sent(), (Texts{"<ops@example.com> a\r\n\r\nb", "<ops@example.com> c",
                           "<ops@example.com> a\r\n(2 more like it got no mail since the last one.)"}));
}

TEST_F(EmailTest, rows_that_were_not_committed_cool_nothing_down) {
  settings_.cool_down = 10min;
  settings_.key = "{body}";
  answer_with([&](const std::string& command) { return command == "." ? "451 later" : ""; });
  start();
  write({"a"});
  EXPECT_EQ(commit(1).code(), Code::retry);
  answer_with(nullptr);
  ASSERT_TRUE(sink_->recover());
  write({"a"});
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(EmailTest, a_damaged_state_costs_no_mail) {
  start();
  write({"a"});
  ASSERT_TRUE(commit(1));
  auto file = host_.host().files().open(host_.data_dir() + "/email_state", LEVADA_WRITE);
  ASSERT_TRUE(file && file->write("rubbish"));
  start();
  EXPECT_TRUE(host_.logged("the cool-down of all keys begins anew"));
  write({"b"});
  ASSERT_TRUE(commit(2));
  EXPECT_EQ(sent().size(), 2u);
}

TEST_F(EmailTest, a_disk_that_fails_loses_no_mail) {
  settings_.cool_down = 10min;
  settings_.key = "{body}";
  start();
  write({"a"});
  host_.files().set_free_bytes(0);
  EXPECT_EQ(commit(1).code(), Code::retry);
  host_.files().set_free_bytes(1 << 20);
  ASSERT_TRUE(sink_->recover());
  write({"a"});
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(EmailTest, refuses_settings_that_make_no_sense) {
  const auto fault = [&](auto change) {
    auto changed = settings_;
    change(changed);
    const auto made = Email::create(changed, host_.host());
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& s) { s.server = ""; }), "server");
  EXPECT_EQ(fault([](auto& s) { s.server = "smtp://x"; }), "server");
  EXPECT_EQ(fault([](auto& s) { s.user = "u"; }), "password");
  EXPECT_EQ(fault([](auto& s) { s.password = "p"; }), "user");
  EXPECT_EQ(fault([](auto& s) { s.user = s.password = "x"; }), "tls");
  EXPECT_EQ(fault([](auto& s) { s.from = "nobody"; }), "from");
  EXPECT_EQ(fault([](auto& s) { s.to = {}; }), "to");
  EXPECT_EQ(fault([](auto& s) { s.to = {"a@b", "c"}; }), "to");
  EXPECT_EQ(fault([](auto& s) { s.subject = "{"; }), "subject");
  EXPECT_EQ(fault([](auto& s) { s.text = "}"; }), "text");
  EXPECT_EQ(fault([](auto& s) { s.digest_rows = 0; }), "digest_rows");
  EXPECT_EQ(fault([](auto& s) { s.cool_down = 1s; }), "key");
  EXPECT_EQ(fault([](auto& s) { s.key = "{a}"; }), "cool_down");
  EXPECT_EQ(fault([](auto& s) { s.timeout = 0s; }), "timeout");
}

SmtpTestServer& shared_server() {
  static SmtpTestServer server;
  return server;
}

// All hosts send to one server: each sink's message ids begin with its own id.
void give_id(testkit::FakeHost& host) {
  static uint64_t numbers = 0;
  // A disk that fails uses up more than one.
  for (int more = 0; more < 8; ++more) host.random().give({++numbers});
}

Texts delivered_by(testkit::FakeHost& host) {
  const auto kept = load_checked(host.host().files(), host.data_dir() + "/email_id", "levada email sink id 1");
  const auto id = kept && *kept ? (*kept)->substr(0, (*kept)->size() - 1) : "";
  Texts all;
  for (const auto& mail : shared_server().received())
    if (!id.empty() && header_of(mail.message, "Message-ID").starts_with("<" + id + "."))
      all.push_back(text_of(mail.message));
  return all;
}

LEVADA_CONFORMANCE(email, [] {
  auto tested = testkit::subject("email", "server = \"" + shared_server().address() +
                                              "\"\ntls = \"none\"\nfrom = \"a@x\"\nto = [\"b@x\"]\nsubject = \"s\"");
  tested.prepare = give_id;
  tested.delivered = delivered_by;
  tested.refused = {{"server = \"x\"\nfrom = \"a\"\nto = [\"b@x\"]\nsubject = \"s\"", "from"}};
  return tested;
});

}  // namespace
}  // namespace levada::email
