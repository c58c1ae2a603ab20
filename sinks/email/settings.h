// What a user may set of the sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "levada/options.h"

namespace levada::email {

struct EmailSettings {
  enum class Tls { starttls, implicit, none };

  std::string server;
  Tls tls = Tls::starttls;
  std::string tls_ca;
  std::optional<std::string> user, password;
  std::string from;
  std::vector<std::string> to;
  std::string subject;
  std::optional<std::string> text;
  int64_t digest_rows = 100;
  std::chrono::nanoseconds commit_interval = std::chrono::minutes(1);
  std::optional<std::chrono::nanoseconds> cool_down;
  std::optional<std::string> key;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

}  // namespace levada::email
