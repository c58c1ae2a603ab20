// Rows of a column by their numbers: in any order, any number of times.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "levada/column.h"

namespace levada {
namespace detail {

inline size_t at_least_one(int64_t count) { return static_cast<size_t>(count ? count : 1); }

// The values with these numbers.
template <class T>
Buffer gather(const T* from, const int64_t* rows, int64_t count) {
  Buffer values(at_least_one(count) * sizeof(T));
  T* to = values.as<T>();
  for (int64_t at = 0; at < count; ++at) to[at] = from[rows[at]];
  return values;
}

// The bits with these numbers, from the bit `offset` on; `set`: how many of them are 1.
inline Buffer gather_bits(const void* from, int64_t offset, const int64_t* rows, int64_t count, int64_t& set) {
  Buffer bits(static_cast<size_t>(count / 8 + 1));
  set = 0;
  for (int64_t at = 0; at < count; at += 8) {
    unsigned byte = 0;
    for (int64_t bit = 0; bit < 8 && at + bit < count; ++bit)
      byte |= static_cast<unsigned>(detail::bit(from, offset + rows[at + bit])) << bit;
    bits.as<uint8_t>()[at / 8] = static_cast<uint8_t>(byte);
    set += __builtin_popcount(byte);
  }
  return bits;
}

// Makes an array of chosen rows out of one of any layout. What it makes begins at offset 0 and
// holds no more than its rows need, in its children and dictionaries too.
class Gatherer {
 public:
  Gatherer(const ArrowSchema& schema, const ArrowArray& array)
      : schema_(schema), array_(array), layout_(Layout::of(schema)) {
    if (layout_.has_validity() && array.null_count != 0) validity_ = array.buffers[0];
  }

  // Numbers count from the array's offset. Throws std::length_error where 32-bit offsets do not
  // reach.
  ArrowArray take(const int64_t* rows, int64_t count) const {
    auto held = std::make_unique<Held>();
    int64_t nulls = 0;
    if (layout_.has_validity()) {
      held->pointers.push_back(nullptr);
      if (validity_) {
        int64_t valid = 0;
        own(*held, 0, gather_bits(validity_, array_.offset, rows, count, valid));
        nulls = count - valid;
      }
    }
    switch (layout_.kind) {
      case Layout::Kind::unknown: throw std::invalid_argument("a column of unknown layout");
      case Layout::Kind::null: nulls = count; break;
      case Layout::Kind::boolean: {
        int64_t set = 0;
        add(*held, gather_bits(array_.buffers[1], array_.offset, rows, count, set));
        break;
      }
      case Layout::Kind::fixed:
        if (schema_.dictionary) take_words(*held, rows, count);
        else add(*held, gather_fixed(layout_.width, rows, count));
        break;
      case Layout::Kind::text: take_text<int32_t>(*held, rows, count); break;
      case Layout::Kind::large_text: take_text<int64_t>(*held, rows, count); break;
      case Layout::Kind::view: take_views(*held, rows, count); break;
      case Layout::Kind::list: take_list<int32_t>(*held, rows, count); break;
      case Layout::Kind::large_list: take_list<int64_t>(*held, rows, count); break;
      case Layout::Kind::list_view: take_list_view<int32_t>(*held, rows, count); break;
      case Layout::Kind::large_list_view: take_list_view<int64_t>(*held, rows, count); break;
      case Layout::Kind::fixed_list: take_fixed_list(*held, rows, count); break;
      case Layout::Kind::structure: take_children(*held, rows, count); break;
      case Layout::Kind::sparse_union:
        add(*held, gather(values<int8_t>(0), rows, count));
        take_children(*held, rows, count);
        break;
      case Layout::Kind::dense_union: take_dense_union(*held, rows, count); break;
      case Layout::Kind::runs: take_runs(*held, rows, count); break;
    }
    return array_of(std::move(held), count, nulls);
  }

 private:
  template <class T>
  const T* values(int buffer) const {
    return static_cast<const T*>(array_.buffers[buffer]) + array_.offset;
  }
  bool is_null(int64_t row) const { return validity_ && !bit(validity_, array_.offset + row); }

  static void own(Held& held, size_t at, Buffer buffer) {
    held.pointers[at] = buffer.data();
    held.buffers.push_back(std::move(buffer));
  }
  static void add(Held& held, Buffer buffer) {
    held.pointers.push_back(nullptr);
    own(held, held.pointers.size() - 1, std::move(buffer));
  }
  void add_child(Held& held, int64_t number, const std::vector<int64_t>& rows) const {
    held.children.push_back(Gatherer(*schema_.children[number], *array_.children[number])
                                .take(rows.data(), static_cast<int64_t>(rows.size())));
  }

  Buffer gather_fixed(int64_t width, const int64_t* rows, int64_t count) const {
    switch (width) {
      case 1: return gather(values<uint8_t>(1), rows, count);
      case 2: return gather(values<uint16_t>(1), rows, count);
      case 4: return gather(values<uint32_t>(1), rows, count);
      case 8: return gather(values<uint64_t>(1), rows, count);
      default: break;
    }
    const auto bytes = static_cast<size_t>(width);
    Buffer to(at_least_one(count) * bytes + 1);
    const auto* from = static_cast<const char*>(array_.buffers[1]);
    for (int64_t at = 0; at < count; ++at)
      std::memcpy(to.data() + static_cast<size_t>(at) * bytes, from + (array_.offset + rows[at]) * width, bytes);
    return to;
  }

  // The words that are in use come along, under new numbers, where most are not.
  void take_words(Held& held, const int64_t* rows, int64_t count) const {
    const ArrowArray& words = *array_.dictionary;
    Buffer indices = gather_fixed(layout_.width, rows, count);
    std::vector<int64_t> used;
    if (words.length <= 2 * count) {
      for (int64_t at = 0; at < words.length; ++at) used.push_back(at);
    } else {
      std::vector<int64_t> number(static_cast<size_t>(words.length), -1);
      for (int64_t at = 0; at < count; ++at) {
        int64_t index = 0;
        if (!is_null(rows[at])) {
          const auto word = integer_at(indices.data(), layout_.width, is_signed_format(schema_.format), at);
          auto& known = number[static_cast<size_t>(word)];
          if (known < 0) {
            known = static_cast<int64_t>(used.size());
            used.push_back(word);
          }
          index = known;
        }
        std::memcpy(indices.data() + at * layout_.width, &index, static_cast<size_t>(layout_.width));
      }
    }
    add(held, std::move(indices));
    held.dictionary = std::make_unique<ArrowArray>(
        Gatherer(*schema_.dictionary, words).take(used.data(), static_cast<int64_t>(used.size())));
  }

  template <class Offset>
  static Offset narrow(int64_t offset) {
    if (offset > std::numeric_limits<Offset>::max())
      throw std::length_error("a column has more in it than its 32-bit offsets reach: let fewer rows into a batch");
    return static_cast<Offset>(offset);
  }

  template <class Offset>
  void take_text(Held& held, const int64_t* rows, int64_t count) const {
    const auto* from = values<Offset>(1);
    Buffer offsets((static_cast<size_t>(count) + 1) * sizeof(Offset));
    auto* to = offsets.as<Offset>();
    int64_t bytes = 0;
    to[0] = 0;
    for (int64_t at = 0; at < count; ++at) {
      if (!is_null(rows[at])) bytes += from[rows[at] + 1] - from[rows[at]];
      to[at + 1] = narrow<Offset>(bytes);
    }
    Buffer text(at_least_one(bytes));
    for (int64_t at = 0; at < count; ++at)
      if (to[at + 1] > to[at])
        std::memcpy(text.data() + to[at], static_cast<const char*>(array_.buffers[2]) + from[rows[at]],
                    static_cast<size_t>(to[at + 1] - to[at]));
    add(held, std::move(offsets));
    add(held, std::move(text));
  }

  void take_views(Held& held, const int64_t* rows, int64_t count) const {
    constexpr size_t kBlock = size_t{1} << 30;
    const Views from(array_);
    Buffer views(at_least_one(count) * sizeof(View));
    std::vector<size_t> sizes;
    for (int64_t at = 0; at < count; ++at) {
      View& view = views.as<View>()[at];
      view = is_null(rows[at]) ? View{} : from.data()[rows[at]];
      if (view.is_inline()) continue;
      const auto size = static_cast<size_t>(view.size);
      if (sizes.empty() || sizes.back() + size > kBlock) sizes.push_back(0);
      sizes.back() += size;
    }
    const auto first = held.pointers.size() + 1;
    add(held, views);
    for (const auto size : sizes) add(held, Buffer(size));
    size_t block = 0, used = 0;
    for (int64_t at = 0; at < count; ++at) {
      View& view = views.as<View>()[at];
      if (view.is_inline()) continue;
      const auto text = from.text(view);
      if (used + text.size() > sizes[block]) {
        ++block;
        used = 0;
      }
      std::memcpy(static_cast<char*>(const_cast<void*>(held.pointers[first + block])) + used, text.data(), text.size());
      view = View::of(text, static_cast<int32_t>(block), static_cast<int32_t>(used));
      used += text.size();
    }
    for (const auto size : sizes) held.sizes.push_back(static_cast<int64_t>(size));
    held.pointers.push_back(held.sizes.data());
  }

  template <class Offset>
  void take_list(Held& held, const int64_t* rows, int64_t count) const {
    const auto* from = values<Offset>(1);
    Buffer offsets((static_cast<size_t>(count) + 1) * sizeof(Offset));
    auto* to = offsets.as<Offset>();
    std::vector<int64_t> items;
    to[0] = 0;
    for (int64_t at = 0; at < count; ++at) {
      if (!is_null(rows[at]))
        for (int64_t item = from[rows[at]]; item < from[rows[at] + 1]; ++item) items.push_back(item);
      to[at + 1] = narrow<Offset>(static_cast<int64_t>(items.size()));
    }
    add(held, std::move(offsets));
    add_child(held, 0, items);
  }

  template <class Offset>
  void take_list_view(Held& held, const int64_t* rows, int64_t count) const {
    const auto *from = values<Offset>(1), *from_sizes = values<Offset>(2);
    Buffer offsets(at_least_one(count) * sizeof(Offset)), sizes(at_least_one(count) * sizeof(Offset));
    std::vector<int64_t> items;
    for (int64_t at = 0; at < count; ++at) {
      const Offset size = is_null(rows[at]) ? Offset{0} : from_sizes[rows[at]];
      offsets.as<Offset>()[at] = narrow<Offset>(static_cast<int64_t>(items.size()));
      sizes.as<Offset>()[at] = size;
      for (int64_t item = 0; item < size; ++item) items.push_back(from[rows[at]] + item);
    }
    add(held, std::move(offsets));
    add(held, std::move(sizes));
    add_child(held, 0, items);
  }

  void take_fixed_list(Held& held, const int64_t* rows, int64_t count) const {
    std::vector<int64_t> items;
    items.reserve(static_cast<size_t>(count * layout_.width));
    for (int64_t at = 0; at < count; ++at)
      for (int64_t item = 0; item < layout_.width; ++item)
        items.push_back((array_.offset + rows[at]) * layout_.width + item);
    add_child(held, 0, items);
  }

  // Children that have a row for each of the parent's.
  void take_children(Held& held, const int64_t* rows, int64_t count) const {
    std::vector<int64_t> below(rows, rows + count);
    for (auto& row : below) row += array_.offset;
    for (int64_t at = 0; at < array_.n_children; ++at) add_child(held, at, below);
  }

  void take_dense_union(Held& held, const int64_t* rows, int64_t count) const {
    const UnionTypes types(schema_.format);
    const auto* offsets = values<int32_t>(1);
    Buffer ids = gather(values<int8_t>(0), rows, count), places(at_least_one(count) * sizeof(int32_t));
    std::vector<std::vector<int64_t>> below(static_cast<size_t>(array_.n_children));
    for (int64_t at = 0; at < count; ++at) {
      auto& child = below[static_cast<size_t>(types.child[ids.as<int8_t>()[at]])];
      places.as<int32_t>()[at] = narrow<int32_t>(static_cast<int64_t>(child.size()));
      child.push_back(offsets[rows[at]]);
    }
    add(held, std::move(ids));
    add(held, std::move(places));
    for (int64_t at = 0; at < array_.n_children; ++at) add_child(held, at, below[static_cast<size_t>(at)]);
  }

  void take_runs(Held& held, const int64_t* rows, int64_t count) const {
    const ArrowArray& ends = *array_.children[0];
    const int64_t width = index_bytes(schema_.children[0]->format);
    if (width < 8 && count > (int64_t{1} << (8 * width - 1)) - 1)
      throw std::length_error("a run-end encoded column has more rows than its ends can count");
    std::vector<int64_t> all_ends;
    for (int64_t at = 0; at < ends.length; ++at)
      all_ends.push_back(integer_at(ends.buffers[1], width, true, ends.offset + at));
    std::vector<int64_t> runs, new_ends;
    for (int64_t at = 0; at < count; ++at) {
      const auto run = std::upper_bound(all_ends.begin(), all_ends.end(), array_.offset + rows[at]) - all_ends.begin();
      if (runs.empty() || runs.back() != run) {
        runs.push_back(run);
        new_ends.push_back(0);
      }
      new_ends.back() = at + 1;
    }
    Buffer to(at_least_one(static_cast<int64_t>(new_ends.size()) * width));
    for (size_t at = 0; at < new_ends.size(); ++at)
      std::memcpy(to.data() + at * static_cast<size_t>(width), &new_ends[at], static_cast<size_t>(width));
    auto child = std::make_unique<Held>();
    child->pointers.push_back(nullptr);
    add(*child, std::move(to));
    held.children.push_back(array_of(std::move(child), static_cast<int64_t>(new_ends.size()), 0));
    add_child(held, 1, runs);
  }

  const ArrowSchema& schema_;
  const ArrowArray& array_;
  const Layout layout_;
  const void* validity_ = nullptr;
};

}  // namespace detail

// The rows of `column` with these numbers, in this order. The bytes of text stay where they are;
// those in an opaque column are copied.
inline Column take(const Column& column, const int64_t* rows, int64_t count) {
  const ArrowArray& array = column.array();
  if (column.type() == Type::opaque) {
    auto taken = detail::Gatherer(*column.schema(), array).take(rows, count);
    return Column(column.name(), Type::opaque, detail::hold(taken), column.schema());
  }
  auto held = std::make_unique<detail::Held>();
  held->arrays = {column.shared()};
  Buffer values, validity;
  int64_t valid = 0, set = 0;
  switch (column.type()) {
    case Type::boolean: values = detail::gather_bits(array.buffers[1], array.offset, rows, count, set); break;
    case Type::int64:
    case Type::timestamp: values = detail::gather(column.values<int64_t>(), rows, count); break;
    case Type::float64: values = detail::gather(column.values<double>(), rows, count); break;
    case Type::dictionary:
      values = detail::gather(column.values<int32_t>(), rows, count);
      held->dictionary = std::make_unique<ArrowArray>();
      detail::share(*array.dictionary, column.shared(), *held->dictionary);
      break;
    case Type::text:
    case Type::bytes: values = detail::gather(column.views().data(), rows, count); break;
    case Type::opaque: break;
  }
  if (column.has_nulls()) validity = detail::gather_bits(array.buffers[0], array.offset, rows, count, valid);
  held->pointers = {validity.data(), values.data()};
  // Where views point to, and the sizes of that.
  held->pointers.insert(held->pointers.end(), array.buffers + 2, array.buffers + array.n_buffers);
  const auto nulls = validity ? count - valid : 0;
  held->buffers = {std::move(values), std::move(validity)};
  // The sizes of the blocks of text lie in the column's array; nothing else of a column of fixed
  // width does.
  if (!column.is_textual()) held->arrays.clear();
  auto taken = detail::array_of(std::move(held), count, nulls);
  return Column(column.name(), column.type(), detail::hold(taken), column.schema());
}

}  // namespace levada
