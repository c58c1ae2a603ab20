// A login by OAuth 2 with client credentials (RFC 6749, 4.4): a token that is fetched, used while
// it holds, and fetched anew.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "download.h"
#include "http/curl_transfers.h"

namespace levada::http_fetch {

struct OAuthRules {
  std::string token_url, client_id, client_secret, scope;
};

class OAuth {
 public:
  OAuth(const OAuthRules& rules, const DownloadRules& download, CurlTransfers& transfers)
      : rules_(rules), download_(download), transfers_(transfers) {}
  ~OAuth() { stop(); }

  bool is_used() const { return !rules_.token_url.empty(); }
  // Whether there is a token that holds for a while yet.
  bool has_token(std::chrono::nanoseconds now) const { return !token_.empty() && now < expires_; }
  const std::string& token() const { return token_; }
  // The server does not take it any more.
  void forget() { token_.clear(); }

  void start();
  void stop();
  bool under_way() const { return request_ != nullptr; }
  CURL* handle() const { return request_ ? request_->handle() : nullptr; }
  // The transfer has ended: a token, or why there is none. `now`: monotonic.
  Done ended(CURLcode code, std::chrono::nanoseconds now);

 private:
  const OAuthRules& rules_;
  const DownloadRules& download_;
  CurlTransfers& transfers_;
  std::unique_ptr<Download> request_;
  std::string answer_, token_;
  std::chrono::nanoseconds expires_{0};
};

}  // namespace levada::http_fetch
