// A batch of rows as a C++ object: read and change it by column, or row by row.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "levada/arrow_casts.h"
#include "levada/builders.h"
#include "levada/result.h"
#include "levada/take.h"

namespace levada {

// A row that was rejected.
struct Rejection {
  int64_t row;         // Number in the batch as it came in.
  std::string reason;  // "line 1, column 9: value expected"
  std::string body;    // Where only a part of the row's body is at fault: that part; else empty.
};

// Why a row has no text in a column, or that it has one.
enum class TextState : uint8_t {
  present,
  null,      // The row has no value.
  missing,   // The batch has no such column.
  not_text,  // The row has a value of another type: a number, a time, a list.
};

class Batch {
 public:
  class Event;

  Batch() = default;
  explicit Batch(int64_t rows) : rows_(rows) {}

  // Takes over the rows of a batch. A column that is one of the contract's types in another layout
  // becomes that type (see arrow_casts.h); any other is opaque. Fails, and takes nothing, where a
  // column's layout is not known.
  static Result<Batch> adopt(levada_batch& from);
  // Hands a share of the rows over; the batch stays as it is. `to.size` says how
  // much room there is, and stays.
  void share(levada_batch& to) const;

  int64_t rows() const { return rows_; }
  const std::vector<Column>& columns() const { return columns_; }
  const Column* find(std::string_view name) const {
    const auto at = std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name() == name; });
    return at == columns_.end() ? nullptr : &*at;
  }
  // A column of text, bytes or dictionary; null where there is none of that
  // name, or it has another type.
  const Column* text(std::string_view name) const {
    const auto* column = find(name);
    return column && column->is_textual() ? column : nullptr;
  }
  // The raw events; null where an interceptor has dropped them.
  const Column* body() const { return text("body"); }

  // Adds a column, or puts it in place of the one of its name. Its rows
  // must be as many as the batch's.
  void set(Column column) {
    const auto at =
        std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name() == column.name(); });
    if (at == columns_.end()) return columns_.push_back(std::move(column));
    *at = std::move(column);
  }
  bool remove(std::string_view name) {
    return std::erase_if(columns_, [&](const Column& c) { return c.name() == name; }) != 0;
  }
  // Keeps these rows only, in this order; a number may come more than
  // once. Marks go with their rows.
  void take(std::span<const int64_t> rows) {
    for (auto& column : columns_) column = levada::take(column, rows.data(), static_cast<int64_t>(rows.size()));
    rows_ = static_cast<int64_t>(rows.size());
    if (dropped_.empty()) return;
    std::vector<bool> dropped;
    for (const int64_t row : rows) dropped.push_back(dropped_[static_cast<size_t>(row)]);
    dropped_ = std::move(dropped);
  }
  // The rows first .. first + count - 1. Shares the memory of this batch.
  Batch slice(int64_t first, int64_t count) const {
    Batch part(count);
    for (const auto& column : columns_) part.columns_.push_back(column.slice(first, count));
    part.stream = stream;
    part.position = position;
    part.sequence = sequence;
    part.jump = jump;
    return part;
  }

  // Sends a row to the dead letters, and marks it to be dropped. By its number as the batch came
  // in: before rows are taken or dropped.
  void reject(int64_t row, std::string reason) {
    rejections_.push_back({row, std::move(reason), {}});
    drop(row);
  }
  // The same for an interceptor that makes rows anew: by the number that the row had as the batch
  // came in, and nothing is dropped. `body`: the part that is at fault, where not all of it is.
  void reject_part(int64_t row, std::string reason, std::string body = {}) {
    rejections_.push_back({row, std::move(reason), std::move(body)});
  }
  const std::vector<Rejection>& rejections() const { return rejections_; }
  // Marks a row; marked rows go when the call returns, or at drop_marked.
  void drop(int64_t row) {
    if (dropped_.empty()) dropped_.resize(static_cast<size_t>(rows_));
    dropped_[static_cast<size_t>(row)] = true;
  }
  void drop_marked() {
    if (dropped_.empty()) return;
    std::vector<int64_t> kept;
    kept.reserve(static_cast<size_t>(rows_));
    for (int64_t row = 0; row < rows_; ++row)
      if (!dropped_[static_cast<size_t>(row)]) kept.push_back(row);
    dropped_.clear();
    take(kept);
  }
  // The rows that were rejected, out of the batch as it came in, with a column "reason".
  static Batch rejected(const Batch& input, std::span<const Rejection> rejections);

  // Row by row: for (auto event : batch) event.set_body(...). Changes show when the loop is over
  // and `apply` has run; the SDK runs it after intercept.
  class Iterator;
  Iterator begin();
  Iterator end();
  void apply();

  std::string stream;  // See levada_batch.
  std::string position;
  uint64_t sequence = 0;
  bool jump = false;  // See LEVADA_JUMP.

 private:
  struct Edit {
    std::string name;
    Type type;
    TextBuilder texts;
  };
  TextBuilder& edit(std::string_view name, Type type_if_new);

  int64_t rows_ = 0;
  std::vector<Column> columns_;
  std::vector<Rejection> rejections_;
  std::vector<bool> dropped_;
  std::vector<Edit> edits_;
};

// One row of a batch.
class Batch::Event {
 public:
  Event(Batch& batch, int64_t row) : batch_(&batch), row_(row) {}
  int64_t row() const { return row_; }
  std::string_view body() const { return text("body"); }
  // Empty where the column is missing, null or not textual; text_state tells these apart.
  std::string_view text(std::string_view column) const {
    const auto* found = batch_->text(column);
    return found ? found->text(row_) : std::string_view();
  }
  TextState text_state(std::string_view column) const {
    const auto* found = batch_->find(column);
    if (!found) return TextState::missing;
    if (found->null(row_)) return TextState::null;
    return found->is_textual() ? TextState::present : TextState::not_text;
  }
  void set_body(std::string_view body) { batch_->edit("body", Type::bytes).set(row_, body); }
  void set_text(std::string_view column, std::string_view value) { batch_->edit(column, Type::text).set(row_, value); }
  void drop() { batch_->drop(row_); }
  // To the dead letters with it.
  void reject(std::string reason) { batch_->reject(row_, std::move(reason)); }

 private:
  Batch* batch_;
  int64_t row_;
};

class Batch::Iterator {
 public:
  Iterator(Batch& batch, int64_t row) : batch_(&batch), row_(row) {}
  Event operator*() const { return {*batch_, row_}; }
  Iterator& operator++() {
    ++row_;
    return *this;
  }
  bool operator!=(const Iterator& other) const { return row_ != other.row_; }

 private:
  Batch* batch_;
  int64_t row_;
};

inline Batch::Iterator Batch::begin() { return {*this, 0}; }
inline Batch::Iterator Batch::end() { return {*this, rows_}; }

inline TextBuilder& Batch::edit(std::string_view name, Type type_if_new) {
  for (auto& edit : edits_)
    if (edit.name == name) return edit.texts;
  TextBuilder texts(rows_);
  const auto* column = find(name);
  if (column && (column->type() == Type::text || column->type() == Type::bytes)) {
    const auto first = texts.share(*column);
    const View* views = column->views().data();
    for (int64_t row = 0; row < rows_; ++row)
      column->null(row) ? texts.append_null() : texts.append_view(views[row], first);
    type_if_new = column->type();
  } else {
    for (int64_t row = 0; row < rows_; ++row)
      column && column->is_textual() && !column->null(row) ? texts.append(column->text(row)) : texts.append_null();
  }
  return edits_.emplace_back(Edit{std::string(name), type_if_new, std::move(texts)}).texts;
}

inline void Batch::apply() {
  for (auto& edit : edits_) set(std::move(edit.texts).finish(std::move(edit.name), edit.type));
  edits_.clear();
  drop_marked();
}

inline Batch Batch::rejected(const Batch& input, std::span<const Rejection> rejections) {
  std::vector<int64_t> numbers;
  numbers.reserve(rejections.size());
  for (const auto& rejection : rejections) numbers.push_back(rejection.row);
  Batch out = input;
  out.rejections_.clear();
  out.dropped_.clear();
  out.take(numbers);
  TextBuilder reasons(out.rows_);
  for (const auto& rejection : rejections) reasons.append(rejection.reason);
  for (size_t at = 0; at < rejections.size(); ++at)
    if (!rejections[at].body.empty()) out.edit("body", Type::bytes).set(static_cast<int64_t>(at), rejections[at].body);
  out.apply();
  out.set(std::move(reasons).finish("reason", Type::text));
  return out;
}

namespace detail {

// A column's schema, with all that it needs in one block.
struct HeldSchema {
  std::string name;
  ArrowSchema dictionary;
  ArrowSchema* dictionary_pointer;
};

inline void release_child_schema(ArrowSchema* schema) {
  delete static_cast<HeldSchema*>(schema->private_data);
  schema->release = nullptr;
}

inline void describe(const Column& column, ArrowSchema& to) {
  if (column.schema()) {
    const auto owner =
        std::make_shared<std::pair<std::shared_ptr<const ArrowSchema>, std::string>>(column.schema(), column.name());
    levada::detail::share<ArrowSchema>(*column.schema(), owner, to);
    to.name = owner->second.c_str();
    return;
  }
  auto* held = new HeldSchema{column.name(), {}, nullptr};
  to = {};
  to.format = format_of(column.type());
  to.name = held->name.c_str();
  to.flags = ARROW_FLAG_NULLABLE;
  if (column.type() == Type::dictionary) {
    held->dictionary.format = format_of(Type::text);
    held->dictionary.name = "";
    held->dictionary.flags = ARROW_FLAG_NULLABLE;
    held->dictionary.release = [](ArrowSchema* schema) { schema->release = nullptr; };
    to.dictionary = &held->dictionary;
  }
  to.release = release_child_schema;
  to.private_data = held;
}

// The children of a struct array or of its schema.
template <class Arrow>
struct Children {
  std::vector<Arrow> structs;
  std::vector<Arrow*> pointers;
  const void* buffers[1] = {nullptr};
  explicit Children(size_t count) : structs(count) {
    for (auto& child : structs) pointers.push_back(&child);
  }
};

template <class Arrow>
void release_children(Arrow* parent) {
  auto* children = static_cast<Children<Arrow>*>(parent->private_data);
  for (auto& child : children->structs)
    if (child.release) child.release(&child);
  delete children;
  parent->release = nullptr;
}

// One that a call may fill in.
inline levada_batch empty_batch() {
  levada_batch batch{};
  batch.size = sizeof batch;
  return batch;
}

inline void release(levada_batch& batch) {
  if (batch.rows.release) batch.rows.release(&batch.rows);
  if (batch.schema.release) batch.schema.release(&batch.schema);
}

inline levada_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(levada_bytes bytes) { return {bytes.data, bytes.size}; }

}  // namespace detail

inline Result<Batch> Batch::adopt(levada_batch& from) {
  if (!from.rows.release || !from.schema.release) return fatal("a batch without rows or schema");
  if (std::string_view(from.schema.format) != "+s" || from.schema.n_children != from.rows.n_children)
    return fatal("a batch must be a struct array, with a schema for each of its columns");
  Batch batch(from.rows.length);
  for (int64_t at = 0; at < from.schema.n_children; ++at) {
    const ArrowSchema& schema = *from.schema.children[at];
    const auto called = [&] { return "column \"" + std::string(schema.name ? schema.name : "") + "\""; };
    if (!detail::is_known_layout(schema))
      return fatal(called() + " has the Arrow format \"" + std::string(schema.format ? schema.format : "") +
                   "\", whose layout levada does not know");
    if (from.rows.children[at]->length < from.rows.offset + from.rows.length)
      return fatal(called() + " has fewer rows than its batch");
  }
  for (int64_t at = 0; at < from.rows.n_children; ++at) {
    ArrowArray& child = *from.rows.children[at];
    // A slice of the struct is a slice of its columns.
    child.offset += from.rows.offset;
    if (child.length != from.rows.length)
      child.null_count = child.null_count == child.length ? from.rows.length : child.null_count == 0 ? 0 : -1;
    child.length = from.rows.length;
    batch.columns_.push_back(detail::take_over(*from.schema.children[at], child));
  }
  batch.stream = detail::view(from.stream);
  batch.position = detail::view(from.position);
  batch.sequence = from.sequence;
  batch.jump = (from.flags & LEVADA_JUMP) != 0;
  detail::release(from);
  return batch;
}

inline void Batch::share(levada_batch& to) const {
  to.rows = {};
  to.schema = {};
  auto* arrays = new detail::Children<ArrowArray>(columns_.size());
  auto* schemas = new detail::Children<ArrowSchema>(columns_.size());
  for (size_t at = 0; at < columns_.size(); ++at) {
    detail::share<ArrowArray>(columns_[at].array(), columns_[at].shared(), arrays->structs[at]);
    detail::describe(columns_[at], schemas->structs[at]);
  }
  to.rows.length = rows_;
  to.rows.n_buffers = 1;
  to.rows.buffers = arrays->buffers;
  to.rows.n_children = static_cast<int64_t>(columns_.size());
  to.rows.children = arrays->pointers.data();
  to.rows.release = detail::release_children<ArrowArray>;
  to.rows.private_data = arrays;
  to.schema.format = "+s";
  to.schema.name = "";
  to.schema.n_children = static_cast<int64_t>(columns_.size());
  to.schema.children = schemas->pointers.data();
  to.schema.release = detail::release_children<ArrowSchema>;
  to.schema.private_data = schemas;
  to.stream = detail::bytes(stream);
  to.position = detail::bytes(position);
  to.sequence = sequence;
  to.flags = jump ? LEVADA_JUMP : 0;
}

}  // namespace levada
