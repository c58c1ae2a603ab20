#include "alignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "kafka_source.h"
#include "source_test_bench.h"

namespace levada::kafka_source {
namespace {

using std::chrono::milliseconds;
using Strings = std::vector<std::string>;

constexpr int64_t kBegin = 1'700'000'000'000;

// Partitions of different lengths over the same time.
class KafkaAlignment : public testing::Test {
 protected:
  KafkaAlignment() : agent(kafka) {
    agent.settings.share = "1/1";
    agent.settings.align = milliseconds(100);
    agent.host().set_until_drained(true);
  }

  // A row every so many milliseconds, "PARTITION:number".
  void produce(int partition, int rows, int64_t interval, int64_t begin = 0) {
    auto& all = times["clicks/" + std::to_string(partition)];
    for (int row = 0; row < rows; ++row) {
      const auto time = kBegin + begin + row * interval;
      kafka.produce("clicks", partition, {std::to_string(partition) + ":" + std::to_string(all.size()), {}, {}, time});
      all.push_back(time);
    }
  }
  // How far a row that came was ahead, at most, of the next of a partition that had more.
  int64_t most_ahead(Agent& of) {
    int64_t most = 0;
    std::map<std::string, size_t> read;
    const auto done = of.poll_until([&, seen = size_t{0}]() mutable {
      const auto all = of.count();
      if (all > seen) {
        auto& at = read[of.last.stream];
        at += static_cast<size_t>(of.last.rows());
        for (const auto& [stream, each] : times)
          if (stream != of.last.stream && read[stream] < each.size())
            most = std::max(most, times[of.last.stream][at - 1] - each[read[stream]]);
      }
      seen = all;
      return seen == total();
    });
    EXPECT_TRUE(done) << of.count() << " of " << total();
    return most;
  }
  size_t total() const {
    size_t all = 0;
    for (const auto& [stream, each] : times) all += each.size();
    return all;
  }
  void expect_each_row_once(Agent& of) {
    for (const auto& [stream, each] : times)
      EXPECT_EQ(of.rows[stream], numbers(stream.back() - '0', 0, static_cast<int>(each.size())));
  }
  // How far a partition was ahead when all rows were read, each once.
  int64_t most_ahead_of_all() {
    agent.start();
    const auto ahead = most_ahead(agent);
    EXPECT_TRUE(agent.poll_to_end());
    expect_each_row_once(agent);
    return ahead;
  }

  MockCluster kafka;
  Agent agent;
  std::map<std::string, std::vector<int64_t>> times;
};

TEST_F(KafkaAlignment, reads_no_partition_further_ahead_than_it_is_told) {
  kafka.create_topic("clicks", 3);
  produce(0, 20, 100);
  produce(1, 200, 10);
  produce(2, 7, 300);
  EXPECT_LE(most_ahead_of_all(), 100);
}

TEST_F(KafkaAlignment, that_is_off_lets_each_run_ahead) {
  kafka.create_topic("clicks", 2);
  produce(0, 20, 100);
  produce(1, 20, 10);
  agent.settings.align = {};
  EXPECT_GT(most_ahead_of_all(), 100);
}

// More than an inbox has room for waits in the partition's own queue.
TEST_F(KafkaAlignment, holds_for_many_rows_of_a_partition_that_is_ahead) {
  kafka.create_topic("clicks", 2);
  produce(0, 300, 1, 5000);
  produce(1, 60, 100);
  agent.settings.batch_rows = 7;
  agent.set("max.partition.fetch.bytes", "1000");
  EXPECT_LE(most_ahead_of_all(), 100);
}

TEST_F(KafkaAlignment, does_not_wait_for_partitions_that_have_ended_or_are_empty) {
  kafka.create_topic("clicks", 3);
  produce(0, 10, 100);
  produce(1, 3, 1);
  agent.host().set_until_drained(false);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 13; }));
  produce(0, 10, 100, 3'600'000);
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 23; }));
  produce(1, 5, 1, 1000);
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 28; }));
  expect_each_row_once(agent);
}

TEST_F(KafkaAlignment, loses_and_doubles_nothing_over_restarts) {
  kafka.create_topic("clicks", 3);
  produce(0, 40, 50);
  produce(1, 200, 10);
  produce(2, 7, 300);
  agent.settings.batch_rows = 7;
  for (const size_t rows : {20u, 100u, 180u}) {
    agent.start(agent.checkpoints());
    ASSERT_TRUE(agent.poll_until([&] { return agent.count() >= rows; }));
    ASSERT_LT(agent.count(), total());
    agent.stop();
  }
  agent.start(agent.checkpoints());
  ASSERT_TRUE(agent.poll_to_end());
  expect_each_row_once(agent);
}

TEST_F(KafkaAlignment, reads_on_where_rows_were_deleted_meanwhile) {
  kafka.create_topic("clicks", 2);
  produce(0, 10, 10);
  produce(1, 10, 10);
  agent.settings.batch_rows = 2;
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.rows.contains("clicks/0"); }));
  const auto read = static_cast<int>(agent.rows["clicks/0"].size());
  ASSERT_LE(read, 2);
  agent.stop();
  kafka.delete_rows_before("clicks", 0, 6);
  agent.start(agent.checkpoints());
  ASSERT_TRUE(agent.poll_to_end());
  auto expected = numbers(0, 0, read);
  for (const auto& row : numbers(0, 6, 10)) expected.push_back(row);
  EXPECT_EQ(agent.rows["clicks/0"], expected);
  EXPECT_EQ(agent.rows["clicks/1"], numbers(1, 0, 10));
}

// Rows that wait when their partition goes to another member are that one's.
TEST_F(KafkaAlignment, leaves_rows_that_wait_to_the_member_that_gets_their_partition) {
  constexpr int kPartitions = 4;
  kafka.create_topic("clicks", kPartitions);
  for (int partition = 0; partition < kPartitions; ++partition) produce(partition, 100, 20 + 5 * partition);
  Agent other(kafka);
  for (auto* each : {&agent, &other}) {
    // On a machine with other work the mock broker must not take a member for dead.
    each->set("session.timeout.ms", "4000");
    each->settings.share.reset();
    each->settings.align = milliseconds(100);
    each->settings.batch_rows = 7;
    each->host().set_until_drained(false);
  }
  agent.set("max.poll.interval.ms", "4000");
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() >= 40; }));
  agent.acknowledge();
  // The mock broker takes no commits while members join, for as long as the group waits for them.
  const auto is_committed = [&] {
    agent.host().clock().advance(milliseconds(200));
    return std::all_of(agent.rows.begin(), agent.rows.end(), [&](const auto& each) {
      const auto& [stream, rows] = each;
      return kafka.committed("levada-clicks", "clicks", stream.back() - '0').offset == std::ssize(rows);
    });
  };
  for (const auto deadline = std::chrono::steady_clock::now() + kDeadline; !is_committed();)
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  // The first agent is not polled, so that it has rows when it gives partitions up.
  other.start();
  ASSERT_TRUE(other.poll_until([&] { return other.count() > 0; }));
  ASSERT_TRUE(other.poll_until([&] {
    agent.poll();
    for (auto* each : {&agent, &other}) each->acknowledge();
    return agent.count() + other.count() >= total();
  }));
  Strings all;
  for (const auto* each : {&agent, &other})
    for (const auto& [stream, rows] : each->rows) all.insert(all.end(), rows.begin(), rows.end());
  Strings expected;
  for (int partition = 0; partition < kPartitions; ++partition)
    for (const auto& row : numbers(partition, 0, 100)) expected.push_back(row);
  std::sort(all.begin(), all.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(all, expected);
}

}  // namespace
}  // namespace levada::kafka_source
