// What servers of HTTP ask of a request: who may ask for what, and what the target says.
#pragma once

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <string_view>

namespace levada {

namespace detail {

inline int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace detail

// Without telling by the time it takes how much of it is right.
inline bool is_token(std::string_view given, std::string_view token) {
  if (token.empty()) return false;
  // As long for every token that is given.
  unsigned char differs = given.size() == token.size() ? 0 : 1;
  for (size_t at = 0; at < given.size(); ++at) {
    const unsigned char difference = static_cast<unsigned char>(given[at] ^ token[at % token.size()]);
    *static_cast<volatile unsigned char*>(&differs) = differs | difference;
  }
  return differs == 0;
}

// "Bearer TOKEN", whatever the case of the first word: TOKEN; else empty.
inline std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() <= kScheme.size() ||
      !detail::equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme))
    return {};
  authorization.remove_prefix(kScheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

// Whether the Host header names this machine, by an address of its own or as localhost: a page of
// another site, whose name was made to lead here, does not.
inline bool is_own_host(std::string_view host, std::string_view own_address) {
  // Without the port; an IPv6 address stands in brackets.
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == host.npos) return false;
    host = host.substr(1, end - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  return host == own_address || detail::equal_ignoring_case(host, "localhost") || host == "127.0.0.1" || host == "::1";
}

// Decodes %XX; with `plus` '+' is a space. What is no escape stays as it is.
inline std::string decoded(std::string_view text, bool plus) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size() && detail::hex_value(text[at + 1]) >= 0 &&
        detail::hex_value(text[at + 2]) >= 0) {
      out += static_cast<char>(detail::hex_value(text[at + 1]) * 16 + detail::hex_value(text[at + 2]));
      at += 2;
    } else {
      out += plus && text[at] == '+' ? ' ' : text[at];
    }
  }
  return out;
}

// "/path?a=1&b=2" to path and parameters.
inline std::string read_target(std::string_view target, std::map<std::string, std::string>& query) {
  target = target.substr(0, target.find('#'));
  const auto mark = target.find('?');
  for (auto rest = mark == target.npos ? std::string_view() : target.substr(mark + 1); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    query[decoded(pair.substr(0, equals), true)] =
        equals < pair.size() ? decoded(pair.substr(equals + 1), true) : std::string();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return decoded(target.substr(0, mark), false);
}

// For a parameter of a target.
inline std::string encoded(std::string_view text) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '.' || c == '-' || c == '_') {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace levada
