// Regular expressions of the form ^[0-9a-f]{8,16}$: all characters of one class. A
// table tells them faster than RE2.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "levada/column.h"

namespace levada::conditions {

class ClassPattern {
 public:
  // Nothing where the expression is of another form.
  static std::optional<ClassPattern> parse(std::string_view expression);

  bool operator()(std::string_view text) const {
    if (text.size() < least_ || text.size() > most_) return false;
    for (const char character : text)
      if (!allowed_[static_cast<uint8_t>(character)]) return false;
    return true;
  }
  // Digits are what it is mostly about, and short: up to 12 of them stand in the view.
  bool operator()(const Views& views, const View& view) const {
    if (!digits_ || !view.is_inline()) return (*this)(views.text(view));
    const auto size = static_cast<size_t>(view.size);
    if (size < least_ || size > most_) return false;
    uint64_t low;
    uint32_t high;
    std::memcpy(&low, view.inlined, 8);
    std::memcpy(&high, view.inlined + 8, 4);
    // Behind the text are zeros; they become the digit 0.
    low |= size < 8 ? 0x3030303030303030 << (8 * size) : 0;
    high |= size < 8 ? 0x30303030 : size < 12 ? 0x30303030u << (8 * (size - 8)) : 0;
    return are_digits(low) && are_digits(0x3030303000000000 | high);
  }

 private:
  // Eight bytes at once: each has 3 in its upper half, still has when 6 is added.
  static bool are_digits(uint64_t bytes) {
    constexpr uint64_t kUpper = 0xf0f0f0f0f0f0f0f0, kThrees = 0x3030303030303030;
    return (((bytes & kUpper) ^ kThrees) | (((bytes + 0x0606060606060606) & kUpper) ^ kThrees)) == 0;
  }

  std::array<bool, 256> allowed_{};
  size_t least_ = 1, most_ = 1;
  bool digits_ = false;  // The class is 0 to 9.
};

}  // namespace levada::conditions
