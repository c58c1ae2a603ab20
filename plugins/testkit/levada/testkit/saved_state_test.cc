// States as bytes: what was written comes back, and what was not is refused.
#include "levada/saved_state.h"

#include <gtest/gtest.h>

namespace levada {
namespace {

std::string saved(std::string_view kind = "sums 1", std::string_view options = "by ip") {
  std::string state = "before";
  StateWriter writer(state, kind, options);
  writer.value(int64_t{-5});
  writer.text("some text");
  writer.value(2.5);
  writer.finish();
  return state.substr(6);
}

TEST(SavedState, gives_back_what_was_written) {
  const auto state = saved();
  auto reader = StateReader::open(state, "sums 1", "by ip");
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->value<int64_t>(), -5);
  EXPECT_EQ(reader->text(), "some text");
  EXPECT_EQ(reader->value<double>(), 2.5);
  EXPECT_TRUE(reader->finish());
}

TEST(SavedState, other_options_are_rejected_and_damage_is_fatal) {
  const auto state = saved();
  EXPECT_EQ(StateReader::open(saved("sums 1", "by host"), "sums 1", "by ip").code(), Code::reject);
  EXPECT_EQ(StateReader::open(saved("sums 2"), "sums 1", "by ip").code(), Code::fatal);
  for (size_t size = 0; size < state.size(); ++size)
    EXPECT_EQ(StateReader::open(state.substr(0, size), "sums 1", "by ip").code(), Code::fatal) << size;
  for (size_t at = 0; at < state.size(); ++at) {
    auto damaged = state;
    damaged[at] ^= 1;
    EXPECT_EQ(StateReader::open(damaged, "sums 1", "by ip").code(), Code::fatal) << at;
  }
}

TEST(SavedState, what_ends_too_early_or_goes_on_is_fatal) {
  const auto state = saved();
  auto reader = StateReader::open(state, "sums 1", "by ip");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->finish().code(), Code::fatal);
  reader->bytes(reader->left());
  EXPECT_TRUE(reader->finish());
  EXPECT_EQ(reader->value<int64_t>(), 0);
  EXPECT_EQ(reader->text(), "");
  EXPECT_EQ(reader->finish().code(), Code::fatal);
}

TEST(SavedState, small_numbers_take_few_bytes) {
  const uint64_t numbers[] = {0, 1, 127, 128, 300, 1u << 31, uint64_t{1} << 63, ~uint64_t{0}};
  std::string state;
  StateWriter writer(state, "sums 1", "");
  const size_t head = state.size();
  for (const auto number : numbers) writer.number(number);
  EXPECT_EQ(state.size() - head, 1u + 1 + 1 + 2 + 2 + 5 + 10 + 10);
  writer.finish();
  auto reader = StateReader::open(state, "sums 1", "");
  ASSERT_TRUE(reader);
  for (const auto number : numbers) EXPECT_EQ(reader->number(), number);
  EXPECT_TRUE(reader->finish());
}

TEST(SavedState, many_numbers_are_written_as_each_of_them) {
  for (const size_t count : {0u, 1u, 16u, 17u, 100u}) {
    std::string one_by_one, at_once;
    StateWriter to_one(one_by_one, "sums 1", ""), to_all(at_once, "sums 1", "");
    std::vector<uint64_t> numbers;
    for (size_t at = 0; at < count; ++at) numbers.push_back(~uint64_t{0} >> (at * 7 % 64));
    for (const auto number : numbers) to_one.number(number);
    to_all.numbers(reinterpret_cast<const char*>(numbers.data()), count);
    EXPECT_EQ(at_once, one_by_one);
  }
}

TEST(SavedState, a_number_that_does_not_end_is_fatal) {
  for (const std::string& bytes : {std::string(), std::string("\xff"), std::string(11, '\xff')}) {
    std::string state;
    StateWriter writer(state, "sums 1", "");
    writer.bytes(bytes.data(), bytes.size());
    writer.finish();
    auto reader = StateReader::open(state, "sums 1", "");
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->number(), 0u);
    EXPECT_EQ(reader->finish().code(), Code::fatal);
  }
}

TEST(SavedState, a_bool_is_0_or_1) {
  for (const auto byte : std::initializer_list<uint8_t>{0, 1, 2, 255}) {
    std::string state;
    StateWriter writer(state, "sums 1", "by ip");
    writer.value(byte);
    writer.finish();
    auto reader = StateReader::open(state, "sums 1", "by ip");
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->value<bool>(), byte == 1);
    EXPECT_EQ(reader->finish().code(), byte > 1 ? Code::fatal : Code::ok) << int{byte};
  }
}

}  // namespace
}  // namespace levada
