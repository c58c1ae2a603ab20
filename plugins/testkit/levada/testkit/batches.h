// Batches for tests: made of what a test writes down, and read back as texts.
#pragma once

#include <charconv>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"

namespace levada::testkit {

inline Column text_column(std::string name, const std::vector<std::optional<std::string>>& values,
                          Type type = Type::text) {
  TextBuilder builder;
  for (const auto& value : values) value ? builder.append(*value) : builder.append_null();
  return std::move(builder).finish(std::move(name), type);
}

// An int64, float64 or timestamp column.
template <class T>
Column value_column(std::string name, Type type, const std::vector<std::optional<T>>& values) {
  ValueBuilder<T> builder;
  for (const auto& value : values) value ? builder.append(*value) : builder.append_null();
  return std::move(builder).finish(std::move(name), type);
}

inline Column boolean_column(std::string name, const std::vector<std::optional<bool>>& values) {
  BooleanBuilder builder;
  for (const auto& value : values) value ? builder.append(*value) : builder.append_null();
  return std::move(builder).finish(std::move(name));
}

// Fresh events with these bodies.
inline Batch batch_of(const std::vector<std::string>& bodies) {
  Batch batch(static_cast<int64_t>(bodies.size()));
  batch.set(text_column("body", {bodies.begin(), bodies.end()}, Type::bytes));
  return batch;
}

// The values of a column, as text; "<null>" for a null, and one "<missing>" where there is no such column.
inline std::vector<std::string> texts(const Batch& batch, std::string_view name) {
  const Column* column = batch.find(name);
  if (!column) return {"<missing>"};
  std::vector<std::string> all;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    if (column->null(row)) {
      all.emplace_back("<null>");
      continue;
    }
    switch (column->type()) {
      case Type::boolean:
        all.emplace_back(column->boolean(row) ? "true" : "false");
        break;
      case Type::int64:
      case Type::timestamp:
        all.push_back(std::to_string(column->values<int64_t>()[row]));
        break;
      case Type::float64: {
        char digits[32];
        all.emplace_back(digits, std::to_chars(digits, std::end(digits), column->values<double>()[row]).ptr);
        break;
      }
      case Type::text:
      case Type::bytes:
      case Type::dictionary:
        all.emplace_back(column->text(row));
        break;
    }
  }
  return all;
}

}  // namespace levada::testkit
