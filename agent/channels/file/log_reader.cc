#include "agent/channels/file/log_reader.h"

namespace levada::agent {

Result<std::optional<SegmentReader::Record>> LogReader::next(uint64_t from_row) {
  for (; segment_ < log_->segments.size(); ++segment_, reader_.reset()) {
    const auto& segment = log_->segments[segment_];
    if (!reader_) {
      reader_.emplace(files_, segment.path, log_->log_id, *keys_);
      offset_ = segment.records_at;
    }
    auto record = next_of_segment(segment, from_row);
    if (record ? record->has_value() : files_.exists(segment.path)) return record;
  }
  return std::optional<SegmentReader::Record>();
}

Result<std::optional<SegmentReader::Record>> LogReader::next_of_segment(const Segment& segment, uint64_t from_row) {
  using Depth = SegmentReader::Depth;
  // By their headers over those that are not asked for.
  while (from_row > 0) {
    auto record = reader_->next(offset_, segment.bytes, Depth::headers, nullptr);
    if (!record || !*record) return record;
    offset_ = (*record)->offset;
    if ((*record)->header.end().row > from_row) break;
    offset_ = (*record)->end();
  }
  auto record = reader_->next(offset_, segment.bytes, Depth::payloads, nullptr);
  if (!record || !*record) return record;
  if ((*record)->header.log_offset >= log_->limit(segment)) return std::optional<SegmentReader::Record>();
  offset_ = (*record)->end();
  return record;
}

}  // namespace levada::agent
