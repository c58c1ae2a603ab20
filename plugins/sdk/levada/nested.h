// Nested columns: structs and lists of columns, which may be nested in their turn. In a batch they
// are opaque; here they are read and built.
//   ListBuilder lists;                       StructBuilder users;
//   ... append items to a builder ...        ... append a row to the builder of each member ...
//   lists.append(items.rows());              users.append();
//   std::move(lists).finish("tags", items)   std::move(users).finish("user", members)
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "levada/batch.h"

namespace levada {

namespace detail {

// A column of structs or lists over these children, each described by its column.
inline Column nested_column(std::string name, const char* format, std::unique_ptr<Held> held, int64_t rows,
                            int64_t nulls, const std::vector<Column>& children) {
  auto* schemas = new Children<ArrowSchema>(children.size());
  for (size_t at = 0; at < children.size(); ++at) {
    share<ArrowArray>(children[at].array(), children[at].shared(), held->children.emplace_back());
    describe(children[at], schemas->structs[at]);
  }
  ArrowSchema schema{};
  schema.format = format;
  schema.name = "";
  schema.flags = ARROW_FLAG_NULLABLE;
  schema.n_children = static_cast<int64_t>(children.size());
  schema.children = schemas->pointers.data();
  schema.release = release_children<ArrowSchema>;
  schema.private_data = schemas;
  auto array = array_of(std::move(held), rows, nulls);
  return Column::adopt(std::move(name), Type::opaque, array, schema);
}

// A child of an array, its rows first .. first + count - 1, as what it is for readers: of the
// contract's types where it is one of these in whatever layout.
inline Column child_column(const Column& parent, int64_t number, int64_t first, int64_t count) {
  const std::shared_ptr<const ArrowSchema> schema(parent.schema(), parent.schema()->children[number]);
  const std::shared_ptr<const ArrowArray> whole(parent.shared(), parent.array().children[number]);
  std::string name = schema->name ? schema->name : "";
  const auto array = slice(whole, first, count);
  const Type type = type_of(*schema);
  const bool has_null_words =
      type == Type::dictionary && array->dictionary->buffers[0] && array->dictionary->null_count != 0;
  if (type != Type::opaque && !has_null_words) return Column(std::move(name), type, array);
  if (auto cast = Cast::of(name, *schema, array)) return *std::move(cast);
  return Column(std::move(name), Type::opaque, array, schema);
}

}  // namespace detail

// Reads a column of structs or lists. Lists with offsets of 64 bits, of a fixed size, and maps,
// which are lists of structs of a key and a value, are taken as lists.
class Nested {
 public:
  // Nothing where the column is neither.
  static std::optional<Nested> of(const Column& column) {
    if (column.type() != Type::opaque) return std::nullopt;
    const auto layout = detail::Layout::of(*column.schema());
    if (column.schema()->dictionary) return std::nullopt;
    switch (layout.kind) {
      case detail::Layout::Kind::structure: return Nested(column);
      case detail::Layout::Kind::list: return lists<int32_t>(column);
      case detail::Layout::Kind::large_list: return lists<int64_t>(column);
      case detail::Layout::Kind::fixed_list: return lists_of(column, layout.width);
      default: return std::nullopt;
    }
  }

  bool is_list() const { return is_list_; }
  // Of structs: each has a row for each of the column's; what stands in it where the struct itself
  // is null says nothing.
  const std::vector<Column>& members() const { return children_; }
  const Column* member(std::string_view name) const {
    const auto at =
        std::find_if(children_.begin(), children_.end(), [&](const Column& each) { return each.name() == name; });
    return at == children_.end() ? nullptr : &*at;
  }
  // Of lists: the items of all of them, one behind the other; those of a row are begin(row) ..
  // end(row) - 1. A list that is null may have some, too.
  const Column& items() const { return children_[0]; }
  int64_t begin(int64_t row) const { return ends_.as<int64_t>()[row]; }
  int64_t end(int64_t row) const { return ends_.as<int64_t>()[row + 1]; }
  // The row whose list an item is in.
  int64_t row_of(int64_t item) const {
    const auto* ends = ends_.as<int64_t>() + 1;
    return std::upper_bound(ends, ends + rows_, item) - ends;
  }

 private:
  explicit Nested(const Column& structs) : rows_(structs.rows()) {
    for (int64_t at = 0; at < structs.array().n_children; ++at)
      children_.push_back(detail::child_column(structs, at, structs.array().offset, rows_));
  }
  Nested(const Column& lists, Buffer ends, int64_t first)
      : is_list_(true), rows_(lists.rows()), ends_(std::move(ends)) {
    children_.push_back(detail::child_column(lists, 0, first, end_of_all()));
  }
  int64_t end_of_all() const { return ends_.as<int64_t>()[rows_]; }

  template <class Offset>
  static Nested lists(const Column& column) {
    const ArrowArray& array = column.array();
    Buffer ends(static_cast<size_t>(array.length + 1) * sizeof(int64_t));
    auto* to = ends.as<int64_t>();
    to[0] = 0;
    // An array without rows may have no offsets.
    const auto* from = array.length > 0 ? static_cast<const Offset*>(array.buffers[1]) + array.offset : nullptr;
    for (int64_t row = 0; row < array.length; ++row) to[row + 1] = from[row + 1] - from[0];
    return Nested(column, std::move(ends), from ? from[0] : 0);
  }
  static Nested lists_of(const Column& column, int64_t width) {
    Buffer ends(static_cast<size_t>(column.rows() + 1) * sizeof(int64_t));
    for (int64_t row = 0; row <= column.rows(); ++row) ends.as<int64_t>()[row] = row * width;
    return Nested(column, std::move(ends), column.array().offset * width);
  }

  bool is_list_ = false;
  int64_t rows_;
  Buffer ends_;  // Of lists: where the first one begins, and where each one ends.
  std::vector<Column> children_;
};

// Builds a column of structs; the members are columns that the caller builds beside it.
class StructBuilder {
 public:
  void append() { validity_.append_valid(rows_++); }
  void append_null() { validity_.append_null(rows_++); }
  int64_t rows() const { return rows_; }

  // Each of `members` has a row for each of the structs, for those that are null as well.
  Column finish(std::string name, const std::vector<Column>& members) && {
    auto held = std::make_unique<detail::Held>();
    held->buffers = {validity_.bits()};
    held->pointers = {validity_.bits().data()};
    return detail::nested_column(std::move(name), "+s", std::move(held), rows_, validity_.nulls(), members);
  }

 private:
  detail::Validity validity_;
  int64_t rows_ = 0;
};

// Builds a column of lists; the items are a column that the caller builds beside it.
class ListBuilder {
 public:
  ListBuilder() { offsets_.as<int32_t>()[0] = 0; }

  // A list of the items behind those of the list before it, up to `items_end` - 1.
  void append(int64_t items_end) {
    push(items_end);
    validity_.append_valid(rows_++);
  }
  void append_null() { append_null(end_); }
  // With items that nobody sees.
  void append_null(int64_t items_end) {
    push(items_end);
    validity_.append_null(rows_++);
  }
  int64_t rows() const { return rows_; }

  Column finish(std::string name, const Column& items) && {
    auto held = std::make_unique<detail::Held>();
    held->buffers = {validity_.bits(), offsets_};
    held->pointers = {validity_.bits().data(), offsets_.data()};
    return detail::nested_column(std::move(name), "+l", std::move(held), rows_, validity_.nulls(),
                                 {items.renamed("item")});
  }

 private:
  void push(int64_t items_end) {
    if (items_end > std::numeric_limits<int32_t>::max())
      throw std::length_error("lists have more items than 32-bit offsets reach: let fewer rows into a batch");
    const auto used = static_cast<size_t>(rows_ + 1) * sizeof(int32_t);
    if (used + sizeof(int32_t) > offsets_.capacity()) offsets_.grow(used + sizeof(int32_t), used);
    offsets_.as<int32_t>()[rows_ + 1] = static_cast<int32_t>(items_end);
    end_ = items_end;
  }

  Buffer offsets_{64};
  detail::Validity validity_;
  int64_t rows_ = 0, end_ = 0;
};

}  // namespace levada
