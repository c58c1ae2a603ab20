// Binary values, against what PostgreSQL's own send functions give.
#include "numbers.h"

#include <gtest/gtest.h>

namespace levada::postgres_sink {
namespace {

std::string hex(const std::string& bytes) {
  std::string all;
  char digits[3];
  for (const char c : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
    all += digits;
  }
  return all;
}

std::string numeric(std::string_view text) {
  std::string to;
  return append_numeric(text, to) ? hex(to) : "none" + hex(to);
}

// select encode(numeric_send('...'), 'hex')
TEST(Numeric, is_groups_of_four_digits_around_the_point) {
  EXPECT_EQ(numeric("0"), "0000000000000000");
  EXPECT_EQ(numeric("0.00"), "0000000000000002");
  EXPECT_EQ(numeric("1"), "00010000000000000001");
  EXPECT_EQ(numeric("-12345.678"), "0003000140000003000109291a7c");
  EXPECT_EQ(numeric("10000"), "00010001000000000001");
  EXPECT_EQ(numeric("0.0001"), "0001ffff000000040001");
  EXPECT_EQ(numeric("0.00001"), "0001fffe0000000503e8");
  EXPECT_EQ(numeric("1.5e3"), "000100000000000005dc");
  EXPECT_EQ(numeric("+25e-1"), "000200000000000100021388");
  EXPECT_EQ(numeric("99999999"), "0002000100000000270f270f");
}

TEST(Numeric, has_words_for_what_is_no_number) {
  EXPECT_EQ(numeric("NaN"), "00000000c0000000");
  EXPECT_EQ(numeric("Infinity"), "00000000d0000000");
  EXPECT_EQ(numeric("-inf"), "00000000f0000000");
}

TEST(Numeric, refuses_what_is_none_or_has_too_many_digits) {
  for (const auto* text : {"", "x", "1x", "--1", ".", "1e", "1e200000", "1e-20000"})
    EXPECT_EQ(numeric(text), "none") << text;
}

TEST(Uuid, is_written_with_hyphens_or_without) {
  const auto of = [](std::string_view text) {
    std::string to;
    return append_uuid(text, to) ? hex(to) : "none";
  };
  EXPECT_EQ(of("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), "a0eebc999c0b4ef8bb6d6bb9bd380a11");
  EXPECT_EQ(of("{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"), "a0eebc999c0b4ef8bb6d6bb9bd380a11");
  for (const auto* text :
       {"", "a0eebc99", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111", "a0eebc99--9c0b4ef8bb6d6bb9bd380a11",
        "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-"})
    EXPECT_EQ(of(text), "none") << text;
}

TEST(Address, has_a_family_and_a_length) {
  const auto of = [](std::string_view text, bool is_network = false) {
    std::string to;
    return append_address(text, is_network, to) ? hex(to) : "none";
  };
  EXPECT_EQ(of("10.0.0.7"), "022000040a000007");
  EXPECT_EQ(of("10.0.0.7/8"), "020800040a000007");
  EXPECT_EQ(of("10.0.0.0/8", true), "020801040a000000");
  EXPECT_EQ(of("10.0.0.7/8", true), "none");
  EXPECT_EQ(of("::1"), "0380001000000000000000000000000000000001");
  for (const auto* text : {"", "10.0.0", "10.0.0.7/33", "10.0.0.7/", "10.0.0.7/x", "x", "::1/129"})
    EXPECT_EQ(of(text), "none") << text;
  EXPECT_EQ(of(std::string_view("10.0.0.7\0", 9)), "none");
}

TEST(Date, is_a_day_or_the_day_of_a_time) {
  EXPECT_EQ(days_of("1970-01-01"), 0);
  EXPECT_EQ(days_of("1969-12-31T23:00:00Z"), -1);
  EXPECT_EQ(days_of("2026-01-31T23:00:00-02:00"), *days_of("2026-02-01"));
  EXPECT_EQ(days_of("2026-02-30"), std::nullopt);
  EXPECT_EQ(days_of("yesterday"), std::nullopt);
}

}  // namespace
}  // namespace levada::postgres_sink
