// Where a server listens: "127.0.0.1:9464", "[::1]:9464", "localhost:9464".
#pragma once

#include <arpa/inet.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "levada/result.h"

namespace levada {

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

inline Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const auto wrong_form = [] {
    return reject("must be an IP address and a port, such as \"127.0.0.1:9464\" or \"[::1]:9464\"");
  };
  const auto colon = text.rfind(':');
  if (colon == text.npos) return wrong_form();
  std::string host(text.substr(0, colon));
  const auto digits = text.substr(colon + 1);
  ListenAddress parsed;
  const auto end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, parsed.port);
  if (digits.empty() || read.ec != std::errc() || read.ptr != end) return wrong_form();
  if (host == "localhost") host = "127.0.0.1";
  in_addr four{};
  in6_addr six{};
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (::inet_pton(AF_INET6, host.c_str(), &six) != 1) return wrong_form();
    parsed.is_loopback = IN6_IS_ADDR_LOOPBACK(&six);
  } else {
    if (::inet_pton(AF_INET, host.c_str(), &four) != 1) return wrong_form();
    parsed.is_loopback = (ntohl(four.s_addr) >> 24) == 127;
  }
  parsed.address = std::move(host);
  return parsed;
}

inline std::string ListenAddress::text() const {
  const bool is_six = address.find(':') != std::string::npos;
  return (is_six ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace levada
