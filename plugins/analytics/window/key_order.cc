#include "key_order.h"

#include <charconv>
#include <cstring>

#include "levada/time.h"

namespace levada::window {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;

template <class T>
T value_of(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// As unsigned numbers they stand in the order of the values.
uint64_t ordered(Key key) {
  const auto bits = value_of<uint64_t>(key.bytes);
  if (key.kind != Key::kNumber) return bits ^ kSign;
  return bits & kSign ? ~bits : bits | kSign;
}

bool is_number(char kind) { return kind == Key::kInteger || kind == Key::kTime || kind == Key::kNumber; }

int rank(char kind) { return kind == Key::kNull ? 0 : kind; }

std::strong_ordering compare_parts(Key a, Key b) {
  if (a.kind != b.kind) return rank(a.kind) <=> rank(b.kind);
  if (is_number(a.kind)) return ordered(a) <=> ordered(b);
  return a.bytes.compare(b.bytes) <=> 0;
}

void append_text(TextBuilder& to, Key part) {
  char digits[40];
  char* end = digits;
  switch (part.kind) {
    case Key::kNull: return to.append_null();
    case Key::kBoolean: return to.append(part.bytes[0] ? "true" : "false");
    case Key::kInteger: end = std::to_chars(digits, std::end(digits), value_of<int64_t>(part.bytes)).ptr; break;
    case Key::kNumber: end = std::to_chars(digits, std::end(digits), value_of<double>(part.bytes)).ptr; break;
    case Key::kTime: {
      Rfc3339Writer writer;
      if (char* const written = writer.write(value_of<int64_t>(part.bytes), digits)) end = written;
      break;
    }
    default: return to.append(part.bytes);
  }
  to.append({digits, static_cast<size_t>(end - digits)});
}

template <class T>
Column numbers(const std::string& name, std::span<const Key> parts, Type type) {
  ValueBuilder<T> values(static_cast<int64_t>(parts.size()));
  for (const auto& part : parts)
    part.kind == Key::kNull ? values.append_null() : values.append(value_of<T>(part.bytes));
  return std::move(values).finish(name, type);
}

Key part_of(Key key, size_t part, size_t parts) {
  if (parts == 1) return key;
  std::string_view rest = key.bytes;
  for (; part > 0; --part) RowKeys::take_part(rest);
  return RowKeys::take_part(rest);
}

}  // namespace

std::strong_ordering compare_keys(Key a, Key b) {
  if (a.kind != Key::kSeveral || b.kind != Key::kSeveral) return compare_parts(a, b);
  while (!a.bytes.empty() && !b.bytes.empty())
    if (const auto order = compare_parts(RowKeys::take_part(a.bytes), RowKeys::take_part(b.bytes)); order != 0)
      return order;
  return a.bytes.size() <=> b.bytes.size();
}

uint64_t prefix_of(Key key) {
  if (key.kind == Key::kSeveral) return key.bytes.empty() ? 0 : prefix_of(RowKeys::take_part(key.bytes));
  if (is_number(key.kind)) return ordered(key);
  char first[8] = {};
  std::memcpy(first, key.bytes.data(), std::min<size_t>(8, key.bytes.size()));
  return __builtin_bswap64(value_of<uint64_t>({first, 8}));
}

Column key_column(const std::string& name, std::span<const Key> keys, size_t part, size_t parts) {
  std::vector<Key> all;
  all.reserve(keys.size());
  char kind = Key::kNull;
  bool mixed = false, has_bytes = false;
  for (const auto& key : keys) {
    const Key each = part_of(key, part, parts);
    all.push_back(each);
    has_bytes |= each.kind == Key::kBytes;
    if (each.kind == Key::kNull || each.kind == kind) continue;
    mixed |= kind != Key::kNull;
    kind = each.kind;
  }
  if (!mixed) {
    if (kind == Key::kInteger) return numbers<int64_t>(name, all, Type::int64);
    if (kind == Key::kTime) return numbers<int64_t>(name, all, Type::timestamp);
    if (kind == Key::kNumber) return numbers<double>(name, all, Type::float64);
    if (kind == Key::kBoolean) {
      BooleanBuilder values;
      for (const auto& each : all) each.kind == Key::kNull ? values.append_null() : values.append(each.bytes[0] != 0);
      return std::move(values).finish(name);
    }
  }
  TextBuilder texts(static_cast<int64_t>(all.size()));
  for (const auto& each : all) append_text(texts, each);
  return std::move(texts).finish(name, has_bytes ? Type::bytes : Type::text);
}

}  // namespace levada::window
