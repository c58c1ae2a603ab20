// Segments that go: good ones for good, damaged ones to the quarantine; and parts of batches that wait for the rest.
#include "agent/channels/file/segment_files.h"

#include <gtest/gtest.h>

#include "agent/channels/file/held_parts.h"
#include "agent/channels/file/test_support.h"

namespace levada::agent {
namespace {

using namespace testing;

class SegmentFilesTest : public ::testing::Test {
 protected:
  Segment segment(bool damaged) {
    Segment made;
    made.path = std::string(kFolder) + "/" + segment_name({7, 0});
    made.damaged = damaged;
    bench.files.write_file(made.path, "what is in it");
    return made;
  }
  const std::string kept = std::string(kFolder) + "/quarantine/" + segment_name({7, 0});

  ChannelTestBench bench;
  const SegmentFiles files{Files(bench.files.table()), kFolder};
};

TEST_F(SegmentFilesTest, a_good_segment_is_gone) {
  const auto good = segment(false);
  EXPECT_TRUE(files.remove(good));
  EXPECT_FALSE(bench.files.exists(good.path));
  EXPECT_FALSE(bench.files.exists(kept));
  EXPECT_TRUE(files.remove(good)) << "it is gone, as it should be";
}

TEST_F(SegmentFilesTest, a_damaged_segment_is_kept_in_the_quarantine) {
  const auto damaged = segment(true);
  EXPECT_TRUE(files.quarantine(damaged.path)) << "when the damage is found";
  EXPECT_TRUE(files.remove(damaged));
  EXPECT_FALSE(bench.files.exists(damaged.path));
  EXPECT_EQ(bench.files.read_file(kept), "what is in it");
}

TEST_F(SegmentFilesTest, a_damaged_segment_stays_where_it_cannot_be_kept) {
  const auto damaged = segment(true);
  bench.files.fail_call(1, EIO);
  EXPECT_FALSE(files.remove(damaged));
  EXPECT_TRUE(bench.files.exists(damaged.path));
}

TEST_F(SegmentFilesTest, know_what_is_free_on_their_disk) {
  bench.files.make_folders(kFolder);
  bench.files.set_free_bytes(12'345);
  EXPECT_EQ(*files.free_bytes(), 12'345u);
  bench.files.fail_call(1, EIO);
  EXPECT_FALSE(files.free_bytes());
}

TEST(HeldParts, stay_until_the_batch_is_written) {
  ChannelTestBench bench;
  HeldParts held;
  held.add(rows_of("clicks", 0, 3, false));
  held.add(rows_of("orders", 0, 5, false));
  const auto last = rows_of("clicks", 3, 10);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto parts = held.with(last);
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].end, 3u);
    EXPECT_EQ(parts[1].end, 10u);
  }
  held.written("clicks");
  EXPECT_EQ(held.with(last).size(), 1u);
  EXPECT_EQ(held.with(rows_of("orders", 5, 6)).size(), 2u);
}

}  // namespace
}  // namespace levada::agent
