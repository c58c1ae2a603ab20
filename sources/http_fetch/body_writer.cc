#include "body_writer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "rows/decoder.h"

namespace levada::http_fetch {
namespace {

constexpr size_t kHeadBytes = 4;
constexpr size_t kStepBytes = 256 << 10;

// It may come whole the next time.
Error damaged(const char* what) { return {Code::idle, std::string("what is compressed ") + what}; }

}  // namespace

struct BodyWriter::Hash {
  XXH3_state_t state;
};

Result<std::unique_ptr<BodyWriter>> BodyWriter::begin(const Files& files, std::string path, Rules rules) {
  auto file = files.open(path, LEVADA_WRITE);
  if (!file) return std::move(file).error();
  LEVADA_TRY(file->truncate(0));
  return std::unique_ptr<BodyWriter>(new BodyWriter(files, *std::move(file), std::move(rules)));
}

BodyWriter::BodyWriter(const Files& files, File file, Rules rules)
    : files_(files),
      file_(std::move(file)),
      rules_(std::move(rules)),
      decoder_(rules_.charset),
      hash_(std::make_unique<Hash>()) {
  XXH3_64bits_reset(&hash_->state);
}

BodyWriter::~BodyWriter() {
  if (!is_committed_) (void)files_.remove(file_.path());
}

uint64_t BodyWriter::hash() const { return XXH3_64bits_digest(&hash_->state); }

Done BodyWriter::write(std::string_view bytes) {
  received_ += bytes.size();
  if (has_begun_) return codec_ ? decompress(bytes) : take_text(bytes);
  head_ += bytes;
  if (head_.size() < kHeadBytes) return {};
  return start();
}

Done BodyWriter::start() {
  has_begun_ = true;
  switch (rules_.decompress ? rows::compression_of(head_) : rows::Compression::none) {
    case rows::Compression::none: break;
    case rows::Compression::gzip: codec_ = rows::make_gzip(); break;
    case rows::Compression::zstd: codec_ = rows::make_zstd(); break;
  }
  const auto head = std::exchange(head_, {});
  return codec_ ? decompress(head) : take_text(head);
}

Done BodyWriter::decompress(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!in_member_) {
      // Members may be followed by zeros, which gzip passes over too.
      const auto padding = std::min(bytes.find_first_not_of('\0'), bytes.size());
      bytes.remove_prefix(padding);
      if (bytes.empty()) break;
      if (!codec_->begins(bytes)) return damaged("is followed by something else");
      in_member_ = true;
    }
    unpacked_.resize(kStepBytes);
    const auto step = codec_->step(bytes.data(), bytes.size(), unpacked_.data(), unpacked_.size());
    if (step.state == rows::Codec::State::unclear || step.state == rows::Codec::State::broken)
      return damaged("is broken");
    bytes.remove_prefix(step.in);
    LEVADA_TRY(take_text(std::string_view(unpacked_).substr(0, step.out)));
    if (step.state == rows::Codec::State::end) {
      in_member_ = false;
      codec_->reset();
    }
  }
  // A step that filled its room may have more to give without more to take.
  while (in_member_) {
    const auto step = codec_->step(nullptr, 0, unpacked_.data(), unpacked_.size());
    if (step.state == rows::Codec::State::unclear || step.state == rows::Codec::State::broken)
      return damaged("is broken");
    if (step.out > 0) LEVADA_TRY(take_text(std::string_view(unpacked_).substr(0, step.out)));
    if (step.state == rows::Codec::State::end) {
      in_member_ = false;
      codec_->reset();
    }
    if (step.out == 0) break;
  }
  return {};
}

Done BodyWriter::take_text(std::string_view bytes) {
  text_.clear();
  decoder_.decode(bytes, text_);
  return put(text_);
}

Done BodyWriter::put(std::string_view text) {
  if (text.size() > rules_.max_bytes - bytes_)
    return reject("is larger than max_bytes = " + std::to_string(rules_.max_bytes));
  XXH3_64bits_update(&hash_->state, text.data(), text.size());
  bytes_ += text.size();
  return text.empty() ? Done() : file_.write(text);
}

Done BodyWriter::finish() {
  if (!has_begun_) LEVADA_TRY(start());
  if (in_member_) return damaged("breaks off");
  text_.clear();
  decoder_.finish(text_);
  return put(text_);
}

Result<std::string> BodyWriter::text() { return files_.read_whole(file_.path()); }

Done BodyWriter::replace_text(std::string_view text) {
  LEVADA_TRY(file_.truncate(0));
  XXH3_64bits_reset(&hash_->state);
  bytes_ = 0;
  return put(text);
}

Done BodyWriter::commit(const std::string& path, std::string_view footer) {
  // A commit that failed may have left a part of it.
  LEVADA_TRY(file_.truncate(bytes_));
  LEVADA_TRY(file_.write(footer));
  LEVADA_TRY(file_.sync());
  LEVADA_TRY(files_.rename(file_.path(), path));
  is_committed_ = true;
  return files_.sync_folder(path.substr(0, path.find_last_of('/')));
}

}  // namespace levada::http_fetch
