#include "file_encoder.h"

namespace levada::hdfs_sink {

size_t TextEncoder::append(RowSource& source, std::span<const int64_t> rows) {
  if (std::exchange(is_taken_, false)) block_.clear();
  size_t added = 0;
  while (added < rows.size() && block_.size() < kBlockBytes) {
    source.append_text(rows[added++], block_);
    block_.append('\n');
  }
  return added;
}

std::string_view TextEncoder::take() {
  if (waiting() == 0) return {};
  is_taken_ = true;
  return compressor_.compress(compression_, block_.view());
}

}  // namespace levada::hdfs_sink
