// https://avro.apache.org/docs/1.12.0/specification/#object-container-files
#include "files/avro_file.h"

#include <snappy.h>
#include <zlib.h>

#include "files/big_endian.h"

namespace levada::files {
namespace {

void append_long(std::string& to, size_t value) {
  auto rest = value << 1;
  for (; rest > 0x7f; rest >>= 7) to += static_cast<char>(rest | 0x80);
  to += static_cast<char>(rest);
}

void append_bytes(std::string& to, std::string_view text) {
  append_long(to, text.size());
  to += text;
}

std::string_view codec(Compressor::Kind kind) {
  switch (kind) {
    case Compressor::Kind::gzip: return "deflate";
    case Compressor::Kind::zstd: return "zstandard";
    case Compressor::Kind::snappy: return "snappy";
    case Compressor::Kind::none: break;
  }
  return "null";
}

// What a gzip member has before and behind what is deflated in it.
constexpr size_t kGzipHeader = 10, kGzipTrailer = 8;

}  // namespace

std::string_view AvroFile::block(Compressor& compressor, int64_t rows, std::string_view encoded) {
  output_.clear();
  if (schema_) append_header();
  append_long(output_, static_cast<size_t>(rows));
  append_data(compressor, encoded);
  output_ += sync_;
  return output_;
}

void AvroFile::append_header() {
  output_ += "Obj\x01";
  append_long(output_, 2);
  append_bytes(output_, "avro.schema");
  append_bytes(output_, *schema_);
  append_bytes(output_, "avro.codec");
  append_bytes(output_, codec(compression_));
  append_long(output_, 0);
  output_ += sync_;
  schema_.reset();
}

void AvroFile::append_data(Compressor& compressor, std::string_view encoded) {
  if (compression_ == Compressor::Kind::snappy) {
    std::string packed;
    ::snappy::Compress(encoded.data(), encoded.size(), &packed);
    const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(encoded.data()), encoded.size());
    append_big_endian(packed, static_cast<uint32_t>(sum));
    return append_bytes(output_, packed);
  }
  auto packed = compressor.compress(compression_, encoded);
  if (compression_ == Compressor::Kind::gzip)
    packed = packed.substr(kGzipHeader, packed.size() - kGzipHeader - kGzipTrailer);
  append_bytes(output_, packed);
}

}  // namespace levada::files
