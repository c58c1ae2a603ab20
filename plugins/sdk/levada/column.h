// A column of a batch: a shared, immutable Arrow array with a name and a type, and ways to read it.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "levada/arrow_share.h"
#include "levada/buffer.h"
#include "levada/plugin.h"

namespace levada {

// `opaque` is any other type of Arrow: the column keeps its schema and passes through. Structs and
// lists are such columns, and levada/nested.h reads and builds them.
enum class Type : uint8_t { boolean, int64, float64, timestamp, text, bytes, dictionary, opaque };

inline constexpr const char* format_of(Type type) {
  switch (type) {
    case Type::boolean: return "b";
    case Type::int64: return "l";
    case Type::float64: return "g";
    case Type::timestamp: return "tsu:UTC";
    case Type::text: return "vu";
    case Type::bytes: return "vz";
    case Type::dictionary: return "i";
    case Type::opaque: break;  // Its schema says.
  }
  return "";
}

inline constexpr const char* name_of(Type type) {
  constexpr const char* kNames[] = {"boolean", "int64", "float64",    "timestamp",
                                    "text",    "bytes", "dictionary", "opaque"};
  return kNames[static_cast<size_t>(type)];
}

// An element of a "vu" or "vz" column, laid out as Arrow says: up to 12 bytes stand
// inside, longer ones in a buffer.
struct View {
  static constexpr int32_t kInline = 12;
  int32_t size;
  union {
    char inlined[kInline];
    struct {
      char prefix[4];
      int32_t buffer;
      int32_t offset;
    } outside;
  };

  bool is_inline() const { return size <= kInline; }

  // Of text that stands at `offset` of buffer number `buffer`; short text is copied in.
  static View of(std::string_view text, int32_t buffer, int32_t offset) {
    View view;
    put(&view, text, buffer, offset);
    return view;
  }
  // The same, where it is to stay: quicker in tight loops, as a view on the stack is written by
  // halves and read as a whole, which stalls the processor.
  static void put(View* to, std::string_view text, int32_t buffer, int32_t offset) {
    const auto size = static_cast<uint32_t>(text.size());
    uint64_t first, second;
    if (text.size() <= kInline) {
      const auto [low, high] = short_words(text.data(), text.size());
      first = size | low << 32;
      second = low >> 32 | high << 32;
    } else {
      first = size | uint64_t{load<uint32_t>(text.data())} << 32;
      second = static_cast<uint32_t>(buffer) | uint64_t{static_cast<uint32_t>(offset)} << 32;
    }
    std::memcpy(to, &first, 8);
    std::memcpy(reinterpret_cast<char*>(to) + 8, &second, 8);
  }

 private:
  static_assert(std::endian::native == std::endian::little);

  template <class Word>
  static Word load(const char* from) {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
  }
  // Up to 12 bytes, zeros behind them: out of loads of fixed size that overlap, as
  // a copy of any size is a call.
  static std::pair<uint64_t, uint64_t> short_words(const char* from, size_t size) {
    if (size >= 8) return {load<uint64_t>(from), uint64_t{load<uint32_t>(from + size - 4)} >> (8 * (12 - size))};
    if (size >= 4) return {load<uint32_t>(from) | uint64_t{load<uint32_t>(from + size - 4)} << (8 * (size - 4)), 0};
    if (size == 0) return {0, 0};
    const auto byte = [&](size_t at) { return uint64_t{static_cast<unsigned char>(from[at])} << (8 * at); };
    return {byte(0) | byte(size / 2) | byte(size - 1), 0};
  }
};
static_assert(sizeof(View) == 16);

// Reads the views of a text or bytes array.
class Views {
 public:
  Views() = default;
  explicit Views(const ArrowArray& array)
      : views_(static_cast<const View*>(array.buffers[1]) + array.offset), buffers_(array.buffers + 2) {}
  std::string_view operator[](int64_t row) const { return text(views_[row]); }
  std::string_view text(const View& view) const {
    const auto size = static_cast<size_t>(view.size);
    if (view.is_inline()) return {view.inlined, size};
    return {static_cast<const char*>(buffers_[view.outside.buffer]) + view.outside.offset, size};
  }
  const View* data() const { return views_; }

 private:
  const View* views_ = nullptr;
  const void* const* buffers_ = nullptr;
};

// Copies share the array. Reading does not check the type: ask type() first, or
// use the typed access of Batch.
class Column {
 public:
  Column() = default;
  Column(std::string name, Type type, std::shared_ptr<const ArrowArray> array)
      : name_(std::move(name)), type_(type), array_(std::move(array)), validity_(array_->buffers[0]) {}
  // With a schema that it keeps, which every opaque column has.
  Column(std::string name, Type type, std::shared_ptr<const ArrowArray> array,
         std::shared_ptr<const ArrowSchema> schema)
      : name_(std::move(name)), type_(type), array_(std::move(array)), schema_(std::move(schema)) {
    if (!schema_ || detail::Layout::of(*schema_).has_validity()) validity_ = array_->buffers[0];
  }

  // Takes over an array, and a schema (and leaves the caller's without a release).
  static Column adopt(std::string name, Type type, ArrowArray& array) {
    return Column(std::move(name), type, detail::hold(array));
  }
  static Column adopt(std::string name, Type type, ArrowArray& array, ArrowSchema& schema) {
    return Column(std::move(name), type, detail::hold(array), detail::hold(schema));
  }

  const std::string& name() const { return name_; }
  Type type() const { return type_; }
  int64_t rows() const { return array_->length; }
  bool is_textual() const { return type_ == Type::text || type_ == Type::bytes || type_ == Type::dictionary; }
  const ArrowArray& array() const { return *array_; }
  const std::shared_ptr<const ArrowArray>& shared() const { return array_; }
  // What a column that came in has besides its type: metadata, or all of it where the
  // column is opaque. May be null.
  const std::shared_ptr<const ArrowSchema>& schema() const { return schema_; }
  Column renamed(std::string name) const { return Column(std::move(name), type_, array_, schema_); }
  // The rows first .. first + count - 1, of the same array.
  Column slice(int64_t first, int64_t count) const {
    return Column(name_, type_, detail::slice(array_, first, count), schema_);
  }

  // Whether rows may be null. An opaque column whose layout has no bitmap
  // of nulls (a union) has none.
  bool has_nulls() const { return validity_ ? array_->null_count != 0 : is_all_null(); }
  bool null(int64_t row) const { return validity_ ? !detail::bit(validity_, array_->offset + row) : is_all_null(); }

  // The values of a column of fixed width: int64_t for int64 and timestamp, double for float64,
  // int32_t for the indices of a dictionary.
  template <class T>
  const T* values() const {
    return static_cast<const T*>(array_->buffers[1]) + array_->offset;
  }
  bool boolean(int64_t row) const { return detail::bit(array_->buffers[1], array_->offset + row); }
  Views views() const { return Views(*array_); }

  // The text of a row of a text, bytes or dictionary column; empty where it is null.
  std::string_view text(int64_t row) const {
    if (null(row)) return {};
    if (type_ != Type::dictionary) return views()[row];
    return Views(*array_->dictionary)[values<int32_t>()[row]];
  }

 private:
  bool is_all_null() const { return schema_ && std::string_view(schema_->format) == "n"; }

  std::string name_;
  Type type_ = Type::bytes;
  std::shared_ptr<const ArrowArray> array_;
  std::shared_ptr<const ArrowSchema> schema_;
  const void* validity_ = nullptr;  // The bitmap of nulls.
};

}  // namespace levada
