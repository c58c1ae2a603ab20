// One request for a body, and what came of it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/curl_transfer.h"
#include "http/http_client.h"
#include "http/http_handle.h"
#include "levada/result.h"

namespace levada::http_fetch {

struct DownloadRules {
  HttpSettings http;
  std::string proxy;  // Empty: as the environment says.
  std::string tls_cert, tls_key, tls_key_password;
  bool tls_verify = true;
  std::chrono::milliseconds timeout{0};  // For all of a request; 0: as long as bytes come.
  int64_t low_speed = 1;                 // Bytes a second; with http.stall_timeout.
  uint64_t max_bytes = 0;
};

class Download {
 public:
  struct Request {
    std::string url;
    std::vector<std::string> headers;  // "Name: value"
    std::string login;                 // "user:password", or empty.
    bool may_be_encoded = true;        // The server may compress the body.
    std::string method = "GET", body;
  };
  // `begin`: the first byte of a body of 2xx is about to be taken. `take`: a part of it. A failure
  // ends the transfer.
  struct Receiver {
    std::function<Done(const HttpResponse&)> begin;
    std::function<Done(std::string_view)> take;
  };

  Download(const DownloadRules& rules, Request request, Receiver receiver);
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  CURL* handle() const { return handle_.get(); }
  const HttpResponse& response() const { return received_.response; }
  // Where the response says to go, as a whole URL; empty: nowhere.
  std::string redirect() const;
  // Why the receiver ended it; Code::ok where it did not.
  const Done& refused() const { return refused_; }
  bool has_begun() const { return has_begun_; }
  // What a proxy answered when it was asked for a tunnel to the server; 0: it was not.
  long proxy_status() const;
  // What libcurl says of the code.
  std::string why(CURLcode code) const;

 private:
  static size_t take_header(char* data, size_t, size_t size, void* self);
  static size_t take_body(char* data, size_t, size_t size, void* self);
  bool take(std::string_view bytes);

  HttpRequest request_;
  const std::string login_, body_;
  HttpReceiver received_;
  const Receiver receiver_;
  Done refused_;
  bool has_begun_ = false;
  CurlHandle handle_;
  CurlList headers_;
  std::array<char, CURL_ERROR_SIZE> why_{};
};

}  // namespace levada::http_fetch
