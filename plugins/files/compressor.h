// Compresses blocks, each of them into a frame of its own: a file of such frames
// can be cut behind any of them.
#pragma once

#include <zlib.h>
#include <zstd.h>

#include <memory>
#include <string>
#include <string_view>

namespace levada::files {

class Compressor {
 public:
  enum class Kind { none, gzip, zstd, snappy };

  // What files of that kind have behind their names.
  static std::string_view suffix(Kind kind);
  // The kind of a file with that name.
  static Kind kind_of(std::string_view name);

  // The block as a whole gzip member, zstd frame, or block of Hadoop's snappy files, or as it is.
  // Valid until the next call.
  std::string_view compress(Kind kind, std::string_view block);

 private:
  struct End {
    void operator()(z_stream* stream) const {
      deflateEnd(stream);
      delete stream;
    }
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::string_view gzip(std::string_view block);
  std::string_view zstd(std::string_view block);
  std::string_view snappy(std::string_view block);

  std::unique_ptr<z_stream, End> deflate_;
  std::unique_ptr<ZSTD_CCtx, End> zstd_;
  std::string frame_, chunk_;
};

}  // namespace levada::files
