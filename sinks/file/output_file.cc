// Rows are gathered in a buffer and written by the block; large ones go straight to the file.
#include "output_file.h"

#include <utility>

namespace levada::file_sink {
namespace {

constexpr size_t kBlock = 262144;

}  // namespace

Done OutputFile::make_room(size_t bytes) {
  LEVADA_TRY(flush());
  if (buffer_ || bytes > kBlock) return {};
  buffer_ = Buffer(kBlock);
  capacity_ = buffer_.capacity();
  return {};
}

Done OutputFile::append_large(std::string_view row) {
  LEVADA_TRY(put(rows_ == 0 ? style_->begin : style_->separator));
  LEVADA_TRY(flush());
  ++rows_;
  return write_block(row);
}

Done OutputFile::put(std::string_view text) {
  if (text.empty()) return {};
  if (capacity_ - buffered_ < text.size()) LEVADA_TRY(make_room(text.size()));
  if (capacity_ < text.size()) return write_block(text);
  std::copy(text.begin(), text.end(), buffer_.data() + buffered_);
  buffered_ += text.size();
  return {};
}

// A row of an Avro file may have no bytes.
Done OutputFile::flush() {
  if (buffered_ == 0 && rows_ == rows_in_blocks_) return {};
  LEVADA_TRY(write_block({buffer_.data(), buffered_}));
  buffered_ = 0;
  return {};
}

Done OutputFile::write_block(std::string_view block) {
  if (block.empty() && !avro_) return {};
  const auto rows = rows_ - std::exchange(rows_in_blocks_, rows_);
  const auto frame =
      avro_ ? avro_->block(*style_->compressor, rows, block) : style_->compressor->compress(style_->compression, block);
  LEVADA_TRY(file_.write(frame));
  written_ += frame.size();
  return {};
}

Done OutputFile::end() {
  LEVADA_TRY(put(style_->end));
  return flush();
}

Done OutputFile::close() {
  LEVADA_TRY(file_.close());
  buffer_ = Buffer();
  capacity_ = 0;
  return {};
}

}  // namespace levada::file_sink
