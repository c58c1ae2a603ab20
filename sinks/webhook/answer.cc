#include "answer.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

namespace levada::webhook {
namespace {

using Meaning = Answer::Meaning;
using std::chrono::nanoseconds;

constexpr size_t kReasonBytes = 200;
// A receiver that asks for more is asked again all the same.
constexpr nanoseconds kPauseMax = std::chrono::hours(1);

Meaning meaning_of_status(long status) {
  switch (status) {
    // What it says of the sender may be mended: no row is at fault.
    case 401:
    case 403:
    case 407:
    // Too early, too many, too slow.
    case 408:
    case 425:
    case 429: return Meaning::again;
    case 400:
    case 413:
    case 422: return Meaning::split;
    default: break;
  }
  if (status / 100 == 2) return Meaning::taken;
  return status / 100 == 4 ? Meaning::refused : Meaning::again;
}

// The beginning of what the receiver says, in plain ASCII on one line.
std::string words_of(const std::string& body) {
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

nanoseconds pause_of(const std::string& text, nanoseconds now) {
  if (text.empty()) return nanoseconds(0);
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) {
    const auto time = curl_getdate(text.c_str(), nullptr);
    if (time < 0) return nanoseconds(0);
    seconds = time - std::chrono::duration_cast<std::chrono::seconds>(now).count();
  }
  return std::chrono::seconds(
      std::clamp<int64_t>(seconds, 0, std::chrono::duration_cast<std::chrono::seconds>(kPauseMax).count()));
}

}  // namespace

Answer meaning_of(const HttpResponse& response, nanoseconds now) {
  Answer answer;
  answer.meaning = meaning_of_status(response.status);
  if (answer.meaning == Meaning::taken) return answer;
  answer.reason = "the receiver answered " + std::to_string(response.status);
  if (response.status / 100 == 3) answer.reason += ", and redirects are not followed: set url to where it leads";
  if (const auto words = words_of(response.body); !words.empty()) answer.reason += ": " + words;
  if (answer.meaning == Meaning::again) answer.pause = pause_of(response.header("retry-after"), now);
  return answer;
}

}  // namespace levada::webhook
