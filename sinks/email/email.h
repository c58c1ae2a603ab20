// The sink `email`: the rows of a commit become mails, over SMTP.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cool_down.h"
#include "digest.h"
#include "levada/sdk.h"
#include "settings.h"
#include "smtp_session.h"

namespace levada::email {

class Email final : public Sink {
 public:
  using Settings = EmailSettings;
  static constexpr std::array options = {
      required<&Settings::server>("server", "The SMTP server: host or host:port; the port is 587, 465 or 25 by `tls`."),
      choice<&Settings::tls>("tls", "starttls|implicit|none", R"("starttls")",
                             "Encrypts the connection by STARTTLS, from its beginning, or not at all; the server's "
                             "certificate is checked."),
      optional<&Settings::tls_ca>("tls_ca", R"("")",
                                  "The file with the certificates that the server's is checked against; without it "
                                  "those of the system."),
      optional<&Settings::user>("user", nullptr, "Who logs in, where the server wants it."),
      optional<&Settings::password>("password", nullptr, "The password of the user.").secret(),
      required<&Settings::from>("from", "The sender, \"levada <levada@example.com>\"; may have columns in it."),
      required<&Settings::to>("to", "The recipients, [\"ops@example.com\", \"{team}@example.com\"]."),
      required<&Settings::subject>("subject",
                                   "A text with columns in it, \"{rule} on {host}\"; rows with the same sender, "
                                   "recipients and subject share a mail."),
      optional<&Settings::text>("text", nullptr,
                                "What a row is in the mail: a text with columns in it; without it each column on a "
                                "line of its own."),
      optional<&Settings::digest_rows>("digest_rows", "100", "The most rows in a mail; of more it has the number."),
      optional<&Settings::commit_interval>("commit_interval", R"("1m")",
                                           "How long rows are gathered before their mails are sent.")
          .of_agent(),
      optional<&Settings::cool_down>("cool_down", nullptr,
                                     "Behind a row, how long others with its key get no mail and are only counted."),
      optional<&Settings::key>("key", nullptr, "With `cool_down`: a text with columns in it, \"{rule} {host}\"."),
      optional<&Settings::timeout>("timeout", R"("30s")", "How long a mail may take."),
  };
  static Result<std::unique_ptr<Email>> create(Settings settings, Host host);

  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;

 private:
  Email(Settings settings, Digest digest, Host host);
  void forget_rows();
  Done load_state();
  Done save_state() const;
  // Makes the cool-down of this commit the one that counts.
  Done keep_cool_down();
  // Starts the next mail that some recipient has not got; false where there is none.
  bool start_next(uint64_t epoch);
  Done take(const Delivery& delivery);

  const Settings settings_;
  const Host host_;
  Counter mails_sent_, recipients_refused_, rows_held_back_;
  SmtpSession session_;
  std::string id_;      // Of the sink, in the ids of all its mails.
  CoolDown cool_down_;  // As of the last commit,
  CoolDown next_;       // and with the rows since then.
  int64_t held_back_ = 0;
  bool is_kept_ = false;

  Digest digest_;
  size_t next_mail_ = 0;
  size_t mail_ = 0;          // Under way,
  std::string message_id_;   // with this id.
  std::string deferred_;     // Why a mail has to be tried again.
  uint64_t sent_epoch_ = 0;  // Of this commit, mails and recipients that have got them.
  std::set<std::pair<std::string, std::string>> sent_;
};

}  // namespace levada::email
