// A part is made when there is a block to be written.
#include "open_file.h"

#include <utility>

namespace levada::hdfs_sink {

Result<size_t> OpenFile::append(RowSource& source, std::span<const int64_t> rows) {
  const auto added = encoder_->append(source, rows);
  rows_ += static_cast<int64_t>(added);
  if (encoder_->is_full()) LEVADA_TRY(write_block());
  return added;
}

Done OpenFile::write_block() {
  const auto block = encoder_->take();
  if (block.empty()) return {};
  if (!part_) {
    part_path_ = name_part_();
    auto part = store_->create(part_path_);
    if (!part) return std::move(part).error();
    part_ = *std::move(part);
  }
  part_bytes_ += block.size();
  return part_->write(block);
}

Done OpenFile::finish_part() {
  LEVADA_TRY(write_block());
  if (!part_) return {};
  LEVADA_TRY(part_->finish());
  part_.reset();
  parts_.push_back({std::move(part_path_), part_bytes_});
  finished_bytes_ += std::exchange(part_bytes_, 0);
  return {};
}

void OpenFile::set_committed() {
  committed_parts_ = parts_.size();
  committed_bytes_ = finished_bytes_;
  committed_rows_ = rows_;
}

bool OpenFile::roll_back() {
  encoder_->drop();
  part_.reset();
  part_bytes_ = 0;
  parts_.resize(committed_parts_);
  finished_bytes_ = committed_bytes_;
  rows_ = committed_rows_;
  return committed_parts_ > 0;
}

}  // namespace levada::hdfs_sink
