// A set of numbers of patterns.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "declarations.h"

namespace levada::match_patterns {

class PatternBits {
 public:
  void set(size_t number) { words_[number / 64] |= uint64_t{1} << (number % 64); }
  bool operator[](size_t number) const { return ((words_[number / 64] >> (number % 64)) & 1) != 0; }
  PatternBits& operator|=(const PatternBits& other) {
    for (size_t at = 0; at < words_.size(); ++at) words_[at] |= other.words_[at];
    return *this;
  }
  bool none() const { return *this == PatternBits(); }
  bool operator==(const PatternBits& other) const = default;

  // Calls see(number) with one after the other, ascending.
  template <class See>
  void each(See&& see) const {
    for (size_t at = 0; at < words_.size(); ++at)
      for (auto left = words_[at]; left != 0; left &= left - 1)
        see(at * 64 + static_cast<size_t>(std::countr_zero(left)));
  }

 private:
  std::array<uint64_t, (kPatternsMax + 63) / 64> words_{};
};

}  // namespace levada::match_patterns
