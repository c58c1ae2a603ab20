// Digits, eight at once: as strtoull reads them, and nothing else is one.
#include "json/eight_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace levada {
namespace {

TEST(EightBytes, read_digits_of_any_number_and_nothing_else) {
  std::mt19937 random(7);
  int good = 0, bad = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string text(8 + 1 + random() % 16, '\0');
    for (auto& c : text) c = static_cast<char>('0' + random() % 10);
    for (size_t at = 0; at < 8; ++at) text[at] = static_cast<char>(random());
    if (random() % 2) text[8 + random() % (text.size() - 8)] = static_cast<char>(random());
    const auto digits = std::string_view(text).substr(8);
    const bool expected = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    uint64_t number = 0;
    ASSERT_EQ(read_digits(digits, number), expected) << digits;
    if (expected) {
      ASSERT_EQ(number, std::stoull(std::string(digits)));
    }
    ++(expected ? good : bad);
  }
  EXPECT_GT(good, 100'000);
  EXPECT_GT(bad, 100'000);
}

}  // namespace
}  // namespace levada
