// Reads the records of a segment, also around damage.
#pragma once

#include <optional>
#include <string>

#include "agent/channels/file/cipher.h"
#include "agent/channels/file/format.h"
#include "agent/flow/in_flight.h"
#include "levada/host.h"

namespace levada::agent {

// What a segment begins with.
struct SegmentStart {
  SegmentHeader header;
  bool intact = false;  // The header checks out,
  Positions positions;  // and so does this.
  bool positions_intact = false;
};

class SegmentReader {
 public:
  // The keys must outlive it.
  SegmentReader(Files files, std::string path, uint64_t log_id, const KeyRing& keys)
      : files_(files), path_(std::move(path)), log_id_(log_id), keys_(&keys) {}

  // Fails with Code::fatal where another version wrote it, or its key is missing. The positions is
  // left out unless it is asked for.
  Result<SegmentStart> start(bool with_positions);

  struct Record {
    uint64_t offset;
    RecordHeader header;
    std::optional<InFlight> in_flight;  // As decode_record gives it, where it was asked for.
    uint64_t end() const { return offset + header.bytes(); }
  };
  enum class Depth { headers, payloads };
  // The first record at or behind the offset, and before `limit`, that checks out: its header, or
  // all of it. `damaged_at` is set to the first offset where something was passed over.
  Result<std::optional<Record>> next(uint64_t offset, uint64_t limit, Depth depth, std::optional<uint64_t>* damaged_at);
  Result<uint64_t> size();
  const std::string& path() const { return path_; }

 private:
  Done open();
  Result<size_t> read(void* to, size_t bytes, uint64_t offset);
  Result<std::optional<uint64_t>> resync(uint64_t offset, uint64_t limit);
  // Nothing where it does not check out.
  Result<std::optional<InFlight>> payload(uint64_t offset, const RecordHeader& header);

  Files files_;
  std::string path_;
  uint64_t log_id_;
  const KeyRing* keys_;
  File file_;
};

// The text form of a Positions: a line for each stream.
std::string positions_text(const Positions& positions);
std::optional<Positions> parse_positions(std::string_view text);

}  // namespace levada::agent
