#include "sequence_encoder.h"

#include <utility>

#include "files/big_endian.h"

namespace levada::hdfs_sink {
namespace {

constexpr size_t kSyncInterval = 100 * 1024;

// As org.apache.hadoop.io.WritableUtils writes lengths.
void append_vint(std::string& to, uint32_t number) {
  if (number <= 127) {
    to += static_cast<char>(number);
    return;
  }
  int bytes = 1;
  while (bytes < 4 && number >> (8 * bytes) != 0) ++bytes;
  to += static_cast<char>(-112 - bytes);
  for (int at = bytes - 1; at >= 0; --at) to += static_cast<char>(number >> (8 * at) & 0xff);
}

void append_name(std::string& to, std::string_view name) {
  append_vint(to, static_cast<uint32_t>(name.size()));
  to += name;
}

std::string_view codec(files::Compressor::Kind kind) {
  using Kind = files::Compressor::Kind;
  switch (kind) {
    case Kind::gzip: return "org.apache.hadoop.io.compress.GzipCodec";
    case Kind::zstd: return "org.apache.hadoop.io.compress.ZStandardCodec";
    case Kind::snappy: return "org.apache.hadoop.io.compress.SnappyCodec";
    case Kind::none: break;
  }
  return {};
}

}  // namespace

SequenceEncoder::SequenceEncoder(bool is_text, files::Compressor& compressor, Kind compression, std::string sync)
    : is_text_(is_text), compressor_(compressor), compression_(compression), sync_(std::move(sync)) {}

std::string SequenceEncoder::header() const {
  std::string header = "SEQ\6";
  append_name(header, "org.apache.hadoop.io.LongWritable");
  append_name(header, is_text_ ? "org.apache.hadoop.io.Text" : "org.apache.hadoop.io.BytesWritable");
  const bool is_compressed = compression_ != Kind::none;
  header.append(2, static_cast<char>(is_compressed));  // At all, and by blocks.
  if (is_compressed) append_name(header, codec(compression_));
  files::append_big_endian(header, uint32_t{0});  // Entries of metadata.
  return header + sync_;
}

size_t SequenceEncoder::append(RowSource& source, std::span<const int64_t> rows) {
  size_t added = 0;
  while (added < rows.size() && !is_full()) {
    const auto row = rows[added++];
    const int64_t time = source.time(row);
    append_record(source.text(row), time >= 0 ? time / 1000 : (time + 1) / 1000 - 1);
  }
  return added;
}

void SequenceEncoder::append_record(std::string_view text, int64_t milliseconds) {
  std::string length;
  if (is_text_) append_vint(length, static_cast<uint32_t>(text.size()));
  else files::append_big_endian(length, static_cast<uint32_t>(text.size()));
  const auto value_bytes = static_cast<uint32_t>(length.size() + text.size());
  std::string key;
  files::append_big_endian(key, static_cast<uint64_t>(milliseconds));
  ++rows_;
  if (compression_ == Kind::none) {
    std::string lengths;
    if (since_sync_ >= kSyncInterval) {
      lengths.append(4, '\xff');
      lengths += sync_;
      since_sync_ = 0;
    }
    files::append_big_endian(lengths, value_bytes + static_cast<uint32_t>(kKeyBytes));
    files::append_big_endian(lengths, static_cast<uint32_t>(kKeyBytes));
    values_.append(lengths);
    values_.append(key);
    since_sync_ += lengths.size() + kKeyBytes + value_bytes;
  } else {
    std::string lengths;
    append_vint(lengths, static_cast<uint32_t>(kKeyBytes));
    key_lengths_.append(lengths);
    keys_.append(key);
    lengths.clear();
    append_vint(lengths, value_bytes);
    value_lengths_.append(lengths);
  }
  values_.append(length);
  values_.append(text);
}

void SequenceEncoder::append_compressed(std::string_view block) {
  const auto compressed = compressor_.compress(compression_, block);
  append_vint(output_, static_cast<uint32_t>(compressed.size()));
  output_ += compressed;
}

std::string_view SequenceEncoder::take() {
  if (rows_ == 0) return {};
  output_.clear();
  if (!std::exchange(has_header_, true)) output_ = header();
  if (compression_ == Kind::none) {
    output_ += values_.view();
  } else {
    output_.append(4, '\xff');
    output_ += sync_;
    append_vint(output_, rows_);
    for (const Block* block : {&key_lengths_, &keys_, &value_lengths_, &values_}) append_compressed(block->view());
  }
  drop();
  return output_;
}

void SequenceEncoder::drop() {
  rows_ = 0;
  for (Block* block : {&key_lengths_, &keys_, &value_lengths_, &values_}) block->clear();
}

}  // namespace levada::hdfs_sink
