// Rows of several batches as one, and rows as bytes of a state.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "levada/batch.h"
#include "levada/saved_state.h"

namespace levada {

// A row of one of several batches.
struct RowOf {
  const Batch* batch;
  int64_t row;
};

// Whether rows of the batch can be joined with others and saved: all its columns are of types that
// levada reads. Names the first that is not.
inline const Column* find_opaque(const Batch& batch) {
  for (const auto& column : batch.columns())
    if (column.type() == Type::opaque) return &column;
  return nullptr;
}

namespace detail {

inline Type joined_type(Type type) { return type == Type::dictionary ? Type::text : type; }

// A column of these rows, of the given type; null where a batch has no such column.
class ColumnJoiner {
 public:
  ColumnJoiner(std::string name, Type type, std::span<const RowOf> rows)
      : name_(std::move(name)), type_(type), rows_(rows) {}

  Column join() const {
    switch (type_) {
      case Type::boolean: {
        BooleanBuilder to;
        each([&](const Column& column, int64_t row) { to.append(column.boolean(row)); }, [&] { to.append_null(); });
        return std::move(to).finish(name_);
      }
      case Type::float64: return join_values<double>();
      case Type::int64:
      case Type::timestamp: return join_values<int64_t>();
      default: return join_texts();
    }
  }

 private:
  template <class Value, class Null>
  void each(Value value, Null null) const {
    const Batch* batch = nullptr;
    const Column* column = nullptr;
    for (const auto& row : rows_) {
      if (row.batch != batch) {
        batch = row.batch;
        column = batch->find(name_);
      }
      if (!column || column->null(row.row)) null();
      else value(*column, row.row);
    }
  }
  template <class T>
  Column join_values() const {
    ValueBuilder<T> to(static_cast<int64_t>(rows_.size()));
    each([&](const Column& column, int64_t row) { to.append(column.values<T>()[row]); }, [&] { to.append_null(); });
    return std::move(to).finish(name_, type_);
  }
  // Text stays where it is; the words of dictionaries are copied.
  Column join_texts() const {
    TextBuilder to(static_cast<int64_t>(rows_.size()));
    std::map<const Column*, int32_t> shared;
    const Column* last = nullptr;
    int32_t first = 0;
    each(
        [&](const Column& column, int64_t row) {
          if (column.type() == Type::dictionary) return to.append(column.text(row));
          if (&column != last) {
            last = &column;
            const auto [known, is_new] = shared.try_emplace(&column, 0);
            if (is_new) known->second = to.share(column);
            first = known->second;
          }
          to.append_view(column.views().data()[row], first);
        },
        [&] { to.append_null(); });
    return std::move(to).finish(name_, type_);
  }

  const std::string name_;
  const Type type_;
  const std::span<const RowOf> rows_;
};

}  // namespace detail

// Whether the two have columns of the same types under the same names, where both have one.
inline bool can_join(const Batch& one, const Batch& other) {
  for (const auto& column : one.columns())
    if (const auto* same = other.find(column.name()))
      if (detail::joined_type(same->type()) != detail::joined_type(column.type())) return false;
  return true;
}

// A batch of these rows, in this order. All their batches can be joined with each other, and have
// no opaque columns.
inline Batch join_rows(std::span<const RowOf> rows) {
  Batch joined(static_cast<int64_t>(rows.size()));
  const Batch* last = nullptr;
  std::vector<const Batch*> batches;
  for (const auto& row : rows) {
    if (row.batch != last && std::find(batches.begin(), batches.end(), row.batch) == batches.end())
      batches.push_back(row.batch);
    last = row.batch;
  }
  for (const auto* batch : batches)
    for (const auto& column : batch->columns())
      if (!joined.find(column.name()))
        joined.set(detail::ColumnJoiner(column.name(), detail::joined_type(column.type()), rows).join());
  return joined;
}

// Saves rows of a batch without opaque columns.
inline void save_rows(StateWriter& to, const Batch& batch, std::span<const int64_t> rows) {
  to.value(static_cast<uint64_t>(rows.size()));
  to.value(static_cast<uint64_t>(batch.columns().size()));
  for (const auto& column : batch.columns()) {
    to.text(column.name());
    to.value(detail::joined_type(column.type()));
    for (const int64_t row : rows) {
      const bool null = column.null(row);
      to.value(null);
      if (null) continue;
      if (column.is_textual()) to.text(column.text(row));
      else if (column.type() == Type::boolean) to.value(column.boolean(row));
      else to.value(column.values<int64_t>()[row]);
    }
  }
}

// The batch that was saved; the reader fails where it was none.
inline Batch load_rows(StateReader& from) {
  const auto rows = from.value<uint64_t>(), columns = from.value<uint64_t>();
  if (rows > from.left() && columns > 0) from.fail();
  if (!from.good()) return Batch(0);
  Batch batch(static_cast<int64_t>(rows));
  for (uint64_t at = 0; at < columns && from.good(); ++at) {
    std::string name(from.text());
    const auto type = from.value<Type>();
    const auto each = [&](auto& to, auto value) {
      for (uint64_t row = 0; row < rows && from.good(); ++row) from.value<bool>() ? to.append_null() : value();
    };
    switch (type) {
      case Type::boolean: {
        BooleanBuilder to;
        each(to, [&] { to.append(from.value<bool>()); });
        if (from.good()) batch.set(std::move(to).finish(std::move(name)));
        break;
      }
      case Type::int64:
      case Type::timestamp: {
        ValueBuilder<int64_t> to(static_cast<int64_t>(rows));
        each(to, [&] { to.append(from.value<int64_t>()); });
        if (from.good()) batch.set(std::move(to).finish(std::move(name), type));
        break;
      }
      case Type::float64: {
        ValueBuilder<double> to(static_cast<int64_t>(rows));
        each(to, [&] { to.append(from.value<double>()); });
        if (from.good()) batch.set(std::move(to).finish(std::move(name), type));
        break;
      }
      case Type::text:
      case Type::bytes: {
        TextBuilder to(static_cast<int64_t>(rows));
        each(to, [&] { to.append(from.text()); });
        if (from.good()) batch.set(std::move(to).finish(std::move(name), type));
        break;
      }
      default: from.fail();
    }
  }
  return from.good() ? batch : Batch(0);
}

}  // namespace levada
