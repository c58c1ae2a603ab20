// zlib and libzstd behind one interface.
#include "rows/codec.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>

namespace levada::rows {

namespace {

class Gzip : public Codec {
 public:
  Gzip() {
    // 15: the largest window; 16: a gzip header.
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { inflateEnd(&stream_); }

  Step step(const char* from, size_t bytes, char* to, size_t room) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from));
    stream_.avail_in = static_cast<uInt>(bytes);
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const auto state = result == Z_STREAM_END                    ? State::end
                       : result == Z_OK || result == Z_BUF_ERROR ? State::more
                                                                 : State::unclear;
    return {bytes - stream_.avail_in, room - stream_.avail_out, state};
  }
  void reset() override { inflateReset(&stream_); }
  bool begins(std::string_view bytes) const override { return bytes.front() == '\x1f'; }
  State cut_off() const override { return State::unclear; }

 private:
  z_stream stream_{};
};

class Zstd : public Codec {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
    reset();
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  Step step(const char* from, size_t bytes, char* to, size_t room) override {
    // Block by block: a call that fails says nothing of the blocks that were good.
    ZSTD_inBuffer in{from, std::min(bytes, wanted_), 0};
    ZSTD_outBuffer out{to, room, 0};
    const size_t result = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(result)) {
      const bool by_checksum = ZSTD_getErrorCode(result) == ZSTD_error_checksum_wrong;
      return {in.pos, 0, by_checksum ? State::unclear : State::broken};
    }
    wanted_ = std::max<size_t>(result, 1);
    return {in.pos, out.pos, result == 0 ? State::end : State::more};
  }
  void reset() override { wanted_ = ZSTD_initDStream(stream_); }
  bool begins(std::string_view bytes) const override {
    // A frame, or one to be skipped.
    return bytes.front() == '\x28' || (static_cast<unsigned char>(bytes.front()) & 0xf0) == 0x50;
  }
  State cut_off() const override { return State::broken; }

 private:
  ZSTD_DStream* stream_;
  size_t wanted_ = 0;  // So many bytes of input make the next step.
};

}  // namespace

std::unique_ptr<Codec> make_gzip() { return std::make_unique<Gzip>(); }
std::unique_ptr<Codec> make_zstd() { return std::make_unique<Zstd>(); }

}  // namespace levada::rows
