// Puts batches with different columns one behind the other.
#include "rejected_rows.h"

#include <string>
#include <utility>

#include "levada/pattern.h"

namespace levada::kafka_sink {
namespace {

struct Shape {
  std::string name;
  Type type;
};

std::vector<Shape> shapes_of(const std::vector<Batch>& parts) {
  std::vector<Shape> shapes;
  for (const auto& part : parts) {
    for (const auto& column : part.columns()) {
      if (column.type() == Type::opaque) continue;
      const auto type = column.type() == Type::dictionary ? Type::text : column.type();
      const auto known =
          std::find_if(shapes.begin(), shapes.end(), [&](const Shape& shape) { return shape.name == column.name(); });
      if (known == shapes.end()) {
        shapes.push_back({column.name(), type});
      } else if (known->type != type) {
        known->type = known->type == Type::bytes || type == Type::bytes ? Type::bytes : Type::text;
      }
    }
  }
  return shapes;
}

// Calls value(column, row), or null() where there is none, for each row of the parts.
template <class Value, class Null>
void visit(const std::vector<Batch>& parts, const std::string& name, Value value, Null null) {
  for (const auto& part : parts) {
    const Column* column = part.find(name);
    for (int64_t row = 0; row < part.rows(); ++row) {
      if (column && column->type() != Type::opaque && !column->null(row)) {
        value(*column, row);
      } else {
        null();
      }
    }
  }
}

template <class T>
Column values_of(const std::vector<Batch>& parts, const Shape& shape) {
  ValueBuilder<T> out;
  visit(
      parts, shape.name, [&](const Column& column, int64_t row) { out.append(column.values<T>()[row]); },
      [&] { out.append_null(); });
  return std::move(out).finish(shape.name, shape.type);
}

Column joined(const std::vector<Batch>& parts, const Shape& shape) {
  if (shape.type == Type::int64 || shape.type == Type::timestamp) return values_of<int64_t>(parts, shape);
  if (shape.type == Type::float64) return values_of<double>(parts, shape);
  if (shape.type == Type::boolean) {
    BooleanBuilder out;
    visit(
        parts, shape.name, [&](const Column& column, int64_t row) { out.append(column.boolean(row)); },
        [&] { out.append_null(); });
    return std::move(out).finish(shape.name);
  }
  TextBuilder out;
  std::string text;
  visit(
      parts, shape.name,
      [&](const Column& column, int64_t row) {
        text.clear();
        append_value(column, row, text);
        out.append(text);
      },
      [&] { out.append_null(); });
  return std::move(out).finish(shape.name, shape.type);
}

}  // namespace

Batch RejectedRows::take() {
  const auto parts = std::exchange(parts_, {});
  if (parts.size() == 1) return parts.front();
  int64_t rows = 0;
  for (const auto& part : parts) rows += part.rows();
  Batch all(rows);
  for (const auto& shape : shapes_of(parts)) all.set(joined(parts, shape));
  return all;
}

}  // namespace levada::kafka_sink
