// What is left of a batch that loses a few rows: the others are copied run by run.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "levada/batch.h"

namespace levada {

// Rows by their numbers, in ascending order, as runs of rows that follow each other.
class RowRuns {
 public:
  struct Run {
    int64_t first, rows;
  };

  explicit RowRuns(std::span<const int64_t> rows) : count_(static_cast<int64_t>(rows.size())) {
    for (size_t at = 0, first = 0; at < rows.size(); first = at) {
      do ++at;
      while (at < rows.size() && rows[at] == rows[at - 1] + 1);
      runs_.push_back({rows[first], static_cast<int64_t>(at - first)});
    }
  }

  int64_t count() const { return count_; }
  std::span<const Run> runs() const { return runs_; }
  // Whether they are copied faster than the rows one by one.
  bool are_long() const { return static_cast<int64_t>(runs_.size()) * 8 <= count_; }

 private:
  const int64_t count_;
  std::vector<Run> runs_;
};

namespace detail {

template <class T>
Buffer copy_runs(const T* from, const RowRuns& rows) {
  Buffer values(at_least_one(rows.count()) * sizeof(T));
  T* to = values.as<T>();
  for (const auto& run : rows.runs()) to = std::copy_n(from + run.first, run.rows, to);
  return values;
}

// Copies `count` bits to where all bits are 0; returns how many of them are 1.
inline int64_t copy_bits(const void* from, int64_t from_bit, void* to, int64_t to_bit, int64_t count) {
  constexpr int64_t kStep = 56;  // So many, and the 7 before them in their byte, fit into a word.
  int64_t set = 0;
  for (int64_t bits; count > 0; from_bit += bits, to_bit += bits, count -= bits) {
    bits = std::min(count, kStep);
    const auto bytes = [&](int64_t bit) { return static_cast<size_t>((bit % 8 + bits + 7) / 8); };
    uint64_t word = 0, before = 0;
    std::memcpy(&word, static_cast<const char*>(from) + from_bit / 8, bytes(from_bit));
    word = word >> from_bit % 8 & ((uint64_t{1} << bits) - 1);
    set += __builtin_popcountll(word);
    std::memcpy(&before, static_cast<char*>(to) + to_bit / 8, bytes(to_bit));
    word = before | word << to_bit % 8;
    std::memcpy(static_cast<char*>(to) + to_bit / 8, &word, bytes(to_bit));
  }
  return set;
}

// As gather_bits.
inline Buffer copy_runs_of_bits(const void* from, int64_t offset, const RowRuns& rows, int64_t& set) {
  const auto bytes = static_cast<size_t>(rows.count() / 8 + 1);
  Buffer bits(bytes);
  std::memset(bits.data(), 0, bytes);
  set = 0;
  int64_t at = 0;
  for (const auto& run : rows.runs()) {
    set += copy_bits(from, offset + run.first, bits.data(), at, run.rows);
    at += run.rows;
  }
  return bits;
}

// The rows of a column of fixed width or of views; text stays where it is.
inline Column kept(const Column& column, const RowRuns& rows) {
  const ArrowArray& array = column.array();
  auto held = std::make_unique<Held>();
  if (column.is_textual()) held->arrays = {column.shared()};
  Buffer values, validity;
  int64_t valid = 0;
  if (column.type() == Type::text || column.type() == Type::bytes) values = copy_runs(column.views().data(), rows);
  else values = copy_runs(column.values<int64_t>(), rows);
  if (column.has_nulls()) validity = copy_runs_of_bits(array.buffers[0], array.offset, rows, valid);
  held->pointers = {validity.data(), values.data()};
  held->pointers.insert(held->pointers.end(), array.buffers + 2, array.buffers + array.n_buffers);
  const auto nulls = validity ? rows.count() - valid : 0;
  held->buffers = {std::move(values), std::move(validity)};
  auto taken = array_of(std::move(held), rows.count(), nulls);
  return Column(column.name(), column.type(), hold(taken), column.schema());
}

}  // namespace detail

// The batch with these of its rows only, in ascending order, and all its rejections: as Batch::take
// makes it, faster where most rows stay.
inline Batch keep_rows(const Batch& batch, std::span<const int64_t> rows) {
  const RowRuns runs(rows);
  Batch kept(runs.count());
  for (const auto& column : batch.columns()) {
    switch (runs.are_long() ? column.type() : Type::opaque) {
      case Type::int64:
      case Type::timestamp:
      case Type::float64:
      case Type::text:
      case Type::bytes: kept.set(detail::kept(column, runs)); break;
      default: kept.set(take(column, rows.data(), runs.count()));
    }
  }
  kept.stream = batch.stream;
  kept.position = batch.position;
  kept.sequence = batch.sequence;
  kept.jump = batch.jump;
  for (const auto& each : batch.rejections()) kept.reject_part(each.row, each.reason, each.body);
  return kept;
}

// The batch without the rows that it rejects, none of which were taken or dropped so far.
inline Batch without_rejected(const Batch& batch) {
  std::vector<int64_t> rows(static_cast<size_t>(batch.rows()));
  std::vector<uint8_t> stays(rows.size(), 1);
  for (const auto& each : batch.rejections()) stays[static_cast<size_t>(each.row)] = 0;
  int64_t* to = rows.data();
  for (int64_t row = 0; row < batch.rows(); ++row) {
    *to = row;
    to += stays[static_cast<size_t>(row)];
  }
  return keep_rows(batch, {rows.data(), static_cast<size_t>(to - rows.data())});
}

}  // namespace levada
