// A request and its response, as the services behind an HttpListener see them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace levada::http_server {

struct HttpRequest {
  std::string_view method;                   // "POST"
  std::string path;                          // "/logs", decoded.
  std::map<std::string, std::string> query;  // Decoded.
  std::string client;                        // Its address, without the port.
  std::string body;                          // As it came: compressed where Content-Encoding says so.
  // The value of a header, whatever the case of its name; null data where the request has none.
  // While the service's call lasts.
  std::function<std::string_view(std::string_view name)> header;
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json", body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};

  // {"error":"..."} with a line's end; bytes of the reason that are not ASCII become "?".
  static HttpResponse error(int status, std::string_view reason);
  // The same with a Retry-After, in seconds.
  static HttpResponse retry(int status, std::string_view reason, int seconds = 1);
};

// Answers a request, once, from any thread, now or later; one that is dropped leaves its client
// without an answer.
using HttpAnswer = std::function<void(HttpResponse)>;

// `text` as a JSON string with its quotes; bytes that are not ASCII become "?".
std::string json_string(std::string_view text);

}  // namespace levada::http_server
