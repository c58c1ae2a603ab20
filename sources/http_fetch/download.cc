#include "download.h"

namespace levada::http_fetch {
namespace {

// So much of a body that is no list is kept.
constexpr size_t kKeptBytes = 4096;

}  // namespace

Download::Download(const DownloadRules& rules, Request request, Receiver receiver)
    : login_(std::move(request.login)),
      body_(std::move(request.body)),
      receiver_(std::move(receiver)),
      handle_(new_curl_handle()) {
  request_.url = std::move(request.url);
  request_.headers = std::move(request.headers);
  request_.method = std::move(request.method);
  request_.body = body_;
  request_.keep_bytes = kKeptBytes;
  request_.timeout = rules.timeout;
  CURL* const handle = handle_.get();
  headers_ = set_up_http(handle, rules.http, request_, received_);
  set_http_method(handle, request_);
  set_stall_timeout(handle, rules.http);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(rules.low_speed));
  curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(rules.max_bytes));
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, why_.data());
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Download::take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Download::take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
  // All that the library can decode.
  if (request.may_be_encoded) curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
  // What a proxy says before the server does is no answer of the server.
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!rules.proxy.empty()) curl_easy_setopt(handle, CURLOPT_PROXY, rules.proxy.c_str());
  if (!rules.tls_cert.empty()) curl_easy_setopt(handle, CURLOPT_SSLCERT, rules.tls_cert.c_str());
  if (!rules.tls_key.empty()) curl_easy_setopt(handle, CURLOPT_SSLKEY, rules.tls_key.c_str());
  if (!rules.tls_key_password.empty()) curl_easy_setopt(handle, CURLOPT_KEYPASSWD, rules.tls_key_password.c_str());
  if (!rules.tls_verify) {
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!login_.empty()) {
    curl_easy_setopt(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    curl_easy_setopt(handle, CURLOPT_USERPWD, login_.c_str());
  }
}

std::string Download::redirect() const {
  const char* url = nullptr;
  curl_easy_getinfo(handle_.get(), CURLINFO_REDIRECT_URL, &url);
  return url ? url : "";
}

long Download::proxy_status() const {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_HTTP_CONNECTCODE, &status);
  return status;
}

std::string Download::why(CURLcode code) const { return why_[0] ? why_.data() : curl_easy_strerror(code); }

size_t Download::take_header(char* data, size_t, size_t size, void* self) {
  static_cast<Download*>(self)->received_.header({data, size});
  return size;
}

size_t Download::take_body(char* data, size_t, size_t size, void* self) {
  return static_cast<Download*>(self)->take({data, size}) ? size : 0;
}

bool Download::take(std::string_view bytes) {
  if (response().status / 100 != 2) return received_.body(bytes);
  if (!std::exchange(has_begun_, true)) refused_ = receiver_.begin(response());
  if (refused_) refused_ = receiver_.take(bytes);
  return refused_.ok();
}

}  // namespace levada::http_fetch
