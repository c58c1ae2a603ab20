#include "position.h"

#include <array>
#include <charconv>

namespace levada::tail {
namespace {

constexpr std::string_view kFormat = "tail1";

template <class Position>
auto numbers_of(Position& position) {
  auto& identity = position.identity;
  return std::array{&position.generation, &position.place.offset, &identity.device, &identity.inode,
                    &identity.head,       &identity.end,          &identity.tail};
}

}  // namespace

std::string text_of(const FilePosition& position) {
  std::string text(kFormat);
  for (const auto* number : numbers_of(position)) text += ' ' + std::to_string(*number);
  return text + ' ' + std::to_string(position.identity.head_bytes) + ' ' + std::to_string(position.identity.born_ns) +
         (position.place.in_long_row ? " 1" : " 0");
}

std::optional<FilePosition> parse_position(std::string_view text) {
  if (!text.starts_with(kFormat)) return std::nullopt;
  text.remove_prefix(kFormat.size());
  const auto read = [&](auto& to) {
    if (!text.starts_with(' ')) return false;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), to);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return true;
  };
  FilePosition position;
  for (auto* number : numbers_of(position))
    if (!read(*number)) return std::nullopt;
  int in_long_row = 0;
  if (!read(position.identity.head_bytes) || !read(position.identity.born_ns) || !read(in_long_row) || !text.empty())
    return std::nullopt;
  position.place.in_long_row = in_long_row != 0;
  return position;
}

}  // namespace levada::tail
