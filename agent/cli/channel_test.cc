// levada channel: on a disk of a test, with an agent at work or not.
#include "agent/cli/channel.h"

#include <gtest/gtest.h>

#include "agent/channels/file/format.h"
#include "agent/channels/file/test_support.h"
#include "agent/cli/commands.h"

namespace levada::agent {
namespace {

using namespace testing;

class ChannelCommandTest : public ::testing::Test {
 protected:
  ChannelCommandTest() {
    bench.options.segment_bytes = 3000;
    channel = bench.make();
    channel->add_writer();
    channel->add_cursor("sinks.one");
    EXPECT_TRUE(channel->open());
    for (uint64_t row = 0; row < 100; row += 10) {
      EXPECT_TRUE(channel->append(rows_of("clicks", row, row + 10)));
      channel->run_once();
    }
    for (int at = 0; at < 7; ++at) channel->read(0, nanoseconds{0});
    channel->commit(0);
    bench.clock.advance(std::chrono::seconds(2));
    channel->run_once();
  }
  template <class Command>
  std::string output(int code, Command command) {
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(command(), code);
    return ::testing::internal::GetCapturedStdout();
  }
  std::string verify(int code) {
    return output(code, [&] { return verify_channels({bench.options}, bench.services); });
  }

  ChannelTestBench bench;
  std::unique_ptr<FileChannel> channel;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

TEST_F(ChannelCommandTest, lists_a_channel_with_its_readers_while_it_is_in_use) {
  const auto text = output(kOk, [&] { return list_channels({bench.options}, bench.services); });
  EXPECT_TRUE(has(text, "channels.main  /data/main\n")) << text;
  EXPECT_TRUE(has(text, "segments, the oldest of 2026-01-01T00:00:00")) << text;
  EXPECT_TRUE(has(text, "\n  backlog 30 rows, delivered ")) << text;
  EXPECT_TRUE(has(text, "at row 70, 30 behind")) << text;
}

TEST_F(ChannelCommandTest, lists_a_channel_that_is_delivered_as_one_without_backlog) {
  while (channel->read(0, nanoseconds{0})) channel->commit(0);
  bench.clock.advance(std::chrono::seconds(2));
  channel->run_once();
  const auto text = output(kOk, [&] { return list_channels({bench.options}, bench.services); });
  EXPECT_TRUE(has(text, "\n  backlog 0 rows, delivered ")) << text;
  EXPECT_FALSE(has(text, "delivered 0 rows")) << text;
}

TEST_F(ChannelCommandTest, verifies_a_channel_whose_segments_are_gone) {
  channel.reset();
  for (const auto& name : bench.segments()) bench.files.remove_file(std::string(kFolder) + "/" + name);
  EXPECT_TRUE(has(verify(kFailed), "all segments are gone; 30 rows from row 70 on are missing"));
}

TEST_F(ChannelCommandTest, verifies_a_good_channel) {
  const auto text = verify(kOk);
  EXPECT_TRUE(has(text, "channels.main: good: ")) << text;
}

TEST_F(ChannelCommandTest, verifies_a_damaged_channel_and_says_where_and_what_is_missing) {
  channel.reset();
  const auto before = bench.segments();
  ASSERT_GE(before.size(), 2u);
  const std::string path = std::string(kFolder) + "/" + before[0];
  auto text = bench.files.read_file(path);
  const auto offset = decode_segment_header(text.data())->bytes();
  text[offset + 300] ^= 1;
  bench.files.write_file(path, text);
  const auto said = verify(kFailed);
  EXPECT_TRUE(has(said, path + ":" + std::to_string(offset) + ": a record is damaged; 10 rows from row ")) << said;
  EXPECT_TRUE(has(said, "DAMAGED")) << said;
  EXPECT_EQ(bench.files.read_file(path), text) << "it only looks";
}

TEST_F(ChannelCommandTest, dumps_rows_from_a_number_on) {
  const auto text = output(kOk, [&] { return dump_channel(bench.options, bench.services, 88, 3); });
  EXPECT_EQ(text,
            "{\"@row\":88,\"@stream\":\"clicks\",\"body\":\"row 88 of the stream clicks\"}\n"
            "{\"@row\":89,\"@stream\":\"clicks\",\"body\":\"row 89 of the stream clicks\"}\n"
            "{\"@row\":90,\"@stream\":\"clicks\",\"body\":\"row 90 of the stream clicks\"}\n");
}

TEST_F(ChannelCommandTest, fails_for_a_folder_that_is_no_channel) {
  bench.options.folder = "/elsewhere";
  for (const bool there : {false, true}) {
    if (there) bench.files.make_folders("/elsewhere");
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(verify_channels({bench.options}, bench.services), kFailed);
    EXPECT_TRUE(has(::testing::internal::GetCapturedStderr(), there ? "is no channel" : "is not there"));
  }
}

}  // namespace
}  // namespace levada::agent
