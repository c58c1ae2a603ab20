// A file that rows are being written to, with what of them is still in memory.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "files/avro_file.h"
#include "files/compressor.h"
#include "levada/buffer.h"
#include "levada/host.h"
#include "manifest.h"
#include "settings.h"

namespace levada::file_sink {

using files::Compressor;

class OutputFile {
 public:
  // What all files of a sink have in common; outlives them.
  struct Style {
    std::string begin, separator, end;
    Compressor::Kind compression = Compressor::Kind::none;
    Compressor* compressor = nullptr;
  };

  OutputFile(const Style& style, File file, Unfinished entry, std::chrono::nanoseconds now)
      : style_(&style), file_(std::move(file)), entry_(std::move(entry)), opened_(now), used_(now) {}

  // Its rows are those of an Avro file.
  void set_avro(files::AvroFile avro) { avro_.emplace(std::move(avro)); }

  // Adds a row. Room for a row of `bytes` bytes at most, to be written by the caller,
  // who then says how long it is.
  Done append(std::string_view row) {
    auto room = reserve(row.size());
    if (!room) return std::move(room).error();
    if (*room == nullptr) return append_large(row);
    std::copy(row.begin(), row.end(), *room);
    use(row.size());
    return {};
  }
  // Null for a row that is too large for the buffer: it goes with append_large.
  Result<char*> reserve(size_t bytes) {
    const auto& before = rows_ == 0 ? style_->begin : style_->separator;
    if (!buffer_ || capacity_ - buffered_ < before.size() + bytes) LEVADA_TRY(make_room(before.size() + bytes));
    if (!buffer_ || capacity_ < before.size() + bytes) return nullptr;
    char* at = buffer_.data() + buffered_;
    std::copy(before.begin(), before.end(), at);
    buffered_ += before.size();
    return at + before.size();
  }
  void use(size_t bytes) {
    buffered_ += bytes;
    ++rows_;
  }
  Done append_large(std::string_view row);

  // Writes all rows to the file.
  Done flush();
  // Writes what ends a file, too: no row is added any more.
  Done end();
  // Makes durable what was written. [any]
  Done sync() { return file_.sync(); }
  Done close();
  // Closes it as it is.
  void abandon() { file_ = File(); }

  // What is in the file is committed now.
  void set_committed() {
    entry_ = entry_now();
    committed_rows_ = rows_;
  }
  bool dirty() const { return rows_ != committed_rows_; }

  uint64_t bytes() const { return written_ + buffered_; }
  uint64_t committed_bytes() const { return entry_.bytes; }
  int64_t rows() const { return rows_; }
  std::chrono::nanoseconds opened() const { return opened_; }
  std::chrono::nanoseconds used() const { return used_; }
  void set_used(std::chrono::nanoseconds now) { used_ = now; }

  // As it stands on disk if it is committed now, and as it stood at the last commit.
  Unfinished entry_now() const {
    return {entry_.path, entry_.name, file_ ? Unfinished::State::open : Unfinished::State::complete, written_};
  }
  const Unfinished& entry() const { return entry_; }

 private:
  Done make_room(size_t bytes);
  Done put(std::string_view text);
  Done write_block(std::string_view block);

  const Style* style_;
  std::optional<files::AvroFile> avro_;
  File file_;
  Unfinished entry_;
  Buffer buffer_;
  size_t capacity_ = 0;
  size_t buffered_ = 0;
  uint64_t written_ = 0;
  int64_t rows_ = 0;
  int64_t committed_rows_ = 0;
  int64_t rows_in_blocks_ = 0;  // That are in the file, or were to be.
  std::chrono::nanoseconds opened_, used_;
};

}  // namespace levada::file_sink
