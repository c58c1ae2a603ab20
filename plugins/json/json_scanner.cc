#include "json/json_scanner.h"

#include <algorithm>
#include <charconv>

#include "json/eight_bytes.h"
#include "json/json_text.h"

namespace levada {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What may stand in any string as it is.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0x20; c < 0x80; ++c) table[c] = c != '"' && c != '\'' && c != '\\';
  return table;
}();

// Passes over text that may stand in any string as it is, eight bytes at once; less
// than eight may be left of it.
size_t skip_plain(std::string_view text, size_t at) {
  return find_in_eights(text, at, [](uint64_t bytes) {
    // Outside of ASCII, a control character, a quote or a backslash.
    return (bytes - 0x20 * kEachByte) | bytes_that_are('"', bytes) | bytes_that_are('\'', bytes) |
           bytes_that_are('\\', bytes) | bytes;
  });
}

std::string described(char c) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (byte > 0x20 && byte < 0x7f) return std::string("'") + c + "'";
  return std::string("byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
}

}  // namespace

bool JsonScanner::fail(size_t at, std::string reason) {
  fault_ = {at, std::move(reason)};
  return false;
}

bool JsonScanner::fail_expecting(size_t at, std::string_view expected) {
  std::string reason;
  reason.reserve(expected.size() + 32);
  reason.append("expected ").append(expected).append(", found ");
  reason.append(at < text_.size() ? described(text_[at]) : "the end");
  return fail(at, std::move(reason));
}

void JsonScanner::replace(size_t at, size_t size, std::string_view by) {
  repaired_.append(text_, copied_, at - copied_);
  repaired_.append(by);
  copied_ = at + size;
  is_repaired_ = true;
}

size_t JsonScanner::comment_end(size_t at) const {
  if (!repairs(Repairs::kComments) || peek(at) != '/') return at;
  if (peek(at + 1) == '/') return std::min(text_.find('\n', at), text_.size());
  if (peek(at + 1) != '*') return at;
  const size_t end = text_.find("*/", at + 2);
  return end == std::string_view::npos ? at : end + 2;
}

size_t JsonScanner::skip_space(size_t at) const {
  for (;;) {
    while (at < text_.size() && is_space(text_[at])) ++at;
    const size_t end = comment_end(at);
    if (end == at) return at;
    at = end;
  }
}

size_t JsonScanner::space(size_t at) {
  for (;;) {
    while (at < text_.size() && is_space(text_[at])) ++at;
    const size_t end = comment_end(at);
    if (end == at) return at;
    // A space keeps apart what the comment kept apart.
    replace(at, end - at, " ");
    at = end;
  }
}

std::optional<size_t> JsonScanner::scan(size_t at) {
  is_repaired_ = false;
  repaired_.clear();
  copied_ = at;
  depth_ = 0;
  if (!value(at)) return std::nullopt;
  if (is_repaired_) repaired_.append(text_, copied_, at - copied_);
  return at;
}

bool JsonScanner::push(size_t at, bool is_object) {
  if (depth_ + 1 >= kMaxDepth) return fail(at, "nested deeper than 1024 levels");
  is_object_[++depth_] = is_object;
  return true;
}

bool JsonScanner::trailing_comma(size_t comma, size_t at) {
  if (!repairs(Repairs::kTrailingCommas)) return fail(comma, std::string("trailing comma before '") + text_[at] + "'");
  // A comment behind the comma has gone to the repaired text already: then the comma
  // there is the one to take out.
  if (copied_ <= comma) replace(comma, 1, "");
  else repaired_.erase(repaired_.rfind(','), 1);
  is_repaired_ = true;
  return true;
}

bool JsonScanner::key(size_t& at) {
  if (peek(at) != '"' && !(repairs(Repairs::kSingleQuotes) && peek(at) == '\''))
    return fail_expecting(at, "a key in double quotes");
  if (!string(at)) return false;
  at = space(at);
  if (peek(at) != ':') return fail_expecting(at, "':' after a key");
  at = space(at + 1);
  return true;
}

bool JsonScanner::value(size_t& at) {
  for (;;) {
    const char c = peek(at);
    bool opened = false;
    if (c == '{' || c == '[') {
      const size_t open = at;
      at = space(at + 1);
      if (peek(at) == (c == '{' ? '}' : ']')) {
        ++at;
      } else {
        if (!push(open, c == '{')) return false;
        if (c == '{' && !key(at)) return false;
        opened = true;
      }
    } else if (c == '"' || (c == '\'' && repairs(Repairs::kSingleQuotes))) {
      if (!string(at)) return false;
    } else if (c == '-' || is_digit(c)) {
      if (!number(at)) return false;
    } else if (c == 't') {
      if (!word(at, "true")) return false;
    } else if (c == 'f') {
      if (!word(at, "false")) return false;
    } else if (c == 'n') {
      if (!word(at, "null")) return false;
    } else if (repairs(Repairs::kNan) && (c == 'N' || c == 'I')) {
      const size_t begin = at;
      if (!word(at, c == 'N' ? "NaN" : "Infinity")) return false;
      replace(begin, at - begin, "null");
    } else {
      return fail_expecting(at, "a value");
    }
    if (opened) continue;

    // A value has ended: go on to the next one, closing what ends with it.
    for (;;) {
      if (depth_ == 0) return true;
      at = space(at);
      const bool is_object = is_object_[depth_];
      const char close = is_object ? '}' : ']';
      if (peek(at) == ',') {
        const size_t comma = at;
        at = space(at + 1);
        if (peek(at) != close) {
          if (is_object && !key(at)) return false;
          break;
        }
        if (!trailing_comma(comma, at)) return false;
      }
      if (peek(at) != close)
        return fail_expecting(at, is_object ? "',' or '}' after a value" : "',' or ']' after a value");
      ++at;
      --depth_;
    }
  }
}

bool JsonScanner::word(size_t& at, std::string_view expected) {
  if (text_.substr(at, expected.size()) != expected) return fail_expecting(at, "a value");
  at += expected.size();
  return true;
}

bool JsonScanner::string(size_t& at) {
  const size_t begin = at;
  const char quote = text_[at];
  if (quote == '\'') replace(at, 1, "\"");
  ++at;
  while (at < text_.size()) {
    const auto c = static_cast<unsigned char>(text_[at]);
    if (kPlain[c]) {
      at = skip_plain(text_, at + 1);
    } else if (c == static_cast<unsigned char>(quote)) {
      if (quote == '\'') replace(at, 1, "\"");
      ++at;
      return true;
    } else if (c == '\\') {
      if (!escape(at, quote)) return false;
    } else if (c == '"') {
      replace(at++, 1, "\\\"");
    } else if (c < 0x20) {
      if (!repairs(Repairs::kControlCharacters))
        return fail(at, "control character " + described(text_[at]).substr(5) + " in a string");
      char escaped[6];
      replace(at++, 1, {escaped, write_escape(static_cast<char>(c), escaped)});
    } else if (c < 0x80) {
      ++at;  // A single quote within double ones.
    } else if (!utf8(at)) {
      return false;
    }
  }
  return fail(begin, "the string that begins here is not closed");
}

bool JsonScanner::escape(size_t& at, char quote) {
  const char c = peek(at + 1);
  if (c == '\'' && repairs(Repairs::kSingleQuotes)) {
    replace(at, 2, "'");
    at += 2;
    return true;
  }
  if (c != '\0' && std::strchr("\"\\/bfnrt", c) != nullptr) {
    at += 2;
    return true;
  }
  if (at + 1 >= text_.size()) return fail(at, std::string("the string ends after a backslash, without its ") + quote);
  if (c != 'u') return fail(at, "invalid escape in a string");
  const auto unit = hex4(text_.substr(std::min(at + 2, text_.size())));
  if (!unit) return fail(at, "\\u in a string needs four hexadecimal digits");
  if (*unit >= 0xdc00 && *unit < 0xe000) return fail(at, "a low surrogate without a high one before it");
  if (*unit >= 0xd800 && *unit < 0xdc00) {
    const bool escaped = peek(at + 6) == '\\' && peek(at + 7) == 'u';
    const auto low = escaped ? hex4(text_.substr(at + 8)) : std::nullopt;
    if (!low || *low < 0xdc00 || *low >= 0xe000) return fail(at, "a high surrogate without a low one behind it");
    at += 6;
  }
  at += 6;
  return true;
}

bool JsonScanner::utf8(size_t& at) {
  const size_t size = utf8_size(text_.substr(at));
  if (size == 0) return fail(at, "invalid UTF-8");
  at += size;
  return true;
}

bool JsonScanner::number(size_t& at) {
  const size_t begin = at;
  if (text_[at] == '-') ++at;
  if (repairs(Repairs::kNan) && at > begin && peek(at) == 'I') {
    if (!word(at, "Infinity")) return false;
    replace(begin, at - begin, "null");
    return true;
  }
  const size_t first = at;
  while (is_digit(peek(at))) ++at;
  if (at == first) return fail_expecting(at, "a digit");
  if (text_[first] == '0' && at > first + 1) return fail(first, "a number with a leading zero");
  const size_t integer_end = at;
  if (peek(at) == '.') {
    const size_t fraction = ++at;
    while (is_digit(peek(at))) ++at;
    if (at == fraction) return fail_expecting(at, "a digit");
  }
  if (peek(at) == 'e' || peek(at) == 'E') {
    ++at;
    if (peek(at) == '+' || peek(at) == '-') ++at;
    const size_t exponent = at;
    while (is_digit(peek(at))) ++at;
    if (at == exponent) return fail_expecting(at, "a digit");
  }

  const char* from = text_.data() + begin;
  const char* to = text_.data() + at;
  if (at == integer_end) {
    int64_t negative;
    uint64_t positive;
    const auto result = *from == '-' ? std::from_chars(from, to, negative) : std::from_chars(from, to, positive);
    if (result.ec != std::errc()) return fail(begin, "an integer that does not fit into 64 bits");
    return true;
  }
  if (!parse_double({from, at - begin})) return fail(begin, "a number that is too large for a double");
  return true;
}

}  // namespace levada
