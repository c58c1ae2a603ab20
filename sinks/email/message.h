// A mail as it goes over the network: headers that nothing can be put into, and a text of UTF-8.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"

namespace levada::email {

// "Operations <ops@example.com>" or "ops@example.com".
struct Address {
  std::string name;     // UTF-8; may be empty.
  std::string mailbox;  // ASCII, "ops@example.com".
  bool operator==(const Address&) const = default;
};

// Fails with what is wrong: no "@", control characters, anything but ASCII in the mailbox.
Result<Address> parse_address(std::string_view text);

struct Mail {
  Address from;
  std::vector<Address> to;
  std::string subject;
  std::string text;  // Lines end with "\n".
  bool operator==(const Mail&) const = default;
};

// The whole message, with "\r\n" behind each line. Line ends and control characters in header texts
// become spaces; bytes that are not UTF-8 become U+FFFD. `id` is that of Message-ID, without <>.
std::string format_message(const Mail& mail, const std::string& id, std::chrono::nanoseconds now);

// A header's text by RFC 2047, in words short enough for lines of 76; ASCII stays as it is.
std::string encode_header(std::string_view text);
// By RFC 2045.
std::string quoted_printable(std::string_view text);
// With U+FFFD in place of each byte that is no part of a character.
std::string valid_utf8(std::string_view text);
// As many whole characters as fit into so many bytes, and "…" where that is not all.
std::string shortened(std::string_view text, size_t bytes);

}  // namespace levada::email
