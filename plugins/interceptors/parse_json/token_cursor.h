// Goes through a document along its tokens. It takes no text for granted: where the
// tokens make no sense, it says so.
#pragma once

#include <algorithm>
#include <string_view>

#include "json/json_parser.h"

namespace levada::parse_json {

class TokenCursor {
 public:
  // `text`: what the parser has just read, where it stands.
  TokenCursor(const JsonParser& parser, std::string_view text)
      : text_(text), tokens_(parser.tokens()), count_(parser.token_count()) {}

  // The same document, with the token at hand that begins here in its text.
  TokenCursor from(const char* token) const {
    TokenCursor moved = *this;
    const auto* found = std::lower_bound(tokens_, tokens_ + count_, static_cast<uint32_t>(token - text_.data()));
    moved.at_ = static_cast<size_t>(found - tokens_);
    return moved;
  }

  // The first byte of the token at hand; 0 behind the last.
  char here() const { return at_ < count_ ? text_[tokens_[at_]] : '\0'; }
  void next() { ++at_; }
  bool is_behind_last() const { return at_ >= count_; }

  // Reads a key and its colon: gives what stands between its quotes; false where there is none.
  bool key(std::string_view& content) {
    if (at_ + 1 >= count_ || here() != '"' || text_[tokens_[at_ + 1]] != ':') return false;
    const size_t begin = tokens_[at_] + 1;
    // Nothing but white space can stand between a string and the next token.
    size_t end = tokens_[at_ + 1] - 1;
    while (text_[end] != '"') --end;
    if (end < begin) return false;
    content = text_.substr(begin, end - begin);
    at_ += 2;
    return true;
  }

  // Reads a whole value; gives its text, empty where there is none.
  std::string_view value() {
    const char first = here();
    if (first == '{' || first == '[') {
      const size_t begin = mark();
      if (!skip_nested()) return {};
      return since(begin);
    }
    if (first == '\0' || first == '}' || first == ']' || first == ',' || first == ':') return {};
    const size_t begin = tokens_[at_++];
    size_t end = at_ < count_ ? tokens_[at_] : text_.size();
    while (is_space(text_[end - 1])) --end;
    return text_.substr(begin, end - begin);
  }

  // Where the token at hand begins; and the text from there to the bracket that was just passed.
  size_t mark() const { return tokens_[at_]; }
  std::string_view since(size_t mark) const { return text_.substr(mark, tokens_[at_ - 1] + 1 - mark); }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool skip_nested() {
    size_t depth = 0;
    while (at_ < count_) {
      const char c = text_[tokens_[at_++]];
      if (c == '{' || c == '[') ++depth;
      else if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
  }

  std::string_view text_;
  const uint32_t* tokens_;
  size_t count_;
  size_t at_ = 0;
};

}  // namespace levada::parse_json
