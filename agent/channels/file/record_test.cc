// Batches as records, and back: every type, however its array came to be.
#include <gtest/gtest.h>

#include <cstring>

#include "agent/channels/file/record_decoder.h"
#include "agent/channels/file/record_encoder.h"
#include "agent/channels/file/segment_reader.h"
#include "agent/channels/file/test_support.h"
#include "levada/testkit/arrow_check.h"

namespace levada::agent {
namespace {

constexpr uint64_t kLogId = 0x1234;
constexpr const char* kKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

std::string encoded(const Batch& batch, bool compress = false, const Cipher* cipher = nullptr) {
  RecordEncoder encoder(compress, cipher);
  InFlight in_flight{.batch = batch, .end = 77};
  in_flight.account.stream = "the account";
  RecordHeader header;
  header.rows = static_cast<uint64_t>(batch.rows());
  auto parts = encoder.encode(in_flight, header, kLogId);
  EXPECT_TRUE(parts);
  std::string text;
  for (const auto& part : *parts) text.append(part.data, part.size);
  EXPECT_EQ(text.size() % kRecordAlignment, 0u);
  return text;
}

std::optional<InFlight> decoded(const std::string& record, const KeyRing& keys = {}) {
  testkit::ManualClock clock;
  testkit::MemoryFiles files(clock);
  files.write_file("/log", record);
  SegmentReader reader(Files(files.table()), "/log", kLogId, keys);
  auto found = reader.next(0, record.size(), SegmentReader::Depth::payloads, nullptr);
  return found && *found ? std::move((*found)->in_flight) : std::nullopt;
}

std::vector<std::string> seen(const Batch& batch) {
  levada_batch shared = levada::detail::empty_batch();
  batch.share(shared);
  EXPECT_EQ(testkit::fault_of(shared), "");
  auto rows = testkit::rows_of(shared);
  levada::detail::release(shared);
  return rows;
}

Column dictionary_column(const std::string& name) {
  TextBuilder texts(3);
  for (const char* text : {"short", "a text that is longer than twelve bytes", "x"}) texts.append(text);
  ValueBuilder<int32_t> indices;
  for (const int32_t index : {1, 0, 2, 1}) indices.append(index);
  indices.append_null();
  return std::move(indices).finish(name, std::move(texts).finish("", Type::text));
}

Batch all_types() {
  using Texts = std::vector<std::optional<std::string>>;
  Batch batch(5);
  batch.stream = "clicks/3";
  batch.position = "here";
  batch.set(testkit::text_column(
      "body", Texts{"one", "a body that is longer than twelve bytes", std::nullopt, "", "another one of some length"},
      Type::bytes));
  batch.set(testkit::text_column("text", Texts{std::nullopt, "a", "b", "c", "of some length, again"}));
  batch.set(testkit::value_column<int64_t>("count", Type::int64, {1, std::nullopt, 3, 4, 5}));
  batch.set(testkit::value_column<int64_t>("time", Type::timestamp, {10, 20, 30, 40, 50}));
  batch.set(testkit::value_column<double>("ratio", Type::float64, {0.5, 1.5, std::nullopt, 3, 4}));
  batch.set(testkit::boolean_column("flag", {true, false, std::nullopt, true, true}));
  batch.set(dictionary_column("kind"));
  return batch;
}

TEST(Record, brings_back_every_type_with_its_nulls) {
  const auto in_flight = decoded(encoded(all_types()));
  ASSERT_TRUE(in_flight);
  EXPECT_EQ(seen(in_flight->batch), seen(all_types()));
  EXPECT_EQ(in_flight->stream, "clicks/3");
  EXPECT_EQ(in_flight->batch.position, "here");
  EXPECT_EQ(in_flight->end, 77u);
  EXPECT_EQ(in_flight->account.stream, "the account");
}

TEST(Record, brings_back_a_batch_without_rows_and_one_without_columns) {
  for (const auto& batch : {Batch(0), Batch(3)}) {
    const auto in_flight = decoded(encoded(batch));
    ASSERT_TRUE(in_flight);
    EXPECT_EQ(in_flight->batch.rows(), batch.rows());
  }
  Batch none = all_types();
  none.take({});
  const auto in_flight = decoded(encoded(none));
  ASSERT_TRUE(in_flight);
  EXPECT_EQ(seen(in_flight->batch), seen(none));
  EXPECT_EQ(in_flight->batch.columns().size(), 7u);
}

// The rows behind the first `offset` of each column, as Arrow makes slices.
TEST(Record, brings_back_slices_whose_bitmaps_begin_within_a_byte) {
  const Batch whole = all_types();
  for (int64_t offset = 0; offset < 5; ++offset) {
    levada_batch shared = levada::detail::empty_batch();
    whole.share(shared);
    shared.rows.offset = offset;
    shared.rows.length = 5 - offset;
    auto slice = Batch::adopt(shared);
    ASSERT_TRUE(slice);
    const auto in_flight = decoded(encoded(*slice));
    ASSERT_TRUE(in_flight);
    EXPECT_EQ(seen(in_flight->batch), seen(*slice)) << offset;
  }
}

TEST(Record, brings_back_bitmaps_of_any_length_and_offset) {
  std::vector<std::optional<bool>> flags;
  for (int at = 0; at < 40; ++at) flags.push_back(at % 7 == 3 ? std::nullopt : std::optional(at % 3 == 0));
  Batch whole(40);
  whole.set(testkit::boolean_column("flag", flags));
  for (int64_t offset = 0; offset < 20; ++offset)
    for (int64_t rows = 1; offset + rows <= 40; rows += 3) {
      levada_batch shared = levada::detail::empty_batch();
      whole.share(shared);
      shared.rows.offset = offset;
      shared.rows.length = rows;
      auto slice = Batch::adopt(shared);
      ASSERT_TRUE(slice);
      const auto in_flight = decoded(encoded(*slice));
      ASSERT_TRUE(in_flight);
      EXPECT_EQ(testkit::texts(in_flight->batch, "flag"), testkit::texts(*slice, "flag")) << offset << " " << rows;
    }
}

// A body of a kilobyte in each row, and a field of it that points into the same text.
Batch with_fields(int64_t rows) {
  TextBuilder bodies(rows);
  for (int64_t row = 0; row < rows; ++row) bodies.append(std::string(1000, static_cast<char>('a' + row % 26)));
  const Column body = std::move(bodies).finish("body", Type::bytes);
  TextBuilder fields(rows);
  const auto first = fields.share(body);
  for (int64_t row = 0; row < rows; ++row)
    fields.append_part(body.views().data()[row], body.text(row), body.text(row).substr(100, 50), first);
  Batch batch(rows);
  batch.set(body);
  batch.set(std::move(fields).finish("field", Type::text));
  return batch;
}

TEST(Record, stores_a_text_once_that_two_columns_share) {
  const Batch batch = with_fields(100);
  const auto record = encoded(batch);
  EXPECT_LT(record.size(), 100 * 1000 + 2 * 100 * 16 + 8192u);
  const auto in_flight = decoded(record);
  ASSERT_TRUE(in_flight);
  EXPECT_EQ(seen(in_flight->batch), seen(batch));
}

TEST(Record, leaves_out_the_texts_of_rows_that_were_dropped) {
  Batch batch = with_fields(100);
  batch.take(std::vector<int64_t>{3, 77, 5});
  const auto record = encoded(batch);
  EXPECT_LT(record.size(), 3 * 1000 + 1024u);
  const auto in_flight = decoded(record);
  ASSERT_TRUE(in_flight);
  EXPECT_EQ(seen(in_flight->batch), seen(batch));
  // The body is gone, and the field lives on.
  batch.remove("body");
  EXPECT_LT(encoded(batch).size(), 3 * 80 + 512u);
  EXPECT_EQ(seen(decoded(encoded(batch))->batch), seen(batch));
}

// Of a batch that was read from many small files, each has a record of its own.
TEST(Record, holds_the_names_that_its_rows_use) {
  constexpr int32_t kFiles = 2000;
  TextBuilder names(kFiles), bodies(kFiles);
  ValueBuilder<int32_t> files(kFiles);
  for (int32_t file = 0; file < kFiles; ++file) {
    names.append("/var/spool/clicks/" + std::to_string(file) + ".json");
    bodies.append("{\"a\":1}");
    files.append(file);
  }
  Batch whole(kFiles);
  whole.set(std::move(bodies).finish("body", Type::bytes));
  whole.set(std::move(files).finish("file", std::move(names).finish("", Type::text)));
  for (const int64_t file : {0, 1, kFiles / 2, kFiles - 1}) {
    const Batch one = whole.slice(file, 1);
    const auto record = encoded(one);
    EXPECT_LE(record.size(), 512u);
    EXPECT_EQ(seen(decoded(record)->batch), seen(one));
  }
}

TEST(Record, points_into_the_buffer_that_it_was_read_into) {
  const auto in_flight = decoded(encoded(with_fields(10)));
  ASSERT_TRUE(in_flight);
  const auto body = in_flight->batch.find("body")->text(4), field = in_flight->batch.find("field")->text(4);
  EXPECT_EQ(field.data(), body.data() + 100);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(in_flight->batch.find("body")->views().data()) % 16, 0u);
}

TEST(Record, is_compressed_and_encrypted) {
  const auto keys = KeyRing::create(kKey, {});
  ASSERT_TRUE(keys);
  const Batch batch = with_fields(100);
  for (const bool compress : {false, true})
    for (const Cipher* cipher : {static_cast<const Cipher*>(nullptr), keys->current()}) {
      const auto record = encoded(batch, compress, cipher);
      EXPECT_EQ(record.size() < 20'000, compress);
      EXPECT_EQ(record.find("field") == record.npos, compress || cipher);
      const auto in_flight = decoded(record, *keys);
      ASSERT_TRUE(in_flight);
      EXPECT_EQ(seen(in_flight->batch), seen(batch));
    }
}

TEST(Record, does_not_check_out_with_any_byte_changed) {
  const auto keys = KeyRing::create(kKey, {});
  ASSERT_TRUE(keys);
  Batch batch = all_types();
  const std::string record = encoded(batch, true, keys->current());
  const auto* header = record.data();
  const auto bytes = kRecordHeaderBytes + decode_record_header(header, kLogId)->stored_bytes;
  for (size_t at = 0; at < bytes; ++at) {
    std::string changed = record;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    EXPECT_FALSE(decoded(changed, *keys)) << at;
  }
}

TEST(Record, is_not_taken_for_one_of_another_channel) {
  EXPECT_FALSE(decode_record_header(encoded(all_types()).data(), kLogId + 1));
  EXPECT_TRUE(decode_record_header(encoded(all_types()).data(), kLogId));
}

TEST(LogOffset, is_read_as_it_was_written_and_comes_in_order) {
  for (const LogOffset& log_offset :
       {LogOffset{0, 0}, LogOffset{120, 0}, LogOffset{120, 3}, LogOffset{~uint64_t{0}, 1}}) {
    EXPECT_EQ(LogOffset::parse(log_offset.text()), log_offset);
    EXPECT_EQ(parse_segment_name(segment_name(log_offset)), log_offset);
    EXPECT_EQ(parse_position_text(position_text(kLogId, log_offset))->log_offset, log_offset);
  }
  EXPECT_LT((LogOffset{120, 3}), (LogOffset{121, 0}));
  EXPECT_EQ((LogOffset{5, 2}.behind(3)), (LogOffset{8, 0}));
  EXPECT_EQ((LogOffset{5, 2}.behind(0)), (LogOffset{5, 3}));
  for (const char* text : {"", "+", "12+", "x", "12x", "-1"}) EXPECT_FALSE(LogOffset::parse(text)) << text;
}

}  // namespace
}  // namespace levada::agent
