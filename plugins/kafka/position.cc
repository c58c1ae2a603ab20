// A position's parts between tabs, escaped.
#include "kafka/position.h"

#include <charconv>

#include "levada/positions.h"

namespace levada {
namespace {

constexpr std::string_view kMark = "kafka";

template <class Number>
bool parse(std::string_view text, Number& to) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, to);
  return error == std::errc() && at == end;
}

}  // namespace

std::string write_kafka_position(const KafkaPosition& position) {
  std::string text(kMark);
  const auto add = [&](std::string_view part) {
    text += '\t';
    append_escaped(text, part);
  };
  add(position.cluster);
  add(position.group);
  add(position.owner);
  add(position.topic);
  add(std::to_string(position.partition));
  add(std::to_string(position.offset));
  add(position.member);
  add(std::to_string(position.generation));
  return text;
}

std::optional<KafkaPosition> read_kafka_position(std::string_view text) {
  const auto parts = tab_separated(text);
  if (parts.size() != 9 || parts[0] != kMark) return std::nullopt;
  KafkaPosition position;
  position.cluster = unescaped(parts[1]);
  position.group = unescaped(parts[2]);
  position.owner = unescaped(parts[3]);
  position.topic = unescaped(parts[4]);
  position.member = unescaped(parts[7]);
  const bool numbers =
      parse(parts[5], position.partition) && parse(parts[6], position.offset) && parse(parts[8], position.generation);
  if (!numbers) return std::nullopt;
  return position;
}

}  // namespace levada
