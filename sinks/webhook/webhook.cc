// The sink's calls: rows wait for the commit, which sends them and goes by the answers.
#include "webhook.h"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "levada/kept_id.h"

namespace levada::webhook {
namespace {

using std::chrono::nanoseconds;

constexpr int64_t kRowsMax = 1'000'000, kBytesMax = int64_t{1} << 30;
constexpr size_t kKeyBytes = 16, kAnswerBytes = 4096;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool is_token(const std::string& name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != kOthers.npos;
  });
}

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

Done check(const WebhookSettings& settings) {
  const auto url = lower(settings.url);
  const auto host = url.starts_with("http://") ? 7u : url.starts_with("https://") ? 8u : 0u;
  if (host == 0 || url.size() == host || url[host] == '/')
    return wrong("url", "must be http://HOST/... or https://HOST/...");
  if (has_control(settings.url) || settings.url.find(' ') != std::string::npos)
    return wrong("url", "must have no spaces and no control characters: write %20");
  for (const auto& [name, value] : settings.headers) {
    if (!is_token(name)) return wrong("headers", "\"" + name + "\" is no name of a header");
    if (has_control(value)) return wrong("headers." + name, "must have no control characters");
    if (const auto known = lower(name); known == "content-length" || known == "transfer-encoding" || known == "expect")
      return wrong("headers." + name, "is set by the sink");
  }
  if (!settings.idempotency_header.empty() && !is_token(settings.idempotency_header))
    return wrong("idempotency_header", "is no name of a header");
  if (settings.batch_rows && settings.format == WebhookSettings::Format::object && *settings.batch_rows != 1)
    return wrong("batch_rows", "with format = \"object\" a request has one row");
  if (settings.batch_rows && (*settings.batch_rows < 1 || *settings.batch_rows > kRowsMax))
    return wrong("batch_rows", "must be 1 to 1000000");
  if (settings.batch_bytes.bytes < 1 || settings.batch_bytes.bytes > kBytesMax)
    return wrong("batch_bytes", "must be 1 to 1GiB");
  if (settings.timeout < std::chrono::milliseconds(1)) return wrong("timeout", "must be at least 1ms");
  return {};
}

RequestLimits limits_of(const WebhookSettings& settings) {
  const bool one = settings.format == WebhookSettings::Format::object;
  return {one ? 1 : static_cast<size_t>(settings.batch_rows.value_or(100)),
          static_cast<size_t>(settings.batch_bytes.bytes)};
}

HttpSettings http_settings(const WebhookSettings& settings) {
  HttpSettings http;
  http.ca_file = settings.tls_ca;
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(settings.timeout);
  http.connect_timeout = std::min(http.connect_timeout, timeout);
  http.stall_timeout = std::max(http.stall_timeout, timeout);
  return http;
}

const char* content_type(WebhookSettings::Format format) {
  return format == WebhookSettings::Format::ndjson ? "application/x-ndjson" : "application/json";
}

// Of name and content, as hexadecimal digits.
std::string digest_of(const std::string& name, const std::string& content) {
  const std::string all = name + '\0' + content;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(all.data(), all.size(), bytes, &size, EVP_sha256(), nullptr);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t at = 0; at < kKeyBytes; ++at) text += {kDigits[bytes[at] >> 4], kDigits[bytes[at] & 15]};
  return text;
}

}  // namespace

Result<std::unique_ptr<Webhook>> Webhook::create(Settings settings, Host host) {
  LEVADA_TRY(check(settings));
  return std::unique_ptr<Webhook>(new Webhook(std::move(settings), host));
}

Webhook::Webhook(Settings settings, Host host)
    : settings_(std::move(settings)),
      host_(host),
      limits_(limits_of(settings_)),
      values_replaced_(host.counter("values_replaced")),
      requests_sent_(host.counter("requests_sent")),
      requests_refused_(host.counter("requests_refused")),
      exchange_(http_settings(settings_)) {
  bool typed = false;
  for (const auto& [name, value] : settings_.headers) {
    // The library leaves out a header that ends with its colon.
    headers_.push_back(value.empty() ? name + ";" : name + ": " + value);
    typed |= lower(name) == "content-type";
  }
  if (!typed) headers_.push_back(std::string("Content-Type: ") + content_type(settings_.format));
}

Done Webhook::open() {
  if (settings_.idempotency_header.empty() || !id_.empty()) return {};
  auto id = kept_id(host_, "webhook_id", "levada webhook sink id 1");
  if (!id) return std::move(id).error();
  id_ = *std::move(id);
  return {};
}

void Webhook::forget_rows() {
  exchange_.stop();
  rows_.clear();
  ranges_.clear();
  next_row_ = 0;
}

Result<std::vector<Position>> Webhook::recover() {
  forget_rows();
  if (const auto left = not_before_ - host_.monotonic(); left.count() > 0)
    return retry("the receiver asks to wait for " +
                 std::to_string(std::chrono::ceil<std::chrono::seconds>(left).count()) + " s more");
  return std::vector<Position>();
}

Done Webhook::write(Batch& batch, nanoseconds) {
  if (const auto replaced = rows_.add(batch, settings_.columns)) values_replaced_.add(replaced);
  return {};
}

Done Webhook::commit(const Checkpoint& checkpoint, nanoseconds timeout, Batch& rejected) {
  const auto end = std::chrono::steady_clock::now() + std::min<nanoseconds>(timeout, std::chrono::hours(1));
  while (exchange_.under_way() || start_next(checkpoint.epoch)) {
    auto response = exchange_.proceed(end - std::chrono::steady_clock::now());
    if (!response) return std::move(response).error();
    LEVADA_TRY(take(*response));
  }
  if (rows_.hand_over(rejected)) return levada::idle();
  forget_rows();
  taken_.clear();
  return {};
}

bool Webhook::start_next(uint64_t epoch) {
  for (;;) {
    if (!ranges_.empty()) {
      sent_ = ranges_.back();
      ranges_.pop_back();
    } else if (next_row_ < rows_.rows()) {
      sent_ = rows_.next(next_row_, limits_);
      next_row_ += sent_.rows;
    } else {
      return false;
    }
    auto body = body_of(sent_);
    key_ = digest_of(rows_.name_of(sent_, epoch), body);
    if (taken_.contains(key_)) continue;
    HttpRequest request;
    request.method = settings_.method == Settings::Method::put ? "PUT" : "POST";
    request.url = settings_.url;
    request.headers = headers_;
    if (!settings_.idempotency_header.empty())
      request.headers.push_back(settings_.idempotency_header + ": " + id_ + "-" + key_);
    request.keep_bytes = kAnswerBytes;
    request.timeout = std::chrono::ceil<std::chrono::milliseconds>(settings_.timeout);
    exchange_.start(std::move(request), std::move(body));
    requests_sent_.add();
    return true;
  }
}

std::string Webhook::body_of(PendingRows::Range range) const {
  using Format = Settings::Format;
  if (settings_.format == Format::object) return std::string(rows_.text(range.first));
  std::string body;
  for (size_t row = range.first; row < range.first + range.rows; ++row) {
    if (settings_.format == Format::array) body += row == range.first ? '[' : ',';
    body += rows_.text(row);
    if (settings_.format == Format::ndjson) body += '\n';
  }
  if (settings_.format == Format::array) body += ']';
  return body;
}

Done Webhook::take(const HttpResponse& response) {
  const auto answer = meaning_of(response, host_.now());
  switch (answer.meaning) {
    case Answer::Meaning::taken: taken_.insert(key_); return {};
    case Answer::Meaning::again:
      if (answer.pause.count() > 0) not_before_ = host_.monotonic() + answer.pause;
      return retry(answer.reason);
    case Answer::Meaning::split:
      if (sent_.rows > 1) {
        const size_t half = sent_.rows / 2;
        ranges_.push_back({sent_.first + half, sent_.rows - half});
        ranges_.push_back({sent_.first, half});
        return {};
      }
      break;
    case Answer::Meaning::refused: break;
  }
  requests_refused_.add();
  rows_.reject(sent_, answer.reason);
  return {};
}

}  // namespace levada::webhook

LEVADA_PLUGIN("webhook", "0.1.0", "Apache-2.0",
              levada::sink<levada::webhook::Webhook>("webhook",
                                                     "Sends rows to an HTTP server, one or many in a request."))
