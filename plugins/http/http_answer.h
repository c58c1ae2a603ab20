// What a server's answer says beside its status.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/http_client.h"

namespace levada {

// How long the server asks to be left alone (Retry-After: seconds, or a time); 0 where it says
// nothing, and no more than `most`. `now`: since 1970.
std::chrono::nanoseconds retry_after_of(const HttpResponse& response, std::chrono::nanoseconds now,
                                        std::chrono::nanoseconds most);
// The beginning of what the server says, in plain ASCII on one line.
std::string words_of(std::string_view body);

}  // namespace levada
