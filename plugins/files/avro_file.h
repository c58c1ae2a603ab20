// Avro's container file: a header with the schema, and blocks of rows, each with its number of rows
// and compressed by itself. A file may be cut behind any block, and blocks that are put behind each
// other are one file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "files/compressor.h"

namespace levada::files {

inline constexpr std::string_view kAvroSuffix = ".avro";

class AvroFile {
 public:
  // `schema` as JSON. `sync`: 16 bytes by chance, which stand behind each block.
  AvroFile(std::shared_ptr<const std::string> schema, Compressor::Kind compression, std::string sync)
      : schema_(std::move(schema)), compression_(compression), sync_(std::move(sync)) {}

  // A block of so many encoded rows, as it is to be written; the first one has the header before
  // it. Valid until the next call.
  std::string_view block(Compressor& compressor, int64_t rows, std::string_view encoded);

 private:
  void append_header();
  void append_data(Compressor& compressor, std::string_view encoded);

  std::shared_ptr<const std::string> schema_;  // Null when the header has been given.
  Compressor::Kind compression_;
  std::string sync_;
  std::string output_;
};

}  // namespace levada::files
