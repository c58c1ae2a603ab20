// Rows and positions in transactions, against brokers within the process. What those cannot do,
// such as rolling back what others see, is tested against a real Kafka:
// tests/e2e/kafka_transactions_test.py.
#include "transactions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kafka.h"
#include "kafka/mock_cluster.h"
#include "kafka/table.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::kafka_sink {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::texts;
using Strings = std::vector<std::string>;

class TransactionsTest : public testing::Test {
 protected:
  // A sink of one agent: with a host, and so a disk, of its own.
  struct Agent {
    testkit::FakeHost host;
    std::unique_ptr<Kafka> sink;
    Batch rejected;
    std::vector<Position> recovered;

    // As the host would: again and again while the sink is busy.
    Done write(Batch batch) {
      for (;;) {
        Done done = sink->write(batch, 100ms);
        if (done.code() != Code::idle) return done;
      }
    }
    Done commit(const std::vector<Position>& positions) {
      for (;;) {
        Batch rows;
        Done done = sink->commit({positions, 1}, 100ms, rows);
        if (rows.rows() > 0) {
          EXPECT_EQ(done.code(), Code::idle) << "handed over when the transaction was committed already";
          rejected = std::move(rows);
        }
        if (done.code() != Code::idle) return done;
      }
    }
    Done recover() {
      auto positions = sink->recover();
      if (!positions) return std::move(positions).error();
      recovered = *std::move(positions);
      return {};
    }
  };

  TransactionsTest() {
    settings_.brokers = cluster_.brokers();
    settings_.topic = "logs";
    settings_.linger = 1ms;
    settings_.transactions = true;
    cluster_.create_topic("logs");
    cluster_.create_topic("levada-positions");
  }
  void start(Agent& agent) {
    auto sink = Kafka::create(settings_, agent.host.host());
    ASSERT_TRUE(sink) << sink.error().option << ": " << sink.error().message;
    agent.sink = *std::move(sink);
    const Done opened = agent.sink->open();
    ASSERT_TRUE(opened) << opened.error().message;
    const Done recovered = agent.recover();
    ASSERT_TRUE(recovered) << recovered.error().message;
  }
  static Batch batch(const Strings& rows, uint64_t sequence = 0) {
    Batch batch = batch_of(rows);
    batch.stream = "files";
    batch.position = "p" + std::to_string(sequence + rows.size());
    batch.sequence = sequence;
    return batch;
  }
  std::string fault() {
    testkit::FakeHost host;
    auto sink = Kafka::create(settings_, host.host());
    return sink ? "none" : sink.error().option + ": " + sink.error().message;
  }

  MockCluster cluster_;
  KafkaSettings settings_;
  Agent agent_;
};

const std::vector<Position> kFirst = {{"files", "p2", 2}, {"@epoch", "1", 0}};
const std::vector<Position> kFirstSorted = {{"@epoch", "1", 0}, {"files", "p2", 2}};

TEST_F(TransactionsTest, keeps_the_checkpoint_only_when_asked_to) {
  start(agent_);
  EXPECT_TRUE(agent_.sink->keeps_checkpoint());
  settings_.transactions = false;
  Agent plain;
  start(plain);
  EXPECT_FALSE(plain.sink->keeps_checkpoint());
}

TEST_F(TransactionsTest, a_commit_stores_rows_and_positions_and_a_restart_finds_them) {
  start(agent_);
  EXPECT_TRUE(agent_.recovered.empty());
  ASSERT_TRUE(agent_.write(batch({"1", "2"})));
  const Done committed = agent_.commit(kFirst);
  ASSERT_TRUE(committed) << committed.error().message;
  EXPECT_EQ(cluster_.values("logs"), (Strings{"1", "2"}));
  agent_.host.files().crash();
  start(agent_);
  EXPECT_EQ(agent_.recovered, kFirstSorted);
  EXPECT_EQ(testkit::memory_in_use(), 0u);
}

TEST_F(TransactionsTest, only_positions_that_changed_are_written_and_vanished_ones_get_a_tombstone) {
  start(agent_);
  ASSERT_TRUE(agent_.commit(kFirst));
  ASSERT_TRUE(agent_.commit({{"files", "p2", 2}, {"@epoch", "2", 0}}));
  ASSERT_TRUE(agent_.commit({{"@epoch", "2", 0}}));
  ASSERT_TRUE(agent_.commit({{"@epoch", "2", 0}}));
  EXPECT_EQ(cluster_.values("levada-positions"), (Strings{"0\t@epoch\t1", "2\tfiles\tp2", "0\t@epoch\t2", "<null>"}));
  start(agent_);
  EXPECT_EQ(agent_.recovered, (std::vector<Position>{{"@epoch", "2", 0}}));
}

TEST_F(TransactionsTest, positions_of_other_transactional_ids_are_left_alone) {
  settings_.transactional_id = "a";
  start(agent_);
  ASSERT_TRUE(agent_.commit(kFirst));
  settings_.transactional_id = "a\tb";
  Agent other;
  start(other);
  EXPECT_TRUE(other.recovered.empty());
  ASSERT_TRUE(other.commit({{"other", "p", 1}}));
  settings_.transactional_id = "a";
  Agent again;
  start(again);
  EXPECT_EQ(again.recovered, kFirstSorted);
}

TEST_F(TransactionsTest, the_random_id_survives_a_power_cut_and_differs_between_agents) {
  start(agent_);
  ASSERT_TRUE(agent_.commit(kFirst));
  Agent other;
  start(other);
  EXPECT_TRUE(other.recovered.empty());
  agent_.host.files().crash();
  start(agent_);
  EXPECT_EQ(agent_.recovered, kFirstSorted);
}

TEST_F(TransactionsTest, recover_gives_the_positions_of_the_last_commit_and_writing_goes_on) {
  start(agent_);
  ASSERT_TRUE(agent_.write(batch({"1", "2"})));
  ASSERT_TRUE(agent_.commit(kFirst));
  ASSERT_TRUE(agent_.write(batch({"uncommitted"}, 2)));
  const Done recovered = agent_.recover();
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_EQ(agent_.recovered, kFirstSorted);
  EXPECT_EQ(testkit::memory_in_use(), 0u);
  ASSERT_TRUE(agent_.write(batch({"3"}, 2)));
  const Done committed = agent_.commit({{"files", "p3", 3}});
  ASSERT_TRUE(committed) << committed.error().message;
  EXPECT_EQ(agent_.host.count("producers_replaced"), 0);
}

TEST_F(TransactionsTest, rejected_rows_are_handed_over_before_the_transaction_is_committed) {
  start(agent_);
  ASSERT_TRUE(agent_.write(batch({"small", std::string(2'000'000, 'x'), "small too"})));
  Done done;
  do done = agent_.sink->commit({kFirst, 1}, 100ms, agent_.rejected);
  while (done.code() == Code::idle && agent_.rejected.rows() == 0);
  ASSERT_EQ(done.code(), Code::idle);
  EXPECT_EQ(texts(agent_.rejected, "reason"),
            (Strings{"2000000 bytes are more than librdkafka's message.max.bytes allows"}));
  const Done committed = agent_.commit(kFirst);
  ASSERT_TRUE(committed) << committed.error().message;
  EXPECT_EQ(cluster_.values("logs"), (Strings{"small", "small too"}));
  EXPECT_EQ(agent_.host.count("rows_delivered"), 2);
}

TEST_F(TransactionsTest, rows_that_the_broker_turned_down_together_are_tried_alone) {
  start(agent_);
  const auto deliver = [&](const std::vector<Batch>& batches) {
    int tries = 1;
    for (;; ++tries) {
      Done done;
      for (const auto& each : batches)
        if (done) done = agent_.write(each);
      if (done) done = agent_.commit(kFirst);
      if (done) return tries;
      EXPECT_EQ(done.code(), Code::retry) << done.error().message;
      if (done.code() != Code::retry || tries == 10 || !agent_.recover()) return -1;
    }
  };
  // The batch of two, and then its first row.
  cluster_.answer_produce_with({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  EXPECT_EQ(deliver({batch({"too large", "good"}), batch({"good too"}, 2)}), 3);
  EXPECT_EQ(texts(agent_.rejected, "body"), (Strings{"too large"}));
  EXPECT_EQ(texts(agent_.rejected, "reason"), (Strings{"topic \"logs\": Broker: Message size too large"}));
  auto values = cluster_.values("logs");
  EXPECT_EQ(Strings(values.end() - 2, values.end()), (Strings{"good", "good too"}));
}

TEST_F(TransactionsTest, requests_that_fail_for_now_are_repeated_within_the_transaction) {
  Table settings;
  settings.add("retry.backoff.ms", 1);
  settings_.librdkafka = settings.tree();
  start(agent_);
  cluster_.answer_produce_with({RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
  ASSERT_TRUE(agent_.write(batch({"1", "2"})));
  const Done committed = agent_.commit(kFirst);
  ASSERT_TRUE(committed) << committed.error().message;
  EXPECT_EQ(cluster_.values("logs"), (Strings{"1", "2"}));
}

TEST_F(TransactionsTest, goes_on_after_whatever_the_coordinator_answers_to_a_commit) {
  for (const auto error : {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
                           RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING,
                           RD_KAFKA_RESP_ERR_UNKNOWN}) {
    Agent agent;
    start(agent);
    cluster_.answer_end_of_transaction_with({error});
    int tries = 0;
    for (bool committed = false; !committed && tries < 5; ++tries) {
      ASSERT_TRUE(agent.write(batch({"1", "2"})));
      const Done done = agent.commit(kFirst);
      committed = done.ok();
      if (!done) {
        ASSERT_EQ(done.code(), Code::retry) << rd_kafka_err2name(error) << ": " << done.error().message;
        const Done recovered = agent.recover();
        ASSERT_TRUE(recovered) << rd_kafka_err2name(error) << ": " << recovered.error().message;
        // The mock has the positions all the same: to it, the transaction in doubt was committed.
        committed = agent.recovered == kFirstSorted;
      }
    }
    EXPECT_LT(tries, 5) << rd_kafka_err2name(error);
  }
}

// The mock does not fence by itself.
TEST_F(TransactionsTest, an_agent_whose_id_was_taken_over_ends) {
  settings_.transactional_id = "shared";
  start(agent_);
  ASSERT_TRUE(agent_.write(batch({"1", "2"})));
  cluster_.answer_end_of_transaction_with({RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
  const Done done = agent_.commit(kFirst);
  ASSERT_EQ(done.code(), Code::fatal);
  EXPECT_TRUE(done.error().message.starts_with("another agent has taken over the transactional id \"shared\": "))
      << done.error().message;
}

TEST_F(TransactionsTest, a_transaction_that_the_coordinator_gave_up_is_written_again) {
  start(agent_);
  ASSERT_TRUE(agent_.write(batch({"1", "2"})));
  agent_.host.clock().advance(60s);
  cluster_.answer_end_of_transaction_with({RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
  const Done done = agent_.commit(kFirst);
  ASSERT_EQ(done.code(), Code::retry);
  EXPECT_TRUE(done.error().message.starts_with("the transaction took longer than transaction_timeout: "))
      << done.error().message;
  const Done recovered = agent_.recover();
  ASSERT_TRUE(recovered) << recovered.error().message;
  ASSERT_TRUE(agent_.write(batch({"1", "2"})));
  EXPECT_TRUE(agent_.commit(kFirst));
}

TEST_F(TransactionsTest, a_sleeper_that_wakes_up_behind_its_successor_ends) {
  settings_.transactional_id = "shared";
  start(agent_);
  ASSERT_TRUE(agent_.write(batch({"1", "2"})));
  agent_.host.clock().advance(60s);
  cluster_.answer_end_of_transaction_with({RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
  ASSERT_EQ(agent_.commit(kFirst).code(), Code::retry);
  Agent successor;
  start(successor);
  ASSERT_TRUE(successor.write(batch({"1", "2", "3"})));
  ASSERT_TRUE(successor.commit({{"files", "p3", 3}}));
  const Done recovered = agent_.recover();
  ASSERT_EQ(recovered.code(), Code::fatal);
  EXPECT_TRUE(recovered.error().message.starts_with("another agent has taken over"));
  ASSERT_TRUE(successor.write(batch({"4"}, 3)));
  EXPECT_TRUE(successor.commit({{"files", "p4", 4}}));
}

TEST_F(TransactionsTest, offsets_of_rows_that_no_group_of_this_cluster_reads_are_refused) {
  settings_.group_offsets = true;
  start(agent_);
  const auto refusal = [&](const std::string& position) {
    Batch rows = batch({"1"});
    rows.position = position;
    const Done done = agent_.write(std::move(rows));
    return done.code() == Code::fatal ? done.error().message : "none";
  };
  const std::string begin = "group_offsets = true cannot work here: rows of files ";
  EXPECT_TRUE(refusal("log:7").starts_with(begin + "do not come from a Kafka source over a memory channel"));
  KafkaPosition position{"elsewhere", "", "me", "clicks", 0, 5, "", -1};
  EXPECT_TRUE(refusal(write_kafka_position(position)).starts_with(begin + "are read by a share"));
  position.group = "group";
  EXPECT_TRUE(refusal(write_kafka_position(position)).starts_with(begin + "are read from cluster elsewhere"));
}

TEST_F(TransactionsTest, options_that_do_not_go_together_are_refused) {
  EXPECT_EQ(fault(), "none");
  settings_.idempotent = false;
  EXPECT_EQ(fault(), "idempotent: must be true with transactions = true");
  settings_.idempotent = true;
  settings_.transaction_timeout = 10ms;
  EXPECT_EQ(fault(), "transaction_timeout: must be between 1s and 1d");
  settings_.transaction_timeout = 10s;
  EXPECT_EQ(fault(), "none");
  settings_.positions_topic = "no good";
  EXPECT_EQ(fault().substr(0, 16), "positions_topic:");
  settings_.transactions = false;
  settings_.group_offsets = true;
  EXPECT_EQ(fault(), "group_offsets: has no effect without transactions = true");
}

LEVADA_CONFORMANCE(kafka_with_transactions, [] {
  static MockCluster cluster;
  cluster.create_topic("levada-positions");  // The mock makes none when asked to.
  const auto options = "brokers = [\"" + cluster.brokers().front() + "\"]\ntransactions = true\n";
  auto tested = testkit::subject("kafka", options + "topic = \"conformance\"");
  tested.bodies = {"one", "two", "three", "four"};
  tested.refused = {{options + "topic = \"t\"\nidempotent = false", "idempotent"},
                    {options + "topic = \"t\"\ntransactional_id = \"\"", "transactional_id"}};
  return tested;
});

}  // namespace
}  // namespace levada::kafka_sink
