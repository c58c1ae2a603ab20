// A channel whose files were damaged, are of another version, or are encrypted with another key.
#include "agent/channels/file/cursor_file.h"
#include "agent/channels/file/test_fixture.h"

namespace levada::agent {
namespace {

using namespace testing;

class FileChannelDamageTest : public TwoReadersTest {
 protected:
  FileChannelDamageTest() { bench.options.segment_bytes = 4000; }

  void fill() {
    ASSERT_TRUE(open());
    write(0, kRows);
    channel.reset();
    ASSERT_GT(bench.segments().size(), 3u);
  }
  std::string path(size_t segment) const { return std::string(kFolder) + "/" + bench.segments()[segment]; }
  uint64_t first_row(size_t segment) const { return parse_segment_name(bench.segments()[segment])->row; }
  void flip(size_t segment, uint64_t offset) {
    auto text = bench.files.read_file(path(segment));
    ASSERT_LT(offset, text.size());
    text[offset] = static_cast<char>(text[offset] ^ 1);
    bench.files.write_file(path(segment), text);
  }
  // Offset of the segment's n-th record, from 0.
  uint64_t record(size_t segment, int number) {
    const auto text = bench.files.read_file(path(segment));
    uint64_t offset = decode_segment_header(text.data())->bytes();
    const auto log_id = decode_segment_header(text.data())->log_id;
    for (; number > 0; --number) offset += decode_record_header(text.data() + offset, log_id)->bytes();
    return offset;
  }
  // All but the rows first .. first + count - 1 come, for both readers; the gap is counted once.
  void expect_gap(uint64_t first, uint64_t count) {
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
    auto rest = expected("clicks", 0, first);
    for (const auto& row : expected("clicks", first + count, kRows)) rest.push_back(row);
    EXPECT_EQ(drain(*channel, 0), rest);
    EXPECT_EQ(drain(*channel, 1), rest);
    EXPECT_EQ(bench.count("rows_missing"), static_cast<int64_t>(count));
  }
};

TEST_F(FileChannelDamageTest, passes_over_a_record_whose_payload_is_damaged) {
  fill();
  flip(1, record(1, 1) + 300);
  expect_gap(first_row(1) + kPerBatch, kPerBatch);
}

TEST_F(FileChannelDamageTest, passes_over_a_record_whose_header_is_damaged) {
  fill();
  flip(1, record(1, 1) + 20);
  expect_gap(first_row(1) + kPerBatch, kPerBatch);
}

TEST_F(FileChannelDamageTest, passes_over_damage_at_the_end_of_a_segment) {
  fill();
  const uint64_t next = first_row(2);
  flip(1, bench.files.read_file(path(1)).size() - 200);
  expect_gap(next - kPerBatch, kPerBatch);
}

TEST_F(FileChannelDamageTest, reads_a_segment_whose_header_is_damaged) {
  fill();
  flip(1, 30);
  expect_gap(0, 0);
  EXPECT_EQ(channel->positions().at("clicks").sequence, kRows);
}

TEST_F(FileChannelDamageTest, finds_the_sources_positions_without_the_header_of_the_last_segment) {
  fill();
  flip(bench.segments().size() - 1, 30);
  expect_gap(0, 0);
  EXPECT_EQ(channel->positions().at("clicks").sequence, kRows);
}

TEST_F(FileChannelDamageTest, goes_on_behind_a_segment_that_is_gone) {
  fill();
  const uint64_t first = first_row(1), next = first_row(2);
  bench.files.remove_file(path(1));
  expect_gap(first, next - first);
}

TEST_F(FileChannelDamageTest, tells_a_reader_that_the_oldest_segment_is_gone) {
  fill();
  ASSERT_TRUE(open());
  const auto first = channel->read(0, nanoseconds{0});
  const uint64_t next = first_row(1);
  bench.files.remove_file(path(0));
  ASSERT_TRUE(open());
  channel->resume(0, committed_at(*first));
  EXPECT_EQ(drain(*channel, 0), expected("clicks", next, kRows));
  EXPECT_EQ(bench.count("rows_missing"), static_cast<int64_t>(next - kPerBatch));
}

TEST_F(FileChannelDamageTest, goes_on_behind_a_segment_that_was_cut_short) {
  fill();
  const uint64_t first = first_row(1), next = first_row(2);
  const auto text = bench.files.read_file(path(1));
  bench.files.write_file(path(1), text.substr(0, record(1, 1) + 50));
  expect_gap(first + kPerBatch, next - first - kPerBatch);
}

TEST_F(FileChannelDamageTest, passes_over_damage_in_the_last_segment_below_what_was_synced) {
  ASSERT_TRUE(open());
  bench.options.segment_bytes = 1 << 20;
  ASSERT_TRUE(open());
  write(0, kRows);
  channel.reset();
  ASSERT_EQ(bench.segments().size(), 1u);
  flip(0, record(0, 4) + 300);
  expect_gap(4 * kPerBatch, kPerBatch);
}

TEST_F(FileChannelDamageTest, knows_what_is_missing_at_the_end_of_the_last_segment) {
  fill();
  const auto last = bench.segments().size() - 1;
  const auto text = bench.files.read_file(path(last));
  bench.files.write_file(path(last), text.substr(0, record(last, 0)));
  const uint64_t first = first_row(last);
  expect_gap(first, kRows - first);
  // What comes now has numbers that nobody has seen.
  write(kRows, kRows + kPerBatch);
  const auto read = channel->read(0, nanoseconds{0});
  ASSERT_TRUE(read);
  EXPECT_GT(read->batch.sequence, kRows);
}

TEST_F(FileChannelDamageTest, cuts_off_a_torn_tail_and_nothing_else) {
  fill();
  const auto last = bench.segments().size() - 1;
  const auto whole = bench.files.read_file(path(last));
  bench.files.append_file(path(last), std::string(700, 'x'));
  expect_gap(0, 0);
  channel.reset();
  EXPECT_EQ(bench.files.read_file(path(last)), whole);
}

TEST_F(FileChannelDamageTest, takes_no_record_for_one_that_stands_in_the_text_of_an_event) {
  fill();
  // The text of an event is a whole segment of another channel, and the record's own header is damaged.
  const auto segment = bench.files.read_file(path(0));
  const auto start = decode_segment_header(segment.data())->bytes();
  bench.options.folder = "/data/other";
  ASSERT_TRUE(open());
  Batch batch = testkit::batch_of({segment.substr(start), "second"});
  batch.stream = "clicks";
  batch.position = "here";
  ASSERT_TRUE(channel->append({.batch = batch, .stream = "clicks", .end = 2}));
  channel->run_once();
  const std::string file = "/data/other/" + bench.segments("/data/other")[0];
  channel.reset();
  auto text = bench.files.read_file(file);
  text[decode_segment_header(text.data())->bytes() + 20] ^= 1;
  bench.files.write_file(file, text);
  ASSERT_TRUE(open());
  EXPECT_EQ(drain(*channel, 0), std::vector<std::string>());
  EXPECT_EQ(bench.count("rows_missing"), 2);
}

TEST_F(FileChannelDamageTest, keeps_a_damaged_segment_in_quarantine) {
  fill();
  const std::string name = bench.segments()[1];
  flip(1, record(1, 1) + 300);
  const auto damaged = bench.files.read_file(path(1));
  expect_gap(first_row(1) + kPerBatch, kPerBatch);
  channel->commit(0);
  channel->commit(1);
  channel->run_once();
  EXPECT_EQ(bench.segments().size(), 1u);
  EXPECT_EQ(bench.files.read_file(std::string(kFolder) + "/quarantine/" + name), damaged);
  EXPECT_EQ(bench.segments(std::string(kFolder) + "/quarantine").size(), 1u);
}

TEST_F(FileChannelDamageTest, keeps_a_damaged_segment_when_the_process_ends_before_the_segment_goes) {
  fill();
  const std::string name = bench.segments()[1];
  flip(1, record(1, 1) + 300);
  const auto damaged = bench.files.read_file(path(1));
  expect_gap(first_row(1) + kPerBatch, kPerBatch);
  channel->commit(0);
  channel->commit(1);
  ASSERT_TRUE(open());
  channel->run_once();
  EXPECT_FALSE(bench.files.exists(std::string(kFolder) + "/" + name));
  EXPECT_EQ(bench.files.read_file(std::string(kFolder) + "/quarantine/" + name), damaged);
}

TEST_F(FileChannelDamageTest, starts_without_its_channel_and_cursor_files) {
  fill();
  for (const std::string& text : {std::string(), std::string("levada channel 1\nxyz"), std::string("\xff\xfe")}) {
    if (text.empty()) {
      bench.files.remove_file(std::string(kFolder) + "/channel");
      bench.files.remove_file(std::string(kFolder) + "/cursors");
    } else {
      bench.files.write_file(std::string(kFolder) + "/channel", text);
      bench.files.write_file(std::string(kFolder) + "/cursors", text);
    }
    ASSERT_TRUE(open());
    EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, kRows));
    EXPECT_EQ(channel->positions().at("clicks").sequence, kRows);
  }
}

TEST_F(FileChannelDamageTest, reads_the_format_before_this_one) {
  fill();
  auto channel_file = bench.files.read_file(std::string(kFolder) + "/channel");
  bench.files.write_file(std::string(kFolder) + "/channel", "levada channel 1\n" + channel_file.substr(17));
  auto text = bench.files.read_file(path(0));
  SegmentHeader header = *decode_segment_header(text.data());
  header.version = 1;
  encode(header, text.data());
  bench.files.write_file(path(0), text);
  ASSERT_TRUE(open());
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, kRows));
}

TEST_F(FileChannelDamageTest, refuses_a_newer_format) {
  fill();
  const auto channel_file = bench.files.read_file(std::string(kFolder) + "/channel");
  bench.files.write_file(std::string(kFolder) + "/channel", "levada channel 3\n" + channel_file.substr(17));
  auto opened = open();
  EXPECT_EQ(opened.code(), Code::fatal);
  EXPECT_NE(opened.error().message.find("reads versions up to 2"), std::string::npos) << opened.error().message;

  bench.files.write_file(std::string(kFolder) + "/channel", channel_file);
  auto text = bench.files.read_file(path(0));
  SegmentHeader header = *decode_segment_header(text.data());
  header.version = 3;
  encode(header, text.data());
  bench.files.write_file(path(0), text);
  opened = open();
  EXPECT_EQ(opened.code(), Code::fatal);
  EXPECT_NE(opened.error().message.find("format version 3"), std::string::npos) << opened.error().message;
}

TEST_F(FileChannelDamageTest, refuses_a_wrong_key_and_a_missing_one_and_reads_with_an_old_one) {
  const std::string first(64, 'a'), second(64, 'b');
  bench.options.encryption_key = first;
  fill();
  for (const auto& path : bench.files.paths()) {
    EXPECT_EQ(bench.files.read_file(path).find("row 1 of"), std::string::npos) << path;
    EXPECT_EQ(bench.files.read_file(path).find("clicks"), std::string::npos) << path;
  }
  for (const auto& key : {std::string(), second}) {
    bench.options.encryption_key = key;
    const auto opened = open();
    EXPECT_EQ(opened.code(), Code::fatal);
    EXPECT_NE(opened.error().message.find("encryption_key"), std::string::npos) << opened.error().message;
  }
  // What the cursors prove is not lost with the encryption.
  const std::string last = path(bench.segments().size() - 1), whole = bench.files.read_file(last);
  bench.options.encryption_key = first;
  bench.files.remove_file(last);
  ASSERT_TRUE(open());
  EXPECT_EQ(channel->positions().at("clicks").sequence, kRows);
  channel.reset();
  bench.files.write_file(last, whole);
  // Rotation: what is written now needs the new key only.
  bench.options.encryption_key = second;
  bench.options.old_encryption_keys = {first};
  ASSERT_TRUE(open());
  write(kRows, 2 * kRows);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 2 * kRows));
  EXPECT_EQ(drain(*channel, 1), expected("clicks", 0, 2 * kRows));
  channel->commit(0);
  channel->commit(1);
  channel->run_once();
  bench.options.old_encryption_keys = {};
  ASSERT_TRUE(open());
  EXPECT_EQ(channel->positions().at("clicks").sequence, 2 * kRows);
  // And without any key again.
  bench.options.old_encryption_keys = {second};
  bench.options.encryption_key = "";
  ASSERT_TRUE(open());
  write(2 * kRows, 3 * kRows);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 2 * kRows, 3 * kRows));
}

TEST_F(FileChannelDamageTest, says_which_option_holds_a_key_that_is_none) {
  bench.options.encryption_key = "abc";
  EXPECT_EQ(bench.options.check().error().option, "encryption_key");
  bench.options.encryption_key = std::string(64, 'a');
  bench.options.old_encryption_keys = {std::string(63, 'a') + "x"};
  EXPECT_EQ(bench.options.check().error().option, "old_encryption_keys");
  bench.options.old_encryption_keys = {std::string(64, 'F')};
  EXPECT_TRUE(bench.options.check());
}

}  // namespace
}  // namespace levada::agent
