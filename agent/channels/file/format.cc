#include "agent/channels/file/format.h"

#include <charconv>
#include <cstring>

#include "levada/crc32c.h"

namespace levada::agent {
namespace {

constexpr std::string_view kSegmentMagic = "LVDACHAN";
constexpr uint32_t kRecordMagic = 0x3143564c;  // "LVC1"

// Fixed offsets, so that a header reads like its table in the docs.
template <class T>
void put(char* to, size_t offset, T value) {
  std::memcpy(to + offset, &value, sizeof value);
}
template <class T>
T get(const char* from, size_t offset) {
  T value;
  std::memcpy(&value, from + offset, sizeof value);
  return value;
}

bool parse_number(std::string_view text, uint64_t& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && !text.empty() && end == text.data() + text.size();
}

uint32_t record_header_crc(const char* header, uint64_t log_id) {
  return crc32c(crc32c(0, &log_id, sizeof log_id), header + 8, kRecordHeaderBytes - 8);
}

}  // namespace

std::optional<LogOffset> LogOffset::parse(std::string_view text) {
  LogOffset log_offset;
  const auto plus = text.find('+');
  if (!parse_number(text.substr(0, plus), log_offset.row)) return std::nullopt;
  if (plus != text.npos && !parse_number(text.substr(plus + 1), log_offset.empty)) return std::nullopt;
  return log_offset;
}

std::string hex(uint64_t number) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  return std::string(static_cast<size_t>(digits + sizeof digits - end), '0').append(digits, end);
}

std::optional<uint64_t> parse_hex(std::string_view text) {
  uint64_t number = 0;
  if (text.size() != 16 || !parse_number(text, number, 16)) return std::nullopt;
  return number;
}

void encode(const RecordHeader& header, uint64_t log_id, char* to) {
  std::memset(to, 0, kRecordHeaderBytes);
  put(to, 0, kRecordMagic);
  put(to, 8, header.payload_crc);
  put(to, 12, header.flags);
  put(to, 16, header.log_offset.row);
  put(to, 24, header.log_offset.empty);
  put(to, 32, header.rows);
  put(to, 40, header.stored_bytes);
  put(to, 48, header.payload_bytes);
  put(to, 56, header.durable_bytes);
  put(to, 64, header.written_ns);
  put(to, 72, header.key_id);
  put(to, 4, record_header_crc(to, log_id));
}

std::optional<RecordHeader> decode_record_header(const char* from, uint64_t log_id) {
  if (get<uint32_t>(from, 0) != kRecordMagic) return std::nullopt;
  if (get<uint32_t>(from, 4) != record_header_crc(from, log_id)) return std::nullopt;
  RecordHeader header;
  header.payload_crc = get<uint32_t>(from, 8);
  header.flags = get<uint32_t>(from, 12);
  header.log_offset = {get<uint64_t>(from, 16), get<uint64_t>(from, 24)};
  header.rows = get<uint64_t>(from, 32);
  header.stored_bytes = get<uint64_t>(from, 40);
  header.payload_bytes = get<uint64_t>(from, 48);
  header.durable_bytes = get<uint64_t>(from, 56);
  header.written_ns = get<int64_t>(from, 64);
  header.key_id = get<uint64_t>(from, 72);
  return header;
}

std::string_view authenticated(const char* encoded) { return {encoded + 12, kRecordHeaderBytes - 12}; }

void encode(const SegmentHeader& header, char* to) {
  std::memset(to, 0, kSegmentHeaderBytes);
  std::memcpy(to, kSegmentMagic.data(), kSegmentMagic.size());
  put(to, 12, header.version);
  put(to, 16, header.flags);
  put(to, 20, header.positions_crc);
  put(to, 24, header.log_id);
  put(to, 32, header.first.row);
  put(to, 40, header.first.empty);
  put(to, 48, header.follows_row);
  put(to, 56, header.key_id);
  put(to, 64, header.created_ns);
  put(to, 72, header.positions_bytes);
  put(to, 8, crc32c(0, to + 12, kSegmentHeaderBytes - 12));
}

Result<SegmentHeader> decode_segment_header(const char* from) {
  if (std::string_view(from, kSegmentMagic.size()) != kSegmentMagic) return idle();
  if (get<uint32_t>(from, 8) != crc32c(0, from + 12, kSegmentHeaderBytes - 12)) return idle();
  SegmentHeader header;
  header.version = get<uint32_t>(from, 12);
  if (header.version < kOldestVersion || header.version > kFormatVersion)
    return fatal("is of format version " + std::to_string(header.version) + ", and this levada reads versions up to " +
                 std::to_string(kFormatVersion) + ": run the version that wrote it until the channel is empty");
  header.flags = get<uint32_t>(from, 16);
  header.positions_crc = get<uint32_t>(from, 20);
  header.log_id = get<uint64_t>(from, 24);
  header.first = {get<uint64_t>(from, 32), get<uint64_t>(from, 40)};
  header.follows_row = get<uint64_t>(from, 48);
  header.key_id = get<uint64_t>(from, 56);
  header.created_ns = get<int64_t>(from, 64);
  header.positions_bytes = get<uint64_t>(from, 72);
  return header;
}

std::string segment_name(const LogOffset& first) {
  std::string row = std::to_string(first.row);
  row.insert(0, 20 - row.size(), '0');
  return row + (first.empty ? "+" + std::to_string(first.empty) : "") + ".log";
}

std::optional<LogOffset> parse_segment_name(std::string_view name) {
  if (!name.ends_with(".log") || name.size() < 24) return std::nullopt;
  return LogOffset::parse(name.substr(0, name.size() - 4));
}

std::string position_text(uint64_t log_id, const LogOffset& log_offset) {
  return hex(log_id) + ":" + log_offset.text();
}

std::optional<LogPosition> parse_position_text(std::string_view text) {
  const auto log_id = parse_hex(text.substr(0, text.find(':')));
  if (!log_id || text.size() < 18) return std::nullopt;
  const auto log_offset = LogOffset::parse(text.substr(17));
  if (!log_offset) return std::nullopt;
  return LogPosition{*log_id, *log_offset};
}

}  // namespace levada::agent
