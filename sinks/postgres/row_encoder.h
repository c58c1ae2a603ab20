// Makes the rows of a batch those of COPY's binary format.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "column_encoder.h"
#include "levada/batch.h"
#include "misfits.h"
#include "settings.h"
#include "shape.h"
#include "table.h"

namespace levada::postgres_sink {

// The rows of one batch, as COPY takes them.
class Chunk {
 public:
  Chunk(const Shape& shape, uint64_t first_number, const std::vector<size_t>& sizes);

  const Shape& shape() const { return *shape_; }
  size_t rows() const { return ends_.size(); }
  // Of the row in its commit.
  uint64_t number(size_t row) const { return first_number_ + row; }
  // The rows first .. end - 1, without what goes before and behind all rows.
  std::string_view bytes(size_t first, size_t end) const {
    const auto start = first == 0 ? 0 : ends_[first - 1];
    return {bytes_.get() + start, (end == 0 ? 0 : ends_[end - 1]) - start};
  }
  // Where a row begins.
  char* at(size_t row) { return bytes_.get() + (row == 0 ? 0 : ends_[row - 1]); }

 private:
  const Shape* shape_;
  uint64_t first_number_;
  std::vector<size_t> ends_;
  std::unique_ptr<char[]> bytes_;
};

class RowEncoder {
 public:
  // Both outlive it. When the table is
  // widened it goes on; when it has changed otherwise it is made anew.
  RowEncoder(const Table& table, const PostgresSettings& settings) : table_(table), settings_(settings) {}

  // Makes a chunk of all rows; or null, and then `misfits` has rows that are to be taken out first.
  std::unique_ptr<Chunk> encode(const Batch& batch, uint64_t first_number, Misfits& misfits);
  // Columns that the table has no place for, each named once.
  std::vector<std::string> take_left_out() { return std::exchange(left_out_, {}); }

 private:
  const Shape& shape_of(const std::vector<const TableColumn*>& columns);
  void write_rows(Chunk& chunk, size_t fields) const;

  const Table& table_;
  const PostgresSettings& settings_;
  std::map<std::string, std::unique_ptr<Shape>> shapes_;  // By names and types of columns.
  std::vector<ColumnEncoder> encoders_;
  std::vector<size_t> sizes_;
  std::vector<std::string> left_out_, known_left_out_;
};

}  // namespace levada::postgres_sink
