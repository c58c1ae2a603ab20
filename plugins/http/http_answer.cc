#include "http/http_answer.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

namespace levada {
namespace {

constexpr size_t kReasonBytes = 200;

}  // namespace

std::string words_of(std::string_view body) {
  std::string words;
  for (const char c : body) {
    if (words.size() >= kReasonBytes) break;
    if (c > ' ' && c <= '~') words += c;
    else if (static_cast<unsigned char>(c) >= 0x80) words += '?';
    else if (!words.empty() && words.back() != ' ') words += ' ';
  }
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

std::chrono::nanoseconds retry_after_of(const HttpResponse& response, std::chrono::nanoseconds now,
                                        std::chrono::nanoseconds most) {
  using std::chrono::duration_cast, std::chrono::seconds;
  const auto text = response.header("retry-after");
  if (text.empty()) return std::chrono::nanoseconds(0);
  int64_t wait = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wait);
  if (error != std::errc() || end != text.data() + text.size()) {
    const auto time = curl_getdate(text.c_str(), nullptr);
    if (time < 0) return std::chrono::nanoseconds(0);
    wait = time - duration_cast<seconds>(now).count();
  }
  return seconds(std::clamp<int64_t>(wait, 0, duration_cast<seconds>(most).count()));
}

}  // namespace levada
