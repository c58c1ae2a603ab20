// The sink's calls. A mail that a server took cannot be called back: what it took is noted at once.
#include "email.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "levada/checked_text.h"
#include "levada/kept_id.h"
#include "levada/positions.h"

namespace levada::email {
namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kStateLine = "levada email sink state 1";
constexpr size_t kIdBytes = 16;

Done check(const EmailSettings& settings) {
  if (settings.server.empty() || settings.server.find_first_of("/@ \t\r\n") != std::string::npos)
    return wrong("server", "must be a host, or host:port");
  if (settings.user.has_value() != settings.password.has_value())
    return wrong(settings.user ? "password" : "user", "user and password go together");
  if (settings.user && settings.tls == EmailSettings::Tls::none)
    return wrong("tls", "a password needs an encrypted connection: choose starttls or implicit");
  if (settings.digest_rows < 1 || settings.digest_rows > 10'000) return wrong("digest_rows", "must be 1 to 10000");
  if (settings.cool_down.has_value() != settings.key.has_value())
    return wrong(settings.key ? "cool_down" : "key", "cool_down and key go together");
  if (settings.cool_down && settings.cool_down->count() < 1) return wrong("cool_down", "must be more than 0");
  if (settings.timeout < std::chrono::milliseconds(1)) return wrong("timeout", "must be at least 1ms");
  return {};
}

std::string digest_of(const std::string& text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes, &size, EVP_sha256(), nullptr);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  for (size_t at = 0; at < kIdBytes; ++at) digits += {kDigits[bytes[at] >> 4], kDigits[bytes[at] & 15]};
  return digits;
}

std::string describe(const Delivery::Recipient& recipient) {
  return recipient.mailbox + ": " + (recipient.reply.empty() ? "no reply" : recipient.reply);
}

}  // namespace

Result<std::unique_ptr<Email>> Email::create(Settings settings, Host host) {
  LEVADA_TRY(check(settings));
  auto digest = Digest::from(settings);
  if (!digest) return std::move(digest).error();
  return std::unique_ptr<Email>(new Email(std::move(settings), *std::move(digest), host));
}

Email::Email(Settings settings, Digest digest, Host host)
    : settings_(std::move(settings)),
      host_(host),
      mails_sent_(host.counter("mails_sent")),
      recipients_refused_(host.counter("recipients_refused")),
      rows_held_back_(host.counter("rows_held_back")),
      session_(settings_),
      cool_down_(settings_.cool_down.value_or(nanoseconds(0))),
      next_(cool_down_),
      digest_(std::move(digest)) {}

Done Email::open() {
  if (!id_.empty()) return {};
  auto id = kept_id(host_, "email_id", "levada email sink id 1");
  if (!id) return std::move(id).error();
  LEVADA_TRY(load_state());
  id_ = *std::move(id);
  return {};
}

// What it says is only which mails need not be sent again: a damaged one is worth a warning.
Done Email::load_state() {
  const auto path = host_.data_dir() + "/email_state";
  auto content = load_checked(host_.files(), path, kStateLine);
  if (content.code() == Code::reject) {
    host_.warning(content.error().message + ": the cool-down of all keys begins anew");
    return {};
  }
  if (!content) return std::move(content).error();
  if (!*content) return {};
  std::string_view text = **content;
  const auto epoch = take_line(text).value_or("");
  std::from_chars(epoch.data(), epoch.data() + epoch.size(), sent_epoch_);
  for (auto line = take_line(text); line && !line->empty(); line = take_line(text)) {
    const auto parts = tab_separated(*line);
    if (parts.size() == 2) sent_.emplace(parts[0], parts[1]);
  }
  if (auto loaded = cool_down_.load(text); !loaded) host_.warning(loaded.error().message);
  next_ = cool_down_;
  return {};
}

Done Email::save_state() const {
  std::string text = std::to_string(sent_epoch_) + '\n';
  for (const auto& [message, mailbox] : sent_) text += message + '\t' + mailbox + '\n';
  text += '\n' + cool_down_.encoded();
  return save_checked(host_.files(), host_.data_dir() + "/email_state", kStateLine, text);
}

void Email::forget_rows() {
  session_.stop();
  digest_.clear();
  next_ = cool_down_;
  next_mail_ = 0;
  held_back_ = 0;
  is_kept_ = false;
  deferred_.clear();
}

Result<std::vector<Position>> Email::recover() {
  forget_rows();
  return std::vector<Position>();
}

Done Email::write(Batch& batch, nanoseconds) {
  held_back_ += digest_.add(batch, next_, host_.now());
  return {};
}

Done Email::commit(const Checkpoint& checkpoint, nanoseconds timeout, Batch& rejected) {
  const auto end = std::chrono::steady_clock::now() + std::min<nanoseconds>(timeout, std::chrono::hours(1));
  if (checkpoint.epoch != sent_epoch_) sent_.clear();
  sent_epoch_ = checkpoint.epoch;
  while (session_.under_way() || start_next(checkpoint.epoch)) {
    auto delivery = session_.proceed(end - std::chrono::steady_clock::now());
    if (!delivery) return std::move(delivery).error();
    LEVADA_TRY(take(*delivery));
  }
  if (!deferred_.empty()) return retry("a mail was put off: " + deferred_);
  // Before rejected rows are handed over: behind them the commit must not fail.
  LEVADA_TRY(keep_cool_down());
  if (digest_.hand_over(rejected)) return levada::idle();
  rows_held_back_.add(held_back_);
  forget_rows();
  return {};
}

Done Email::keep_cool_down() {
  if (!settings_.cool_down || is_kept_ || (digest_.mails() == 0 && held_back_ == 0)) return {};
  next_.forget(host_.now());
  auto before = std::exchange(cool_down_, next_);
  if (auto saved = save_state(); !saved) {
    cool_down_ = std::move(before);
    return saved;
  }
  is_kept_ = true;
  return {};
}

bool Email::start_next(uint64_t epoch) {
  for (; next_mail_ < digest_.mails(); ++next_mail_) {
    const Mail mail = digest_.mail(next_mail_);
    std::string content = std::to_string(epoch) + '\0' + mail.subject + '\0' + mail.text;
    for (const auto& to : mail.to) content += '\0' + to.mailbox;
    message_id_ = id_ + "." + digest_of(content) + "@" + mail.from.mailbox.substr(mail.from.mailbox.find('@') + 1);
    std::vector<std::string> recipients;
    for (const auto& to : mail.to)
      if (!sent_.contains({message_id_, to.mailbox})) recipients.push_back(to.mailbox);
    if (recipients.empty()) continue;
    mail_ = next_mail_++;
    session_.start(mail.from.mailbox, recipients, format_message(mail, message_id_, host_.now()));
    return true;
  }
  return false;
}

Done Email::take(const Delivery& delivery) {
  bool taken = false, again = false;
  std::string refusals;
  for (const auto& recipient : delivery.recipients) {
    switch (recipient.outcome) {
      case Delivery::Outcome::taken:
        sent_.emplace(message_id_, recipient.mailbox);
        taken = true;
        break;
      case Delivery::Outcome::again:
        deferred_ = describe(recipient);
        again = true;
        break;
      case Delivery::Outcome::refused: (refusals += refusals.empty() ? "" : "; ") += describe(recipient); break;
    }
  }
  if (taken) {
    mails_sent_.add();
    LEVADA_TRY(save_state());
  }
  if (refusals.empty()) return {};
  // Of a mail that is tried again the refused recipients are asked for again, too.
  if (again) return {};
  const auto refused = std::count_if(delivery.recipients.begin(), delivery.recipients.end(),
                                     [](const auto& each) { return each.outcome == Delivery::Outcome::refused; });
  recipients_refused_.add(refused);
  const auto first = sent_.lower_bound({message_id_, ""});
  const bool somebody_has_it = first != sent_.end() && first->first == message_id_;
  if (somebody_has_it) host_.warning("the server refuses recipients, and others have the mail: " + refusals);
  else digest_.reject(mail_, "the server refuses the mail to " + refusals);
  return {};
}

}  // namespace levada::email

LEVADA_PLUGIN("email", "0.1.0", "Apache-2.0",
              levada::sink<levada::email::Email>("email",
                                                 "Sends rows as mails: digests, with a cool-down for each key."))
