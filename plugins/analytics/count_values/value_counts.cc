#include "value_counts.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace levada::count_values {
namespace {

// How many of the bits first .. first + count - 1 are set, of those that are set in `mask` as well
// where there is one.
int64_t count_bits(const uint8_t* bits, const uint8_t* mask, int64_t first, int64_t count) {
  int64_t sum = 0;
  const int64_t end = first + count;
  const auto add_bits = [&](int64_t from, int64_t to) {
    for (; from < to; ++from) sum += detail::bit(bits, from) && (!mask || detail::bit(mask, from)) ? 1 : 0;
  };
  const int64_t aligned = std::min(end, (first + 7) / 8 * 8);
  add_bits(first, aligned);
  int64_t at = aligned;
  for (; at + 64 <= end; at += 64) {
    uint64_t word, of_mask = ~uint64_t{0};
    std::memcpy(&word, bits + at / 8, sizeof word);
    if (mask) std::memcpy(&of_mask, mask + at / 8, sizeof of_mask);
    sum += std::popcount(word & of_mask);
  }
  add_bits(at, end);
  return sum;
}

}  // namespace

void ValueCounts::add(std::string_view value, int64_t count, int64_t most) {
  const auto at = values_.find(value);
  if (at != values_.end()) at->second += count;
  else if (static_cast<int64_t>(values_.size()) < most && simdjson::validate_utf8(value.data(), value.size()))
    values_.emplace(value, count);
  else others_ += count;
}

std::optional<CountedColumn> CountedColumn::of(const Column& column) {
  CountedColumn counted(column);
  if (column.type() == Type::boolean || column.is_textual()) return counted;
  counted.lists_ = Nested::of(column);
  if (counted.lists_ && counted.lists_->is_list() && counted.lists_->items().is_textual()) return counted;
  return std::nullopt;
}

void CountedColumn::count(int64_t first, int64_t count, int64_t most, ValueCounts& to) {
  if (lists_) {
    // What a list that is null has does not count.
    for (int64_t row = first; row < first + count; ++row)
      if (!column_.null(row))
        count_texts(lists_->items(), lists_->begin(row), lists_->end(row) - lists_->begin(row), most, to);
  } else if (column_.type() == Type::boolean) {
    const ArrowArray& array = column_.array();
    const auto sum = count_bits(static_cast<const uint8_t*>(array.buffers[1]),
                                static_cast<const uint8_t*>(array.buffers[0]), array.offset + first, count);
    if (sum > 0) to.add("true", sum, most);
  } else {
    count_texts(column_, first, count, most, to);
  }
}

void CountedColumn::count_texts(const Column& texts, int64_t first, int64_t count, int64_t most, ValueCounts& to) {
  if (texts.type() != Type::dictionary) {
    for (int64_t row = first; row < first + count; ++row)
      if (!texts.null(row)) to.add(texts.views()[row], 1, most);
    return;
  }
  const Views words(*texts.array().dictionary);
  words_.assign(static_cast<size_t>(texts.array().dictionary->length), 0);
  const auto* indices = texts.values<int32_t>();
  for (int64_t row = first; row < first + count; ++row)
    if (!texts.null(row)) ++words_[static_cast<size_t>(indices[row])];
  for (size_t at = 0; at < words_.size(); ++at)
    if (words_[at] > 0) to.add(words[static_cast<int64_t>(at)], words_[at], most);
}

}  // namespace levada::count_values
