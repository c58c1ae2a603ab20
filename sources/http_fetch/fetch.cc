#include "fetch.h"

#include <algorithm>
#include <charconv>

#include "http/http_answer.h"

namespace levada::http_fetch {
namespace {

using Kind = Attempt::Kind;
using std::chrono::nanoseconds;

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The server may give another answer later.
bool is_passing(long status) {
  if (status == 408 || status == 425 || status == 429) return true;
  return status / 100 == 5 && status != 501 && status != 505;
}

// So does no further attempt.
bool is_final(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_LOGIN_DENIED: return true;
    default: return false;
  }
}

// "https://host:port", with nothing behind it.
std::string origin_of(const std::string& url) {
  const auto begin = url.find("://");
  if (begin == url.npos) return {};
  auto origin = url.substr(0, url.find_first_of("/?#", begin + 3));
  if (const auto at = origin.rfind('@'); at != origin.npos) origin.erase(begin + 3, at + 1 - begin - 3);
  std::transform(origin.begin(), origin.end(), origin.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return origin;
}

// "bytes 100-199/200" begins at 100.
bool begins_at(const std::string& content_range, uint64_t offset) {
  constexpr std::string_view kUnit = "bytes ";
  if (!content_range.starts_with(kUnit)) return false;
  uint64_t from = 0;
  const char* const begin = content_range.data() + kUnit.size();
  const auto [end, error] = std::from_chars(begin, content_range.data() + content_range.size(), from);
  return error == std::errc() && *end == '-' && from == offset;
}

// What the rest of a body can be asked for with; empty: nothing.
std::string validator_of(const HttpResponse& response) {
  if (!response.header("content-encoding").empty() || response.header("accept-ranges") == "none") return {};
  const auto etag = response.header("etag");
  if (!etag.empty() && !etag.starts_with("W/")) return etag;
  return response.header("last-modified");
}

}  // namespace

Fetch::Fetch(const FetchRules& rules, const Entry& entry, std::string url, const Bodies& bodies, Version known,
             CurlTransfers& transfers)
    : rules_(rules),
      entry_(entry),
      first_url_(std::move(url)),
      bodies_(bodies),
      known_(std::move(known)),
      transfers_(transfers),
      url_(first_url_) {}

Fetch::~Fetch() {
  if (download_) transfers_.stop(download_->handle());
}

void Fetch::start(const std::string& authorization) {
  Download::Request request;
  request.url = url_;
  is_resumed_ = body_ && !resume_.empty() && body_->received() > 0;
  if (!is_resumed_) start_over();
  // What is secret is for the server of the entry, and for no other one that it names.
  if (origin_of(url_) == origin_of(entry_.url)) {
    request.login = rules_.login;
    request.headers = rules_.headers;
    for (const auto& [name, value] : entry_.headers) request.headers.push_back(name + ": " + value);
    if (!authorization.empty()) request.headers.push_back("Authorization: " + authorization);
  }
  if (is_resumed_) {
    request.may_be_encoded = false;
    request.headers.push_back("Accept-Encoding: identity");
    request.headers.push_back("Range: bytes=" + std::to_string(body_->received()) + "-");
    request.headers.push_back("If-Range: " + resume_);
  } else {
    if (!known_.etag.empty()) request.headers.push_back("If-None-Match: " + known_.etag);
    if (!known_.last_modified.empty()) request.headers.push_back("If-Modified-Since: " + known_.last_modified);
  }
  download_ =
      std::make_unique<Download>(rules_.download, std::move(request),
                                 Download::Receiver{[this](const HttpResponse& response) { return begin(response); },
                                                    [this](std::string_view bytes) { return take(bytes); }});
  transfers_.start(download_->handle());
}

void Fetch::start_over() {
  body_.reset();
  resume_.clear();
  is_resumed_ = false;
}

Done Fetch::begin(const HttpResponse& response) {
  if (is_resumed_ && response.status == 206) {
    if (begins_at(response.header("content-range"), body_->received())) return {};
    start_over();
    return Error{Code::idle, "the server sent another part than was asked for"};
  }
  start_over();
  if (response.status == 206) return Error{Code::idle, "the server sent a part that nobody had asked for"};
  auto rules = rules_.body;
  if (rules.charset.empty()) rules.charset = charset_of(response.header("content-type"));
  auto body = bodies_.begin(entry_.name, std::move(rules));
  if (!body) return std::move(body).error();
  body_ = *std::move(body);
  resume_ = validator_of(response);
  return {};
}

Result<Attempt> Fetch::ended(CURLcode code, nanoseconds now) {
  const auto download = std::exchange(download_, nullptr);
  transfers_.stop(download->handle());
  response_ = download->response();
  const auto status = response_.status;
  if (const auto& refused = download->refused(); !refused) {
    switch (refused.code()) {
      case Code::reject: start_over(); return Attempt{Kind::failed, status, refused.error().message};
      case Code::idle: start_over(); return broken_off(status, refused.error().message);
      default: start_over(); return refused.error();
    }
  }
  if (code == CURLE_FILESIZE_EXCEEDED)
    return Attempt{Kind::failed, status, "is larger than max_bytes = " + std::to_string(rules_.body.max_bytes)};
  if (code != CURLE_OK) {
    auto why = download->why(code);
    if (const auto refused = download->proxy_status(); refused >= 300) {
      why = "the proxy answered " + std::to_string(refused);
      if (!is_passing(refused)) return Attempt{Kind::failed, refused, std::move(why)};
      return broken_off(refused, std::move(why));
    }
    if (is_final(code)) return Attempt{Kind::failed, status, std::move(why)};
    return broken_off(status, std::move(why));
  }
  return answered(response_, is_redirect(status) ? download->redirect() : "", now);
}

// What has come of it stays, where the rest can be asked for.
Attempt Fetch::broken_off(long status, std::string reason) {
  if (resume_.empty()) start_over();
  url_ = first_url_;
  redirects_ = 0;
  return {Kind::again, status, std::move(reason)};
}

Result<Attempt> Fetch::answered(const HttpResponse& response, const std::string& redirect, nanoseconds now) {
  const auto status = response.status;
  if (status / 100 == 2) return whole(response);
  const bool asked_for_news = !known_.etag.empty() || !known_.last_modified.empty();
  if (status == 304 && asked_for_news && !is_resumed_) return Attempt{Kind::unchanged, status};
  if (is_redirect(status)) return redirected(response, redirect);
  std::string reason = "the server answered " + std::to_string(status);
  if (const auto words = words_of(response.body); !words.empty()) reason += ": " + words;
  if (status == 416 && is_resumed_) {
    start_over();
    return broken_off(status, std::move(reason));
  }
  if (!is_passing(status)) return Attempt{Kind::failed, status, std::move(reason)};
  auto attempt = broken_off(status, std::move(reason));
  attempt.wait = retry_after_of(response, now, rules_.retry_after_max);
  return attempt;
}

Result<Attempt> Fetch::whole(const HttpResponse& response) {
  // There was no byte that would have begun it.
  if (!body_ || (is_resumed_ && response.status != 206)) {
    is_resumed_ = false;
    if (auto begun = begin(response); !begun) {
      if (begun.code() == Code::idle) return broken_off(response.status, begun.error().message);
      return std::move(begun).error();
    }
  }
  const auto finished = body_->finish();
  if (finished) return Attempt{Kind::whole, response.status};
  start_over();
  if (finished.code() == Code::reject) return Attempt{Kind::failed, response.status, finished.error().message};
  if (finished.code() == Code::idle) return broken_off(response.status, finished.error().message);
  return finished.error();
}

Attempt Fetch::redirected(const HttpResponse& response, const std::string& to) {
  const auto status = response.status;
  if (to.empty())
    return {Kind::failed, status, "the server answered " + std::to_string(status) + " without a Location"};
  if (++redirects_ > rules_.redirects)
    return {Kind::failed, status, "more than redirects = " + std::to_string(rules_.redirects) + " redirects"};
  const auto origin = origin_of(to);
  if (!origin.starts_with("http://") && !origin.starts_with("https://"))
    return {Kind::failed, status, "the server redirects to " + origin + ", which is no web server"};
  if (url_.starts_with("https://") && origin.starts_with("http://"))
    return {Kind::failed, status, "the server redirects from https to " + origin + ", which anybody could change"};
  url_ = to;
  return {Kind::next, status};
}

}  // namespace levada::http_fetch
