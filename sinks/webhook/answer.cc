#include "answer.h"

#include "http/http_answer.h"

namespace levada::webhook {
namespace {

using Meaning = Answer::Meaning;
using std::chrono::nanoseconds;

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

}  // namespace

Answer meaning_of(const HttpResponse& response, nanoseconds now) {
  Answer answer;
  answer.meaning = meaning_of_status(response.status);
  if (answer.meaning == Meaning::taken) return answer;
  answer.reason = "the receiver answered " + std::to_string(response.status);
  if (response.status / 100 == 3) answer.reason += ", and redirects are not followed: set url to where it leads";
  if (const auto words = words_of(response.body); !words.empty()) answer.reason += ": " + words;
  if (answer.meaning == Meaning::again) answer.pause = retry_after_of(response, now, kPauseMax);
  return answer;
}

}  // namespace levada::webhook
