// What an answer of the receiver means for the rows of a request.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "http/http_client.h"

namespace levada::webhook {

struct Answer {
  enum class Meaning {
    taken,
    again,   // The same request may be taken later.
    split,   // Some of the rows may be at fault: each part of them is asked about by itself.
    refused  // The rows can never be taken.
  };
  Meaning meaning = Meaning::taken;
  std::string reason;
  std::chrono::nanoseconds pause{0};  // For which the receiver asks before the next request.
};

// `now`: since 1970, for a Retry-After that names a time.
Answer meaning_of(const HttpResponse& response, std::chrono::nanoseconds now);

}  // namespace levada::webhook
