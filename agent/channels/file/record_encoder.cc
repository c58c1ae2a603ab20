#include "agent/channels/file/record_encoder.h"

#include <zstd.h>

#include <cstring>
#include <numeric>

#include "agent/base/compaction.h"
#include "agent/channels/file/arrow_codec.h"
#include "levada/crc32c.h"

namespace levada::agent {
namespace {

constexpr char kZeros[64] = {};
constexpr uint64_t kBufferAlignment = 16;
// What stands in a column's flags.
constexpr uint32_t kHasNulls = 1, kHasSchema = 2;

bool is_view_type(Type type) { return type == Type::text || type == Type::bytes; }

bool has_nulls(const ArrowArray& array) { return array.buffers[0] != nullptr && array.null_count != 0; }

template <class Function>
void each_textual(const Batch& batch, Function function) {
  for (const auto& column : batch.columns()) {
    if (is_view_type(column.type())) function(column.array());
    if (column.type() == Type::dictionary) function(*column.array().dictionary);
  }
}

}  // namespace

RecordEncoder::RecordEncoder(bool compress, const Cipher* cipher)
    : cipher_(cipher), compressor_(compress ? ZSTD_createCCtx() : nullptr) {
  if (compressor_) ZSTD_CCtx_setParameter(compressor_, ZSTD_c_compressionLevel, 1);
}

RecordEncoder::~RecordEncoder() { ZSTD_freeCCtx(compressor_); }

Result<std::span<levada_bytes>> RecordEncoder::encode(const InFlight& in_flight, RecordHeader header, uint64_t log_id) {
  lay_out(in_flight);
  header.payload_bytes = header.stored_bytes = tables_.size() + buffer_bytes_;
  parts_.clear();
  parts_.push_back({header_, sizeof header_});
  parts_.push_back({tables_.data(), tables_.size()});
  parts_.insert(parts_.end(), buffers_.begin(), buffers_.end());
  if (compressor_) {
    LEVADA_TRY(compress(header.payload_bytes));
    if (packed_bytes_ < header.payload_bytes) {
      header.flags |= RecordHeader::kCompressed;
      header.stored_bytes = packed_bytes_;
      parts_.resize(1);
      parts_.push_back({packed_.data(), packed_bytes_});
    }
  }
  if (cipher_) {
    header.flags |= RecordHeader::kEncrypted;
    header.key_id = cipher_->id();
    const uint64_t plain_bytes = header.stored_bytes;
    header.stored_bytes += Cipher::kOverhead;
    levada::agent::encode(header, log_id, header_);
    if (sealed_.capacity() < header.stored_bytes) sealed_ = Buffer(header.stored_bytes + plain_bytes / 4);
    const std::string_view with[] = {authenticated(header_), {reinterpret_cast<const char*>(&log_id), sizeof log_id}};
    LEVADA_TRY(cipher_->seal(std::span(parts_).subspan(1), with, sealed_.data()));
    parts_.resize(1);
    parts_.push_back({sealed_.data(), header.stored_bytes});
  }
  header.payload_crc = 0;
  for (size_t at = 1; at < parts_.size(); ++at)
    header.payload_crc = crc32c(header.payload_crc, parts_[at].data, parts_[at].size);
  levada::agent::encode(header, log_id, header_);
  record_bytes_ = header.bytes();
  const uint64_t padding = record_bytes_ - kRecordHeaderBytes - header.stored_bytes;
  if (padding > 0) parts_.push_back({kZeros, padding});
  return std::span(parts_);
}

void RecordEncoder::forget() {
  batch_ = Batch();
  parts_.clear();
  buffers_.clear();
  blocks_.clear();
  block_numbers_.clear();
  scratch_.clear();
  gathered_.clear();
}

void RecordEncoder::lay_out(const InFlight& in_flight) {
  forget();
  batch_ = compacted(in_flight.batch);
  tables_.clear();
  columns_.clear();
  buffer_bytes_ = 0;

  each_textual(batch_, [&](const ArrowArray& array) { add_blocks(array); });
  std::string blocks;
  for (const auto& block : blocks_) {
    put(blocks, add_buffer(block.data, block.bytes));
    put(blocks, block.bytes);
  }
  for (const auto& column : batch_.columns()) add_column(column);

  put(tables_, uint32_t{0});  // Their size, below.
  put(tables_, static_cast<uint32_t>(blocks_.size()));
  put(tables_, static_cast<uint32_t>(batch_.columns().size()));
  put(tables_, uint32_t{0});
  put(tables_, in_flight.end);
  put_text(tables_, batch_.stream);
  put_text(tables_, batch_.position);
  put_text(tables_, in_flight.account.encoded());
  tables_ += blocks;
  tables_ += columns_;
  tables_.resize(aligned(tables_.size(), kBufferAlignment));
  const auto size = static_cast<uint32_t>(tables_.size());
  std::memcpy(tables_.data(), &size, sizeof size);
}

void RecordEncoder::add_column(const Column& column) {
  const auto* schema = column.schema().get();
  const bool opaque = column.type() == Type::opaque;
  put(columns_, static_cast<uint32_t>(column.type()));
  put(columns_, (!opaque && column.has_nulls() ? kHasNulls : 0) | (schema ? kHasSchema : 0));
  put_text(columns_, column.name());
  if (schema) encode_schema(*schema, columns_);
  if (opaque) return add_opaque(column);
  add_array(column.type(), column.array());
  if (column.type() != Type::dictionary) return;
  const ArrowArray& words = *column.array().dictionary;
  put(columns_, static_cast<uint32_t>(Type::text));
  put(columns_, has_nulls(words) ? kHasNulls : 0);
  put_text(columns_, "");
  add_array(Type::text, words);
}

// Gathered anew, it begins at offset 0 and holds what its rows need.
void RecordEncoder::add_opaque(const Column& column) {
  std::vector<int64_t> rows(static_cast<size_t>(column.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  gathered_.push_back(take(column, rows.data(), column.rows()));
  const auto add = [this](const void* data, uint64_t bytes) { return add_buffer(data, bytes); };
  encode_array(*column.schema(), gathered_.back().array(), add, columns_);
}

void RecordEncoder::add_array(Type type, const ArrowArray& array) {
  const bool nulls = has_nulls(array);
  const auto rows = static_cast<uint64_t>(array.length);
  const auto offset = static_cast<uint64_t>(array.offset);
  put(columns_, rows);
  put(columns_, nulls ? array.null_count : int64_t{0});
  put(columns_, nulls ? add_bits(array.buffers[0], array.offset, array.length) : uint64_t{0});
  uint64_t values = 0;
  const auto* from = static_cast<const char*>(array.buffers[1]);
  switch (type) {
    case Type::boolean: values = add_bits(from, array.offset, array.length); break;
    case Type::int64:
    case Type::timestamp:
    case Type::float64: values = add_buffer(from + 8 * offset, 8 * rows); break;
    case Type::dictionary: values = add_buffer(from + 4 * offset, 4 * rows); break;
    case Type::text:
    case Type::bytes: values = add_buffer(from + sizeof(View) * offset, sizeof(View) * rows); break;
    case Type::opaque: break;
  }
  put(columns_, values);
  const int64_t blocks = is_view_type(type) ? array.n_buffers - 3 : 0;
  put(columns_, static_cast<uint32_t>(blocks));
  for (int64_t at = 0; at < blocks; ++at) put(columns_, block_of(array, at));
}

uint64_t RecordEncoder::add_bits(const void* bits, int64_t offset, int64_t rows) {
  const auto* from = static_cast<const uint8_t*>(bits) + offset / 8;
  const auto bytes = static_cast<uint64_t>((rows + 7) / 8);
  const int shift = static_cast<int>(offset % 8);
  if (shift == 0) return add_buffer(from, bytes);
  Buffer& moved = scratch_.emplace_back(bytes + 1);
  // The last byte has its upper bits from one more only where rows lie in it.
  const auto last = static_cast<uint64_t>((shift + rows - 1) / 8);
  for (uint64_t at = 0; at < bytes; ++at) {
    const unsigned next = at < last ? from[at + 1] : 0u;
    moved.as<uint8_t>()[at] = static_cast<uint8_t>(from[at] >> shift | next << (8 - shift));
  }
  return add_buffer(moved.data(), bytes);
}

uint64_t RecordEncoder::add_buffer(const void* data, uint64_t bytes) {
  const uint64_t at = buffer_bytes_;
  if (bytes == 0) return at;
  buffers_.push_back({static_cast<const char*>(data), bytes});
  const uint64_t padding = aligned(bytes, kBufferAlignment) - bytes;
  if (padding > 0) buffers_.push_back({kZeros, padding});
  buffer_bytes_ += bytes + padding;
  return at;
}

void RecordEncoder::add_blocks(const ArrowArray& array) {
  const int64_t count = array.n_buffers - 3;
  const auto* sizes = static_cast<const int64_t*>(array.buffers[array.n_buffers - 1]);
  for (int64_t at = 0; at < count; ++at) {
    const void* data = array.buffers[2 + at];
    const auto bytes = static_cast<uint64_t>(sizes[at]);
    const auto [known, fresh] = block_numbers_.try_emplace(data, static_cast<uint32_t>(blocks_.size()));
    if (fresh) blocks_.push_back({static_cast<const char*>(data), bytes});
    // A builder may have shared it before it was full.
    if (!fresh) blocks_[known->second].bytes = std::max(blocks_[known->second].bytes, bytes);
  }
}

uint32_t RecordEncoder::block_of(const ArrowArray& array, int64_t number) const {
  return block_numbers_.find(array.buffers[2 + number])->second;
}

Done RecordEncoder::compress(uint64_t bytes) {
  const uint64_t bound = ZSTD_compressBound(bytes);
  if (packed_.capacity() < bound) packed_ = Buffer(bound);
  ZSTD_CCtx_reset(compressor_, ZSTD_reset_session_only);
  ZSTD_CCtx_setPledgedSrcSize(compressor_, bytes);
  ZSTD_outBuffer out{packed_.data(), packed_.capacity(), 0};
  for (size_t at = 1; at < parts_.size(); ++at) {
    ZSTD_inBuffer in{parts_[at].data, parts_[at].size, 0};
    const bool last = at + 1 == parts_.size();
    const size_t left = ZSTD_compressStream2(compressor_, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left) || in.pos < in.size || (last && left > 0))
      return retry(std::string("zstd did not compress: ") + ZSTD_getErrorName(left));
  }
  packed_bytes_ = out.pos;
  return {};
}

}  // namespace levada::agent
