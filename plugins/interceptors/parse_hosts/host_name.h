// What is a name of a host in a list, and what is none.
#pragma once

#include <string>
#include <string_view>

namespace levada::parse_hosts {

enum class Fault : unsigned char {
  none,
  bad_ip,
  no_host,
  junk,
  exception,
  empty,
  local,
  ip_literal,
  single_label,
  bad_name
};
// "bad_ip: the line does not begin with an IP address".
const char* text_of(Fault fault);

// "1.2.3.4", with each part 0 to 255.
bool is_ipv4(std::string_view text);
// An address of either kind, as far as a list has to be exact: with ":" it only looks like one.
bool is_ip(std::string_view text);

// Puts the name as it is looked up into `to`: in lower case, without the dot at its end, names that
// are no ASCII as xn--... (or a fault, without `idna`).
Fault read_name(std::string_view text, bool idna, std::string& to);

}  // namespace levada::parse_hosts
