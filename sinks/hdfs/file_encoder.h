// How rows stand in a file. A file is written in parts, each of which goes on where the one before
// ends: put together they are one file, as a reader expects it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "block.h"
#include "files/avro_file.h"
#include "files/compressor.h"
#include "row_source.h"

namespace levada::hdfs_sink {

class FileEncoder {
 public:
  virtual ~FileEncoder() = default;

  // Adds rows until a block is full; says how many.
  virtual size_t append(RowSource& source, std::span<const int64_t> rows) = 0;
  bool is_full() const { return waiting() >= kBlockBytes; }
  // The block, as it is to be written; empty where there is nothing. Valid until the next call.
  virtual std::string_view take() = 0;
  // Forgets the rows that wait.
  virtual void drop() = 0;
  // Bytes of the rows that wait, before they are compressed.
  virtual size_t waiting() const = 0;

 protected:
  static constexpr size_t kBlockBytes = 262144;
};

// A line for each row. A block is compressed by itself: readers take the rows of blocks as one
// stream.
class TextEncoder : public FileEncoder {
 public:
  TextEncoder(files::Compressor& compressor, files::Compressor::Kind compression)
      : compressor_(compressor), compression_(compression) {}

  size_t append(RowSource& source, std::span<const int64_t> rows) override;
  std::string_view take() override;
  void drop() override { is_taken_ = true; }
  size_t waiting() const override { return is_taken_ ? 0 : block_.size(); }

 private:
  files::Compressor& compressor_;
  const files::Compressor::Kind compression_;
  Block block_;
  bool is_taken_ = false;  // What is in the block has been given.
};

// A file of Avro. The rows of all batches have its schema.
class AvroEncoder : public FileEncoder {
 public:
  AvroEncoder(files::Compressor& compressor, files::AvroFile file) : compressor_(compressor), file_(std::move(file)) {}

  size_t append(RowSource& source, std::span<const int64_t> rows) override;
  std::string_view take() override;
  void drop() override;
  // A row may have no bytes.
  size_t waiting() const override { return block_.size() + static_cast<size_t>(rows_); }

 private:
  files::Compressor& compressor_;
  files::AvroFile file_;
  Block block_;
  int64_t rows_ = 0;  // In the block.
};

}  // namespace levada::hdfs_sink
