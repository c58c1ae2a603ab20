// Walks through the tokens of a document and judges them on the way, which saves most
// documents the parse in full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "json/eight_bytes.h"

namespace levada {

// Of a text without backslashes that simdjson's first stage has found the tokens of: so it is
// UTF-8, and its strings are closed and have no control characters. Every function that gives false
// says that the text is invalid there, or not plain: it has numbers with exponents or more than 18
// digits, or nests deeper than 32 levels.
class PlainTokens {
 public:
  static constexpr int kMaxDepth = 32;

  // `tokens`: where they begin, with the text's end behind the last.
  PlainTokens(const char* text, const uint32_t* tokens, size_t count)
      : text_(text), at_(tokens), end_(tokens + count) {}

  // Whether all of it is one valid object.
  bool is_object() { return open_object() && members(kMaxDepth) && is_behind_last(); }
  bool is_behind_last() const { return at_ == end_; }

  // Passes over the bracket that opens the document.
  bool open_object() {
    if (at_ == end_ || here() != '{') return false;
    ++at_;
    return true;
  }
  // Passes over the bracket of an object without members, just behind the one that opens it.
  bool close_empty() {
    if (at_ == end_ || here() != '}') return false;
    ++at_;
    return true;
  }
  // Passes over a key and its colon.
  bool key(std::string_view& content) {
    // A value and what follows it are to come.
    if (end_ - at_ < 4 || here() != '"' || here(1) != ':') return false;
    const char* begin = text_ + at_[0] + 1;
    content = {begin, static_cast<size_t>(end_before(at_[1]) - begin - 1)};
    at_ += 2;
    return true;
  }
  // Passes over the bracket that a value begins with.
  void open() { ++at_; }
  // Passes over a value, down to so many levels.
  bool value(int depth) {
    const char first = here();
    if (first == '"') return ++at_, true;
    if (first == '{') return ++at_, depth > 0 && members(depth - 1);
    if (first == '[') return ++at_, depth > 0 && elements(depth - 1);
    return scalar(first);
  }
  // Where the token at hand begins; and the text from there to the end of
  // the value that was just passed.
  const char* mark() const { return text_ + at_[0]; }
  std::string_view since(const char* mark) const { return {mark, static_cast<size_t>(end_before(at_[0]) - mark)}; }
  // Passes over what stands behind a member: a comma, or, with `is_last`, the
  // bracket that closes the object.
  bool behind_member(bool& is_last) {
    if (at_ == end_) return false;
    const char next = here();
    ++at_;
    is_last = next == '}';
    return is_last || next == ',';
  }

 private:
  static constexpr int kMaxDigits = 18;  // Any number of so many fits into 64 bits.

  char here(size_t ahead = 0) const { return text_[at_[ahead]]; }
  // Nothing but white space can stand between a value and the next token.
  const char* end_before(uint32_t token) const {
    const char* end = text_ + token;
    while (is_space(end[-1])) --end;
    return end;
  }

  // Behind the bracket that opens an object, up to behind the one that closes it.
  bool members(int depth) {
    if (close_empty()) return true;
    for (;;) {
      if (end_ - at_ < 4 || here() != '"' || here(1) != ':') return false;
      at_ += 2;
      bool is_last;
      if (!value(depth) || !behind_member(is_last)) return false;
      if (is_last) return true;
    }
  }

  bool elements(int depth) {
    if (at_ != end_ && here() == ']') return ++at_, true;
    for (;;) {
      if (at_ == end_ || !value(depth) || at_ == end_) return false;
      const char next = here();
      ++at_;
      if (next != ',') return next == ']';
    }
  }

  bool scalar(char first) {
    const char* from = text_ + at_[0];
    const char* end = end_before(at_[1]);
    ++at_;
    const auto size = end - from;
    if (first == 't') return size == 4 && std::memcmp(from, "true", 4) == 0;
    if (first == 'n') return size == 4 && std::memcmp(from, "null", 4) == 0;
    if (first == 'f') return size == 5 && std::memcmp(from, "false", 5) == 0;
    // Most numbers are a few digits.
    uint64_t number;
    if (size <= 16 && from - text_ >= 8 && read_digits({from, static_cast<size_t>(size)}, number))
      return first != '0' || size == 1;
    return is_number(from, end);
  }

  static const char* digits(const char* from, const char* end) {
    while (from < end && *from >= '0' && *from <= '9') ++from;
    return from;
  }
  static bool is_number(const char* from, const char* end) {
    if (*from == '-') ++from;
    const char* behind = digits(from, end);
    const auto count = behind - from;
    if (count == 0 || count > kMaxDigits || (*from == '0' && count > 1)) return false;
    if (behind == end) return true;
    if (*behind != '.') return false;
    const char* fraction = behind + 1;
    behind = digits(fraction, end);
    return behind == end && behind != fraction && behind - fraction <= kMaxDigits;
  }

  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  const char* text_;
  const uint32_t *at_, *end_;
};

}  // namespace levada
