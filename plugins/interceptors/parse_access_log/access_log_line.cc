#include "access_log_line.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "json/sixteen_bytes.h"

namespace levada::parse_access_log {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_ascii(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() < 16) return std::none_of(at, end, [](char c) { return (c & 0x80) != 0; });
  Block all = load<Block>(end - 16);
  for (; end - at > 16; at += 16) all |= load<Block>(at);
  return high_bits(all) == 0;
}

// Walks through a line. Each step says whether it found what it looked for, and stays where it is
// if not.
class LineCursor {
 public:
  explicit LineCursor(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  size_t offset() const { return static_cast<size_t>(at_ - begin_); }

  bool skip(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  // One or more characters, up to a space, and the space.
  bool word(std::string_view& to) {
    const auto* space = find([](auto bytes) { return bytes == ' '; });
    if (space == end_ || space == at_) return false;
    to = {at_, space};
    at_ = space + 1;
    return true;
  }
  // Two words that are both -, as most are.
  bool two_dashes(std::string_view& first, std::string_view& second) {
    if (end_ - at_ < 4 || std::memcmp(at_, "- - ", 4) != 0) return false;
    first = {at_, 1};
    second = {at_ + 2, 1};
    at_ += 4;
    return true;
  }
  // Up to a bracket, and the bracket.
  bool bracketed(std::string_view& to) {
    // All times in the common format have one length.
    constexpr ptrdiff_t kSize = 26;
    const auto* bracket =
        end_ - at_ > kSize && at_[kSize] == ']' ? at_ + kSize : find([](auto bytes) { return bytes == ']'; });
    if (bracket == end_) return false;
    to = {at_, bracket};
    at_ = bracket + 1;
    return true;
  }
  // Up to a quote without a backslash before it, and the quote.
  bool quoted(std::string_view& to) {
    const auto* quote = find([](auto bytes) { return (bytes == '"') | (bytes == '\\'); });
    while (quote != end_ && *quote != '"') quote += *quote == '\\' && end_ - quote > 1 ? 2 : 1;
    if (quote == end_) return false;
    to = {at_, quote};
    at_ = quote + 1;
    return true;
  }
  // Three digits.
  bool status(int64_t& to) {
    if (end_ - at_ < 3 || !is_digit(at_[0]) || !is_digit(at_[1]) || !is_digit(at_[2])) return false;
    to = (at_[0] - '0') * 100 + (at_[1] - '0') * 10 + (at_[2] - '0');
    at_ += 3;
    return true;
  }
  // A whole number, or - for 0, up to a space or the end.
  bool bytes(int64_t& to) {
    const char* past = at_ + 1;
    if (at_ == end_) return false;
    if (*at_ == '-') {
      to = 0;
    } else {
      if (!is_digit(*at_)) return false;
      const auto [stop, error] = std::from_chars(at_, end_, to);
      if (error != std::errc()) return false;
      past = stop;
    }
    if (past != end_ && *past != ' ') return false;
    at_ = past;
    return true;
  }

 private:
  // Where the first byte stands that is wanted, or end_. Most stand in the first sixteen or two.
  template <class Wanted>
  const char* find(Wanted wanted) const {
    const char* at = at_;
    for (; end_ - at >= 16; at += 16)
      if (const unsigned bits = high_bits(reinterpret_cast<Block>(wanted(load<Block>(at)))); bits != 0)
        return at + std::countr_zero(bits);
    if (end_ - begin_ < 16) return std::find_if(at, end_, wanted);
    // The last sixteen, of which the first have been seen.
    const auto bits = high_bits(reinterpret_cast<Block>(wanted(load<Block>(end_ - 16)))) >> (16 - (end_ - at));
    return bits != 0 ? at + std::countr_zero(bits) : end_;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
};

bool is_method(std::string_view text) {
  for (const char c : text)
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_')) return false;
  return !text.empty();
}

// "GET /x HTTP/1.0", or "GET /x" of HTTP/0.9; what else clients send has no parts.
void split_request(AccessLogLine& line) {
  line.method = line.path = line.protocol = {};
  const auto request = line.request;
  const auto first = request.find(' ');
  if (first == request.npos || first + 1 == request.size() || !is_method(request.substr(0, first))) return;
  line.method = request.substr(0, first);
  line.path = request.substr(first + 1);
  const auto last = line.path.rfind(' ');
  if (last == line.path.npos || last == 0 || !line.path.substr(last + 1).starts_with("HTTP/")) return;
  line.protocol = line.path.substr(last + 1);
  line.path = line.path.substr(0, last);
}

}  // namespace

bool LineReader::read(std::string_view text, AccessLogLine& line, Fault& fault) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  LineCursor cursor(text);
  const auto failed = [&](const char* reason) {
    fault = {cursor.offset(), reason};
    return false;
  };
  if (!is_ascii(text)) {
    const auto result = simdjson::validate_utf8(text.data(), text.size());
    if (!result) return failed("the line is not UTF-8");
  }
  if (!cursor.word(line.host)) return failed("expected a host, and a space behind it");
  if (!cursor.two_dashes(line.ident, line.user)) {
    if (!cursor.word(line.ident)) return failed("expected an identity or -, and a space behind it");
    if (!cursor.word(line.user)) return failed("expected a user or -, and a space behind it");
  }
  if (!cursor.skip('[')) return failed("expected [ and a time");
  std::string_view time;
  const LineCursor before = cursor;
  if (!cursor.bracketed(time)) return failed("the time has no closing bracket");
  const auto microseconds = time_.read(time);
  if (!microseconds) {
    cursor = before;
    return failed("expected a time as 10/Oct/2000:13:55:36 -0700 or 2004-05-18 05:58:48");
  }
  line.microseconds = *microseconds;
  if (!cursor.skip(' ') || !cursor.skip('"')) return failed("expected a space, a quote and the request");
  if (!cursor.quoted(line.request)) return failed("the request has no closing quote");
  if (!cursor.skip(' ') || !cursor.status(line.status)) return failed("expected a space and a status of three digits");
  if (!cursor.skip(' ') || !cursor.bytes(line.bytes))
    return failed("expected a space and the bytes sent, a number of 64 bits or -");
  if (wanted_.of_request) split_request(line);
  if (!wanted_.combined) return true;
  if (!cursor.skip(' ') || !cursor.skip('"')) return failed("expected a space, a quote and the referer");
  if (!cursor.quoted(line.referer)) return failed("the referer has no closing quote");
  if (!cursor.skip(' ') || !cursor.skip('"')) return failed("expected a space, a quote and the user agent");
  if (!cursor.quoted(line.user_agent)) return failed("the user agent has no closing quote");
  return true;
}

}  // namespace levada::parse_access_log
