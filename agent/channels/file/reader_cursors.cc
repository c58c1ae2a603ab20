#include "agent/channels/file/reader_cursors.h"

#include <algorithm>

namespace levada::agent {

std::optional<LogOffset> ReaderCursors::saved_offset(const std::string& reader) const {
  const auto saved = saved_.find(reader);
  return saved == saved_.end() ? std::nullopt : std::optional(saved->second);
}

size_t ReaderCursors::add(const std::string& reader) {
  cursors_.emplace_back().reader = reader;
  return cursors_.size() - 1;
}

void ReaderCursors::commit(size_t number) {
  ReaderCursor& cursor = cursors_[number];
  cursor.committed = cursor.next;
  cursor.back_pressures_committed = back_pressures_;
}

void ReaderCursors::rewind(size_t number) {
  ReaderCursor& cursor = cursors_[number];
  cursor.next = cursor.committed;
  cursor.at = {};
}

std::map<std::string, LogOffset> ReaderCursors::committed() const {
  std::map<std::string, LogOffset> offsets;
  for (const auto& cursor : cursors_) offsets[cursor.reader] = cursor.committed;
  return offsets;
}

const ReaderCursor* ReaderCursors::slowest() const {
  const auto slowest = std::ranges::min_element(cursors_, {}, &ReaderCursor::committed);
  return slowest == cursors_.end() ? nullptr : &*slowest;
}

bool ReaderCursors::all_have_read(const LogOffset& end) const {
  return std::ranges::all_of(cursors_, [&](const ReaderCursor& cursor) { return cursor.next >= end; });
}

bool ReaderCursors::all_have_committed(const LogOffset& end) const {
  return !cursors_.empty() &&
         std::ranges::all_of(cursors_, [&](const ReaderCursor& cursor) { return cursor.committed == end; });
}

std::vector<std::shared_ptr<SegmentReader>> ReaderCursors::let_go(uint64_t serial) {
  std::vector<std::shared_ptr<SegmentReader>> readers;
  for (auto& cursor : cursors_) {
    if (cursor.segment_serial != serial) continue;
    readers.push_back(std::move(cursor.segment));
    cursor.segment_serial = 0;
  }
  return readers;
}

}  // namespace levada::agent
