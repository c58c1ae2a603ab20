// Unpacks compressed files for tests, frame by frame; a frame has 1 MiB at most.
#pragma once

#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "files/compressor.h"

namespace levada::files {

inline std::string unpack_gzip(std::string packed) {
  std::string text;
  while (!packed.empty()) {
    z_stream stream{};
    constexpr int kWindowWithGzipHeader = 15 + 16;
    if (inflateInit2(&stream, kWindowWithGzipHeader) != Z_OK) return "<no inflate>";
    stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    static std::string part(1 << 20, '\0');
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(part.size());
    const int result = inflate(&stream, Z_FINISH);
    text.append(part, 0, stream.total_out);
    packed.erase(0, stream.total_in);
    inflateEnd(&stream);
    if (result != Z_STREAM_END) return text + "<torn>";
  }
  return text;
}

inline std::string unpack_zstd(std::string packed) {
  std::string text;
  while (!packed.empty()) {
    const size_t size = ZSTD_findFrameCompressedSize(packed.data(), packed.size());
    if (ZSTD_isError(size)) return text + "<torn>";
    static std::string part(1 << 20, '\0');
    const size_t got = ZSTD_decompress(part.data(), part.size(), packed.data(), size);
    if (ZSTD_isError(got)) return text + "<damaged>";
    text.append(part, 0, got);
    packed.erase(0, size);
  }
  return text;
}

// Blocks of Hadoop's, each of chunks.
inline std::string unpack_snappy(std::string_view packed) {
  std::string text, chunk;
  const auto number = [&]() -> size_t {
    size_t value = 0;
    for (int at = 0; at < 4; ++at) value = value << 8 | static_cast<unsigned char>(packed[static_cast<size_t>(at)]);
    packed.remove_prefix(4);
    return value;
  };
  while (!packed.empty()) {
    if (packed.size() < 4) return text + "<torn>";
    for (size_t left = number(); left > 0; left -= std::min(left, chunk.size())) {
      const size_t size = packed.size() < 4 ? SIZE_MAX : number();
      if (size > packed.size()) return text + "<torn>";
      if (!snappy::Uncompress(packed.data(), size, &chunk) || chunk.size() > left) return text + "<damaged>";
      text += chunk;
      packed.remove_prefix(size);
    }
  }
  return text;
}

inline std::string unpack(Compressor::Kind kind, const std::string& packed) {
  switch (kind) {
    case Compressor::Kind::gzip: return unpack_gzip(packed);
    case Compressor::Kind::zstd: return unpack_zstd(packed);
    case Compressor::Kind::snappy: return unpack_snappy(packed);
    case Compressor::Kind::none: break;
  }
  return packed;
}

}  // namespace levada::files
