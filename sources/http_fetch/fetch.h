// Brings one body of an entry onto the disk: over redirects, attempts that fail and answers that
// break off.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bodies.h"
#include "download.h"
#include "entry.h"
#include "http/curl_transfers.h"

namespace levada::http_fetch {

struct FetchRules {
  DownloadRules download;
  std::vector<std::string> headers;  // "Name: value", of all requests.
  std::string login;                 // "user:password", or empty.
  int64_t redirects = 5, retries = 5;
  std::chrono::nanoseconds retry_wait{0}, retry_wait_max{0}, retry_after_max{0};
  BodyWriter::Rules body;
};

// What has come of an attempt.
struct Attempt {
  enum class Kind : uint8_t {
    whole,      // The body is there.
    unchanged,  // There is none that is newer.
    next,       // Another request follows at once.
    again,      // Another attempt may do, after `wait`.
    failed      // There will be none.
  };
  Kind kind = Kind::whole;
  long status = 0;  // Of HTTP; 0: there was no answer.
  std::string reason = {};
  std::chrono::nanoseconds wait{0};
};

class Fetch {
 public:
  // `known`: what is there already, so that the server sends the body only where it is another one;
  // without an etag and a time it always does. Everything must outlive it.
  Fetch(const FetchRules& rules, const Entry& entry, std::string url, const Bodies& bodies, Version known,
        CurlTransfers& transfers);
  ~Fetch();
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  // Sends the next request. `authorization`: a header of all requests to the entry's own server, or
  // empty.
  void start(const std::string& authorization);
  bool under_way() const { return download_ != nullptr; }
  CURL* handle() const { return download_ ? download_->handle() : nullptr; }
  // The transfer has ended. A failure is one of the disk. `now`: since 1970.
  Result<Attempt> ended(CURLcode code, std::chrono::nanoseconds now);

  // Of a whole body.
  BodyWriter& body() { return *body_; }
  // Etag and time of change as the server said.
  const HttpResponse& response() const { return response_; }
  // Bytes of the body that have come.
  uint64_t received() const { return body_ ? body_->received() : 0; }

 private:
  Done begin(const HttpResponse& response);
  Done take(std::string_view bytes) { return body_->write(bytes); }
  Result<Attempt> answered(const HttpResponse& response, const std::string& redirect, std::chrono::nanoseconds now);
  Result<Attempt> whole(const HttpResponse& response);
  Attempt redirected(const HttpResponse& response, const std::string& to);
  Attempt broken_off(long status, std::string reason);
  void start_over();

  const FetchRules& rules_;
  const Entry& entry_;
  const std::string first_url_;
  const Bodies& bodies_;
  const Version known_;
  CurlTransfers& transfers_;

  std::string url_;  // Where it is now.
  int64_t redirects_ = 0;
  std::unique_ptr<Download> download_;
  HttpResponse response_;
  std::unique_ptr<BodyWriter> body_;
  std::string resume_;       // The body goes on where the server has this version of it still; empty: it cannot.
  bool is_resumed_ = false;  // The request asked for the rest.
};

}  // namespace levada::http_fetch
