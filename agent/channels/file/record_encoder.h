// A batch in flight as the payload of a record: a few small tables, and the buffers of its columns from where they lie.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "agent/channels/file/cipher.h"
#include "agent/channels/file/format.h"
#include "agent/flow/in_flight.h"

struct ZSTD_CCtx_s;

namespace levada::agent {

class RecordEncoder {
 public:
  RecordEncoder(bool compress, const Cipher* cipher);
  ~RecordEncoder();
  RecordEncoder(const RecordEncoder&) = delete;
  RecordEncoder& operator=(const RecordEncoder&) = delete;

  // Fills in what the header says of the payload, and gives the whole record as it goes into the file: its parts point
  // into the batch and the encoder, until the next call.
  Result<std::span<levada_bytes>> encode(const InFlight& in_flight, RecordHeader header, uint64_t log_id);
  // Lets go of the last batch.
  void forget();
  uint64_t record_bytes() const { return record_bytes_; }  // Of the last one.

 private:
  struct Block {
    const char* data;
    uint64_t bytes;
  };

  void lay_out(const InFlight& in_flight);
  void add_column(const Column& column);
  void add_opaque(const Column& column);
  void add_array(Type type, const ArrowArray& array);
  uint64_t add_bits(const void* bits, int64_t offset, int64_t rows);
  uint64_t add_buffer(const void* data, uint64_t bytes);
  void add_blocks(const ArrowArray& array);
  uint32_t block_of(const ArrowArray& array, int64_t number) const;
  Done compress(uint64_t bytes);

  const Cipher* const cipher_;
  ZSTD_CCtx_s* const compressor_;
  Batch batch_;                        // The last one, with no more than its rows need.
  std::string tables_, columns_;       // At the front of the payload.
  std::vector<levada_bytes> buffers_;  // Behind it.
  uint64_t buffer_bytes_ = 0;
  std::vector<Block> blocks_;
  std::unordered_map<const void*, uint32_t> block_numbers_;
  std::vector<Buffer> scratch_;   // Bits that had to be moved.
  std::vector<Column> gathered_;  // Opaque columns.
  std::vector<levada_bytes> parts_;
  Buffer packed_, sealed_;
  uint64_t packed_bytes_ = 0;
  char header_[kRecordHeaderBytes];
  uint64_t record_bytes_ = 0;
};

}  // namespace levada::agent
