// What a file holds, decompressed where it is compressed.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "levada/host.h"

namespace levada::rows {

class Decoder {
 public:
  virtual ~Decoder() = default;
  // The next bytes, at least one of them; 0 at the end of the file, or while it is busy. After a
  // failure the same can be tried again.
  virtual Result<size_t> read(char* to, size_t bytes) = 0;
  // How much of the file has been used.
  virtual uint64_t file_bytes() const = 0;
  // It has nothing to give yet, and did not come to the end of the file.
  virtual bool is_busy() const { return false; }
  // What is wrong with what is compressed, as the end of a sentence; empty: nothing.
  virtual std::string_view damage() const { return {}; }
};

enum class Compression : uint8_t { none, gzip, zstd };

// By the first bytes of a file.
Compression compression_of(std::string_view head);

// Starts at `offset` of a file that is not compressed, else at its beginning.
std::unique_ptr<Decoder> make_decoder(Compression compression, File& file, uint64_t offset);

}  // namespace levada::rows
