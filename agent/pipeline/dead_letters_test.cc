#include "agent/pipeline/dead_letters.h"

#include <gtest/gtest.h>

#include "agent/pipeline/test_world.h"

namespace levada::agent {
namespace {

using testing::World;

Batch rejected(const std::string& body, const std::string& reason) {
  Batch batch = testkit::batch_of({body});
  batch.set(testkit::value_column<int64_t>("offset", Type::int64, {42}));
  batch.set(testkit::text_column("reason", {reason}));
  batch.stream = "clicks";
  return batch;
}

constexpr char kHead[] =
    R"({"time":"2026-01-01T00:00:00.000Z","component":"interceptors.clean","stream":"clicks","reason":)";

TEST(DeadLetters, are_json_lines_with_reason_component_and_the_row) {
  World world;
  world.dead_letters.add("interceptors.clean", rejected("{\"a\":", "at byte 5: value expected"));
  ASSERT_TRUE(world.dead_letters.sync());
  EXPECT_EQ(world.files.read_file("/dead/dead_letters.ndjson"),
            std::string(kHead) + R"("at byte 5: value expected","body":"{\"a\":","offset":42})" + "\n");
}

TEST(DeadLetters, keep_a_body_that_is_not_utf8_as_base64) {
  World world;
  world.dead_letters.add("interceptors.clean", rejected("\xff\xfe!", "x"));
  ASSERT_TRUE(world.dead_letters.sync());
  EXPECT_EQ(world.files.read_file("/dead/dead_letters.ndjson"),
            std::string(kHead) + R"("x","body_base64":"//4h","offset":42})" + "\n");
}

TEST(DeadLetters, count_reasons_that_differ_in_numbers_only_as_one) {
  World world;
  world.dead_letters.add("i", rejected("", "at byte 5: value expected"));
  world.dead_letters.add("i", rejected("", "at byte 123: value expected"));
  world.dead_letters.add("i", rejected("", "no object"));
  const auto counts = world.dead_letters.counts();
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].reason, "at byte #: value expected");
  EXPECT_EQ(counts[0].rows, 2);
  EXPECT_EQ(world.dead_letters.rows(), 3);
}

TEST(DeadLetters, hold_each_row_once_whichever_disk_call_fails) {
  for (int64_t call = 1;; ++call) {
    World world;
    world.dead_letters.add("interceptors.clean", rejected("first", "x"));
    world.files.fail_call(call, ENOSPC);
    bool failed = !world.dead_letters.sync();
    world.dead_letters.add("interceptors.clean", rejected("second", "x"));
    failed |= !world.dead_letters.sync();
    ASSERT_TRUE(world.dead_letters.sync());
    world.files.crash();
    EXPECT_EQ(world.files.read_file("/dead/dead_letters.ndjson"),
              std::string(kHead) + R"("x","body":"first","offset":42})" + "\n" + kHead +
                  R"("x","body":"second","offset":42})" + "\n");
    if (!failed) break;
  }
}

}  // namespace
}  // namespace levada::agent
