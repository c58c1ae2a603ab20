#include "http/http_handle.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace levada {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string host_of(const std::string& url) {
  const auto start = url.find("://");
  if (start == std::string::npos) return "?";
  return url.substr(start + 3, url.find_first_of("/?", start + 3) - start - 3);
}

void HttpReceiver::header(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  // Another response begins: the one before was "100 Continue", or asked for a login.
  if (line.starts_with("HTTP/")) {
    response = {};
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return;
    line.remove_prefix(space + 1);
    response.status = std::atol(std::string(line).c_str());
    response.reason = line.substr(std::min(line.find(' '), line.size() - 1) + 1);
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), lower);
  auto value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  response.headers.insert_or_assign(std::move(name), std::string(value));
}

bool HttpReceiver::body(std::string_view data) {
  if (!request->into || response.status / 100 != 2) {
    response.body += data.substr(
        0, std::min(data.size(), request->keep_bytes - std::min(response.body.size(), request->keep_bytes)));
    return true;
  }
  too_long = data.size() > request->into_bytes - response.bytes_into;
  if (too_long) return false;
  std::memcpy(request->into + response.bytes_into, data.data(), data.size());
  response.bytes_into += data.size();
  return true;
}

// Where a login fails the library sends the request without one, and says why only here.
void HttpReceiver::remark(std::string_view text) {
  constexpr std::string_view kFailed = "gss_init_sec_context() failed: ";
  if (!text.starts_with(kFailed)) return;
  text.remove_prefix(kFailed.size());
  text = text.substr(0, text.find_last_not_of(" .\n") + 1);
  response.login_failure = text;
}

CurlList set_up_http(CURL* handle, const HttpSettings& settings, const HttpRequest& request, HttpReceiver& receiver) {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "levada");
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 262144L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (!settings.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, settings.ca_file.c_str());
  if (settings.negotiate && request.may_negotiate) {
    // A server that has let us in gives a cookie, and asks for no further login while that is
    // good. This adds none, but has them kept; so does CURLOPT_COOKIEFILE, but curl_easy_reset() of
    // libcurl 7.88 forgets, and so leaks, its list of files.
    curl_easy_setopt(handle, CURLOPT_COOKIELIST, "");
    curl_easy_setopt(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_NEGOTIATE | CURLAUTH_ONLY));
    curl_easy_setopt(handle, CURLOPT_USERPWD, ":");
    curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, &HttpReceiver::take_remark);
    curl_easy_setopt(handle, CURLOPT_DEBUGDATA, &receiver);
  }
  receiver.request = &request;
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &HttpReceiver::take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &receiver);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &HttpReceiver::take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &receiver);
  // Nobody waits for "100 Continue".
  curl_slist* all = curl_slist_append(nullptr, "Expect:");
  for (const auto& header : request.headers) all = curl_slist_append(all, header.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, all);
  return CurlList(all);
}

void set_http_method(CURL* handle, const HttpRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else if (request.method != "GET") {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void set_stall_timeout(CURL* handle, const HttpSettings& settings) {
  const auto stall = std::chrono::ceil<std::chrono::seconds>(settings.stall_timeout);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
}

Error http_failure(const HttpRequest& request, CURLcode code, const char* text) {
  const std::string why = text[0] ? text : curl_easy_strerror(code);
  return retry(host_of(request.url) + ": " + why);
}

}  // namespace levada
