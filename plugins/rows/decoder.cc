// Plain files, and compressed ones: each member of these is looked at to its checksum
// before the first byte is given.
#include "rows/decoder.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "rows/codec.h"

namespace levada::rows {

namespace {

// The content of a member is held in memory up to this size; a larger one is decompressed twice.
constexpr size_t kHoldBytes = 8 << 20;
constexpr size_t kStepBytes = 256 << 10;
// So much is looked at in one call.
constexpr size_t kCallBytes = 8 << 20;

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
  std::string_view view() const { return {bytes_.data() + begin_, end_ - begin_}; }
  void use(size_t bytes) { begin_ += bytes; }
  uint64_t used() const { return offset_ - (end_ - begin_); }
  void go_to(uint64_t offset) {
    if (offset == used()) return;
    begin_ = end_ = 0;
    offset_ = offset;
  }

 private:
  File& file_;
  std::vector<char> bytes_;
  size_t begin_ = 0, end_ = 0;
  uint64_t offset_ = 0;
};

class Compressed : public Decoder {
 public:
  Compressed(std::unique_ptr<Codec> codec, File& file) : codec_(std::move(codec)), input_(file) {}

  Result<size_t> read(char* to, size_t bytes) override {
    looked_at_ = 0;
    is_busy_ = false;
    for (;;) {
      if (is_good_ && given_ < good_) return give(to, bytes);
      if (is_good_) {
        is_good_ = false;
        // Behind what was decompressed again.
        input_.go_to(end_);
      }
      if (!damage_.empty()) return size_t{0};
      if (!in_member_) {
        auto begun = begin();
        if (!begun) return std::move(begun).error();
        if (!*begun) return size_t{0};
      }
      if (looked_at_ >= kCallBytes) {
        is_busy_ = true;
        return size_t{0};
      }
      LEVADA_TRY(look_on());
    }
  }
  uint64_t file_bytes() const override { return is_good_ ? end_ : input_.used(); }
  bool is_busy() const override { return is_busy_; }
  std::string_view damage() const override { return is_good_ && given_ < good_ ? std::string_view() : damage_; }

 private:
  // Goes to the next member; false where there is none.
  Result<bool> begin() {
    for (;;) {
      auto filled = input_.fill();
      if (!filled || !*filled) return filled;
      // Members may be followed by zeros, which gzip passes over too.
      const auto padding = std::min(input_.view().find_first_not_of('\0'), input_.view().size());
      input_.use(padding);
      if (input_.view().empty()) continue;
      if (!codec_->begins(input_.view())) {
        damage_ = "is followed by something else";
        return false;
      }
      begin_ = input_.used();
      codec_->reset();
      held_.clear();
      decoded_ = 0;
      in_member_ = is_held_ = true;
      return true;
    }
  }

  // A step towards the end of the member.
  Done look_on() {
    auto filled = input_.fill();
    if (!filled) return std::move(filled).error();
    // What a step makes is put behind what is held.
    const size_t before = is_held_ ? held_.size() : 0;
    held_.resize(before + kStepBytes);
    const auto from = input_.view();
    const auto step = codec_->step(from.data(), from.size(), held_.data() + before, kStepBytes);
    input_.use(step.in);
    decoded_ += step.out;
    looked_at_ += step.out + step.in;
    if (is_held_ && before + step.out > kHoldBytes) is_held_ = false;
    held_.resize(is_held_ ? before + step.out : 0);
    if (step.state == Codec::State::end) {
      end_member(decoded_);
    } else if (step.state != Codec::State::more) {
      damage_ = "is broken";
      end_member(step.state == Codec::State::broken ? decoded_ : 0);
    } else if (!*filled && step.out == 0) {
      damage_ = "breaks off";
      end_member(codec_->cut_off() == Codec::State::broken ? decoded_ : 0);
    }
    return {};
  }

  void end_member(uint64_t good) {
    in_member_ = false;
    is_good_ = true;
    good_ = good;
    given_ = 0;
    end_ = input_.used();
    if (is_held_) return;
    codec_->reset();
    input_.go_to(begin_);
  }

  Result<size_t> give(char* to, size_t bytes) {
    bytes = std::min<uint64_t>(bytes, good_ - given_);
    if (is_held_) {
      std::memcpy(to, held_.data() + given_, bytes);
      given_ += bytes;
      return bytes;
    }
    for (;;) {
      auto filled = input_.fill();
      if (!filled) return std::move(filled).error();
      const auto from = input_.view();
      const auto step = codec_->step(from.data(), from.size(), to, bytes);
      input_.use(step.in);
      given_ += step.out;
      if (step.out > 0) return step.out;
      // The file was changed since it was looked at.
      if (step.state == Codec::State::more && *filled) continue;
      damage_ = "was changed while it was read";
      good_ = given_;
      return size_t{0};
    }
  }

  const std::unique_ptr<Codec> codec_;
  Input input_;
  std::string_view damage_;

  // The member at hand.
  uint64_t begin_ = 0, end_ = 0;  // In the file.
  bool in_member_ = false;        // It is being looked at.
  uint64_t decoded_ = 0;          // Bytes of content seen so far.
  std::string held_;
  bool is_held_ = false;  // All that was decoded is in held_.
  bool is_good_ = false;  // It was looked at: good_ bytes of it can be given.
  uint64_t good_ = 0, given_ = 0;

  size_t looked_at_ = 0;  // In this call.
  bool is_busy_ = false;
};

}  // namespace

Compression compression_of(std::string_view head) {
  if (head.starts_with("\x1f\x8b")) return Compression::gzip;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  return Compression::none;
}

std::unique_ptr<Decoder> make_decoder(Compression compression, File& file, uint64_t offset) {
  switch (compression) {
    case Compression::gzip: return std::make_unique<Compressed>(make_gzip(), file);
    case Compression::zstd: return std::make_unique<Compressed>(make_zstd(), file);
    case Compression::none: break;
  }
  return std::make_unique<Plain>(file, offset);
}

}  // namespace levada::rows
