#include "position.h"

#include <charconv>

#include "levada/positions.h"

namespace levada::http_fetch {
namespace {

constexpr std::string_view kFormat = "fetch1";
constexpr size_t kParts = 12;
constexpr uint64_t kInArray = 1, kInLongRow = 2, kIsOver = 4;

template <class Number>
bool read(std::string_view text, Number& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string text_of(const FetchPosition& position) {
  const auto& [url, hash, bytes, etag, last_modified] = position.version;
  const uint64_t flags = (position.place.in_array ? kInArray : 0) | (position.place.in_long_row ? kInLongRow : 0) |
                         (position.is_over ? kIsOver : 0);
  std::string text(kFormat);
  for (const uint64_t number : {position.round, position.number, position.place.offset, flags})
    text += '\t' + std::to_string(number);
  text += '\t' + std::to_string(position.fetched_ns);
  for (const uint64_t number : {url, hash, bytes}) text += '\t' + std::to_string(number);
  for (const auto* part : {&etag, &last_modified, &position.next}) {
    text += '\t';
    append_escaped(text, *part);
  }
  return text;
}

std::optional<FetchPosition> parse_position(std::string_view text) {
  const auto parts = tab_separated(text);
  if (parts.size() != kParts || parts[0] != kFormat) return std::nullopt;
  FetchPosition position;
  uint64_t flags = 0;
  auto& version = position.version;
  const bool good = read(parts[1], position.round) && read(parts[2], position.number) &&
                    read(parts[3], position.place.offset) && read(parts[4], flags) &&
                    read(parts[5], position.fetched_ns) && read(parts[6], version.url) &&
                    read(parts[7], version.hash) && read(parts[8], version.bytes);
  if (!good) return std::nullopt;
  position.place.in_array = (flags & kInArray) != 0;
  position.place.in_long_row = (flags & kInLongRow) != 0;
  position.is_over = (flags & kIsOver) != 0;
  version.etag = unescaped(parts[9]);
  version.last_modified = unescaped(parts[10]);
  position.next = unescaped(parts[11]);
  return position;
}

}  // namespace levada::http_fetch
