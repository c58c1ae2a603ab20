// The library leads the dialogue; its debug callback hears what is said, and so which recipient
// each reply is about.
#include "smtp_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace levada::email {
namespace {

using Outcome = Delivery::Outcome;

constexpr size_t kReplyBytes = 300;

std::string url_of(const EmailSettings& settings) {
  const bool implicit = settings.tls == EmailSettings::Tls::implicit;
  std::string url = (implicit ? "smtps://" : "smtp://") + settings.server;
  const auto colon = settings.server.rfind(':');
  const bool has_port = colon != std::string::npos && settings.server.find(']', colon) == std::string::npos;
  if (!has_port) url += implicit ? ":465" : settings.tls == EmailSettings::Tls::none ? ":25" : ":587";
  return url;
}

// "550-first\r\n": the last line of a reply has a space behind its code.
bool is_last(std::string_view line) { return line.size() < 4 || line[3] != '-'; }

Outcome outcome_of(std::string_view reply) {
  if (reply.starts_with('2')) return Outcome::taken;
  return reply.starts_with('5') ? Outcome::refused : Outcome::again;
}

}  // namespace

SmtpSession::SmtpSession(const EmailSettings& settings)
    : settings_(settings), url_(url_of(settings)), handle_(new_curl_handle()) {}

void SmtpSession::start(const std::string& from, const std::vector<std::string>& to, std::string message) {
  stop();
  message_ = std::move(message);
  given_ = 0;
  delivery_ = {};
  stage_ = Stage::login;
  is_over_ = false;
  recipient_ = 0;
  reply_.clear();
  why_[0] = '\0';
  curl_slist* list = nullptr;
  for (const auto& mailbox : to) {
    delivery_.recipients.push_back({mailbox, Outcome::again, ""});
    list = curl_slist_append(list, ("<" + mailbox + ">").c_str());
  }
  CURL* const handle = handle_.get();
  curl_easy_reset(handle);
  recipients_.reset(list);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  // A proxy for the web knows nothing of mail.
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  if (settings_.tls != EmailSettings::Tls::none)
    curl_easy_setopt(handle, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  if (!settings_.tls_ca.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, settings_.tls_ca.c_str());
  if (settings_.user) {
    curl_easy_setopt(handle, CURLOPT_USERNAME, settings_.user->c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, settings_.password->c_str());
  }
  // Servers end what is silent: a connection is for the mails of one commit.
  curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, 20L);
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(settings_.timeout).count();
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min<int64_t>(timeout, 30'000)));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout));
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str());
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, list);
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, &SmtpSession::give);
  curl_easy_setopt(handle, CURLOPT_READDATA, this);
  curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(message_.size()));
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, why_);
  curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, &SmtpSession::listen);
  curl_easy_setopt(handle, CURLOPT_DEBUGDATA, this);
  transfer_.start(handle);
}

size_t SmtpSession::give(char* to, size_t, size_t size, void* self) {
  auto& session = *static_cast<SmtpSession*>(self);
  const auto bytes = std::min(size, session.message_.size() - session.given_);
  std::memcpy(to, session.message_.data() + session.given_, bytes);
  session.given_ += bytes;
  return bytes;
}

int SmtpSession::listen(CURL*, curl_infotype type, char* data, size_t size, void* self) {
  auto& session = *static_cast<SmtpSession*>(self);
  std::string_view text(data, size);
  if (type == CURLINFO_HEADER_OUT) session.said(text);
  while (type == CURLINFO_HEADER_IN && !text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1);
    session.heard(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return 0;
}

void SmtpSession::said(std::string_view command) {
  // The library takes its leave where something failed.
  if (command.starts_with("QUIT")) is_over_ = true;
  if (is_over_) return;
  reply_.clear();
  if (command.starts_with("MAIL FROM")) stage_ = Stage::sender;
  else if (command.starts_with("DATA")) stage_ = Stage::data;
  else if (command.starts_with("RCPT TO")) {
    if (stage_ == Stage::recipient) ++recipient_;
    stage_ = Stage::recipient;
  }
}

void SmtpSession::heard(std::string_view line) {
  if (is_over_) return;
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (reply_.empty()) {
    for (const char c : line.substr(0, kReplyBytes)) reply_ += c >= ' ' && c <= '~' ? c : '?';
    if (reply_.size() > 3 && reply_[3] == '-') reply_[3] = ' ';
  }
  if (!is_last(line)) return;
  if (stage_ == Stage::recipient && recipient_ < delivery_.recipients.size()) {
    auto& recipient = delivery_.recipients[recipient_];
    recipient.reply = reply_;
    recipient.outcome = outcome_of(reply_);
  } else if (stage_ == Stage::data && reply_.starts_with('3')) {
    // What comes next is about the message.
    stage_ = Stage::message;
    reply_.clear();
  }
}

Result<Delivery> SmtpSession::proceed(std::chrono::nanoseconds timeout) {
  const auto code = transfer_.proceed(timeout);
  if (!code) return code.error();
  return outcome(*code);
}

Result<Delivery> SmtpSession::outcome(CURLcode code) {
  if (code == CURLE_OK) return std::move(delivery_);
  const bool replied = !reply_.empty() && outcome_of(reply_) != Outcome::taken;
  const bool spoke_of_mail = stage_ == Stage::sender || stage_ == Stage::data || stage_ == Stage::message;
  if (replied && spoke_of_mail && outcome_of(reply_) == Outcome::refused) {
    for (auto& recipient : delivery_.recipients) {
      recipient.reply = reply_;
      recipient.outcome = Outcome::refused;
    }
    return std::move(delivery_);
  }
  // The server has spoken of all recipients, and took none.
  if (stage_ == Stage::recipient && recipient_ + 1 == delivery_.recipients.size() && replied)
    return std::move(delivery_);
  std::string why = why_[0] ? why_ : curl_easy_strerror(code);
  if (code == CURLE_LOGIN_DENIED) why = "the server does not let the user in";
  if (code == CURLE_USE_SSL_FAILED) why = "the server has no STARTTLS: " + why;
  if (replied) why += " (" + reply_ + ")";
  return retry(settings_.server + ": " + why);
}

}  // namespace levada::email
