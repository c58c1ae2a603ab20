// CRC32C: known sums, and all ways to the same sum.
#include "levada/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace levada::agent {
namespace {

TEST(Crc32c, gives_the_sums_of_rfc_3720) {
  EXPECT_EQ(crc32c(0, "123456789", 9), 0xe3069283u);
  EXPECT_EQ(crc32c(0, std::string(32, '\0').data(), 32), 0x8a9136aau);
  EXPECT_EQ(crc32c(0, std::string(32, '\xff').data(), 32), 0x62a8ab43u);
  EXPECT_EQ(crc32c(0, "", 0), 0u);
}

TEST(Crc32c, is_the_same_in_parts_and_without_the_instruction) {
  std::mt19937_64 random(7);
  std::string text(40'000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  for (const size_t size : {1u, 7u, 8u, 767u, 768u, 769u, 12'287u, 12'288u, 12'289u, 39'999u}) {
    const char* from = text.data() + size % 5;
    const size_t bytes = size - size % 5;
    const uint32_t whole = crc32c(0, from, bytes);
    EXPECT_EQ(whole, detail::crc32c_portable(0, from, bytes)) << size;
    EXPECT_EQ(whole, crc32c(crc32c(0, from, bytes / 3), from + bytes / 3, bytes - bytes / 3)) << size;
  }
}

}  // namespace
}  // namespace levada::agent
