#include "http_server/http_message.h"

namespace levada::http_server {

std::string json_string(std::string_view text) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += byte < 0x7f ? c : '?';
    }
  }
  return out += '"';
}

HttpResponse HttpResponse::error(int status, std::string_view reason) {
  return {.status = status, .body = "{\"error\":" + json_string(reason) + "}\n"};
}

HttpResponse HttpResponse::retry(int status, std::string_view reason, int seconds) {
  auto response = error(status, reason);
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

}  // namespace levada::http_server
