// Plain, gzip (several members too) and zstd (several frames too).
#include "decoder.h"

#include <zlib.h>
#include <zstd.h>

#include <new>
#include <vector>

namespace levada::spool {

namespace {

class Plain : public Decoder {
 public:
  Plain(File& file, uint64_t offset) : file_(file), offset_(offset) {}
  Result<size_t> read(char* to, size_t bytes) override {
    auto got = file_.read(to, bytes, offset_);
    if (got) offset_ += *got;
    return got;
  }
  uint64_t file_bytes() const override { return offset_; }

 private:
  File& file_;
  uint64_t offset_;
};

// The bytes of the file that wait to be decompressed.
class Input {
 public:
  explicit Input(File& file) : file_(file), bytes_(64 << 10) {}
  // More of them, where there are none; false at the end of the file.
  Result<bool> fill() {
    if (begin_ < end_) return true;
    auto got = file_.read(bytes_.data(), bytes_.size(), offset_);
    if (!got) return std::move(got).error();
    begin_ = 0;
    end_ = *got;
    offset_ += *got;
    return end_ > 0;
  }
  const char* data() const { return bytes_.data() + begin_; }
  size_t size() const { return end_ - begin_; }
  void use(size_t bytes) { begin_ += bytes; }
  uint64_t used() const { return offset_ - size(); }

 private:
  File& file_;
  std::vector<char> bytes_;
  size_t begin_ = 0, end_ = 0;
  uint64_t offset_ = 0;
};

class Gzip : public Decoder {
 public:
  explicit Gzip(File& file) : input_(file) {
    // 15: the largest window; 16: a gzip header.
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { inflateEnd(&stream_); }

  Result<size_t> read(char* to, size_t bytes) override {
    while (!damaged_) {
      auto filled = input_.fill();
      if (!filled) return std::move(filled).error();
      if (!*filled && !is_full_) {
        damaged_ = in_member_;
        break;
      }
      // Behind a member there may be another, or padding, which gzip passes over too.
      if (!in_member_ && *input_.data() != '\x1f') {
        input_.use(input_.size());
        continue;
      }
      in_member_ = true;
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.data()));
      stream_.avail_in = static_cast<uInt>(input_.size());
      stream_.next_out = reinterpret_cast<Bytef*>(to);
      stream_.avail_out = static_cast<uInt>(bytes);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      input_.use(input_.size() - stream_.avail_in);
      // What did not fit is handed out without more input.
      is_full_ = in_member_ && stream_.avail_out == 0 && result == Z_OK;
      if (result == Z_STREAM_END) {
        in_member_ = false;
        inflateReset(&stream_);
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        damaged_ = true;
      }
      if (const size_t got = bytes - stream_.avail_out) return got;
    }
    return size_t{0};
  }
  uint64_t file_bytes() const override { return input_.used(); }
  bool damaged() const override { return damaged_; }

 private:
  Input input_;
  z_stream stream_{};
  bool in_member_ = false;
  bool is_full_ = false;
  bool damaged_ = false;
};

class Zstd : public Decoder {
 public:
  explicit Zstd(File& file) : input_(file), stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  Result<size_t> read(char* to, size_t bytes) override {
    while (!damaged_) {
      auto filled = input_.fill();
      if (!filled) return std::move(filled).error();
      if (!*filled && !is_full_) {
        damaged_ = in_frame_;
        break;
      }
      ZSTD_inBuffer in{input_.data(), input_.size(), 0};
      ZSTD_outBuffer out{to, bytes, 0};
      const size_t result = ZSTD_decompressStream(stream_, &out, &in);
      input_.use(in.pos);
      // What did not fit is handed out without more input.
      is_full_ = out.pos == out.size;
      damaged_ = ZSTD_isError(result);
      if (in.pos > 0 || out.pos > 0) in_frame_ = result != 0;
      if (out.pos > 0) return out.pos;
    }
    return size_t{0};
  }
  uint64_t file_bytes() const override { return input_.used(); }
  bool damaged() const override { return damaged_; }

 private:
  Input input_;
  ZSTD_DStream* stream_;
  bool in_frame_ = false;
  bool is_full_ = false;
  bool damaged_ = false;
};

}  // namespace

Compression compression_of(std::string_view head) {
  if (head.starts_with("\x1f\x8b")) return Compression::gzip;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  return Compression::none;
}

std::unique_ptr<Decoder> make_decoder(Compression compression, File& file, uint64_t offset) {
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<Gzip>(file);
    case Compression::zstd:
      return std::make_unique<Zstd>(file);
    case Compression::none:
      break;
  }
  return std::make_unique<Plain>(file, offset);
}

}  // namespace levada::spool
