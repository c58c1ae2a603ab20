// Where a server of the agent listens: "127.0.0.1:9464", "[::1]:9464", "localhost:9464".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "levada/result.h"

namespace levada::agent {

struct ListenAddress {
  std::string address;  // An IP address: "127.0.0.1", "::1".
  uint16_t port = 0;    // 0: any that is free.
  // Nobody but this machine reaches it.
  bool is_loopback = false;

  // REJECT: it is none, and why.
  static Result<ListenAddress> parse(std::string_view text);
  // As a client writes it: "127.0.0.1:9464", "[::1]:9464".
  std::string text() const;
};

}  // namespace levada::agent
