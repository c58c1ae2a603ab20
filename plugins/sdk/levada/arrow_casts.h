// Types of Arrow that are one of the contract's in another layout, and are taken as that: what
// pyarrow, DuckDB and Spark make by themselves.
//   integers of 8, 16 and 32 bits -> int64; 32-bit floats -> float64
//   text and bytes with 32- or 64-bit offsets -> views
//   timestamps with a zone -> microseconds UTC: nanoseconds are rounded down, and what is out of
//     reach becomes the first or last time that can be told
//   dictionaries of text with other indices, or with nulls in them -> int32 indices of views
// A timestamp without a zone is no point in time, and stays opaque; so does what might not fit (uint64).
#pragma once

#include <limits>
#include <optional>

#include "levada/column.h"

namespace levada::detail {

class Cast {
 public:
  // The array as a column of the contract; nothing where it is none. Takes nothing over: the column
  // shares `array`.
  static std::optional<Column> of(const std::string& name, const ArrowSchema& schema,
                                  const std::shared_ptr<const ArrowArray>& array) {
    const std::string_view format = schema.format;
    const Cast cast(*array, array);
    if (schema.dictionary) return cast.dictionary(name, schema);
    if (format.size() == 1) {
      switch (format[0]) {
        case 'c': return cast.values<int64_t>(name, Type::int64, cast.at<int8_t>(), as_is);
        case 'C': return cast.values<int64_t>(name, Type::int64, cast.at<uint8_t>(), as_is);
        case 's': return cast.values<int64_t>(name, Type::int64, cast.at<int16_t>(), as_is);
        case 'S': return cast.values<int64_t>(name, Type::int64, cast.at<uint16_t>(), as_is);
        case 'i': return cast.values<int64_t>(name, Type::int64, cast.at<int32_t>(), as_is);
        case 'I': return cast.values<int64_t>(name, Type::int64, cast.at<uint32_t>(), as_is);
        case 'f': return cast.values<double>(name, Type::float64, cast.at<float>(), as_is);
        case 'u': return cast.text<int32_t>(name, Type::text);
        case 'U': return cast.text<int64_t>(name, Type::text);
        case 'z': return cast.text<int32_t>(name, Type::bytes);
        case 'Z': return cast.text<int64_t>(name, Type::bytes);
        default: break;
      }
    }
    if (format.starts_with("ts") && format.size() > 4 && format[3] == ':') {
      const auto* values = cast.at<int64_t>();
      switch (format[2]) {
        case 's': return cast.values<int64_t>(name, Type::timestamp, values, times<1'000'000>);
        case 'm': return cast.values<int64_t>(name, Type::timestamp, values, times<1'000>);
        case 'u': return Column(name, Type::timestamp, array);
        case 'n':
          return cast.values<int64_t>(name, Type::timestamp, values,
                                      [](int64_t value) { return value / 1'000 - (value % 1'000 < 0); });
        default: break;
      }
    }
    return std::nullopt;
  }

 private:
  Cast(const ArrowArray& array, std::shared_ptr<const void> owner)
      : array_(array), owner_(std::move(owner)), lead_(array.offset % 8) {}

  static constexpr auto as_is = [](auto value) { return value; };
  template <int64_t factor>
  static int64_t times(int64_t value) {
    int64_t product = 0;
    if (!__builtin_mul_overflow(value, factor, &product)) return product;
    return value < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  }
  template <class T>
  const T* at() const {
    return static_cast<const T*>(array_.buffers[1]) + array_.offset;
  }
  bool is_null(int64_t row) const { return array_.buffers[0] && !bit(array_.buffers[0], array_.offset + row); }

  // The bitmap of nulls stays where it is: the new values begin as many rows behind their start as
  // it is off a byte.
  template <class T>
  T* start(Held& held) const {
    held.arrays = {owner_};
    held.buffers.emplace_back(static_cast<size_t>(lead_ + array_.length + 1) * sizeof(T));
    held.pointers = {array_.buffers[0] ? static_cast<const uint8_t*>(array_.buffers[0]) + array_.offset / 8 : nullptr,
                     held.buffers.back().data()};
    return held.buffers.back().as<T>() + lead_;
  }
  ArrowArray finish(std::unique_ptr<Held> held) const {
    auto made = array_of(std::move(held), array_.length, array_.null_count);
    made.offset = lead_;
    return made;
  }

  template <class To, class From, class Function>
  Column values(const std::string& name, Type type, const From* from, Function function) const {
    auto held = std::make_unique<Held>();
    To* to = start<To>(*held);
    for (int64_t row = 0; row < array_.length; ++row) to[row] = static_cast<To>(function(from[row]));
    auto made = finish(std::move(held));
    return Column::adopt(name, type, made);
  }

  // Views reach 2 GiB into a block, so there is a block for each GiB of text.
  template <class Offset>
  std::optional<Column> text(const std::string& name, Type type) const {
    constexpr int64_t kBlock = int64_t{1} << 30;
    const auto* offsets = at<Offset>();
    const auto* bytes = static_cast<const char*>(array_.buffers[2]);
    auto held = std::make_unique<Held>();
    View* to = start<View>(*held);
    for (int64_t row = 0; row < array_.length; ++row) {
      if (is_null(row)) {
        to[row] = View{};
        continue;
      }
      const int64_t begin = offsets[row], size = offsets[row + 1] - begin;
      if (size > std::numeric_limits<int32_t>::max()) return std::nullopt;
      View::put(to + row, {bytes + begin, static_cast<size_t>(size)}, static_cast<int32_t>(begin / kBlock),
                static_cast<int32_t>(begin % kBlock));
    }
    const int64_t end = array_.length > 0 ? offsets[array_.length] : 0;
    for (int64_t begin = 0; begin < end; begin += kBlock) {
      held->pointers.push_back(bytes + begin);
      held->sizes.push_back(end - begin);
    }
    held->pointers.push_back(held->sizes.data());
    auto made = finish(std::move(held));
    return Column::adopt(name, type, made);
  }

  std::optional<Column> dictionary(const std::string& name, const ArrowSchema& schema) const {
    const std::string_view format = schema.dictionary->format;
    const ArrowArray& words = *array_.dictionary;
    const int64_t width = index_bytes(schema.format);
    if ((format != "u" && format != "U" && format != "vu") || schema.dictionary->dictionary || width == 0 ||
        words.length > std::numeric_limits<int32_t>::max())
      return std::nullopt;
    const Cast cast(words, owner_);
    auto held = std::make_unique<Held>();
    int32_t* to = start<int32_t>(*held);
    const bool null_words = words.buffers[0] && words.null_count != 0;
    Buffer valid;
    for (int64_t row = 0; row < array_.length; ++row) {
      // Behind a null may stand anything.
      if (is_null(row)) {
        to[row] = 0;
        continue;
      }
      to[row] = static_cast<int32_t>(
          integer_at(array_.buffers[1], width, is_signed_format(schema.format), array_.offset + row));
      if (null_words && cast.is_null(to[row])) {
        if (!valid) {
          const auto size = static_cast<size_t>((lead_ + array_.length) / 8 + 1);
          valid = Buffer(size);
          std::memset(valid.data(), 0xff, size);
          if (held->pointers[0])
            std::memcpy(valid.data(), held->pointers[0], static_cast<size_t>((lead_ + array_.length + 7) / 8));
        }
        const auto at = lead_ + row;
        valid.as<uint8_t>()[at / 8] &= static_cast<uint8_t>(~(1u << (at % 8)));
      }
    }
    auto texts = format == "U" ? cast.text<int64_t>("", Type::text)
                 : format == "u"
                     ? cast.text<int32_t>("", Type::text)
                     : Column("", Type::text, std::shared_ptr<const ArrowArray>(owner_, array_.dictionary));
    if (!texts) return std::nullopt;
    held->dictionary = std::make_unique<ArrowArray>();
    share(texts->array(), texts->shared(), *held->dictionary);
    if (valid) held->pointers[0] = valid.data();
    const bool changed = static_cast<bool>(valid);
    if (valid) held->buffers.push_back(std::move(valid));
    auto made = finish(std::move(held));
    if (changed) made.null_count = -1;
    return Column::adopt(name, Type::dictionary, made);
  }

  const ArrowArray& array_;
  const std::shared_ptr<const void> owner_;
  const int64_t lead_;
};

// The type of the contract that a schema names; opaque for any other.
inline Type type_of(const ArrowSchema& schema) {
  const std::string_view format = schema.format;
  if (schema.dictionary)
    return format == "i" && std::string_view(schema.dictionary->format) == "vu" && !schema.dictionary->dictionary
               ? Type::dictionary
               : Type::opaque;
  for (const auto type : {Type::boolean, Type::int64, Type::float64, Type::timestamp, Type::text, Type::bytes})
    if (format == format_of(type)) return type;
  return Type::opaque;
}

// Takes over a column of a batch. Its schema must be of a known layout; it is taken over, too,
// where it says more than the column's type.
inline Column take_over(ArrowSchema& schema, ArrowArray& array) {
  const std::string name = schema.name ? schema.name : "";
  const Type type = type_of(schema);
  auto held = hold(array);
  const bool has_null_words =
      type == Type::dictionary && held->dictionary->buffers[0] && held->dictionary->null_count != 0;
  if (type != Type::opaque && !has_null_words)
    return schema.metadata ? Column(name, type, std::move(held), hold(schema)) : Column(name, type, std::move(held));
  if (auto cast = Cast::of(name, schema, held)) return *std::move(cast);
  return Column(name, Type::opaque, std::move(held), hold(schema));
}

}  // namespace levada::detail
