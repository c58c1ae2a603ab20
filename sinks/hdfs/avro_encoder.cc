#include "file_encoder.h"

namespace levada::hdfs_sink {

size_t AvroEncoder::append(RowSource& source, std::span<const int64_t> rows) {
  size_t added = 0;
  while (added < rows.size() && !is_full()) source.append_record(rows[added++], block_);
  rows_ += static_cast<int64_t>(added);
  return added;
}

std::string_view AvroEncoder::take() {
  if (rows_ == 0) return {};
  const auto block = file_.block(compressor_, rows_, block_.view());
  drop();
  return block;
}

void AvroEncoder::drop() {
  block_.clear();
  rows_ = 0;
}

}  // namespace levada::hdfs_sink
