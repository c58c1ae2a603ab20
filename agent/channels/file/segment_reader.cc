#include "agent/channels/file/segment_reader.h"

#include <zstd.h>

#include <cstring>

#include "agent/channels/file/record_decoder.h"
#include "levada/checked_text.h"
#include "levada/crc32c.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr size_t kResyncBytes = 1u << 20;

std::string_view bytes_of(const uint64_t& number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

Error unknown_key(const std::string& path, uint64_t id) {
  return fatal(path + " is encrypted with the key " + hex(id) +
               ", which is neither encryption_key nor one of old_encryption_keys");
}

}  // namespace

std::string positions_text(const Positions& positions) {
  std::string text;
  for (const auto& [stream, position] : positions) {
    append_position(text, position);
    text += '\n';
  }
  return text;
}

std::optional<Positions> parse_positions(std::string_view text) {
  Positions positions;
  while (const auto line = take_line(text)) {
    auto position = read_position(*line);
    if (!position) return std::nullopt;
    positions[position->stream] = *position;
  }
  if (!text.empty()) return std::nullopt;
  return positions;
}

Done SegmentReader::open() {
  if (file_) return {};
  auto opened = files_.open(path_);
  if (!opened) return std::move(opened).error();
  file_ = *std::move(opened);
  return {};
}

Result<uint64_t> SegmentReader::size() {
  LEVADA_TRY(open());
  auto info = file_.info();
  if (!info) return std::move(info).error();
  return uint64_t{info->bytes};
}

Result<size_t> SegmentReader::read(void* to, size_t bytes, uint64_t offset) {
  LEVADA_TRY(open());
  size_t done = 0;
  while (done < bytes) {
    auto got = file_.read(static_cast<char*>(to) + done, bytes - done, offset + done);
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    done += *got;
  }
  return done;
}

Result<SegmentStart> SegmentReader::start(bool with_positions) {
  char header[kSegmentHeaderBytes];
  auto got = read(header, sizeof header, 0);
  if (!got) return std::move(got).error();
  SegmentStart start;
  if (*got < sizeof header) return start;
  auto decoded = decode_segment_header(header);
  if (decoded.code() == Code::idle) return start;
  if (!decoded) return std::move(decoded).error().at(path_);
  start.header = *decoded;
  start.intact = true;
  const Cipher* key = nullptr;
  if (start.header.key_id != 0) {
    key = keys_->find(start.header.key_id);
    if (!key) return unknown_key(path_, start.header.key_id);
  }
  if (!with_positions) return start;
  auto file_bytes = size();
  if (!file_bytes) return std::move(file_bytes).error();
  if (start.header.bytes() > *file_bytes) return start;
  std::string stored(start.header.positions_bytes, '\0');
  got = read(stored.data(), stored.size(), kSegmentHeaderBytes);
  if (!got) return std::move(got).error();
  if (*got < stored.size() || crc32c(0, stored.data(), stored.size()) != start.header.positions_crc) return start;
  if (key) {
    const std::string_view with[] = {{header + 24, 48}};
    if (!key->open(stored.data(), stored.size(), with)) return start;
    stored.resize(stored.size() - Cipher::kOverhead);
  }
  auto positions = parse_positions(stored);
  if (!positions) return start;
  start.positions = *std::move(positions);
  start.positions_intact = true;
  return start;
}

Result<std::optional<SegmentReader::Record>> SegmentReader::next(uint64_t offset, uint64_t limit, Depth depth,
                                                                 std::optional<uint64_t>* damaged_at) {
  const auto damaged = [&](uint64_t at) {
    if (damaged_at && !*damaged_at) *damaged_at = at;
  };
  for (;;) {
    char bytes[kRecordHeaderBytes];
    if (offset >= limit) return std::optional<Record>();
    auto got = read(bytes, sizeof bytes, offset);
    if (!got) return std::move(got).error();
    const auto header = *got == sizeof bytes ? decode_record_header(bytes, log_id_) : std::optional<RecordHeader>();
    if (!header || header->bytes() > limit - offset) {
      damaged(offset);
      auto found = resync(offset + kRecordAlignment, limit);
      if (!found) return std::move(found).error();
      if (!*found) return std::optional<Record>();
      offset = **found;
      continue;
    }
    Record record{offset, *header, std::nullopt};
    if (depth == Depth::headers) return std::optional(std::move(record));
    auto in_flight = payload(offset, *header);
    if (!in_flight) return std::move(in_flight).error();
    if (*in_flight) {
      record.in_flight = **std::move(in_flight);
      return std::optional(std::move(record));
    }
    damaged(offset);
    offset += header->bytes();
  }
}

Result<std::optional<uint64_t>> SegmentReader::resync(uint64_t offset, uint64_t limit) {
  std::string window;
  while (offset + kRecordHeaderBytes <= limit) {
    window.resize(std::min<uint64_t>(kResyncBytes, limit - offset));
    auto got = read(window.data(), window.size(), offset);
    if (!got) return std::move(got).error();
    if (*got < kRecordHeaderBytes) break;
    const uint64_t last = *got - kRecordHeaderBytes;
    for (uint64_t at = 0; at <= last; at += kRecordAlignment) {
      const auto header = decode_record_header(window.data() + at, log_id_);
      if (header && header->bytes() <= limit - offset - at) return std::optional(offset + at);
    }
    offset += last / kRecordAlignment * kRecordAlignment + kRecordAlignment;
  }
  return std::optional<uint64_t>();
}

Result<std::optional<InFlight>> SegmentReader::payload(uint64_t offset, const RecordHeader& header) {
  const std::optional<InFlight> damaged;
  Buffer stored(header.stored_bytes + 1);
  auto got = read(stored.data(), header.stored_bytes, offset + kRecordHeaderBytes);
  if (!got) return std::move(got).error();
  if (*got < header.stored_bytes) return damaged;
  if (crc32c(0, stored.data(), header.stored_bytes) != header.payload_crc) return damaged;
  uint64_t bytes = header.stored_bytes;
  if (header.flags & RecordHeader::kEncrypted) {
    char encoded[kRecordHeaderBytes];
    encode(header, log_id_, encoded);
    const std::string_view with[] = {authenticated(encoded), bytes_of(log_id_)};
    const Cipher* key = keys_->find(header.key_id);
    if (!key) return unknown_key(path_, header.key_id);
    if (!key->open(stored.data(), bytes, with)) return damaged;
    bytes -= Cipher::kOverhead;
  }
  if (header.flags & RecordHeader::kCompressed) {
    Buffer plain(header.payload_bytes + 1);
    if (ZSTD_decompress(plain.data(), header.payload_bytes, stored.data(), bytes) != header.payload_bytes)
      return damaged;
    stored = std::move(plain);
  } else if (bytes != header.payload_bytes) {
    return damaged;
  }
  return decode_record(stored, header);
}

}  // namespace levada::agent
