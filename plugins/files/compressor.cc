// gzip by zlib, zstd by libzstd, snappy by libsnappy.
#include "files/compressor.h"

#include <snappy.h>

#include <algorithm>
#include <new>

#include "files/big_endian.h"

namespace levada::files {
namespace {

// Hadoop's readers have 256 KiB for the bytes of a chunk, compressed or not.
constexpr size_t kSnappyChunk = 128 * 1024;

}  // namespace

std::string_view Compressor::suffix(Kind kind) {
  switch (kind) {
    case Kind::gzip: return ".gz";
    case Kind::zstd: return ".zst";
    case Kind::snappy: return ".snappy";
    case Kind::none: break;
  }
  return "";
}

Compressor::Kind Compressor::kind_of(std::string_view name) {
  for (const auto kind : {Kind::gzip, Kind::zstd, Kind::snappy})
    if (name.ends_with(suffix(kind))) return kind;
  return Kind::none;
}

std::string_view Compressor::compress(Kind kind, std::string_view block) {
  switch (kind) {
    case Kind::gzip: return gzip(block);
    case Kind::zstd: return zstd(block);
    case Kind::snappy: return snappy(block);
    case Kind::none: break;
  }
  return block;
}

std::string_view Compressor::gzip(std::string_view block) {
  if (!deflate_) {
    auto stream = std::make_unique<z_stream>();
    constexpr int kWindowWithGzipHeader = 15 + 16;
    constexpr int kMemoryLevel = 8;
    if (deflateInit2(stream.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWindowWithGzipHeader, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
    deflate_.reset(stream.release());
  } else {
    deflateReset(deflate_.get());
  }
  frame_.resize(deflateBound(deflate_.get(), block.size()));
  deflate_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
  deflate_->avail_in = static_cast<uInt>(block.size());
  deflate_->next_out = reinterpret_cast<Bytef*>(frame_.data());
  deflate_->avail_out = static_cast<uInt>(frame_.size());
  deflate(deflate_.get(), Z_FINISH);
  return {frame_.data(), deflate_->total_out};
}

std::string_view Compressor::zstd(std::string_view block) {
  if (!zstd_) zstd_.reset(ZSTD_createCCtx());
  if (!zstd_) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_checksumFlag, 1);
  frame_.resize(ZSTD_compressBound(block.size()));
  const size_t size = ZSTD_compress2(zstd_.get(), frame_.data(), frame_.size(), block.data(), block.size());
  if (ZSTD_isError(size)) throw std::bad_alloc();
  return {frame_.data(), size};
}

// As the BlockCompressorStream of Hadoop writes it: the length of the block, and for each chunk of
// it the compressed length and the chunk.
std::string_view Compressor::snappy(std::string_view block) {
  frame_.clear();
  append_big_endian(frame_, static_cast<uint32_t>(block.size()));
  while (!block.empty()) {
    const auto size = std::min(block.size(), kSnappyChunk);
    ::snappy::Compress(block.data(), size, &chunk_);
    append_big_endian(frame_, static_cast<uint32_t>(chunk_.size()));
    frame_ += chunk_;
    block.remove_prefix(size);
  }
  return frame_;
}

}  // namespace levada::files
