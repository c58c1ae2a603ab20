// A reader that has committed nothing yet gets the rows of a stream from its beginning; one that is new joins the others.
#include "agent/pipeline/stream_starts.h"

#include <gtest/gtest.h>

#include "levada/testkit/fake_host.h"

namespace levada::agent {

struct StreamStartsTest : ::testing::Test {
  testkit::FakeHost host;
  uint64_t first = 0;

  static Positions at(uint64_t sequence) { return {{"clicks", {"clicks", std::to_string(sequence), sequence}}}; }
  static Positions beginning(uint64_t sequence = 0) { return {{"clicks", {"clicks", "", sequence}}}; }

  // What an agent does that starts, with a process of its own.
  std::vector<Positions> start(const std::vector<StreamStarts::Reader>& readers, const std::set<std::string>& known = {},
                               const Position& begins = {}) {
    StreamStarts starts(host.host().files(), "/data/starts/clicks");
    EXPECT_TRUE(starts.load());
    auto all = starts.complete(readers, known, [this](const auto&) { return first; });
    EXPECT_TRUE(starts.save());
    if (!begins.stream.empty()) {
      starts.begin(begins);
      EXPECT_TRUE(starts.save());
    }
    return all;
  }
};
using All = std::vector<Positions>;

TEST_F(StreamStartsTest, one_that_was_killed_before_its_first_commit_is_at_the_beginning) {
  EXPECT_EQ(start({{"a", {}}, {"b", {}}}), (All{{}, {}}));
  EXPECT_EQ(start({{"a", at(7)}, {"b", {}}}), (All{at(7), beginning()}));
  EXPECT_EQ(start({{"a", at(9)}, {"b", {}}}), (All{at(9), beginning()}));
  EXPECT_EQ(start({{"a", at(9)}, {"b", at(4)}}), (All{at(9), at(4)}));
}

TEST_F(StreamStartsTest, one_that_is_new_joins_the_one_furthest_behind_and_stays_there) {
  EXPECT_EQ(start({{"a", {}}, {"b", {}}}), (All{{}, {}}));
  EXPECT_EQ(start({{"a", at(7)}, {"b", at(5)}, {"new", {}}}), (All{at(7), at(5), at(5)}));
  EXPECT_EQ(start({{"a", at(9)}, {"b", at(9)}, {"new", {}}}), (All{at(9), at(9), at(5)}));
  EXPECT_EQ(start({{"a", at(9)}, {"b", at(9)}, {"new", at(6)}}), (All{at(9), at(9), at(6)}));
}

TEST_F(StreamStartsTest, one_whose_commits_are_gone_is_new) {
  EXPECT_EQ(start({{"a", {}}, {"b", {}}}), (All{{}, {}}));
  EXPECT_EQ(start({{"a", at(7)}, {"b", {}, {"clicks"}}}), (All{at(7), at(7)}));
  EXPECT_EQ(start({{"a", at(8)}, {"b", at(8)}}), (All{at(8), at(8)}));
  EXPECT_EQ(start({{"a", at(9)}, {"b", {}}}), (All{at(9), at(9)}));
}

TEST_F(StreamStartsTest, a_beginning_that_the_source_has_named_is_kept) {
  const Position begins{"clicks", "offset 300", 0};
  EXPECT_EQ(start({{"a", {}}, {"b", {}}}, {}, begins), (All{{}, {}}));
  EXPECT_EQ(start({{"a", at(7)}, {"b", {}}}), (All{at(7), {{"clicks", begins}}}));
  EXPECT_EQ(start({{"a", {}}, {"b", {}}}), (All{{{"clicks", begins}}, {{"clicks", begins}}}));
}

TEST_F(StreamStartsTest, a_stream_that_nobody_knows_any_more_gets_numbers_behind_those_of_its_dead_letters) {
  first = 12;
  EXPECT_EQ(start({{"a", {}}, {"b", {}}}, {"clicks"}), (All{beginning(12), beginning(12)}));
  EXPECT_EQ(start({{"a", at(15)}, {"b", {}}}, {"clicks"}), (All{at(15), beginning(12)}));
}

TEST_F(StreamStartsTest, a_damaged_file_is_an_error) {
  start({{"a", at(7)}, {"b", {}}});
  host.files().write_file("/data/starts/clicks", "levada starts 1\nreader\ta\n");
  StreamStarts starts(host.host().files(), "/data/starts/clicks");
  EXPECT_EQ(starts.load().code(), Code::fatal);
}

}  // namespace levada::agent
