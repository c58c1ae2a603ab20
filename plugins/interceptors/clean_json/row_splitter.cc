#include "row_splitter.h"

#include <algorithm>
#include <array>

#include "json/eight_bytes.h"
#include "json/json_scanner.h"

namespace levada::clean_json {

namespace {
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// The bytes that say where an object ends: brackets, quotes, backslashes.
constexpr std::array<bool, 256> kSteers = [] {
  std::array<bool, 256> table{};
  for (const char c : {'"', '\\', '{', '}', '[', ']'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// Passes over bytes that do not steer, eight at once; less than eight may be left of them.
size_t skip_text(std::string_view row, size_t at) {
  return find_in_eights(row, at, [](uint64_t bytes) {
    // A bracket with that bit set is a brace, and a backslash stands between the brackets.
    const uint64_t braces = bytes | 0x20 * kEachByte;
    const uint64_t steering = bytes_that_are('{', braces) | bytes_that_are('|', braces) | bytes_that_are('}', braces) |
                              bytes_that_are('"', bytes);
    return steering & ~bytes;
  });
}

bool separates(char c) { return c == '[' || c == ']' || c == ','; }
}  // namespace

const std::vector<RowSplitter::Part>& RowSplitter::split(std::string_view row) {
  row_ = row;
  parts_.clear();
  JsonScanner scanner(row, repairs_);
  size_t at = skip_separators(scanner, row.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  while (at < row.size()) {
    Part part{at, at, {}, at, false, {}};
    if (row[at] != '{') {
      part.reason = "expected an object";
      part.end = end_of_others(scanner, at);
    } else if (const auto end = scanner.scan(at); end && runs_on(scanner, *end)) {
      // {"a":"x"}"} is rather one broken object than a good one with something behind it.
      part.fault = scanner.skip_space(*end);
      part.reason = "expected nothing or another object behind an object";
      part.end = next_line_with_object(part.fault);
    } else if (end) {
      part.end = *end;
      part.is_repaired = scanner.is_repaired();
      if (part.is_repaired) part.repaired = scanner.repaired();
    } else {
      auto fault = scanner.take_fault();
      part.reason = std::move(fault.reason);
      part.fault = fault.offset;
      part.end = end_of_broken(scanner, at);
    }
    at = skip_separators(scanner, part.end);
    parts_.push_back(std::move(part));
  }
  return parts_;
}

size_t RowSplitter::skip_separators(const JsonScanner& scanner, size_t at) const {
  for (;;) {
    at = scanner.skip_space(at);
    if (at == row_.size() || !separates(row_[at])) return at;
    ++at;
  }
}

bool RowSplitter::runs_on(const JsonScanner& scanner, size_t end) const {
  const size_t next = scanner.skip_space(end);
  if (next == row_.size() || row_[next] == '{' || separates(row_[next])) return false;
  return row_.substr(end, next - end).find('\n') == std::string_view::npos;
}

size_t RowSplitter::end_of_broken(const JsonScanner& scanner, size_t begin) const {
  size_t depth = 0;
  bool in_string = false;
  for (size_t at = begin; at < row_.size(); ++at) {
    const char c = row_[at];
    if (!kSteers[static_cast<unsigned char>(c)]) {
      at = skip_text(row_, at + 1) - 1;
      continue;
    }
    if (c == '"') {
      in_string = !in_string;
    } else if (c == '\\') {
      at += in_string;
    } else if (in_string) {
      continue;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (--depth == 0) {
      // Where it runs on, the brace most likely stood in a string that was not closed.
      return runs_on(scanner, at + 1) ? next_line_with_object(at) : at + 1;
    }
  }
  return next_line_with_object(begin);
}

size_t RowSplitter::end_of_others(JsonScanner& scanner, size_t begin) const {
  size_t end = begin;
  for (size_t at = begin; at < row_.size() && row_[at] != '{';) {
    const auto value_end = scanner.scan(at);
    if (!value_end) return next_line_with_object(at);
    end = *value_end;
    at = skip_separators(scanner, end);
    // A value that runs into the next is none: 1x, "a""b".
    if (at == end && at < row_.size()) return next_line_with_object(at);
  }
  return end;
}

size_t RowSplitter::next_line_with_object(size_t from) const { return std::min(row_.find("\n{", from), row_.size()); }

}  // namespace levada::clean_json
