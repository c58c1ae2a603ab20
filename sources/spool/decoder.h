// What a file holds, decompressed where it is compressed.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "levada/host.h"

namespace levada::spool {

class Decoder {
 public:
  virtual ~Decoder() = default;
  // The next bytes, at least one of them; 0 at the end of the file. After a failure the same can be tried again.
  virtual Result<size_t> read(char* to, size_t bytes) = 0;
  // How much of the file has been used.
  virtual uint64_t file_bytes() const = 0;
  // The file ends, or goes on with something else, in the midst of what is compressed.
  virtual bool damaged() const { return false; }
};

enum class Compression : uint8_t { none, gzip, zstd };

// By the first bytes of a file.
Compression compression_of(std::string_view head);

// Starts at `offset` of a file that is not compressed, else at its beginning.
std::unique_ptr<Decoder> make_decoder(Compression compression, File& file, uint64_t offset);

}  // namespace levada::spool
