// Rows that a damaged file channel has lost, as the audit of its readers sees them.
#include "agent/channels/file/format.h"
#include "agent/channels/file/test_fixture.h"
#include "agent/pipeline/audit_totals.h"

namespace levada::agent {
namespace {

using namespace testing;

class LostRowsTest : public TwoReadersTest {
 protected:
  // Reads all that comes, and what its audit knows of is committed.
  void read_into(AuditTotals& audit, size_t cursor) {
    for (int round = 0; round < 3; ++round) {
      channel->run_once();
      while (const auto read = channel->read(cursor, nanoseconds{0})) audit.add(read->account, read->batch.rows());
    }
    channel->commit(cursor);
  }
};

TEST_F(LostRowsTest, of_the_last_segment_are_missing_in_the_audit_of_each_reader) {
  using Damage = void (*)(ChannelTestBench&, const std::string&);
  const Damage deleted = [](ChannelTestBench& disk, const std::string& path) { disk.files.remove_file(path); };
  const Damage zeroed = [](ChannelTestBench& disk, const std::string& path) {
    disk.files.write_file(path, std::string(disk.files.read_file(path).size(), '\0'));
  };
  const Damage cut = [](ChannelTestBench& disk, const std::string& path) {
    const auto text = disk.files.read_file(path);
    disk.files.write_file(path, text.substr(0, text.size() / 2));
  };
  const Damage emptied = [](ChannelTestBench& disk, const std::string& path) { disk.files.write_file(path, ""); };
  const Damage flipped = [](ChannelTestBench& disk, const std::string& path) {
    auto text = disk.files.read_file(path);
    text[text.size() - 200] ^= 1;
    disk.files.write_file(path, text);
  };
  // One of two readers has had some rows, and the damage is found by a start and once more by the next one.
  for (const uint64_t segment_bytes : {4000, 1 << 20}) {
    for (const Damage damage : {deleted, zeroed, cut, emptied, flipped}) {
      bench.options.folder += "/next";
      bench.options.segment_bytes = segment_bytes;
      ASSERT_TRUE(open());
      AuditTotals one, two;
      write(0, kPerBatch);
      read_into(one, 0);
      write(kPerBatch, kRows);
      channel.reset();
      damage(bench, bench.options.folder + "/" + bench.segments(bench.options.folder).back());
      for (int starts = 0; starts < 2; ++starts) {
        ASSERT_TRUE(open());
        EXPECT_EQ(channel->positions().at("clicks").sequence, kRows) << "rows are not asked for again";
        read_into(one, 0);
        read_into(two, 1);
        for (const auto* audit : {&one, &two}) {
          ASSERT_TRUE(audit->streams().contains("clicks"));
          const auto& stream = audit->streams().at("clicks");
          int64_t delivered = 0;
          for (const auto& entry : stream.entries) delivered += entry.delivered;
          EXPECT_EQ(delivered + stream.missing, static_cast<int64_t>(kRows));
          EXPECT_GT(stream.missing, 0);
          EXPECT_EQ(stream.doubled, 0);
          EXPECT_EQ(stream.restarts, 0);
        }
      }
      write(kRows, kRows + kPerBatch);
      read_into(one, 0);
      EXPECT_EQ(one.streams().at("clicks").end, kRows + kPerBatch);
    }
  }
}

TEST_F(LostRowsTest, at_the_beginning_of_a_stream_that_is_quiet_from_then_on_are_missing_in_the_audit) {
  ASSERT_TRUE(open());
  write(0, kPerBatch);
  ASSERT_TRUE(channel->append(rows_of("orders", 0, 0)));
  channel.reset();
  // The header of the first record.
  const std::string path = std::string(kFolder) + "/" + bench.segments()[0];
  auto text = bench.files.read_file(path);
  text[decode_segment_header(text.data())->bytes() + 20] ^= 1;
  bench.files.write_file(path, text);
  ASSERT_TRUE(open());
  AuditTotals audit;
  EXPECT_TRUE(channel->read(0, nanoseconds{0})) << "the batch of orders";
  EXPECT_FALSE(channel->ended(0));
  channel->close();
  EXPECT_FALSE(channel->ended(0)) << "its readers have not heard of what is missing";
  read_into(audit, 0);
  EXPECT_TRUE(channel->ended(0));
  EXPECT_EQ(audit.streams().at("clicks").missing, static_cast<int64_t>(kPerBatch));
}

}  // namespace
}  // namespace levada::agent
