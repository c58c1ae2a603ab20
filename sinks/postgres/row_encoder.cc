#include "row_encoder.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace levada::postgres_sink {

namespace {

// Before each row: how many fields it has.
constexpr size_t kCountBytes = 2;
// The number of the row in its commit: a length and a bigint.
constexpr size_t kNumberBytes = 12;
// So many rows are written column by column, as they stay in the cache.
constexpr size_t kBlock = 256;

void put_big_endian(uint64_t value, size_t bytes, char* to) {
  for (size_t at = bytes; at-- > 0; value >>= 8) to[at] = static_cast<char>(value);
}

}  // namespace

Chunk::Chunk(const Shape& shape, uint64_t first_number, const std::vector<size_t>& sizes)
    : shape_(&shape), first_number_(first_number) {
  size_t end = 0;
  ends_.reserve(sizes.size());
  for (const auto size : sizes) ends_.push_back(end += size);
  bytes_ = std::make_unique_for_overwrite<char[]>(end);
}

const Shape& RowEncoder::shape_of(const std::vector<const TableColumn*>& columns) {
  std::string key;
  for (const auto* column : columns) key.append(column->name).append(1, '\0').append(column->type_text).append(1, '\0');
  auto& shape = shapes_[key];
  if (!shape) shape = std::make_unique<Shape>(table_, settings_, columns, shapes_.size());
  return *shape;
}

std::unique_ptr<Chunk> RowEncoder::encode(const Batch& batch, uint64_t first_number, Misfits& misfits) {
  misfits.reset(batch.rows());
  const auto reject_all = [&](const std::string& reason) {
    for (int64_t row = 0; row < batch.rows(); ++row) misfits.add(row, reason);
    return nullptr;
  };
  std::vector<const TableColumn*> targets;
  std::vector<Column> columns;
  for (const auto& column : table_.wanted(batch)) {
    const auto* target = table_.find(column.name());
    if (target && !target->is_computed) {
      targets.push_back(target);
      columns.push_back(column);
    } else if (std::find(known_left_out_.begin(), known_left_out_.end(), column.name()) == known_left_out_.end()) {
      left_out_.push_back(column.name());
      known_left_out_.push_back(column.name());
    }
  }
  if (columns.empty()) return reject_all("the table has none of the row's columns");
  for (const auto& key : settings_.keys) {
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name() == key; });
    if (at == columns.end()) return reject_all("the row has no column \"" + key + "\", which is one of keys");
    if (!at->has_nulls()) continue;
    for (int64_t row = 0; row < batch.rows(); ++row)
      if (at->null(row)) misfits.add(row, "column \"" + key + "\": is null, and one of keys");
  }
  encoders_.resize(std::max(encoders_.size(), columns.size()));
  for (size_t at = 0; at < columns.size(); ++at) encoders_[at].bind(columns[at], *targets[at], misfits);
  if (!misfits.empty()) return nullptr;

  const auto& shape = shape_of(targets);
  sizes_.assign(static_cast<size_t>(batch.rows()), kCountBytes + (shape.is_staged() ? kNumberBytes : 0));
  for (size_t at = 0; at < columns.size(); ++at) encoders_[at].add_sizes(sizes_);
  auto chunk = std::make_unique<Chunk>(shape, first_number, sizes_);
  write_rows(*chunk, columns.size());
  return chunk;
}

void RowEncoder::write_rows(Chunk& chunk, size_t fields) const {
  const bool is_staged = chunk.shape().is_staged();
  std::array<char*, kBlock> cursors;
  for (size_t first = 0; first < chunk.rows(); first += kBlock) {
    const size_t end = std::min(first + kBlock, chunk.rows());
    for (size_t row = first; row < end; ++row) {
      char* const to = chunk.at(row);
      put_big_endian(fields + (is_staged ? 1 : 0), kCountBytes, to);
      cursors[row - first] = to + kCountBytes;
    }
    for (size_t at = 0; at < fields; ++at)
      encoders_[at].write(static_cast<int64_t>(first), static_cast<int64_t>(end), cursors.data());
    if (!is_staged) continue;
    for (size_t row = first; row < end; ++row) {
      put_big_endian(8, 4, cursors[row - first]);
      put_big_endian(chunk.number(row), 8, cursors[row - first] + 4);
    }
  }
}

}  // namespace levada::postgres_sink
