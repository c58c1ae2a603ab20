// Numbers as JSON writes them, read without rounding.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace levada {

// -WHOLE.FRACTIONeEXPONENT; fraction and exponent may be missing. Zeros in front are allowed, JSON has none.
struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;  // Kept within what any number of digits could make up for.
};

// Nothing for a text that is no such number, as "inf", ".5" and "+1".
std::optional<Decimal> parse_decimal(std::string_view text);

// The whole number that the text stands for, however it is written: 3, 3.0, 3e2, 30e-1. Nothing for one with a
// fraction, and for one that 64 bits cannot hold.
std::optional<int64_t> parse_whole(std::string_view text);

}  // namespace levada
