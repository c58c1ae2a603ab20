// Reads until the file's end stands still, so that what is added meanwhile is not missed.
#include "file_reader.h"

#include <algorithm>
#include <limits>

namespace levada::spool {

FileReader::FileReader(File file, Pass taken, Compression compression, bool again)
    : pass(std::move(taken)),
      replayed(again),
      file_(std::make_unique<File>(std::move(file))),
      decoder_(make_decoder(compression, *file_, pass.from.offset)),
      is_compressed_(compression != Compression::none),
      skip_(is_compressed_ ? pass.from.offset : 0),
      offset_(pass.from.offset) {
  info_.bytes = pass.bytes;
  at_end_ = pass.to && pass.to->offset <= offset_;
}

Result<size_t> FileReader::read(char* to, size_t bytes) {
  if (skip_ > 0) {
    auto got = decoder_->read(to, std::min<uint64_t>(bytes, skip_));
    if (!got) return got;
    skip_ -= *got;
    // The file has less in it than it had: there is nothing to go on with.
    if (*got == 0 && !decoder_->is_busy()) at_end_ = true;
    return size_t{0};
  }
  if (pass.to) bytes = std::min<uint64_t>(bytes, pass.to->offset - offset_);
  auto got = decoder_->read(to, bytes);
  if (!got) return got;
  if (*got == 0) return decoder_->is_busy() ? size_t{0} : look_for_more();
  offset_ += *got;
  if (pass.to && offset_ == pass.to->offset) at_end_ = true;
  return got;
}

Result<size_t> FileReader::look_for_more() {
  auto info = file_->info();
  if (!info) return std::move(info).error();
  info_ = *info;
  at_end_ = !damage().empty() || info_.bytes <= decoder_->file_bytes() || pass.to;
  return size_t{0};
}

uint64_t FileReader::bytes_left() const {
  if (is_compressed_) return std::numeric_limits<uint64_t>::max();
  const auto used = decoder_->file_bytes();
  return info_.bytes > used ? info_.bytes - used : 0;
}

Identity FileReader::identity() const {
  Identity extended = pass.identity;
  extend(extended, *file_, decoder_->file_bytes());
  return extended;
}

Pass FileReader::ended(Place place) const {
  Pass over = pass;
  over.to = place;
  over.damaged = !damage().empty();
  // What was read, not what is there: a file that shrank meanwhile is one that changed.
  over.bytes = over.damaged ? info_.bytes : decoder_->file_bytes();
  over.modified_ns = info_.modified_ns;
  over.finished = true;
  over.identity = identity();
  return over;
}

}  // namespace levada::spool
