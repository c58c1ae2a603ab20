// What the Redis sink promises, against a server within the process.
#include "redis.h"

#include <gtest/gtest.h>

#include "levada/checked_text.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "redis/fake_redis.h"

namespace levada::redis_sink {
namespace {

using namespace std::chrono_literals;
using redis::FakeRedis;
using testkit::batch_of;
using testkit::texts;
using Mode = RedisSettings::Mode;
using Texts = std::vector<std::string>;
using Entries = std::vector<Texts>;

Checkpoint checkpoint_of(uint64_t epoch) {
  const auto number = std::to_string(epoch);
  return {{{"@epoch", number, epoch}, {"clicks 7%\r\n", "at " + number, 10 * epoch}}, epoch};
}

class RedisTest : public testing::Test {
 protected:
  RedisTest() {
    settings_.address = server_.address();
    settings_.mode = Mode::list;
    settings_.key = "rows";
    settings_.value = "body";
    settings_.checkpoint_key = "position";
  }
  std::unique_ptr<Redis> made() {
    auto sink = Redis::create(settings_, host_.host());
    EXPECT_TRUE(sink) << sink.error().option << ": " << sink.error().message;
    EXPECT_TRUE((*sink)->open());
    return *std::move(sink);
  }
  void start() {
    sink_ = made();
    const auto recovered = sink_->recover();
    ASSERT_TRUE(recovered) << recovered.error().message;
    recovered_ = *recovered;
  }
  Done write(Batch batch) {
    const Done done = sink_->write(batch, 100ms);
    for (const auto& each : batch.rejections()) rejected_.push_back(each.reason);
    return done;
  }
  // As the host would: again and again while the sink is busy.
  Done commit(Redis& sink, uint64_t epoch) {
    for (;;) {
      Batch rejected;
      const Done done = sink.commit(checkpoint_of(epoch), 100ms, rejected);
      if (rejected.rows() > 0)
        for (const auto& reason : texts(rejected, "reason")) rejected_.push_back(reason);
      if (done.code() != Code::idle) return done;
    }
  }
  Done commit(uint64_t epoch) { return commit(*sink_, epoch); }
  std::string failure(const Done& done, Code code) {
    EXPECT_EQ(done.code(), code);
    return done ? "it did not fail" : done.error().message;
  }

  FakeRedis server_;
  testkit::FakeHost host_;
  RedisSettings settings_;
  std::unique_ptr<Redis> sink_;
  std::vector<Position> recovered_;
  Texts rejected_;
};

TEST_F(RedisTest, a_commit_puts_rows_and_checkpoint_there_in_one_step) {
  start();
  EXPECT_EQ(recovered_, std::vector<Position>());
  ASSERT_TRUE(write(batch_of({"first", "second"})));
  ASSERT_TRUE(write(batch_of({"third"})));
  EXPECT_EQ(server_.value("rows").entries, Entries()) << "before the commit";
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(server_.value("rows").entries, (Entries{{"first"}, {"second"}, {"third"}}));
  ASSERT_TRUE(write(batch_of({"fourth"})));
  ASSERT_TRUE(commit(2));
  EXPECT_EQ(server_.value("rows").entries.size(), 4u);
  const auto transactions = server_.transactions();
  ASSERT_EQ(transactions.size(), 3u) << "a claim, and two commits";
  EXPECT_EQ(transactions[2].front(), (Texts{"RPUSH", "rows", "fourth"}));
  EXPECT_EQ(transactions[2].back()[0], "HSET");
  start();
  EXPECT_EQ(recovered_, checkpoint_of(2).positions);
}

TEST_F(RedisTest, rows_that_were_not_committed_are_gone_with_the_sink) {
  start();
  ASSERT_TRUE(write(batch_of({"first"})));
  start();
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(server_.value("rows").entries, Entries());
}

TEST_F(RedisTest, a_commit_without_news_costs_nothing) {
  start();
  ASSERT_TRUE(commit(1));
  const auto before = server_.commands();
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(server_.commands(), before);
}

TEST_F(RedisTest, streams_that_are_gone_leave_the_checkpoint) {
  start();
  ASSERT_TRUE(commit(1));
  Batch rejected;
  while (sink_->commit({{{"@epoch", "2", 2}}, 2}, 100ms, rejected).code() == Code::idle) {
  }
  start();
  EXPECT_EQ(recovered_, (std::vector<Position>{{"@epoch", "2", 2}}));
}

TEST_F(RedisTest, keeps_hashes_and_keys_with_a_time_to_live) {
  settings_.mode = Mode::hash;
  settings_.key = "statistic";
  settings_.field = "{body}";
  settings_.ttl = 60s;
  start();
  ASSERT_TRUE(write(batch_of({"10.0.0.1", "10.0.0.2", "10.0.0.1"})));
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(server_.value("statistic").hash,
            (std::map<std::string, std::string>{{"10.0.0.1", "10.0.0.1"}, {"10.0.0.2", "10.0.0.2"}}));
  EXPECT_EQ(server_.value("statistic").expires, "60000");

  settings_.mode = Mode::keys;
  settings_.key = "stat_{body}";
  settings_.field.reset();
  settings_.value = "fields";
  settings_.columns = {"body"};
  server_.set("stat_7", {.type = "string", .text = "of another time"});
  start();
  ASSERT_TRUE(write(batch_of({"7", "8"})));
  ASSERT_TRUE(commit(2));
  EXPECT_EQ(server_.value("stat_7").hash, (std::map<std::string, std::string>{{"body", "7"}}));
  EXPECT_EQ(server_.value("stat_8").expires, "60000");
}

TEST_F(RedisTest, publishes) {
  settings_.mode = Mode::publish;
  settings_.key = "alerts";
  start();
  ASSERT_TRUE(write(batch_of({"fire"})));
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(server_.published(), Texts{"alerts: fire"});
}

TEST_F(RedisTest, rejects_rows_without_a_key_when_they_are_written) {
  settings_.key = "rows_{kind}";
  start();
  auto batch = batch_of({"first", "second"});
  batch.set(testkit::text_column("kind", {std::nullopt, "x"}));
  ASSERT_TRUE(write(batch));
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(rejected_, Texts{"the column \"kind\", which the key, the field or the value is made of, has no value"});
  EXPECT_EQ(server_.value("rows_x").entries, Entries{{"second"}});
}

TEST_F(RedisTest, rejects_rows_whose_key_is_of_another_type_before_anything_is_durable) {
  settings_.key = "rows_{body}";
  server_.set("rows_b", {.type = "string", .text = "a text"});
  start();
  ASSERT_TRUE(write(batch_of({"a", "b"})));
  ASSERT_TRUE(write(batch_of({"b", "b"})));
  ASSERT_TRUE(write(batch_of({"c"})));
  Batch rejected;
  Done done = levada::idle();
  while (rejected.rows() == 0 && done.code() == Code::idle) done = sink_->commit(checkpoint_of(1), 100ms, rejected);
  EXPECT_EQ(done.code(), Code::idle);
  EXPECT_EQ(texts(rejected, "body"), Texts{"b"});
  EXPECT_EQ(texts(rejected, "reason"), Texts{"the key \"rows_b\" is a string in Redis, and no list"});
  EXPECT_EQ(server_.value("rows_a").entries, Entries());
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(rejected_.size(), 2u);
  EXPECT_EQ(server_.value("rows_a").entries, Entries{{"a"}});
  EXPECT_EQ(server_.value("rows_c").entries, Entries{{"c"}});
  EXPECT_EQ(server_.value("rows_b").text, "a text");

  server_.remove("rows_b");
  ASSERT_TRUE(write(batch_of({"b"})));
  ASSERT_TRUE(commit(2));
  EXPECT_EQ(server_.value("rows_b").entries, Entries{{"b"}}) << "it is looked at anew for each commit";
}

TEST_F(RedisTest, without_transactions_keeps_no_checkpoint) {
  settings_.transactions = false;
  settings_.checkpoint_key.reset();
  server_.set("rows_b", {.type = "string", .text = "a text"});
  settings_.key = "rows_{body}";
  start();
  EXPECT_FALSE(sink_->keeps_checkpoint());
  ASSERT_TRUE(write(batch_of({"a", "b", "c"})));
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(server_.value("rows_a").entries, Entries{{"a"}});
  EXPECT_EQ(server_.value("rows_c").entries, Entries{{"c"}});
  EXPECT_EQ(rejected_, Texts{"Redis says: WRONGTYPE Operation against a key holding the wrong kind of value"});
  EXPECT_EQ(server_.values().size(), 3u);
  EXPECT_EQ(server_.transactions().size(), 0u);
}

TEST_F(RedisTest, of_two_with_one_checkpoint_the_one_that_started_last_goes_on) {
  start();
  ASSERT_TRUE(write(batch_of({"of the old one"})));
  const auto later = made();
  ASSERT_TRUE(later->recover());
  EXPECT_EQ(failure(commit(1), Code::retry), "the key \"position\" is no longer what this sink has made of it");
  const auto again = sink_->recover();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::fatal);
  EXPECT_NE(again.error().message.find("another agent has taken over"), std::string::npos) << again.error().message;
  EXPECT_EQ(server_.value("rows").entries, Entries());
  auto batch = batch_of({"of the new one"});
  ASSERT_TRUE(later->write(batch, 100ms));
  ASSERT_TRUE(commit(*later, 1));
  EXPECT_EQ(server_.value("rows").entries, Entries{{"of the new one"}});
}

TEST_F(RedisTest, an_owner_that_changes_between_the_look_and_the_commit_stops_it) {
  start();
  ASSERT_TRUE(write(batch_of({"of the old one"})));
  // It has looked when EXEC is answered with a failure, and the new one comes then.
  Batch rejected;
  server_.fail_at(5, FakeRedis::Fault::before);
  Done done = levada::idle();
  while (done.code() == Code::idle) done = sink_->commit(checkpoint_of(1), 100ms, rejected);
  EXPECT_EQ(done.code(), Code::retry);
  const auto later = made();
  ASSERT_TRUE(later->recover());
  EXPECT_EQ(sink_->recover().code(), Code::fatal);
}

TEST_F(RedisTest, says_that_the_server_has_lost_a_commit_and_goes_on) {
  start();
  ASSERT_TRUE(write(batch_of({"first"})));
  ASSERT_TRUE(commit(1));
  ASSERT_TRUE(write(batch_of({"second"})));
  ASSERT_TRUE(commit(2));
  server_.lose_last_transaction();
  ASSERT_TRUE(write(batch_of({"third"})));
  EXPECT_EQ(commit(3).code(), Code::retry);
  const auto positions = sink_->recover();
  ASSERT_TRUE(positions) << positions.error().message;
  EXPECT_EQ(*positions, checkpoint_of(1).positions);
  EXPECT_TRUE(host_.logged("ERROR the server has lost what it had confirmed"));
  ASSERT_TRUE(write(batch_of({"third"})));
  ASSERT_TRUE(commit(2));
  EXPECT_EQ(server_.value("rows").entries, (Entries{{"first"}, {"third"}}));
}

TEST_F(RedisTest, a_key_that_is_no_checkpoint_of_its_is_left_alone) {
  server_.set("position", {.type = "string", .text = "x"});
  sink_ = made();
  EXPECT_EQ(sink_->recover().code(), Code::fatal);
  server_.set("position", {.type = "hash", .hash = {{"name", "Ada"}}});
  EXPECT_EQ(sink_->recover().code(), Code::fatal);
  server_.set("position", {.type = "hash", .hash = {{"stream:x", "many rows"}}});
  EXPECT_EQ(sink_->recover().code(), Code::fatal);
  EXPECT_EQ(server_.value("position").hash.size(), 1u);
}

TEST_F(RedisTest, answers_of_a_server_in_trouble_are_tried_again_and_lose_nothing) {
  start();
  for (const char* command : {"RPUSH", "EXEC", "MULTI", "HGET", "TYPE"}) {
    for (const char* error : {"OOM command not allowed when used memory > 'maxmemory'.", "READONLY You can't write",
                              "LOADING Redis is loading the dataset in memory"}) {
      ASSERT_TRUE(write(batch_of({"row"})));
      server_.answer_once(command, error);
      EXPECT_EQ(failure(commit(7), Code::retry), std::string("Redis says: ") + error);
      ASSERT_TRUE(sink_->recover());
    }
  }
  EXPECT_EQ(server_.value("rows").entries, Entries());
  ASSERT_TRUE(write(batch_of({"row"})));
  ASSERT_TRUE(commit(7));
  EXPECT_EQ(server_.value("rows").entries, Entries{{"row"}});
}

TEST_F(RedisTest, a_command_that_the_server_does_not_know_ends_it) {
  start();
  ASSERT_TRUE(write(batch_of({"row"})));
  server_.answer_once("RPUSH", "ERR unknown command 'RPUSH'");
  EXPECT_EQ(failure(commit(1), Code::fatal), "Redis says: ERR unknown command 'RPUSH'");
}

TEST_F(RedisTest, refuses_a_cluster) {
  server_.set_info("redis_version:7.0.0\r\ncluster_enabled:1\r\n");
  sink_ = made();
  const auto recovered = sink_->recover();
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().code, Code::fatal);
  EXPECT_NE(recovered.error().message.find("Redis Cluster"), std::string::npos);

  server_.set_info("");
  start();
  ASSERT_TRUE(write(batch_of({"row"})));
  server_.answer_once("RPUSH", "MOVED 3999 127.0.0.1:6381");
  EXPECT_NE(failure(commit(1), Code::fatal).find("Redis Cluster"), std::string::npos);
}

TEST_F(RedisTest, warns_of_servers_that_forget) {
  server_.set_info("aof_enabled:0\r\nmaxmemory_policy:allkeys-lru\r\n");
  start();
  EXPECT_TRUE(host_.logged("WARNING the server has appendonly off"));
  EXPECT_TRUE(host_.logged("allkeys-lru"));
}

TEST_F(RedisTest, says_who_it_is) {
  server_.require_password("secret");
  sink_ = made();
  EXPECT_EQ(sink_->recover().code(), Code::fatal);
  settings_.password = "wrong";
  sink_ = made();
  EXPECT_EQ(sink_->recover().code(), Code::fatal);
  settings_.password = "secret";
  settings_.database = 3;
  start();
  EXPECT_EQ(server_.introduction(), (Texts{"AUTH", "secret", "SELECT", "3"}));
  settings_.user = "levada";
  start();
  EXPECT_EQ(server_.introduction(), (Texts{"AUTH", "levada", "secret", "SELECT", "3"}));
}

TEST_F(RedisTest, an_empty_password_is_none) {
  settings_.password = "";
  start();
  EXPECT_EQ(server_.introduction(), Texts());
}

TEST_F(RedisTest, a_server_that_is_not_there_is_tried_again) {
  settings_.address = "127.0.0.1:1";
  sink_ = made();
  EXPECT_EQ(sink_->recover().code(), Code::retry);
  settings_.address = "unix:/no/such/socket";
  sink_ = made();
  EXPECT_EQ(sink_->recover().code(), Code::retry);
}

TEST_F(RedisTest, a_server_that_falls_silent_is_given_up) {
  settings_.timeout = 20ms;
  start();
  ASSERT_TRUE(write(batch_of({"row"})));
  server_.fail_at(3, FakeRedis::Fault::silent);
  EXPECT_EQ(failure(commit(1), Code::retry), "the connection to Redis is lost: no answer within the timeout");
}

TEST_F(RedisTest, sends_more_than_a_socket_holds) {
  start();
  const std::string large(1'000'000, 'x');
  Texts bodies(20, large);
  ASSERT_TRUE(write(batch_of(bodies)));
  ASSERT_TRUE(commit(1));
  EXPECT_EQ(server_.value("rows").entries, Entries(20, {large}));
}

TEST_F(RedisTest, has_a_checkpoint_of_its_own_where_none_is_named) {
  settings_.checkpoint_key.reset();
  start();
  ASSERT_TRUE(commit(1));
  start();
  EXPECT_EQ(recovered_, checkpoint_of(1).positions) << "the same one after a restart";
  ASSERT_EQ(server_.values().size(), 1u);
  EXPECT_TRUE(server_.values().begin()->first.starts_with("levada:"));
}

TEST_F(RedisTest, refuses_settings_that_cannot_be) {
  const auto refusal = [&](auto change) {
    auto settings = settings_;
    change(settings);
    const auto made = Redis::create(settings, host_.host());
    return made ? "taken" : made.error().option;
  };
  EXPECT_EQ(refusal([](auto& settings) { settings.address = "a:0"; }), "address");
  EXPECT_EQ(refusal([](auto& settings) { settings.checkpoint_key = ""; }), "checkpoint_key");
  EXPECT_EQ(refusal([](auto& settings) { settings.checkpoint_key = "rows"; }), "checkpoint_key");
  EXPECT_EQ(refusal([](auto& settings) { settings.transactions = false; }), "checkpoint_key");
}

FakeRedis& shared_server() {
  static FakeRedis server;
  return server;
}

// All hosts write to one server: each has an id of its own in its data folder, and so a key for its
// checkpoint, by which its transactions are known.
std::string id_path(testkit::FakeHost& host) { return host.host().data_dir() + "/redis_id"; }

void give_id(testkit::FakeHost& host) {
  static int hosts = 0;
  host.files().make_folders(host.host().data_dir());
  ASSERT_TRUE(
      save_checked(host.host().files(), id_path(host), "levada redis sink id 1", std::to_string(++hosts) + "\n"));
}

std::vector<std::string> delivered_by(testkit::FakeHost& host) {
  const auto id = load_checked(host.host().files(), id_path(host), "levada redis sink id 1");
  if (!id || !*id) return {};
  std::vector<std::string> rows;
  for (const auto& transaction : shared_server().transactions()) {
    if (!transaction.back().at(1).ends_with(":" + (*id)->substr(0, (*id)->size() - 1))) continue;
    for (const auto& command : transaction)
      if (command[0] == "RPUSH") rows.push_back(command[2]);
  }
  return rows;
}

LEVADA_CONFORMANCE(redis, [] {
  auto tested = testkit::subject(
      "redis", "address = \"" + shared_server().address() + "\"\nmode = \"list\"\nkey = \"rows\"\ncolumns = []");
  tested.prepare = give_id;
  tested.delivered = delivered_by;
  tested.refused = {{"mode = \"hash\"\nkey = \"a\"", "field"}, {"mode = \"keys\"\nkey = \"a\"", "key"}};
  return tested;
});

}  // namespace
}  // namespace levada::redis_sink
