// Durations and sizes as a user writes them.
#include "agent/config/units.h"

#include <array>
#include <charconv>
#include <span>

namespace levada::agent {

namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr int64_t kMillisecond = 1'000'000, kSecond = 1000 * kMillisecond;
constexpr std::array<Unit, 5> kDurations = {
    {{"ms", kMillisecond}, {"s", kSecond}, {"m", 60 * kSecond}, {"h", 3600 * kSecond}, {"d", 86400 * kSecond}}};
// A hundred years: whoever adds one to the time of a clock stays within an int64_t.
constexpr int64_t kLongest = kSecond * 86'400 * 36'500;
constexpr std::array<Unit, 4> kSizes = {
    {{"KiB", int64_t{1} << 10}, {"MiB", int64_t{1} << 20}, {"GiB", int64_t{1} << 30}, {"TiB", int64_t{1} << 40}}};

std::optional<int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<int64_t> count = parse_integer(text.substr(0, digits));
  if (!count) return std::nullopt;
  for (const Unit& unit : units) {
    int64_t product = 0;
    if (text.substr(digits) != unit.name) continue;
    if (__builtin_mul_overflow(*count, unit.factor, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> parse_duration(std::string_view text) {
  const auto duration = parse_with_unit(text, kDurations);
  return duration && *duration <= kLongest ? duration : std::nullopt;
}

std::optional<int64_t> parse_size(std::string_view text) { return parse_with_unit(text, kSizes); }

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return number;
}

}  // namespace levada::agent
