// Reads JSON byte by byte, as strictly as simdjson does (RFC 8259, UTF-8, the same limits), to say
// where and why a document is invalid and where one document ends and the next begins; on demand it
// repairs what is known to be meant well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace levada {

// What a scanner puts right, as bits.
struct Repairs {
  static constexpr unsigned kTrailingCommas = 1;     // [1,2,] -> [1,2]
  static constexpr unsigned kSingleQuotes = 2;       // 'it\'s' -> "it's"
  static constexpr unsigned kControlCharacters = 4;  // a tab or line feed within a string -> \t, \n
  static constexpr unsigned kComments = 8;           // /* ... */ and // to the end of the line
  static constexpr unsigned kNan = 16;               // NaN, Infinity, -Infinity -> null
};

struct JsonFault {
  size_t offset;
  std::string reason;
};

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text, unsigned repairs = 0) : text_(text), repairs_(repairs) {}

  // Reads the value that begins at `at`, of any type. Gives where it ends; nothing
  // where it is invalid: see fault().
  std::optional<size_t> scan(size_t at);
  // Where the white space (and the comments, if they are repaired) from `at` on ends.
  size_t skip_space(size_t at) const;

  const JsonFault& fault() const { return fault_; }
  // The same, to keep.
  JsonFault take_fault() { return std::move(fault_); }
  // Whether the last value had to be repaired, and what became of it.
  bool is_repaired() const { return is_repaired_; }
  const std::string& repaired() const { return repaired_; }

 private:
  static constexpr size_t kMaxDepth = 1024;

  // As skip_space, within a value: comments go from the repaired text.
  size_t space(size_t at);
  size_t comment_end(size_t at) const;
  bool value(size_t& at);
  bool string(size_t& at);
  bool escape(size_t& at, char quote);
  bool utf8(size_t& at);
  bool number(size_t& at);
  bool word(size_t& at, std::string_view expected);
  bool key(size_t& at);
  bool push(size_t at, bool is_object);
  // The comma before `at` has nothing behind it.
  bool trailing_comma(size_t comma, size_t at);

  char peek(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  bool repairs(unsigned repair) const { return (repairs_ & repair) != 0; }
  bool fail(size_t at, std::string reason);
  bool fail_expecting(size_t at, std::string_view expected);
  // Puts `by` in place of the bytes `at` .. `at + size` in the repaired text.
  void replace(size_t at, size_t size, std::string_view by);

  std::string_view text_;
  unsigned repairs_;
  JsonFault fault_{};
  bool is_repaired_ = false;
  std::string repaired_;
  size_t copied_ = 0;
  size_t depth_ = 0;
  std::array<bool, kMaxDepth> is_object_;  // Up to depth_.
};

}  // namespace levada
