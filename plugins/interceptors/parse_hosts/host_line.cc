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

std::string_view trimmed(std::string_view text) {
  skip_space(text);
  auto end = text;
  for (size_t at = 0; at < text.size();) {
    const auto space = space_at(text.substr(at));
    at += space ? space : 1;
    if (!space) end = text.substr(0, at);
  }
  return text.empty() ? text : end;
}

// Of "https://user@Host.example:8080/path": "Host.example"; of an address within brackets what they
// hold.
std::string_view host_of_url(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#\\"));
  if (const auto user = url.rfind('@'); user != url.npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

// The next field of a CSV record, without its quotes; a quote that is doubled stays so, as no name
// has one.
std::string_view take_field(std::string_view& record) {
  skip_space(record);
  size_t end = 0;
  std::string_view field;
  if (record.starts_with('"')) {
    end = 1;
    while (end < record.size() && (record[end] != '"' || (end + 1 < record.size() && record[end + 1] == '"')))
      end += record[end] == '"' ? 2 : 1;
    field = record.substr(1, std::min(end, record.size()) - 1);
    end = std::min(record.find(',', std::min(end, record.size())), record.size());
  } else {
    end = std::min(record.find(','), record.size());
    field = trimmed(record.substr(0, end));
  }
  record.remove_prefix(std::min(end + 1, record.size()));
  return field;
}

bool has_digit_or_dot(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

// "a.example", "a.xn--p1ai": no number, no time, no text of several words.
bool looks_like_name(std::string_view text) {
  const auto dot = text.rfind('.', text.size() - 2);
  if (text.size() < 3 || dot == text.npos || dot == 0) return false;
  const char first = text[dot + 1];
  const bool is_letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first < 0;
  return is_letter && text.find_first_of(" \t\"/@") == text.npos;
}

// A record of a feed of which nothing else is known: the host of its first URL, or else its first
// name; and its first address.
void read_record(std::string_view record, HostLine& to) {
  bool is_header = true;
  std::string_view url, name;
  while (!record.empty()) {
    const auto field = take_field(record);
    is_header = is_header && !has_digit_or_dot(field);
    if (url.empty() && field.find("://") != field.npos) url = host_of_url(field);
    else if (to.ip.empty() && is_ip(field)) to.ip = field;
    else if (name.empty() && looks_like_name(field)) name = field;
  }
  if (is_header) return;
  if (!url.empty()) name = url;
  if (name.empty()) to.fault = Fault::junk;
  else to.names.push_back(name);
}

// Digits and dots alone, or an address of IPv6: what a line of a hosts file begins with.
bool looks_like_address(std::string_view word) {
  if (is_ip(word)) return true;
  return word.find('.') != word.npos &&
         std::all_of(word.begin(), word.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

Format format_of(std::string_view text) {
  const auto comma = text.find(','), scheme = text.find("://");
  if (text.starts_with("||") || text.starts_with("@@") || text.find("##") != text.npos ||
      text.find("#@#") != text.npos || text.find("#?#") != text.npos)
    return Format::adblock;
  if (scheme < comma && !text.starts_with('"')) return Format::urls;
  text = text.substr(0, text.find('#'));
  auto rest = text;
  const auto first = take_word(rest);
  const bool has_more = !take_word(rest).empty();
  return looks_like_address(first) && has_more ? Format::hosts : Format::domains;
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
  if (format == Format::names) {
    to.names.push_back(trimmed(text));
    return;
  }
  std::string_view begin = text;
  skip_space(begin);
  if (format == Format::automatic) {
    if (begin.starts_with('#') || begin.starts_with('!') || begin.starts_with('[')) return;
    format = format_of(begin);
    const bool is_record = begin.starts_with('"') || begin.find(',') < begin.find('#');
    if (format == Format::domains && is_record) return read_record(begin, to);
  }
  if (format != Format::hosts && begin.starts_with('!')) return;
  if (format == Format::adblock && begin.starts_with('[')) return;
  // In a rule a "#" is no comment: "##" is about what a page shows. In a URL it is a part of it.
  const bool cuts_comments = format == Format::hosts || format == Format::domains;
  if (cuts_comments || begin.starts_with('#')) text = text.substr(0, text.find('#'));
  if (format == Format::urls) {
    // What stands behind the host may have spaces.
    if (!trimmed(text).empty()) to.names.push_back(trimmed(host_of_url(text)));
    return;
  }
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
