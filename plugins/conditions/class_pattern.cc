// Reads the form of expression that class_pattern.h is about.
#include "class_pattern.h"

#include <charconv>
#include <limits>

namespace levada::conditions {
namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();
// What RE2 takes as the largest count.
constexpr size_t kLargestCount = 1000;
// Characters that stand for themselves behind a backslash.
constexpr std::string_view kEscaped = R"(-.\]/+*?$())";

bool is_digit(char character) { return character >= '0' && character <= '9'; }
bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

class Reader {
 public:
  Reader(std::string_view expression, std::array<bool, 256>& allowed) : rest_(expression), allowed_(allowed) {}

  bool take(char character) {
    if (rest_.empty() || rest_.front() != character) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() const { return rest_.empty(); }

  // \d, \w or [...] of plain characters, ranges and those two.
  bool read_class() {
    if (take('\\')) return read_escaped_class();
    if (!take('[')) return false;
    do {
      if (rest_.size() < 2) return false;
      if (rest_.front() == '\\' && (rest_[1] == 'd' || rest_[1] == 'w')) {
        rest_.remove_prefix(1);
        read_escaped_class();
        continue;
      }
      char first, last;
      if (!read_character(first)) return false;
      last = first;
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        if (!read_character(last) || last < first) return false;
      }
      for (int character = first; character <= last; ++character) allowed_[static_cast<size_t>(character)] = true;
    } while (!take(']'));
    return true;
  }

  // +, *, {n}, {n,}, {n,m} or nothing.
  bool read_count(size_t& least, size_t& most) {
    least = most = 1;
    if (take('+')) return most = kNoLimit, true;
    if (take('*')) return least = 0, most = kNoLimit, true;
    if (!take('{')) return true;
    if (!read_number(least)) return false;
    most = least;
    if (take(',')) {
      most = kNoLimit;
      if (!rest_.empty() && rest_.front() != '}' && (!read_number(most) || most < least)) return false;
    }
    return take('}');
  }

 private:
  bool read_escaped_class() {
    const bool word = take('w');
    if (!word && !take('d')) return false;
    for (int character = 0; character < 128; ++character) {
      const auto c = static_cast<char>(character);
      if (is_digit(c) || (word && (is_letter(c) || c == '_'))) allowed_[static_cast<size_t>(character)] = true;
    }
    return true;
  }
  // One that stands for itself: no start of another construct, and plain ASCII,
  // whose bytes are its characters.
  bool read_character(char& character) {
    if (rest_.empty()) return false;
    character = rest_.front();
    rest_.remove_prefix(1);
    if (character == '\\') {
      if (rest_.empty() || kEscaped.find(rest_.front()) == std::string_view::npos) return false;
      character = rest_.front();
      rest_.remove_prefix(1);
      return true;
    }
    return character >= ' ' && character < 127 && character != '[' && character != '^' && character != ']';
  }
  bool read_number(size_t& number) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc() || number > kLargestCount) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }

  std::string_view rest_;
  std::array<bool, 256>& allowed_;
};

}  // namespace

std::optional<ClassPattern> ClassPattern::parse(std::string_view expression) {
  ClassPattern pattern;
  Reader reader(expression, pattern.allowed_);
  if (!reader.take('^') || !reader.read_class() || !reader.read_count(pattern.least_, pattern.most_) ||
      !reader.take('$') || !reader.at_end())
    return std::nullopt;
  pattern.digits_ = true;
  for (size_t character = 0; character < 256; ++character)
    pattern.digits_ &= pattern.allowed_[character] == is_digit(static_cast<char>(character));
  return pattern;
}

}  // namespace levada::conditions
