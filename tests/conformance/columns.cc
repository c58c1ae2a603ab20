// What levada does with the columns of a batch, as plain C functions for columns.py: each takes a
// batch over and puts in its place what became of it.
#include <cstring>
#include <random>
#include <span>
#include <string>

#include "agent/base/compaction.h"
#include "agent/base/row_json.h"
#include "agent/channels/file/record_decoder.h"
#include "agent/channels/file/record_encoder.h"
#include "levada/c/plugin.h"
#include "levada/testkit/arrow_check.h"

using levada::Batch;
using namespace levada::agent;

namespace {

constexpr uint64_t kLogId = 7;

template <class Function>
int changed(levada_batch* batch, char* why, size_t room, Function function) {
  std::string fault;
  try {
    auto adopted = Batch::adopt(*batch);
    if (!adopted) fault = adopted.error().message;
    else function(*adopted).share(*batch);
    if (fault.empty()) fault = levada::testkit::fault_of(*batch);
  } catch (const std::exception& exception) {
    fault = exception.what();
  }
  std::strncpy(why, fault.c_str(), room - 1);
  return fault.empty() ? 0 : 1;
}

RecordHeader header_of(const Batch& batch) {
  RecordHeader header;
  header.rows = static_cast<uint64_t>(batch.rows());
  return header;
}

// The payload of its record, in a buffer as a reader of the file has it.
levada::Buffer payload_of(const Batch& batch, RecordHeader& header) {
  RecordEncoder encoder(false, nullptr);
  const InFlight in_flight{.batch = batch};
  const auto parts = encoder.encode(in_flight, header, kLogId);
  if (!parts) throw std::runtime_error(parts.error().message);
  header = *decode_record_header((*parts)[0].data, kLogId);
  levada::Buffer payload(header.payload_bytes + 1);
  size_t at = 0;
  for (const auto& part : parts->subspan(1)) {
    const size_t bytes = std::min<size_t>(part.size, header.payload_bytes - at);
    std::memcpy(payload.data() + at, part.data, bytes);
    at += bytes;
  }
  return payload;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int columns_pass(levada_batch* batch, char* why, size_t room) {
  return changed(batch, why, room, [](const Batch& in) { return in; });
}

__attribute__((visibility("default"))) int columns_take(levada_batch* batch, const int64_t* rows, size_t count,
                                                        char* why, size_t room) {
  return changed(batch, why, room, [&](Batch in) {
    in.take(std::span(rows, count));
    return in;
  });
}

// Keeps the rows with these numbers, each greater than the one before, as a plugin in C does.
__attribute__((visibility("default"))) int columns_keep_in_c(levada_batch* batch, const int64_t* rows, size_t count,
                                                             char* why, size_t room) {
  const std::span kept(rows, count);
  levada_batch rejected = levada::detail::empty_batch();
  levada_error error{};
  levada_selection selection;
  levada_selection_start(&selection, batch->rows.length);
  for (int64_t row = 0, next = 0; row < batch->rows.length; ++row) {
    if (next < std::ssize(kept) && kept[static_cast<size_t>(next)] == row) ++next;
    else row % 2 ? levada_drop(&selection, row) : levada_reject(&selection, row, "it is even");
  }
  std::string fault;
  if (levada_apply(&selection, nullptr, batch, &rejected, &error) != LEVADA_OK) fault = error.message;
  else if (rejected.rows.release) fault = levada::testkit::fault_of(rejected);
  if (fault.empty()) fault = levada::testkit::fault_of(*batch);
  levada::detail::release(rejected);
  std::strncpy(why, fault.c_str(), room - 1);
  return fault.empty() ? 0 : 1;
}

__attribute__((visibility("default"))) int columns_slice(levada_batch* batch, int64_t first, int64_t count, char* why,
                                                         size_t room) {
  return changed(batch, why, room, [&](const Batch& in) { return in.slice(first, count); });
}

__attribute__((visibility("default"))) int columns_compact(levada_batch* batch, char* why, size_t room) {
  return changed(batch, why, room, [](const Batch& in) { return compacted(in); });
}

// Through a record of a file channel.
__attribute__((visibility("default"))) int columns_store(levada_batch* batch, char* why, size_t room) {
  return changed(batch, why, room, [](const Batch& in) {
    auto header = header_of(in);
    const auto payload = payload_of(in, header);
    const auto in_flight = decode_record(payload, header);
    if (!in_flight) throw std::runtime_error("the record cannot be read");
    return in_flight->batch;
  });
}

// Changes bytes of its record in `rounds` ways, no checksum being there to tell, and reads whatever
// that gives. Gives how many of them could be read.
__attribute__((visibility("default"))) int64_t columns_damage(levada_batch* batch, uint64_t seed, int64_t rounds) {
  auto adopted = Batch::adopt(*batch);
  if (!adopted) return -1;
  auto header = header_of(*adopted);
  const auto good = payload_of(*adopted, header);
  std::mt19937_64 dice(seed);
  const uint32_t table_bytes = *good.as<uint32_t>();
  int64_t read = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    levada::Buffer bad(header.payload_bytes + 1);
    std::memcpy(bad.data(), good.data(), header.payload_bytes);
    for (int changes = 1 + static_cast<int>(dice() % 3); changes > 0; --changes) {
      const uint64_t end = dice() % 2 ? table_bytes : header.payload_bytes;
      bad.data()[dice() % end] = static_cast<char>(dice() % 2 ? dice() : 0xff);
    }
    const auto in_flight = decode_record(bad, header);
    if (!in_flight) continue;
    ++read;
    levada_batch shared = levada::detail::empty_batch();
    in_flight->batch.share(shared);
    if (levada::testkit::fault_of(shared).empty()) levada::testkit::rows_of(shared);
    levada::detail::release(shared);
    // What reads it next.
    compacted(in_flight->batch);
    std::string text;
    const RowJson json(in_flight->batch);
    for (int64_t row = 0; row < in_flight->batch.rows(); ++row) json.append(text, row);
  }
  return read;
}

}  // extern "C"
