// Builders of columns: fixed width, text that is copied in, and text that stays where it is.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "levada/column.h"

namespace levada {

namespace detail {

// The bitmap of a column's nulls, made when the first null comes.
class Validity {
 public:
  void append_valid(int64_t rows, int64_t count = 1) {
    if (bits_)
      for (int64_t row = rows; row < rows + count; ++row) set(row);
  }
  void append_null(int64_t rows) {
    if (!bits_) {
      bits_ = Buffer(64);
      for (int64_t row = 0; row < rows; ++row) set(row);
    }
    reserve(rows);
    bits_.as<uint8_t>()[rows / 8] &= static_cast<uint8_t>(~(1u << (rows % 8)));
    ++nulls_;
  }
  // A row that stands already is null no more.
  void make_valid(int64_t row) {
    if (!bits_ || bit(bits_.data(), row)) return;
    set(row);
    --nulls_;
  }
  const Buffer& bits() const { return bits_; }
  int64_t nulls() const { return nulls_; }

 private:
  void reserve(int64_t row) {
    const auto bytes = static_cast<size_t>(row / 8 + 1);
    if (bytes > bits_.capacity()) bits_.grow(bytes, static_cast<size_t>((row + 7) / 8));
  }
  void set(int64_t row) {
    reserve(row);
    bits_.as<uint8_t>()[row / 8] |= static_cast<uint8_t>(1u << (row % 8));
  }
  Buffer bits_;
  int64_t nulls_ = 0;
};

}  // namespace detail

// Builds an int64, float64 or timestamp column (T = int64_t or double), or the indices of a dictionary (int32_t).
template <class T>
class ValueBuilder {
 public:
  explicit ValueBuilder(int64_t rows = 0) : values_(static_cast<size_t>(rows ? rows : 8) * sizeof(T)) {}
  void append(T value) {
    reserve();
    values_.template as<T>()[rows_] = value;
    validity_.append_valid(rows_++);
  }
  void append_null() {
    reserve();
    values_.template as<T>()[rows_] = T{};
    validity_.append_null(rows_++);
  }
  // For tight loops: where the next rows go, with room for so many, and how many of them were filled in.
  T* extend(int64_t rows) {
    reserve(rows);
    return values_.template as<T>() + rows_;
  }
  void filled(int64_t rows) {
    validity_.append_valid(rows_, rows);
    rows_ += rows;
  }
  int64_t rows() const { return rows_; }

  Column finish(std::string name, Type type) && {
    auto held = std::make_unique<detail::Held>();
    held->buffers = {values_, validity_.bits()};
    held->pointers = {validity_.bits().data(), values_.data()};
    auto array = detail::array_of(std::move(held), rows_, validity_.nulls());
    return Column::adopt(std::move(name), type, array);
  }
  // The indices, with the texts that they stand for.
  Column finish(std::string name, const Column& dictionary) && requires std::same_as<T, int32_t> {
    auto held = std::make_unique<detail::Held>();
    held->buffers = {values_, validity_.bits()};
    held->pointers = {validity_.bits().data(), values_.data()};
    held->dictionary = std::make_unique<ArrowArray>();
    detail::share(dictionary.array(), dictionary.shared(), *held->dictionary);
    auto array = detail::array_of(std::move(held), rows_, validity_.nulls());
    return Column::adopt(std::move(name), Type::dictionary, array);
  }

 private:
  void reserve(int64_t rows = 1) {
    const auto used = static_cast<size_t>(rows_) * sizeof(T), more = static_cast<size_t>(rows) * sizeof(T);
    if (used + more > values_.capacity()) values_.grow(used + more, used);
  }
  Buffer values_;
  detail::Validity validity_;
  int64_t rows_ = 0;
};

class BooleanBuilder {
 public:
  void append(bool value) {
    reserve(value);
    validity_.append_valid(rows_++);
  }
  void append_null() {
    reserve(false);
    validity_.append_null(rows_++);
  }
  int64_t rows() const { return rows_; }
  Column finish(std::string name) && {
    auto held = std::make_unique<detail::Held>();
    held->buffers = {bits_, validity_.bits()};
    held->pointers = {validity_.bits().data(), bits_.data()};
    auto array = detail::array_of(std::move(held), rows_, validity_.nulls());
    return Column::adopt(std::move(name), Type::boolean, array);
  }

 private:
  void reserve(bool value) {
    const auto bytes = static_cast<size_t>(rows_ / 8 + 1);
    if (bytes > bits_.capacity()) bits_.grow(bytes, bytes - 1);
    auto& byte = bits_.as<uint8_t>()[rows_ / 8];
    if (rows_ % 8 == 0) byte = 0;
    byte = static_cast<uint8_t>(byte | (static_cast<unsigned>(value) << (rows_ % 8)));
  }
  Buffer bits_{64};
  detail::Validity validity_;
  int64_t rows_ = 0;
};

// Builds a text or bytes column. Text is copied in (append), or stays where it is: in a buffer that was lent (lend,
// append_lent), or in another column (share, append_part).
class TextBuilder {
 public:
  explicit TextBuilder(int64_t rows = 0) : views_(static_cast<size_t>(rows ? rows : 8) * sizeof(View)) {}

  void append(std::string_view text) {
    if (text.size() <= View::kInline) return push(View::of(text, 0, 0));
    const auto at = copy(text);
    push(View::of(text, at.buffer, at.offset));
  }
  void append_null() {
    reserve();
    views_.as<View>()[rows_] = View::of({}, 0, 0);
    validity_.append_null(rows_++);
  }

  // Makes a buffer one that views may point into; gives its number. `used`: bytes of it that are in use, counted as
  // held.
  int32_t lend(Buffer buffer, size_t used) {
    pointers_.push_back(buffer.data());
    sizes_.push_back(static_cast<int64_t>(used));
    buffers_.push_back(std::move(buffer));
    return static_cast<int32_t>(pointers_.size() - 1);
  }
  // `text` lies in the buffer with that number.
  void append_lent(std::string_view text, int32_t buffer) {
    reserve();
    View::put(views_.as<View>() + rows_, text, buffer,
              static_cast<int32_t>(text.data() - static_cast<const char*>(pointers_[buffer])));
    validity_.append_valid(rows_++);
  }

  // For tight loops: where the next rows go, with room for so many, and how many of them were filled in.
  View* extend(int64_t rows) {
    reserve(rows);
    return views_.as<View>() + rows_;
  }
  void filled(int64_t rows) {
    validity_.append_valid(rows_, rows);
    rows_ += rows;
  }

  // Makes the buffers of a text or bytes column ones that views may point into; gives what is added to its views'
  // numbers.
  int32_t share(const Column& column) {
    const auto first = static_cast<int32_t>(pointers_.size());
    const ArrowArray& array = column.array();
    const auto count = array.n_buffers - 3;
    const auto* sizes = static_cast<const int64_t*>(array.buffers[array.n_buffers - 1]);
    for (int64_t at = 0; at < count; ++at) {
      pointers_.push_back(array.buffers[2 + at]);
      sizes_.push_back(sizes[at]);
    }
    arrays_.push_back(column.shared());
    return first;
  }
  // `part` lies within the text of `view`, which is `whole`, of a column that was shared as `first`.
  void append_part(const View& view, std::string_view whole, std::string_view part, int32_t first) {
    reserve();
    put_part(views_.as<View>() + rows_, view, whole, part, first);
    validity_.append_valid(rows_++);
  }
  static void put_part(View* to, const View& view, std::string_view whole, std::string_view part, int32_t first) {
    // Both are of no account, and may be anything, where the text stands inside of its view.
    const auto sum = [](int64_t a, int64_t b) { return static_cast<int32_t>(a + b); };
    View::put(to, part, sum(view.outside.buffer, first), sum(view.outside.offset, part.data() - whole.data()));
  }
  // The view as it stands in a column that was shared as `first`.
  void append_view(View view, int32_t first) {
    if (!view.is_inline()) view.outside.buffer += first;
    push(view);
  }
  // Changes a row that stands already; text is copied in.
  void set(int64_t row, std::string_view text) {
    const auto at = text.size() <= View::kInline ? Place{0, 0} : copy(text);
    views_.as<View>()[row] = View::of(text, at.buffer, at.offset);
    validity_.make_valid(row);
  }
  int64_t rows() const { return rows_; }

  Column finish(std::string name, Type type) && {
    auto held = std::make_unique<detail::Held>();
    if (arena_) sizes_[static_cast<size_t>(arena_number_)] = static_cast<int64_t>(arena_used_);
    held->buffers = std::move(buffers_);
    held->buffers.push_back(views_);
    if (validity_.bits()) held->buffers.push_back(validity_.bits());
    held->arrays = std::move(arrays_);
    held->sizes = std::move(sizes_);
    held->pointers = {validity_.bits().data(), views_.data()};
    held->pointers.insert(held->pointers.end(), pointers_.begin(), pointers_.end());
    held->pointers.push_back(held->sizes.data());
    auto array = detail::array_of(std::move(held), rows_, validity_.nulls());
    return Column::adopt(std::move(name), type, array);
  }

 private:
  struct Place {
    int32_t buffer, offset;
  };

  Place copy(std::string_view text) {
    if (!arena_ || arena_used_ + text.size() > arena_.capacity()) {
      if (arena_) sizes_[static_cast<size_t>(arena_number_)] = static_cast<int64_t>(arena_used_);
      // Doubling keeps the number of buffers small; a block that views point into never moves.
      const size_t next = arena_ ? std::min<size_t>(2 * arena_.capacity(), size_t{1} << 24) : 4096;
      arena_ = Buffer(std::max(next, text.size()));
      arena_used_ = 0;
      arena_number_ = lend(arena_, 0);
    }
    const auto offset = static_cast<int32_t>(arena_used_);
    std::memcpy(arena_.data() + arena_used_, text.data(), text.size());
    arena_used_ += text.size();
    return {arena_number_, offset};
  }
  void reserve(int64_t rows = 1) {
    const auto used = static_cast<size_t>(rows_) * sizeof(View), more = static_cast<size_t>(rows) * sizeof(View);
    if (used + more > views_.capacity()) views_.grow(used + more, used);
  }
  void push(const View& view) {
    reserve();
    views_.as<View>()[rows_] = view;
    validity_.append_valid(rows_++);
  }

  Buffer views_;
  detail::Validity validity_;
  int64_t rows_ = 0;
  std::vector<const void*> pointers_;
  std::vector<int64_t> sizes_;
  std::vector<Buffer> buffers_;
  std::vector<std::shared_ptr<const void>> arrays_;
  Buffer arena_;
  size_t arena_used_ = 0;
  int32_t arena_number_ = 0;
};

// A column that says the same text in each row.
inline Column repeat(std::string name, std::string_view text, int64_t rows) {
  TextBuilder one(1);
  one.append(text);
  ValueBuilder<int32_t> indices(rows);
  std::memset(indices.extend(rows), 0, static_cast<size_t>(rows) * sizeof(int32_t));
  indices.filled(rows);
  return std::move(indices).finish(std::move(name), std::move(one).finish("", Type::text));
}

}  // namespace levada
