// Hadoop's SequenceFile, version 6: the key of a row is its time (LongWritable, in milliseconds),
// the value its text (Text or BytesWritable). Compressed ones are so by blocks.
#pragma once

#include <array>
#include <string>

#include "file_encoder.h"

namespace levada::hdfs_sink {

class SequenceEncoder : public FileEncoder {
 public:
  using Kind = files::Compressor::Kind;
  // `sync`: 16 bytes by chance, which stand between records so that a reader may begin anywhere.
  SequenceEncoder(bool is_text, files::Compressor& compressor, Kind compression, std::string sync);

  size_t append(RowSource& source, std::span<const int64_t> rows) override;
  std::string_view take() override;
  void drop() override;
  size_t waiting() const override { return values_.size() + keys_.size(); }

 private:
  static constexpr size_t kKeyBytes = 8;

  std::string header() const;
  void append_record(std::string_view text, int64_t milliseconds);
  void append_compressed(std::string_view block);

  const bool is_text_;
  files::Compressor& compressor_;
  const Kind compression_;
  const std::string sync_;
  bool has_header_ = false;  // It has been given.
  size_t since_sync_ = 0;    // Bytes.
  // Records where nothing is compressed; else each of these by itself.
  Block values_, keys_, key_lengths_, value_lengths_;
  uint32_t rows_ = 0;
  std::string output_;
};

}  // namespace levada::hdfs_sink
