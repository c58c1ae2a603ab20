// A file that is being read: one pass over it, from its start or from where an earlier one ended.
#pragma once

#include <memory>

#include "rows/decoder.h"
#include "spooled_file.h"

namespace levada::spool {

using rows::Compression;
using rows::Decoder;

class FileReader {
 public:
  // `head`: its first bytes, which tell how it is compressed. `replayed`: it was read before, up
  // to pass.to where that stands.
  FileReader(File file, Pass pass, Compression compression, bool replayed);

  // The next bytes of what the file holds; 0: none now, and at_end()
  // says whether there will be more.
  Result<size_t> read(char* to, size_t bytes);
  bool at_end() const { return at_end_; }
  // What is probably left to read, or more.
  uint64_t bytes_left() const;

  // Of the file, as it lies on disk: how many there are, and how many of them are read.
  uint64_t file_bytes() const { return info_.bytes; }
  uint64_t file_bytes_read() const { return decoder_->file_bytes(); }

  // The identity of the file, extended by what has been read of it.
  Identity identity() const;
  // The pass, as it is over now at that place.
  Pass ended(Place place) const;
  // What is wrong with what is compressed in the file; empty: nothing.
  std::string_view damage() const { return decoder_->damage(); }

  Pass pass;
  bool replayed;
  int failures = 0;  // In a row.

 private:
  Result<size_t> look_for_more();

  std::unique_ptr<File> file_;  // Where the decoder finds it, however the reader is moved.
  std::unique_ptr<Decoder> decoder_;
  bool is_compressed_;
  uint64_t skip_ = 0;  // Bytes before the place where the pass starts.
  uint64_t offset_ = 0;
  levada_file_info info_{};
  bool at_end_ = false;
};

}  // namespace levada::spool
