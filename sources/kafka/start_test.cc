#include "start.h"

#include <gtest/gtest.h>

namespace levada::kafka_source {
namespace {

using Offset = std::optional<int64_t>;

Offset start(Offset checkpoint, std::optional<Committed> committed, bool shared = true, bool came_back = false) {
  return known_start({checkpoint, std::move(committed), shared, came_back}, "me");
}

TEST(KnownStart, is_where_the_group_stands_when_no_sink_knows_the_partition) {
  EXPECT_EQ(start({}, Committed{7, "other"}), 7);
  EXPECT_EQ(start({}, Committed{7, ""}, false), 7);
  EXPECT_EQ(start({}, {}), std::nullopt);
}

TEST(KnownStart, is_the_checkpoint_where_this_agent_committed_as_another_of_its_sinks_may_be_behind) {
  EXPECT_EQ(start(5, Committed{7, "me"}), 5);
  EXPECT_EQ(start(5, {}), 5);
}

TEST(KnownStart, is_where_another_agent_has_got_to_when_that_is_further) {
  EXPECT_EQ(start(5, Committed{7, "other"}), 7);
  EXPECT_EQ(start(5, Committed{3, "other"}), 5);
  EXPECT_EQ(start(5, Committed{7, ""}), 7);
}

TEST(KnownStart, is_the_checkpoint_with_a_fixed_share_whatever_others_have_committed_under_the_name) {
  EXPECT_EQ(start(5, Committed{7, "other"}, false), 5);
}

TEST(KnownStart, is_what_the_group_has_when_a_partition_comes_back_to_this_process) {
  EXPECT_EQ(start(5, Committed{7, "me"}, true, true), 7);
  EXPECT_EQ(start(5, Committed{4, "me"}, true, true), 5);
}

TEST(StartRule, knows_earliest_latest_and_times) {
  EXPECT_EQ(StartRule::from("earliest", {})->kind, StartRule::Kind::earliest);
  EXPECT_EQ(StartRule::from("latest", {})->kind, StartRule::Kind::latest);
  const auto time = StartRule::from("2026-01-31T10:00:00.25Z", {});
  EXPECT_EQ(time->kind, StartRule::Kind::time);
  EXPECT_EQ(time->milliseconds, 1769853600250);
}

TEST(StartRule, reads_an_offset_for_each_partition) {
  const auto rule = StartRule::from("offsets", {{"clicks/3", "123"}, {"a/b/0", "0"}});
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->offsets, (std::map<std::string, int64_t>{{"clicks/3", 123}, {"a/b/0", 0}}));
}

TEST(StartRule, refuses_what_it_does_not_understand_and_names_the_option) {
  const auto fault = [](const char* start, const std::vector<std::pair<std::string, std::string>>& offsets) {
    const auto rule = StartRule::from(start, offsets);
    return rule ? "" : rule.error().option;
  };
  EXPECT_EQ(fault("yesterday", {}), "start");
  EXPECT_EQ(fault("1960-01-01T00:00:00Z", {}), "start");
  EXPECT_EQ(fault("offsets", {}), "offsets");
  EXPECT_EQ(fault("earliest", {{"clicks/3", "1"}}), "offsets");
  for (const char* stream : {"clicks", "/3", "clicks/", "clicks/x", "clicks/-1"})
    EXPECT_EQ(fault("offsets", {{stream, "1"}}), "offsets") << stream;
  for (const char* offset : {"", "x", "-1", "1x"})
    EXPECT_EQ(fault("offsets", {{"clicks/3", offset}}), "offsets") << offset;
}

}  // namespace
}  // namespace levada::kafka_source
