#include "host_line.h"

#include <algorithm>

namespace levada::parse_hosts {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// How many bytes of white space the text begins with, one character of it; 0 where it has none.
size_t space_at(std::string_view text) {
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  const unsigned first = byte(0);
  if (first == ' ' || (first >= '\t' && first <= '\r') || (first >= 0x1c && first <= 0x1f)) return 1;
  if (first == 0xc2 && (byte(1) == 0x85 || byte(1) == 0xa0)) return 2;
  if (first == 0xe1 && byte(1) == 0x9a && byte(2) == 0x80) return 3;
  if (first == 0xe2 && byte(1) == 0x80 &&
      ((byte(2) >= 0x80 && byte(2) <= 0x8a) || byte(2) == 0xa8 || byte(2) == 0xa9 || byte(2) == 0xaf))
    return 3;
  if (first == 0xe2 && byte(1) == 0x81 && byte(2) == 0x9f) return 3;
  if (first == 0xe3 && byte(1) == 0x80 && byte(2) == 0x80) return 3;
  return 0;
}

void skip_space(std::string_view& text) {
  while (const auto bytes = space_at(text)) text.remove_prefix(bytes);
}

// The next word; empty at the end.
std::string_view take_word(std::string_view& text) {
  skip_space(text);
  size_t end = 0;
  while (end < text.size() && space_at(text.substr(end)) == 0) ++end;
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// "||example.com^", perhaps with options that do not narrow it.
void read_rule(std::string_view rule, HostLine& to) {
  if (rule.starts_with("@@")) {
    to.fault = Fault::exception;
    return;
  }
  const auto end = rule.find('^');
  const auto behind = end == rule.npos ? rule : rule.substr(end + 1);
  if (!rule.starts_with("||") || end == rule.npos ||
      (!behind.empty() && behind != "$important" && behind != "$all" && behind != "$document")) {
    to.fault = Fault::junk;
    return;
  }
  to.names.push_back(rule.substr(2, end - 2));
}

}  // namespace

void read_line(std::string_view text, Format format, HostLine& to) {
  to.ip = {};
  to.names.clear();
  to.fault = Fault::none;
  while (!text.empty() && (text.front() == '\r' || text.front() == '\n')) text.remove_prefix(1);
  while (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::string_view begin = text;
  skip_space(begin);
  if (format != Format::hosts && begin.starts_with('!')) return;
  if (format == Format::adblock && begin.starts_with('[')) return;
  // In a rule a "#" is no comment: "##" is one about what a page shows.
  if (format != Format::adblock || begin.starts_with('#')) text = text.substr(0, text.find('#'));
  const auto first = take_word(text);
  if (first.empty()) return;
  if (format == Format::hosts) {
    if (!is_ip(first)) {
      to.fault = Fault::bad_ip;
      return;
    }
    to.ip = first;
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) to.names.push_back(word);
    if (to.names.empty()) to.fault = Fault::no_host;
    return;
  }
  if (!take_word(text).empty()) {
    to.fault = Fault::junk;
    return;
  }
  if (format == Format::adblock) return read_rule(first, to);
  to.names.push_back(first);
}

}  // namespace levada::parse_hosts
