#include "agent/channels/memory_channel.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kNow{0};

InFlight in_flight(const std::string& body, size_t bytes, int channels = 1, const std::string& position = "p") {
  auto batch = testkit::batch_of({body});
  batch.position = position;
  return {.batch = std::move(batch),
          .end = 1,
          .bytes = bytes,
          .acknowledgement = std::make_shared<Acknowledgement>(channels, std::make_shared<Signal>())};
}

std::string body(const std::optional<InFlight>& read) {
  return read ? std::string(read->batch.body()->text(0)) : "<none>";
}

// Its readers could not commit a batch of which a part is missing, and so
// would never make room for it.
TEST(MemoryChannel, takes_all_parts_of_a_batch_also_when_it_is_full) {
  MemoryChannel channel(10);
  channel.add_writer();
  const auto reader = channel.add_cursor("sinks.out");
  EXPECT_TRUE(channel.append(in_flight("part", 12, 1, "")));
  EXPECT_TRUE(channel.append(in_flight("part", 12, 1, "")));
  EXPECT_TRUE(channel.append(in_flight("the last part", 12)));
  EXPECT_FALSE(channel.append(in_flight("another batch", 12)));
  for (int part = 0; part < 3; ++part) EXPECT_TRUE(channel.read(reader, kNow));
  channel.commit(reader);
  EXPECT_TRUE(channel.append(in_flight("another batch", 12)));
}

TEST(MemoryChannel, says_whom_it_waits_for) {
  MemoryChannel channel(1 << 20);
  channel.add_writer();
  const auto fast = channel.add_cursor("sinks.fast");
  channel.add_cursor("sinks.slow");
  EXPECT_EQ(channel.blocked_by(), "");
  EXPECT_TRUE(channel.append(in_flight("a", 2 << 20)));
  EXPECT_TRUE(channel.read(fast, kNow));
  channel.commit(fast);
  EXPECT_EQ(channel.blocked_by(), "the channel holds 2048 KiB and waits for sinks.slow");
}

TEST(MemoryChannel, gives_each_cursor_all_batches_in_order) {
  MemoryChannel channel(1000);
  channel.add_writer();
  const auto one = channel.add_cursor("sinks.out"), two = channel.add_cursor("sinks.out");
  EXPECT_TRUE(channel.append(in_flight("a", 1)));
  EXPECT_TRUE(channel.append(in_flight("b", 1)));
  EXPECT_EQ(body(channel.read(one, kNow)), "a");
  EXPECT_EQ(body(channel.read(one, kNow)), "b");
  EXPECT_EQ(body(channel.read(two, kNow)), "a");
  EXPECT_EQ(body(channel.read(one, kNow)), "<none>");
}

TEST(MemoryChannel, is_full_when_its_bytes_are_used_up_and_has_room_after_the_slowest_commit) {
  MemoryChannel channel(10);
  channel.add_writer();
  const auto fast = channel.add_cursor("sinks.out"), slow = channel.add_cursor("sinks.out");
  EXPECT_TRUE(channel.append(in_flight("a", 12)));
  EXPECT_FALSE(channel.append(in_flight("b", 1)));
  EXPECT_TRUE(channel.read(fast, kNow));
  channel.commit(fast);
  EXPECT_FALSE(channel.append(in_flight("b", 1)));
  EXPECT_TRUE(channel.read(slow, kNow));
  channel.commit(slow);
  EXPECT_TRUE(channel.append(in_flight("b", 1)));
}

TEST(MemoryChannel, tells_readers_that_a_source_waits_until_they_commit) {
  MemoryChannel channel(10);
  channel.add_writer();
  const auto reader = channel.add_cursor("sinks.out");
  EXPECT_TRUE(channel.append(in_flight("a", 12)));
  EXPECT_TRUE(channel.read(reader, kNow));
  EXPECT_FALSE(channel.under_back_pressure(reader));
  EXPECT_FALSE(channel.append(in_flight("b", 1)));
  EXPECT_TRUE(channel.under_back_pressure(reader));
  channel.commit(reader);
  EXPECT_FALSE(channel.under_back_pressure(reader));
}

// The source began to wait while its reader still had rows before it: when the reader is through
// with these, the one waits for room, and the other for rows.
TEST(MemoryChannel, wakes_a_reader_that_is_through_with_its_rows_when_a_source_waits_for_room) {
  MemoryChannel channel(10);
  channel.add_writer();
  const auto reader = channel.add_cursor("sinks.out");
  EXPECT_TRUE(channel.append(in_flight("a", 6)));
  EXPECT_TRUE(channel.append(in_flight("b", 6)));
  EXPECT_FALSE(channel.append(in_flight("c", 6)));
  EXPECT_TRUE(channel.read(reader, kNow));
  EXPECT_TRUE(channel.read(reader, kNow));
  EXPECT_FALSE(channel.read(reader, std::chrono::hours(24)));
  EXPECT_TRUE(channel.under_back_pressure(reader));
}

TEST(MemoryChannel, takes_no_more_while_its_readers_have_enough_before_them) {
  MemoryChannel channel(16 * MemoryChannel::kAheadBytes);
  channel.add_writer();
  const auto reader = channel.add_cursor("sinks.out");
  channel.add_cursor("sinks.slow");
  for (int part = 0; part < 4; ++part) EXPECT_TRUE(channel.append(in_flight("a", MemoryChannel::kAheadBytes / 4)));
  EXPECT_FALSE(channel.append(in_flight("b", 1)));
  EXPECT_EQ(channel.blocked_by(), "the channel holds 8192 KiB and waits for sinks.out, sinks.slow");
  EXPECT_TRUE(channel.read(reader, kNow));
  EXPECT_TRUE(channel.append(in_flight("b", 1))) << "one of them waits for rows before long";
  EXPECT_FALSE(channel.under_back_pressure(reader)) << "a commit would change nothing";
  while (channel.read(reader, kNow)) continue;
  channel.commit(reader);
  EXPECT_TRUE(channel.append(in_flight("c", MemoryChannel::kAheadBytes)));
  EXPECT_FALSE(channel.append(in_flight("d", 1)));
  while (channel.read(reader, kNow)) continue;
  channel.wait_for_room(std::chrono::hours(24));
  EXPECT_TRUE(channel.append(in_flight("d", 1)));
}

TEST(MemoryChannel, takes_all_that_it_has_room_for_from_sources_that_cannot_wait) {
  MemoryChannel channel(16 * MemoryChannel::kAheadBytes);
  channel.take_all_that_fits();
  channel.add_writer();
  channel.add_cursor("sinks.out");
  for (int part = 0; part < 16; ++part) EXPECT_TRUE(channel.append(in_flight("a", MemoryChannel::kAheadBytes)));
  EXPECT_FALSE(channel.append(in_flight("b", 1)));
}

TEST(MemoryChannel, completes_an_acknowledgement_when_all_cursors_have_committed) {
  MemoryChannel channel(1000);
  channel.add_writer();
  const auto one = channel.add_cursor("sinks.out"), two = channel.add_cursor("sinks.out");
  const auto sent = in_flight("a", 1);
  EXPECT_TRUE(channel.append(InFlight(sent)));
  EXPECT_TRUE(channel.read(one, kNow));
  EXPECT_TRUE(channel.read(two, kNow));
  channel.commit(one);
  EXPECT_FALSE(sent.acknowledgement->complete());
  channel.commit(two);
  EXPECT_TRUE(sent.acknowledgement->complete());
}

TEST(MemoryChannel, completes_an_acknowledgement_when_every_channel_has_stored_the_batch) {
  MemoryChannel a(1000), b(1000);
  const auto sent = in_flight("a", 1, 2);
  for (auto* channel : {&a, &b}) {
    channel->add_writer();
    const auto cursor = channel->add_cursor("sinks.out");
    EXPECT_TRUE(channel->append(InFlight(sent)));
    EXPECT_TRUE(channel->read(cursor, kNow));
    EXPECT_FALSE(sent.acknowledgement->complete());
    channel->commit(cursor);
  }
  EXPECT_TRUE(sent.acknowledgement->complete());
}

TEST(MemoryChannel, goes_back_to_the_last_commit) {
  MemoryChannel channel(1000);
  channel.add_writer();
  const auto cursor = channel.add_cursor("sinks.out");
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(channel.append(in_flight(text, 1)));
  EXPECT_EQ(body(channel.read(cursor, kNow)), "a");
  channel.commit(cursor);
  EXPECT_EQ(body(channel.read(cursor, kNow)), "b");
  EXPECT_EQ(body(channel.read(cursor, kNow)), "c");
  channel.rewind(cursor);
  EXPECT_EQ(body(channel.read(cursor, kNow)), "b");
}

TEST(MemoryChannel, has_ended_for_a_cursor_that_read_all_after_the_last_writer_closed) {
  MemoryChannel channel(1000);
  channel.add_writer();
  channel.add_writer();
  const auto cursor = channel.add_cursor("sinks.out");
  EXPECT_TRUE(channel.append(in_flight("a", 1)));
  channel.close();
  EXPECT_TRUE(channel.read(cursor, kNow));
  EXPECT_FALSE(channel.ended(cursor));
  channel.close();
  EXPECT_TRUE(channel.ended(cursor));
  channel.rewind(cursor);
  EXPECT_FALSE(channel.ended(cursor));
}

}  // namespace
}  // namespace levada::agent
