// What stands in a file channel's files: offsets, the headers of segments and records, names. The
// bytes are described in docs/formats/file-channel.md.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "levada/result.h"

namespace levada::agent {

// Where a record stands in the channel. Records without rows take up no row number: they are told
// apart by how many such records stand before them at their row.
struct LogOffset {
  uint64_t row = 0;
  uint64_t empty = 0;
  auto operator<=>(const LogOffset&) const = default;

  // Behind a record that stands here and has so many rows.
  LogOffset behind(uint64_t rows) const { return rows > 0 ? LogOffset{row + rows, 0} : LogOffset{row, empty + 1}; }
  // "120", "120+3"
  std::string text() const { return std::to_string(row) + (empty ? "+" + std::to_string(empty) : ""); }
  static std::optional<LogOffset> parse(std::string_view text);
};

// Version 2 added columns of any Arrow type; all that version 1 wrote is read as it is.
constexpr uint32_t kFormatVersion = 2;
constexpr uint32_t kOldestVersion = 1;
constexpr uint64_t kRecordAlignment = 64;
constexpr size_t kRecordHeaderBytes = 96;
constexpr size_t kSegmentHeaderBytes = 128;

constexpr uint64_t aligned(uint64_t bytes, uint64_t to = kRecordAlignment) { return (bytes + to - 1) / to * to; }

// Log and key ids as they are written.
std::string hex(uint64_t number);
std::optional<uint64_t> parse_hex(std::string_view text);

struct RecordHeader {
  static constexpr uint32_t kCompressed = 1, kEncrypted = 2;
  // The record counts only together with the next one.
  static constexpr uint32_t kContinued = 4;

  uint32_t flags = 0;
  uint32_t payload_crc = 0;  // Of the stored bytes.
  LogOffset log_offset;
  uint64_t rows = 0;
  uint64_t stored_bytes = 0;   // Of the payload in the file,
  uint64_t payload_bytes = 0;  // and of what it is once decrypted and decompressed.
  uint64_t durable_bytes = 0;  // Of the segment that were known to be synced when the record was written.
  int64_t written_ns = 0;      // Since 1970.
  uint64_t key_id = 0;         // 0: not encrypted.

  bool continued() const { return flags & kContinued; }
  LogOffset end() const { return log_offset.behind(rows); }
  // Header, payload, and what fills up to the next record.
  uint64_t bytes() const { return aligned(kRecordHeaderBytes + stored_bytes); }
};

// The sums begin with the log's id, so that a record that lies in the text of
// an event is not taken for one.
void encode(const RecordHeader& header, uint64_t log_id, char* to);
std::optional<RecordHeader> decode_record_header(const char* from, uint64_t log_id);
// What the cipher authenticates beside the payload: the header without its sums.
std::string_view authenticated(const char* encoded_record_header);

struct SegmentHeader {
  static constexpr uint32_t kEncrypted = 1;
  // Readers saw records before they were synced: a crash may take away what they had.
  static constexpr uint32_t kReadUnsynced = 2;

  uint32_t version = kFormatVersion;
  uint32_t flags = 0;
  uint64_t log_id = 0;
  LogOffset first;               // Of its first record.
  uint64_t follows_row = 0;      // Where the rows before it end: numbers between the two were never given.
  uint64_t key_id = 0;           // 0: not encrypted.
  int64_t created_ns = 0;        // Since 1970.
  uint64_t positions_bytes = 0;  // Stored behind the header: how far each source's stream had got.
  uint32_t positions_crc = 0;

  // Where its first record stands.
  uint64_t bytes() const { return aligned(kSegmentHeaderBytes + positions_bytes); }
};

void encode(const SegmentHeader& header, char* to);
// idle(): it does not check out; fatal: another version wrote it.
Result<SegmentHeader> decode_segment_header(const char* from);

// "00000000000000000120.log", and with "+3" before the dot where empty
// records stand before its first.
std::string segment_name(const LogOffset& first);
std::optional<LogOffset> parse_segment_name(std::string_view name);

// How a reader knows where it stands: "<log id>:<offset>".
std::string position_text(uint64_t log_id, const LogOffset& log_offset);
struct LogPosition {
  uint64_t log_id;
  LogOffset log_offset;
};
std::optional<LogPosition> parse_position_text(std::string_view text);

}  // namespace levada::agent
