// The columns of keys that come out again.
#pragma once

#include <charconv>
#include <iterator>
#include <string>
#include <vector>

#include "levada/batch.h"
#include "levada/row_keys.h"

namespace levada::analytics {

// Of the type of its values where these have one, and else of text.
class KeyColumns {
 public:
  explicit KeyColumns(const std::vector<std::string>& names) {
    for (const auto& name : names) columns_.push_back({name, {}});
  }

  void append(Key key) {
    ++rows_;
    if (columns_.size() == 1) return append(columns_[0], key);
    std::string_view rest = key.bytes;
    for (auto& column : columns_) append(column, RowKeys::take_part(rest));
  }
  int64_t rows() const { return rows_; }
  // Adds the columns to a batch of as many rows, and begins anew.
  void finish(Batch& to) {
    for (auto& column : columns_) {
      to.set(finish(column));
      column.parts.clear();
    }
    bytes_.clear();
    rows_ = 0;
  }

 private:
  struct Part {
    char kind;
    size_t begin, size;
  };
  struct KeyColumn {
    std::string name;
    std::vector<Part> parts;
  };

  void append(KeyColumn& column, Key part) {
    column.parts.push_back({part.kind, bytes_.size(), part.bytes.size()});
    bytes_ += part.bytes;
  }
  std::string_view bytes_of(const Part& part) const { return {bytes_.data() + part.begin, part.size}; }
  template <class T>
  T value_of(const Part& part) const {
    T value{};
    std::memcpy(&value, bytes_.data() + part.begin, sizeof value);
    return value;
  }

  // That all parts have; null where they have several. Nulls are of any.
  static char kind_of(const KeyColumn& column) {
    char kind = Key::kNull;
    for (const auto& part : column.parts) {
      if (part.kind == Key::kNull || part.kind == kind) continue;
      if (kind != Key::kNull) return kSeveralKinds;
      kind = part.kind;
    }
    return kind;
  }
  Column finish(const KeyColumn& column) const {
    switch (kind_of(column)) {
      case Key::kInteger: return finish_values<int64_t>(column, Type::int64);
      case Key::kTime: return finish_values<int64_t>(column, Type::timestamp);
      case Key::kNumber: return finish_values<double>(column, Type::float64);
      case Key::kBoolean: {
        BooleanBuilder to;
        for (const auto& part : column.parts)
          part.kind == Key::kNull ? to.append_null() : to.append(bytes_[part.begin] != 0);
        return std::move(to).finish(column.name);
      }
      case Key::kBytes: return finish_texts(column, Type::bytes);
      default: break;
    }
    const bool has_bytes = std::any_of(column.parts.begin(), column.parts.end(),
                                       [](const Part& part) { return part.kind == Key::kBytes; });
    return finish_texts(column, has_bytes ? Type::bytes : Type::text);
  }
  template <class T>
  Column finish_values(const KeyColumn& column, Type type) const {
    ValueBuilder<T> to(static_cast<int64_t>(column.parts.size()));
    for (const auto& part : column.parts) part.kind == Key::kNull ? to.append_null() : to.append(value_of<T>(part));
    return std::move(to).finish(column.name, type);
  }
  Column finish_texts(const KeyColumn& column, Type type) const {
    TextBuilder to(static_cast<int64_t>(column.parts.size()));
    char digits[32];
    const auto number = [&](auto value) {
      return std::string_view(digits, std::to_chars(digits, std::end(digits), value).ptr);
    };
    for (const auto& part : column.parts) {
      switch (part.kind) {
        case Key::kNull: to.append_null(); break;
        case Key::kBoolean: to.append(bytes_[part.begin] != 0 ? "true" : "false"); break;
        case Key::kInteger:
        case Key::kTime: to.append(number(value_of<int64_t>(part))); break;
        case Key::kNumber: to.append(number(value_of<double>(part))); break;
        default: to.append(bytes_of(part));
      }
    }
    return std::move(to).finish(column.name, type);
  }

  static constexpr char kSeveralKinds = '*';

  std::vector<KeyColumn> columns_;
  std::string bytes_;  // Of all parts.
  int64_t rows_ = 0;
};

}  // namespace levada::analytics
