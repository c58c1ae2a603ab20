#include "properties.h"

#include <charconv>
#include <string>

namespace levada::delta {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> unit_of(std::string_view name) {
  if (name.ends_with('s')) name.remove_suffix(1);
  if (name == "millisecond") return milliseconds(1);
  if (name == "second") return std::chrono::seconds(1);
  if (name == "minute") return std::chrono::minutes(1);
  if (name == "hour") return std::chrono::hours(1);
  if (name == "day") return std::chrono::days(1);
  if (name == "week") return std::chrono::weeks(1);
  return std::nullopt;
}

std::string_view take_word(std::string_view& text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == text.npos) return text = {};
  const auto end = std::min(text.find(' ', begin), text.size());
  const auto word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

}  // namespace

std::optional<milliseconds> parse_interval(std::string_view text) {
  milliseconds sum{0};
  auto word = take_word(text);
  if (word == "interval" || word == "INTERVAL") word = take_word(text);
  if (word.empty()) return std::nullopt;
  for (; !word.empty(); word = take_word(text)) {
    int64_t count = 0;
    const char* const end = word.data() + word.size();
    const auto unit = unit_of(take_word(text));
    if (std::from_chars(word.data(), end, count).ptr != end || !unit || count < 0 || count > 1'000'000)
      return std::nullopt;
    sum += count * *unit;
  }
  return sum;
}

bool Properties::is_true(std::string_view name, bool fallback) const {
  const auto* value = find(configuration_, name);
  return value ? *value == "true" : fallback;
}

int64_t Properties::integer(std::string_view name, int64_t fallback) const {
  const auto* value = find(configuration_, name);
  int64_t number = 0;
  if (!value) return fallback;
  const char* const end = value->data() + value->size();
  return std::from_chars(value->data(), end, number).ptr == end && number > 0 ? number : fallback;
}

milliseconds Properties::interval(std::string_view name, milliseconds fallback) const {
  const auto* value = find(configuration_, name);
  return value ? parse_interval(*value).value_or(fallback) : fallback;
}

}  // namespace levada::delta
