// The numbers that a KeyTable has for the keys of a batch's rows, and when to forget keys.
#pragma once

#include <numeric>
#include <vector>

#include "levada/key_table.h"

namespace levada::analytics {

class KeyNumbers {
 public:
  // Who looks at the records of no more rows at a time finds them in the cache yet.
  static constexpr size_t kGroup = 512;

  explicit KeyNumbers(std::vector<std::string> columns) : keys_(std::move(columns)) {}

  const std::vector<std::string>& columns() const { return keys_.columns(); }
  // Adds the keys that are new.
  void read(const Batch& batch, KeyTable& table) {
    read(batch);
    find(0, size(), table);
  }
  // The same in two steps, for who has another table for rows further on.
  void read(const Batch& batch) {
    const auto rows = static_cast<size_t>(batch.rows());
    while (rows_.size() < rows) rows_.push_back(static_cast<int64_t>(rows_.size()));
    numbers_.resize(rows);
    keys_.read(batch);
  }
  void find(size_t first, size_t end, KeyTable& table) {
    table.find_or_add(keys_, std::span(rows_.data() + first, end - first), numbers_.data() + first);
  }
  KeyTable::Number operator[](size_t row) const { return numbers_[row]; }
  size_t size() const { return numbers_.size(); }

 private:
  RowKeys keys_;
  std::vector<int64_t> rows_;  // 0, 1, 2 ...
  std::vector<KeyTable::Number> numbers_;
};

// Keys that are over are looked for when there are twice as many as were left the last time: the
// work is shared by the keys that came since, and a table is at most twice as large as need be.
class Forgetting {
 public:
  bool is_due(const KeyTable& table) const { return table.size() >= at_; }
  void done(const KeyTable& table) { at_ = std::max(kLeast, 2 * table.size()); }

 private:
  static constexpr size_t kLeast = 1024;
  size_t at_ = kLeast;
};

}  // namespace levada::analytics
