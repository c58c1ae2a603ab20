#include <gtest/gtest.h>

#include <algorithm>

#include "kafka_source.h"
#include "source_test_bench.h"

namespace levada::kafka_source {
namespace {

using Strings = std::vector<std::string>;

class KafkaGroup : public testing::Test {
 protected:
  static constexpr int kPartitions = 4;
  KafkaGroup() : agent(kafka), other(kafka) { kafka.create_topic("clicks", kPartitions); }

  void produce(int from, int to) {
    for (int partition = 0; partition < kPartitions; ++partition) kafka.produce_numbers("clicks", partition, from, to);
  }
  // What several agents have, each row as often as it came.
  static Strings all_rows(std::initializer_list<const Agent*> agents) {
    Strings all;
    for (const auto* each : agents)
      for (const auto& [stream, rows] : each->rows) all.insert(all.end(), rows.begin(), rows.end());
    std::sort(all.begin(), all.end());
    return all;
  }
  static Strings expected(int from, int to) {
    Strings all;
    for (int partition = 0; partition < kPartitions; ++partition)
      for (const auto& row : numbers(partition, from, to)) all.push_back(row);
    std::sort(all.begin(), all.end());
    return all;
  }
  std::string owner() { return "levada " + read_kafka_position(agent.positions.begin()->second)->owner; }

  MockCluster kafka;
  Agent agent, other;
};

TEST_F(KafkaGroup, has_all_partitions_and_ends_when_they_are_drained) {
  produce(0, 10);
  agent.host().set_until_drained(true);
  agent.start();
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(all_rows({&agent}), expected(0, 10));
  const auto position = read_kafka_position(agent.positions["clicks/0"]);
  ASSERT_TRUE(position);
  EXPECT_EQ(position->group, "levada-clicks");
  EXPECT_FALSE(position->member.empty());
  EXPECT_GE(position->generation, 1);
}

// It has partitions until its session has timed out, and no other run comes for them.
TEST_F(KafkaGroup, ends_with_the_rows_of_a_member_that_was_killed) {
  // On a machine with other work the mock broker must not take a member for dead.
  agent.set("session.timeout.ms", "4000");
  produce(0, 10);
  auto killed = kafka.join("levada-clicks", "clicks");
  agent.host().set_until_drained(true);
  agent.start();
  // Both have joined: a half of the partitions is with each.
  ASSERT_TRUE(agent.poll_until([&] {
    const Held<rd_kafka_message_t> dropped(rd_kafka_consumer_poll(killed.get(), 10));
    return agent.host().logged("waits for what other members of the group have not committed yet: clicks/");
  }));
  rd_kafka_destroy_flags(killed.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(all_rows({&agent}), expected(0, 10));
}

TEST_F(KafkaGroup, ends_when_another_member_has_committed_what_is_its_own) {
  for (auto* each : {&agent, &other}) each->set("session.timeout.ms", "6000");
  other.start();
  ASSERT_TRUE(other.poll_until([&] { return other.jumps == kPartitions; }));
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] {
    other.poll();
    return agent.jumps == kPartitions / 2;
  }));
  produce(0, 10);
  ASSERT_TRUE(agent.poll_until([&] {
    other.poll();
    return agent.count() == 20 && other.count() == 20;
  }));
  agent.host().set_until_drained(true);
  for (int polls = 0; polls < 20; ++polls) EXPECT_NE(agent.poll(), Code::end);
  other.acknowledge();
  EXPECT_TRUE(agent.poll_until([&] {
    other.poll();
    return agent.poll() == Code::end;
  }));
}

TEST_F(KafkaGroup, commits_what_is_acknowledged_with_its_name_and_nothing_else) {
  produce(0, 10);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 40; }));
  for (int polls = 0; polls < 10; ++polls) agent.poll();
  EXPECT_LT(kafka.committed("levada-clicks", "clicks", 0).offset, 0);
  agent.acknowledge();
  agent.stop();
  for (int partition = 0; partition < kPartitions; ++partition) {
    const auto committed = kafka.committed("levada-clicks", "clicks", partition);
    EXPECT_EQ(committed.offset, 10);
    EXPECT_EQ(committed.metadata, owner());
  }
}

TEST_F(KafkaGroup, commits_while_it_runs) {
  produce(0, 10);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 40; }));
  agent.acknowledge();
  EXPECT_TRUE(agent.poll_until([&] { return kafka.committed("levada-clicks", "clicks", 3).offset == 10; }));
}

TEST_F(KafkaGroup, commits_nothing_where_a_sink_does_it) {
  produce(0, 10);
  agent.settings.commit_offsets = false;
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 40; }));
  agent.acknowledge();
  agent.stop();
  EXPECT_LT(kafka.committed("levada-clicks", "clicks", 0).offset, 0);
}

TEST_F(KafkaGroup, commits_no_more_than_the_position_that_was_acknowledged_and_never_goes_back) {
  kafka.produce_numbers("clicks", 0, 0, 10);
  agent.settings.batch_rows = 4;
  agent.start();
  Strings positions;
  ASSERT_TRUE(agent.poll_until([&] {
    if (agent.count() > 0 && (positions.empty() || positions.back() != agent.positions["clicks/0"]))
      positions.push_back(agent.positions["clicks/0"]);
    return agent.count() == 10;
  }));
  positions.push_back(agent.positions["clicks/0"]);
  ASSERT_GE(positions.size(), 3u);
  const auto second = read_kafka_position(positions[1])->offset;
  EXPECT_TRUE(agent.source().acknowledge("clicks/0", positions[1]));
  EXPECT_TRUE(agent.source().acknowledge("clicks/0", positions[0]));
  EXPECT_TRUE(agent.source().acknowledge("clicks/0", "no position of ours"));
  EXPECT_TRUE(agent.source().acknowledge("clicks/77", positions.back()));
  agent.stop();
  EXPECT_EQ(kafka.committed("levada-clicks", "clicks", 0).offset, second);
}

TEST_F(KafkaGroup, goes_on_where_it_has_committed_when_no_sink_keeps_a_position) {
  produce(0, 10);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 40; }));
  agent.acknowledge();
  agent.stop();
  produce(10, 12);
  agent.host().set_until_drained(true);
  agent.start();
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(all_rows({&agent}), expected(0, 12));
}

TEST_F(KafkaGroup, goes_on_where_another_agent_has_got_to) {
  produce(0, 10);
  agent.host().set_until_drained(true);
  // With a share it is no member of the group, and the mock broker takes commits of others.
  agent.settings.share = "1/1";
  agent.settings.commit_offsets = false;
  agent.start();
  ASSERT_TRUE(agent.poll_to_end());
  agent.stop();
  auto checkpoints = agent.checkpoints();
  for (auto& checkpoint : checkpoints) {
    auto position = *read_kafka_position(checkpoint.position);
    position.offset = 3;
    checkpoint.position = write_kafka_position(position);
  }
  kafka.commit("levada-clicks", "clicks", 0, 7, "levada somebody else");
  kafka.commit("levada-clicks", "clicks", 1, 7, owner());
  agent.rows.clear();
  agent.settings.share.reset();
  agent.jumps = 0;
  agent.start(checkpoints);
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(agent.jumps, 1);
  EXPECT_EQ(agent.rows["clicks/0"], numbers(0, 7, 10));
  EXPECT_EQ(agent.rows["clicks/1"], numbers(1, 3, 10));
  EXPECT_EQ(agent.rows["clicks/2"], numbers(2, 3, 10));
}

TEST_F(KafkaGroup, keeps_its_name_over_restarts) {
  produce(0, 1);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 4; }));
  const auto first = owner();
  agent.start(agent.checkpoints());
  produce(1, 2);
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 8; }));
  EXPECT_EQ(owner(), first);
}

// Eager assignment is for a real broker to show: the mock shuts members out that
// take their time to give back.
// Its members join again, here as there is a new topic, and each commit is of the generation
// before. At other times librdkafka takes that answer for the loss of all partitions.
TEST_F(KafkaGroup, gets_commits_again_that_it_refused_while_its_members_joined) {
  agent.settings.topics = {"^clicks"};
  agent.set("session.timeout.ms", "6000");  // The mock broker lets members join for a second less.
  produce(0, 10);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 40; }));
  const auto joins = kafka.join_requests();
  kafka.create_topic("clicks-2");
  ASSERT_TRUE(agent.poll_until([&] { return kafka.join_requests() > joins; }));
  kafka.answer_commit_with({RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION});
  agent.acknowledge();
  ASSERT_TRUE(agent.poll_until([&] { return agent.host().logged("not committed yet: ILLEGAL_GENERATION"); }));
  EXPECT_TRUE(agent.poll_until([&] { return kafka.committed("levada-clicks", "clicks", 3).offset == 10; }));
  EXPECT_FALSE(agent.host().logged("away"));
}

// The group would wait for it until its session has timed out, and other members could
// not commit before they stop.
TEST_F(KafkaGroup, is_left_by_a_member_without_partitions_that_stops) {
  agent.settings.topics = other.settings.topics = {"single"};
  kafka.create_topic("single");
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.jumps == 1; }));
  // It ends when it knows that it has no partition.
  other.host().set_until_drained(true);
  other.start();
  ASSERT_TRUE(agent.poll_until([&] { return other.poll() == Code::end; }));
  const auto leaves = kafka.leave_requests();
  other.stop();
  EXPECT_EQ(kafka.leave_requests(), leaves + 1);
}

TEST_F(KafkaGroup, is_not_left_by_a_member_with_a_name) {
  agent.set("group.instance.id", "agent-1");
  produce(0, 1);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 4; }));
  agent.stop();
  EXPECT_EQ(kafka.leave_requests(), 0u);
}

TEST_F(KafkaGroup, gives_partitions_up_in_order_while_nobody_polls) {
  // On a machine with other work the mock broker must not take a member for dead.
  agent.set("session.timeout.ms", "4000");
  other.set("session.timeout.ms", "4000");
  agent.set("max.poll.interval.ms", "4000");
  produce(0, 20);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 80; }));
  agent.acknowledge();
  // The mock broker, unlike a real one, takes no commits while members join.
  for (int partition = 0; partition < kPartitions; ++partition)
    ASSERT_TRUE(agent.poll_until([&] { return kafka.committed("levada-clicks", "clicks", partition).offset == 20; }));
  produce(20, 40);
  // The first agent is not polled any more, as if its channels were full.
  other.start();
  ASSERT_TRUE(other.poll_until([&] { return other.count() >= 40; }));
  for (const auto& [stream, rows] : other.rows) EXPECT_EQ(rows, numbers(stream.back() - '0', 20, 40));
  other.acknowledge();
  ASSERT_TRUE(agent.poll_until([&] {
    other.poll();
    return agent.count() + other.count() >= 160;
  }));
  EXPECT_EQ(all_rows({&agent, &other}), expected(0, 40));
}

TEST_F(KafkaGroup, lets_go_of_rows_that_nobody_acknowledges_before_the_group_loses_patience) {
  agent.set("max.poll.interval.ms", "10000");
  produce(0, 20);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 80; }));
  other.start();
  ASSERT_TRUE(agent.poll_until([&] {
    other.poll();
    return agent.host().logged("never acknowledged in time");
  }));
  ASSERT_TRUE(agent.poll_until([&] {
    other.poll();
    return other.count() > 0;
  }));
  // What was given away is no longer the first agent's to commit.
  agent.acknowledge();
  agent.stop();
  const auto& stream = other.rows.begin()->first;
  const auto partition = stream.back() - '0';
  EXPECT_LT(kafka.committed("levada-clicks", "clicks", partition).offset, 0);
}

}  // namespace
}  // namespace levada::kafka_source
