// RFC 5322, 2045 and 2047, as far as a plain text needs them.
#include "message.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace levada::email {
namespace {

// Of text in an encoded word, which base64 and "=?utf-8?B?...?=" make 64 of: it fits into a line
// behind the name of its header.
constexpr size_t kWordBytes = 39;
constexpr size_t kLineBytes = 76;
constexpr size_t kAddressBytes = 254;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// How many bytes the character at the beginning has; 0 where it is none.
size_t character_bytes(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (size_t at = 1; at < size; ++at)
    if ((byte(at) & 0xc0) != 0x80) return 0;
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) || (first == 0xf0 && byte(1) < 0x90) ||
      (first == 0xf4 && byte(1) > 0x8f))
    return 0;
  return size;
}

std::string base64(std::string_view text) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (size_t at = 0; at < text.size(); at += 3) {
    uint32_t bits = 0;
    for (size_t byte = 0; byte < 3; ++byte)
      bits = bits << 8 | (at + byte < text.size() ? static_cast<unsigned char>(text[at + byte]) : 0u);
    for (size_t digit = 0; digit < 4; ++digit)
      encoded += at + digit > text.size() ? '=' : kDigits[bits >> (18 - 6 * digit) & 63];
  }
  return encoded;
}

std::string without_controls(std::string_view text) {
  std::string plain = valid_utf8(text);
  for (char& c : plain)
    if (is_control(c)) c = ' ';
  return plain;
}

// "Name: text", folded at spaces where it gets long.
void append_header(std::string& to, std::string_view name, std::string_view text) {
  size_t line = name.size() + 2;
  (to += name) += ": ";
  for (size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at + 1), text.size());
    if (at > 0 && line + (end - at) > kLineBytes) {
      to += "\r\n";
      line = 0;
    }
    to += text.substr(at, end - at);
    line += end - at;
    at = end;
  }
  to += "\r\n";
}

std::string address_text(const Address& address) {
  if (address.name.empty()) return address.mailbox;
  const auto name = without_controls(address.name);
  if (!is_ascii(name)) return encode_header(name) + " <" + address.mailbox + ">";
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\" <" + address.mailbox + ">";
}

std::string date_text(std::chrono::nanoseconds now) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  std::tm time{};
  if (!::gmtime_r(&seconds, &time)) return "Thu, 01 Jan 1970 00:00:00 +0000";
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %d %02d:%02d:%02d +0000", kDays[time.tm_wday], time.tm_mday,
                kMonths[time.tm_mon], time.tm_year + 1900, time.tm_hour, time.tm_min, time.tm_sec);
  return text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  const auto fault = [&](const char* why) {
    return fatal("\"" + without_controls(text.substr(0, kAddressBytes)) + "\" is no mail address: " + why);
  };
  Address address;
  std::string_view mailbox = trimmed(text);
  if (std::any_of(mailbox.begin(), mailbox.end(), is_control)) return fault("it has control characters");
  if (mailbox.ends_with('>')) {
    const auto open = mailbox.rfind('<');
    if (open == std::string_view::npos) return fault("it has \">\" without \"<\"");
    auto name = trimmed(mailbox.substr(0, open));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    address.name = name;
    mailbox = mailbox.substr(open + 1, mailbox.size() - open - 2);
  }
  const auto at = mailbox.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == mailbox.size()) return fault("it is not NAME@DOMAIN");
  if (!is_ascii(mailbox)) return fault("it has more than ASCII; write the domain as xn--...");
  if (mailbox.find_first_of(" <>()[]\\,;:\"") != std::string_view::npos || mailbox.find('@') != at)
    return fault("it has characters that no address may have");
  if (mailbox.size() > kAddressBytes) return fault("it is too long");
  address.mailbox = mailbox;
  return address;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const auto bytes = character_bytes(text);
    if (bytes == 0) valid += "\xef\xbf\xbd";
    else valid += text.substr(0, bytes);
    text.remove_prefix(std::max<size_t>(bytes, 1));
  }
  return valid;
}

std::string shortened(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return std::string(text.substr(0, bytes)) + "\xe2\x80\xa6";
}

std::string encode_header(std::string_view text) {
  const auto plain = without_controls(text);
  // Text that looks like an encoded word would be decoded.
  if (is_ascii(plain) && plain.find("=?") == std::string::npos) return plain;
  std::string encoded;
  std::string_view rest = plain;
  while (!rest.empty()) {
    size_t bytes = 0;
    while (bytes < rest.size()) {
      const auto next = character_bytes(rest.substr(bytes));
      if (bytes + next > kWordBytes) break;
      bytes += next;
    }
    if (!encoded.empty()) encoded += ' ';
    encoded += "=?utf-8?B?" + base64(rest.substr(0, bytes)) + "?=";
    rest.remove_prefix(bytes);
  }
  return encoded;
}

std::string quoted_printable(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  size_t line = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' || (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n')) {
      if (c == '\r') ++at;
      encoded += "\r\n";
      line = 0;
      continue;
    }
    const bool at_end = at + 1 == text.size() || text[at + 1] == '\n' || text[at + 1] == '\r';
    const bool plain = (c >= '!' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && !at_end);
    const size_t needed = plain ? 1 : 3;
    // One place is left for the "=" that joins lines.
    if (line + needed > kLineBytes - 1) {
      encoded += "=\r\n";
      line = 0;
    }
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'=', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    line += needed;
  }
  return encoded;
}

std::string format_message(const Mail& mail, const std::string& id, std::chrono::nanoseconds now) {
  std::string message;
  append_header(message, "Date", date_text(now));
  append_header(message, "From", address_text(mail.from));
  std::string all;
  for (const auto& address : mail.to) (all += all.empty() ? "" : ", ") += address_text(address);
  append_header(message, "To", all);
  append_header(message, "Subject", encode_header(mail.subject));
  append_header(message, "Message-ID", "<" + id + ">");
  append_header(message, "Auto-Submitted", "auto-generated");
  append_header(message, "MIME-Version", "1.0");
  append_header(message, "Content-Type", "text/plain; charset=utf-8");
  append_header(message, "Content-Transfer-Encoding", "quoted-printable");
  message += "\r\n";
  message += quoted_printable(valid_utf8(mail.text));
  if (!message.ends_with("\r\n")) message += "\r\n";
  return message;
}

}  // namespace levada::email
