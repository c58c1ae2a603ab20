// Requests over HTTP and HTTPS, on connections that are kept. Redirects are for the caller, and
// so is what is tried again.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"

namespace levada {

struct HttpSettings {
  std::string ca_file;     // PEM with the authorities that are trusted; empty: the system's.
  bool negotiate = false;  // Logs in with the process's Kerberos ticket where a server asks for it.
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{60'000};  // A request without a byte for so long has failed.
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};  // "Name: value"
  std::string_view body = {};
  // Where the body of a response of 2xx goes, instead of into HttpResponse::body; a longer one
  // is a failure.
  char* into = nullptr;
  size_t into_bytes = 0;
  // Of any other body, what is kept of it; the rest is passed over.
  size_t keep_bytes = SIZE_MAX;
  // For the whole of it; 0: as long as bytes come.
  std::chrono::milliseconds timeout{0};
  bool may_negotiate = true;  // False: another login than the settings' is in the URL.
};

struct HttpResponse {
  long status = 0;
  std::string reason;         // What stands behind the status.
  std::string login_failure;  // Why there was no Kerberos ticket for the server; empty: there was one, or no need.
  std::string body;
  size_t bytes_into = 0;
  std::map<std::string, std::string, std::less<>> headers;  // Names in lower case.

  std::string header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

// [any]
class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  const HttpSettings& settings() const { return settings_; }
  // Any response is one, whatever its status. RETRY where none came: what the server did is not
  // known then. Messages name the host and never the rest of the URL, which may have secrets in it.
  Result<HttpResponse> send(const HttpRequest& request);

 private:
  struct Handles;
  const HttpSettings settings_;
  const std::unique_ptr<Handles> handles_;
};

// A request whose body, of a length that nobody knows yet, is sent bit by bit (chunked). Destroyed
// before `finish` it breaks the connection off. [worker]
class HttpUpload {
 public:
  HttpUpload(const HttpSettings& settings, HttpRequest request);
  ~HttpUpload();
  HttpUpload(const HttpUpload&) = delete;
  HttpUpload& operator=(const HttpUpload&) = delete;

  // Comes back when the bytes are no longer needed. RETRY once it has failed, or where the server
  // answered before the end.
  Done write(std::string_view bytes);
  // Ends the body, and waits for the response.
  Result<HttpResponse> finish();

 private:
  struct State;
  Done run(bool to_the_end);
  const std::unique_ptr<State> state_;
};

// Whether the library can log in with Kerberos.
bool http_can_negotiate();

}  // namespace levada
