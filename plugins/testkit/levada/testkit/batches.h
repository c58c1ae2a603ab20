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

// A column that is opaque to plugins: lists of integers.
inline Column list_column(std::string name, const std::vector<std::optional<std::vector<int64_t>>>& values) {
  static constexpr auto release = [](ArrowSchema* schema) { schema->release = nullptr; };
  static ArrowSchema item{"l", "item", nullptr, ARROW_FLAG_NULLABLE, 0, nullptr, nullptr, release, nullptr};
  static ArrowSchema* children[] = {&item};
  static const ArrowSchema schema{"+l", "", nullptr, ARROW_FLAG_NULLABLE, 1, children, nullptr, release, nullptr};
  ValueBuilder<int32_t> offsets;
  ValueBuilder<int64_t> items;
  BooleanBuilder valid;
  offsets.append(0);
  for (const auto& value : values) {
    valid.append(value.has_value());
    for (const int64_t each : value.value_or(std::vector<int64_t>())) items.append(each);
    offsets.append(static_cast<int32_t>(items.rows()));
  }
  const Column starts = std::move(offsets).finish("", Type::int64), bits = std::move(valid).finish("");
  const Column inner = std::move(items).finish("", Type::int64);
  auto held = std::make_unique<detail::Held>();
  held->arrays = {starts.shared(), bits.shared()};
  held->pointers = {bits.array().buffers[1], starts.array().buffers[1]};
  detail::share(inner.array(), inner.shared(), held->children.emplace_back());
  auto array = detail::array_of(std::move(held), static_cast<int64_t>(values.size()), -1);
  return Column(std::move(name), Type::opaque, detail::hold(array), {std::shared_ptr<void>(), &schema});
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
      case Type::opaque:
        all.emplace_back("<opaque>");
        break;
    }
  }
  return all;
}

}  // namespace levada::testkit
