// A handle of libcurl that is set up for a request, and what comes back on it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/curl_transfer.h"
#include "http/http_client.h"

namespace levada {

// What comes back, as the callbacks gather it.
struct HttpReceiver {
  const HttpRequest* request = nullptr;
  HttpResponse response;
  bool too_long = false;

  static size_t take_header(char* data, size_t, size_t size, void* self) {
    static_cast<HttpReceiver*>(self)->header({data, size});
    return size;
  }
  static size_t take_body(char* data, size_t, size_t size, void* self) {
    return static_cast<HttpReceiver*>(self)->body({data, size}) ? size : 0;
  }
  static int take_remark(CURL*, curl_infotype type, char* data, size_t size, void* self) {
    if (type == CURLINFO_TEXT) static_cast<HttpReceiver*>(self)->remark({data, size});
    return 0;
  }
  void header(std::string_view line);
  bool body(std::string_view data);
  void remark(std::string_view text);
};

// The request and the receiver must stay until the handle is through. What comes back holds the
// request's headers, and must stay too.
CurlList set_up_http(CURL* handle, const HttpSettings& settings, const HttpRequest& request, HttpReceiver& receiver);
// Its method, and the body that goes with it.
void set_http_method(CURL* handle, const HttpRequest& request);
// Ends a request on which no byte has moved for so long.
void set_stall_timeout(CURL* handle, const HttpSettings& settings);

// "host:port" of a URL.
std::string host_of(const std::string& url);
// RETRY with the reason: the library's text, or what the code means.
Error http_failure(const HttpRequest& request, CURLcode code, const char* text);

}  // namespace levada
