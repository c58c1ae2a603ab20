#include "host_name.h"

#include <idn2.h>

#include <algorithm>
#include <array>
#include <memory>

namespace levada::parse_hosts {
namespace {

constexpr size_t kNameBytes = 253, kLabelBytes = 63;
// Names of the machine itself and of its network, as hosts files have them.
constexpr std::array<std::string_view, 11> kLocal = {
    "localhost",    "localhost.localdomain", "local",        "broadcasthost",  "ip6-localhost", "ip6-loopback",
    "ip6-localnet", "ip6-mcastprefix",       "ip6-allnodes", "ip6-allrouters", "ip6-allhosts"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_'; }

// 0 to 255, of at most two digits, or of three that do not begin with a zero.
bool is_octet(std::string_view text) {
  if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  if (text.size() < 3) return true;
  const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  return text[0] != '0' && value <= 255;
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytes || !is_word(label.front()) || !is_word(label.back())) return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_word(c) || c == '-'; });
}

// False where there is no such name.
bool to_ascii(std::string& name) {
  uint8_t* found = nullptr;
  const int result =
      idn2_lookup_u8(reinterpret_cast<const uint8_t*>(name.c_str()), &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<uint8_t, void (*)(void*)> held(found, idn2_free);
  if (result != IDN2_OK || name.find('\0') != std::string::npos) return false;
  name = reinterpret_cast<const char*>(found);
  return true;
}

}  // namespace

const char* text_of(Fault fault) {
  switch (fault) {
    case Fault::none: break;
    case Fault::bad_ip: return "bad_ip: the line does not begin with an IP address";
    case Fault::no_host: return "no_host: an IP address without a name";
    case Fault::junk: return "junk: the line is more, or something else, than one entry";
    case Fault::exception: return "exception: the rule allows what others block";
    case Fault::empty: return "empty: there is no name";
    case Fault::local: return "local: a name of the machine itself";
    case Fault::ip_literal: return "ip_literal: an address in place of a name";
    case Fault::single_label: return "single_label: a name without a dot";
    case Fault::bad_name: return "bad_name: no name of a host";
  }
  return "";
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const auto end = part < 3 ? text.find('.') : text.size();
    if (end == text.npos || !is_octet(text.substr(0, end))) return false;
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return text.empty();
}

bool is_ip(std::string_view text) {
  if (is_ipv4(text)) return true;
  if (text.find(':') == text.npos) return false;
  // Digits, and behind them perhaps the name of an interface.
  const auto digits =
      std::find_if(text.begin(), text.end(), [](char c) { return !is_hex(c) && c != ':' && c != '.' && c != '%'; });
  if (digits == text.begin()) return false;
  return std::all_of(digits, text.end(), [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c); });
}

Fault read_name(std::string_view text, bool idna, std::string& to) {
  to = text;
  bool ascii = true;
  for (char& c : to) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  }
  if (to.ends_with('.')) to.pop_back();
  if (to.empty()) return Fault::empty;
  if (std::find(kLocal.begin(), kLocal.end(), to) != kLocal.end()) return Fault::local;
  if (is_ipv4(to) || to.find(':') != std::string::npos) return Fault::ip_literal;
  if (!ascii && idna && !to_ascii(to)) return Fault::bad_name;
  if (to.find('.') == std::string::npos) return Fault::single_label;
  if (to.size() > kNameBytes) return Fault::bad_name;
  for (std::string_view rest = to;;) {
    const auto end = std::min(rest.find('.'), rest.size());
    if (!is_label(rest.substr(0, end))) return Fault::bad_name;
    if (end == rest.size()) return Fault::none;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace levada::parse_hosts
