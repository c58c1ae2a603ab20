#include "oauth.h"

#include <simdjson.h>

#include <algorithm>

#include "http/http_answer.h"

namespace levada::http_fetch {
namespace {

using namespace std::chrono_literals;

// A token of which the server does not say how long it holds.
constexpr int64_t kSecondsUnknown = 300;
// It is fetched anew that long before its end, or at a tenth of its time.
constexpr int64_t kSecondsBefore = 30;
constexpr size_t kAnswerBytes = 1 << 20;

std::string escaped(const std::string& text) {
  char* const made = curl_easy_escape(nullptr, text.c_str(), static_cast<int>(text.size()));
  std::string all = made ? made : "";
  curl_free(made);
  return all;
}

}  // namespace

void OAuth::start() {
  answer_.clear();
  Download::Request request;
  request.url = rules_.token_url;
  request.method = "POST";
  request.body = "grant_type=client_credentials";
  if (!rules_.scope.empty()) request.body += "&scope=" + escaped(rules_.scope);
  request.headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"};
  request.login = escaped(rules_.client_id) + ":" + escaped(rules_.client_secret);
  request_ = std::make_unique<Download>(download_, std::move(request),
                                        Download::Receiver{[](const HttpResponse&) { return Done(); },
                                                           [this](std::string_view bytes) -> Done {
                                                             if (answer_.size() + bytes.size() > kAnswerBytes)
                                                               return reject("is too large");
                                                             answer_ += bytes;
                                                             return {};
                                                           }});
  transfers_.start(request_->handle());
}

void OAuth::stop() {
  if (request_) transfers_.stop(request_->handle());
  request_.reset();
}

Done OAuth::ended(CURLcode code, std::chrono::nanoseconds now) {
  const auto request = std::exchange(request_, nullptr);
  transfers_.stop(request->handle());
  const std::string what = "no token from " + host_of(rules_.token_url) + ": ";
  if (!request->refused()) return retry(what + "the answer " + request->refused().error().message);
  if (code != CURLE_OK) return retry(what + request->why(code));
  const auto& response = request->response();
  if (response.status / 100 != 2) {
    auto reason = what + "the server answered " + std::to_string(response.status);
    if (const auto words = words_of(response.body); !words.empty()) reason += ": " + words;
    return retry(std::move(reason));
  }
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  std::string_view token;
  if (parser.parse(answer_).get(answer) || answer["access_token"].get(token) || token.empty())
    return retry(what + "the answer has no access_token");
  if (token.find_first_of("\r\n") != token.npos) return retry(what + "the token cannot be sent");
  int64_t seconds = kSecondsUnknown;
  if (answer["expires_in"].get(seconds)) {
    std::string_view text;
    if (!answer["expires_in"].get(text)) seconds = std::atoll(std::string(text).c_str());
  }
  token_ = token;
  seconds = std::clamp<int64_t>(seconds, 1, 365 * 86400);
  expires_ = now + std::chrono::seconds(seconds) - std::chrono::seconds(std::min(kSecondsBefore, seconds / 10));
  return {};
}

}  // namespace levada::http_fetch
