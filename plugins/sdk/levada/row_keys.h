// The keys of a batch's rows: one column or more, as bytes that can be compared, with their hashes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"

namespace levada {

// A key, or a part of one: a letter for what it is, and its bytes.
struct Key {
  static constexpr char kNull = 'n', kText = 't', kBytes = 'z', kInteger = 'i', kNumber = 'd', kTime = 'u',
                        kBoolean = 'b', kSeveral = 's';
  char kind = kNull;
  std::string_view bytes;
};

namespace detail {

__extension__ typedef unsigned __int128 Product;

inline uint64_t mixed(uint64_t a, uint64_t b) {
  const auto product = static_cast<Product>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Another one in each process: nobody outside can choose keys that meet in one place.
inline uint64_t hash_seed() {
  static const uint64_t seed = [] {
    std::random_device random;
    return (uint64_t{random()} << 32 | random()) | 1;
  }();
  return seed;
}

inline uint64_t hash_of(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t kFirst = 0xa0761d6478bd642f, kSecond = 0xe7037ed1a0b428db;
  const auto word = [](const char* from) {
    uint64_t value;
    std::memcpy(&value, from, 8);
    return value;
  };
  const auto half = [](const char* from) {
    uint32_t value;
    std::memcpy(&value, from, 4);
    return uint64_t{value};
  };
  const char* from = bytes.data();
  size_t left = bytes.size();
  for (; left > 16; left -= 16, from += 16) seed = mixed(word(from) ^ kFirst, word(from + 8) ^ seed);
  uint64_t low = 0, high = 0;
  if (left >= 8) {
    low = word(from);
    high = word(from + left - 8);
  } else if (left >= 4) {
    low = half(from);
    high = half(from + left - 4);
  } else if (left > 0) {
    low = static_cast<uint8_t>(from[0]) | uint64_t{static_cast<uint8_t>(from[left / 2])} << 8 |
          uint64_t{static_cast<uint8_t>(from[left - 1])} << 16;
  }
  return mixed(kSecond ^ bytes.size(), mixed(low ^ kFirst, high ^ seed));
}

// Short ones without a call, out of loads that overlap.
inline bool is_same(const char* a, const char* b, size_t size) {
  const auto differ = [&]<class Word>(Word, size_t at) {
    Word left, right;
    std::memcpy(&left, a + at, sizeof left);
    std::memcpy(&right, b + at, sizeof right);
    return left ^ right;
  };
  if (size > 32) return std::memcmp(a, b, size) == 0;
  if (size > 16)
    return (differ(uint64_t(), 0) | differ(uint64_t(), 8) | differ(uint64_t(), size - 16) |
            differ(uint64_t(), size - 8)) == 0;
  if (size >= 8) return (differ(uint64_t(), 0) | differ(uint64_t(), size - 8)) == 0;
  if (size >= 4) return (differ(uint32_t(), 0) | differ(uint32_t(), size - 4)) == 0;
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

}  // namespace detail

// A null and a missing column are one value of their own, and so is a column that levada does not
// read. Values of different types are different; a dictionary is its texts.
class RowKeys {
 public:
  explicit RowKeys(std::vector<std::string> columns) : names_(std::move(columns)) {}

  const std::vector<std::string>& columns() const { return names_; }

  // Reads the keys of the batch's rows, which has to live as long as they are asked for.
  void read(const Batch& batch) {
    columns_.clear();
    for (const auto& name : names_) columns_.push_back(batch.find(name));
    stands_ = columns_.size() == 1 && columns_[0] && stands_as_it_is(*columns_[0]);
    if (stands_) kind_ = kind_of(columns_[0]->type());
    else encode(batch.rows());
  }

  Key operator[](int64_t row) const {
    if (!stands_) return encoded_key(row);
    const Column& column = *columns_[0];
    if (column.null(row)) return {};
    if (column.is_textual()) return {kind_, column.text(row)};
    return {kind_, {reinterpret_cast<const char*>(column.values<int64_t>() + row), sizeof(int64_t)}};
  }

  // Those of these rows, into `to`.
  void take(std::span<const int64_t> rows, Key* to) const {
    const Column* const column = stands_ ? columns_[0] : nullptr;
    if (!column || column->has_nulls() || column->type() == Type::dictionary) {
      for (const int64_t row : rows) *to++ = (*this)[row];
    } else if (column->is_textual()) {
      const Views views(column->array());
      for (const int64_t row : rows) *to++ = {kind_, views[row]};
    } else {
      const auto* const values = reinterpret_cast<const char*>(column->values<int64_t>());
      for (const int64_t row : rows) *to++ = {kind_, {values + row * sizeof(int64_t), sizeof(int64_t)}};
    }
  }

  static uint64_t hash(Key key) {
    return detail::hash_of(key.bytes, detail::hash_seed() ^ static_cast<uint8_t>(key.kind));
  }

  // Takes the first part off the bytes of a key of several columns.
  static Key take_part(std::string_view& bytes) {
    Key part{bytes[0], {}};
    bytes.remove_prefix(1);
    size_t size = 0;
    switch (part.kind) {
      case Key::kText:
      case Key::kBytes: {
        uint32_t given = 0;
        std::memcpy(&given, bytes.data(), sizeof given);
        bytes.remove_prefix(sizeof given);
        size = given;
        break;
      }
      case Key::kNull: break;
      case Key::kBoolean: size = 1; break;
      default: size = 8;
    }
    part.bytes = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return part;
  }
  // Whether the bytes are those of a key of so many columns; of a key that was saved.
  static bool is_sound(Key key, size_t columns) {
    if (columns == 1) return key.kind != Key::kSeveral && size_is_right(key);
    if (key.kind != Key::kSeveral) return false;
    std::string_view rest = key.bytes;
    for (size_t at = 0; at < columns; ++at) {
      if (rest.empty()) return false;
      const bool text = rest[0] == Key::kText || rest[0] == Key::kBytes;
      size_t needed = text ? 5 : rest[0] == Key::kNull ? 1 : rest[0] == Key::kBoolean ? 2 : 9;
      if (rest.size() < needed) return false;
      if (text) {
        uint32_t given = 0;
        std::memcpy(&given, rest.data() + 1, sizeof given);
        if (rest.size() - 5 < given) return false;
      }
      if (!size_is_right(take_part(rest))) return false;
    }
    return rest.empty();
  }

 private:
  static char kind_of(Type type) {
    switch (type) {
      case Type::boolean: return Key::kBoolean;
      case Type::int64: return Key::kInteger;
      case Type::float64: return Key::kNumber;
      case Type::timestamp: return Key::kTime;
      case Type::text:
      case Type::dictionary: return Key::kText;
      case Type::bytes: return Key::kBytes;
      case Type::opaque: break;
    }
    return Key::kNull;
  }
  static bool size_is_right(Key key) {
    switch (key.kind) {
      case Key::kText:
      case Key::kBytes: return true;
      case Key::kNull: return key.bytes.empty();
      case Key::kBoolean: return key.bytes.size() == 1;
      case Key::kInteger:
      case Key::kNumber:
      case Key::kTime: return key.bytes.size() == 8;
      default: return false;
    }
  }
  // One column of texts or integers: its values are the keys.
  static bool stands_as_it_is(const Column& column) {
    return column.is_textual() || column.type() == Type::int64 || column.type() == Type::timestamp;
  }

  // Only a column of 8 bytes a value without nulls.
  static bool is_whole(const Column* column) {
    return column && (column->type() == Type::int64 || column->type() == Type::timestamp) && !column->has_nulls();
  }

  // Several columns that are whole: column by column, as all keys have one size.
  void encode_whole(int64_t rows) {
    stride_ = columns_.size() * kPart;
    bytes_.resize(static_cast<size_t>(rows) * stride_);
    for (size_t at = 0; at < columns_.size(); ++at) {
      const auto* const values = columns_[at]->values<int64_t>();
      const char kind = kind_of(columns_[at]->type());
      char* to = bytes_.data() + at * kPart;
      for (int64_t row = 0; row < rows; ++row, to += stride_) {
        *to = kind;
        std::memcpy(to + 1, values + row, sizeof(int64_t));
      }
    }
    kind_ = Key::kSeveral;
  }
  void encode(int64_t rows) {
    const bool several = columns_.size() != 1;
    stride_ = 0;
    if (columns_.size() > 1 && std::all_of(columns_.begin(), columns_.end(), is_whole)) return encode_whole(rows);
    bytes_.clear();
    ends_.clear();
    for (int64_t row = 0; row < rows; ++row) {
      for (const auto* column : columns_) append(column, row, several);
      ends_.push_back(bytes_.size());
    }
    kind_ = several ? Key::kSeveral : columns_[0] ? kind_of(columns_[0]->type()) : Key::kNull;
  }
  void append(const Column* column, int64_t row, bool several) {
    const bool null = !column || column->type() == Type::opaque || column->null(row);
    const char kind = null ? Key::kNull : kind_of(column->type());
    if (several) bytes_ += kind;
    switch (kind) {
      case Key::kText:
      case Key::kBytes: {
        const auto text = column->text(row);
        if (several) append_value(static_cast<uint32_t>(text.size()));
        bytes_ += text;
        return;
      }
      case Key::kBoolean: bytes_ += column->boolean(row) ? '\1' : '\0'; return;
      case Key::kNumber: {
        const double number = column->values<double>()[row];
        // Numbers that are equal have one form.
        return append_value(number == 0 ? 0.0 : std::isnan(number) ? std::numeric_limits<double>::quiet_NaN() : number);
      }
      case Key::kInteger:
      case Key::kTime: return append_value(column->values<int64_t>()[row]);
      default: return;
    }
  }
  template <class T>
  void append_value(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  Key encoded_key(int64_t row) const {
    const auto at = static_cast<size_t>(row);
    if (stride_ > 0) return {kind_, std::string_view(bytes_.data() + at * stride_, stride_)};
    const size_t begin = at == 0 ? 0 : ends_[at - 1];
    const auto bytes = std::string_view(bytes_).substr(begin, ends_[at] - begin);
    if (kind_ != Key::kSeveral && (kind_ == Key::kNull || bytes.empty())) return {};
    return {kind_, bytes};
  }

  const std::vector<std::string> names_;
  std::vector<const Column*> columns_;  // Of the batch; null where it has none of that name.
  bool stands_ = false;
  char kind_ = Key::kNull;
  static constexpr size_t kPart = 1 + sizeof(int64_t);  // A letter and a value.
  // Of the keys that do not stand in the batch as they are.
  std::string bytes_;
  size_t stride_ = 0;         // Bytes of each of them, where all have as many; else 0.
  std::vector<size_t> ends_;  // Where each of them ends, where they do not.
};

}  // namespace levada
