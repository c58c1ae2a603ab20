// The scanner behind rows = "json".
#include "rows/json_rows.h"

#include <string_view>

namespace levada::rows {

namespace {

// A byte order mark is no content, wherever files were put together.
constexpr std::string_view kMark = "\xef\xbb\xbf";

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Behind the closing quote of the string that starts there; at the line break that ends it before; 0: neither is there.
size_t end_of_string(const char* text, size_t begin, size_t end) {
  for (size_t at = begin + 1; at < end; ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\n') return at;
    if (text[at] == '\\') ++at;
  }
  return 0;
}

size_t end_of_scalar(const char* text, size_t begin, size_t end) {
  // Never empty: a bracket that closes nothing is a row too.
  for (size_t at = begin + 1; at < end; ++at) {
    const char c = text[at];
    if (is_space(c) || c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || c == '"') return at;
  }
  return 0;
}

}  // namespace

size_t JsonRows::next(const char* text, size_t& begin, size_t end, bool at_end, bool& in_array) {
  for (; begin < end; ++begin) {
    const char c = text[begin];
    if (is_space(c) || c == ',') continue;
    if (c == kMark[0]) {
      const auto there = std::string_view(text + begin, end - begin).substr(0, kMark.size());
      if (there == kMark) {
        begin += kMark.size() - 1;
        continue;
      }
      // The rest of a mark may not have been read yet.
      if (!at_end && kMark.starts_with(there)) return 0;
    }
    if (c == '[' && !in_array) in_array = true;
    else if (c == ']' && in_array) in_array = false;
    else break;
  }
  if (begin == end) return 0;
  const char c = text[begin];
  const size_t found = c == '{' || c == '[' ? end_of_nested(text, begin, end)
                       : c == '"'           ? end_of_string(text, begin, end)
                                            : end_of_scalar(text, begin, end);
  return found == 0 && at_end ? end : found;
}

size_t JsonRows::end_of_nested(const char* text, size_t begin, size_t end) {
  open_.assign(1, text[begin]);
  char last = text[begin];
  for (size_t at = begin + 1; at < end; ++at) {
    const char c = text[at];
    switch (c) {
      case ' ':
      case '\t':
      case '\r':
      case '\n': continue;
      case '"': {
        const size_t behind = end_of_string(text, at, end);
        if (behind == 0 || text[behind - 1] != '"' || behind == at + 1) return behind;
        at = behind - 1;
        break;
      }
      case '{':
      case '[':
        if (last != ':' && last != ',' && last != '[') return at;
        open_ += c;
        break;
      case '}':
      case ']':
        if ((open_.back() == '{') != (c == '}')) return at + 1;
        open_.pop_back();
        if (open_.empty()) return at + 1;
        break;
      default: break;
    }
    last = c;
  }
  return 0;
}

}  // namespace levada::rows
