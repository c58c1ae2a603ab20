#include "agent/pipeline/pending_acknowledgements.h"

#include <gtest/gtest.h>

#include <vector>

namespace levada::agent {
namespace {

using Told = std::vector<std::pair<std::string, std::string>>;

class PendingAcknowledgementsTest : public ::testing::Test {
 protected:
  std::shared_ptr<Acknowledgement> add(const std::string& stream, const std::string& position, int channels = 1) {
    auto made = std::make_shared<Acknowledgement>(channels, std::make_shared<Signal>());
    pending.add(stream, position, made);
    return made;
  }
  Told acknowledge() {
    Told told;
    pending.collect();
    EXPECT_TRUE(pending.acknowledge([&](const std::string& stream, const std::string& position) {
      told.emplace_back(stream, position);
      return Done();
    }));
    return told;
  }

  PendingAcknowledgements pending;
};

TEST_F(PendingAcknowledgementsTest, tell_the_last_position_that_is_stored_with_all_before_it) {
  const auto a = add("s", "1"), b = add("s", "2"), c = add("s", "3"), d = add("s", "4");
  b->stored();
  d->stored();
  EXPECT_FALSE(pending.collect());
  a->stored();
  EXPECT_EQ(acknowledge(), (Told{{"s", "2"}}));
  EXPECT_EQ(acknowledge(), Told{});
  c->stored();
  EXPECT_EQ(acknowledge(), (Told{{"s", "4"}}));
  EXPECT_TRUE(pending.empty());
}

TEST_F(PendingAcknowledgementsTest, tell_of_a_stream_while_another_one_waits) {
  const auto slow = add("slow", "1");
  const auto quick = add("quick", "1"), quick_too = add("quick", "2");
  quick->stored();
  quick_too->stored();
  EXPECT_EQ(acknowledge(), (Told{{"quick", "2"}}));
  EXPECT_FALSE(pending.empty());
  slow->stored();
  EXPECT_EQ(acknowledge(), (Told{{"slow", "1"}}));
  EXPECT_TRUE(pending.empty());
}

TEST_F(PendingAcknowledgementsTest, wait_for_every_channel_that_has_to_store_a_batch) {
  const auto both = add("s", "1", 2);
  both->stored();
  EXPECT_FALSE(pending.collect());
  both->stored();
  EXPECT_EQ(acknowledge(), (Told{{"s", "1"}}));
}

TEST_F(PendingAcknowledgementsTest, tell_nothing_of_a_part_of_a_batch) {
  const auto part = add("s", ""), rest = add("s", "1");
  part->stored();
  EXPECT_FALSE(pending.collect());
  EXPECT_FALSE(pending.empty());
  rest->stored();
  EXPECT_EQ(acknowledge(), (Told{{"s", "1"}}));
}

TEST_F(PendingAcknowledgementsTest, come_again_where_telling_failed) {
  add("a", "1")->stored();
  add("b", "1")->stored();
  ASSERT_TRUE(pending.collect());
  Told told;
  const auto tell = [&](const std::string& stream, const std::string& position) -> Done {
    if (stream == "b" && told.size() == 1) {
      told.emplace_back("failed", "");
      return retry("no route");
    }
    told.emplace_back(stream, position);
    return {};
  };
  EXPECT_EQ(pending.acknowledge(tell).code(), Code::retry);
  EXPECT_FALSE(pending.empty());
  ASSERT_TRUE(pending.collect());
  EXPECT_TRUE(pending.acknowledge(tell));
  EXPECT_EQ(told, (Told{{"a", "1"}, {"failed", ""}, {"b", "1"}}));
  EXPECT_TRUE(pending.empty());
}

}  // namespace
}  // namespace levada::agent
