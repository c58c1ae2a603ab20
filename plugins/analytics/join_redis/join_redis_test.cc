// The interceptor join_redis, against a server within the process; tests/e2e has a real one.
#include "join_redis.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"
#include "redis/fake_redis.h"

namespace levada::join_redis {
namespace {

using namespace std::chrono_literals;
using redis::FakeRedis;
using testkit::texts;
using Texts = std::vector<std::string>;

constexpr const char* kColumns = "\ncolumns = { name = \"text\", network = \"int64\" }\n";

class JoinRedisTest : public testing::Test {
 protected:
  JoinRedisTest() {
    set("7", {{"name", "Summer"}, {"network", "3"}, {"more", "x"}});
    set("8", {{"network", "4"}});
  }
  void set(const std::string& campaign, std::map<std::string, std::string> hash) {
    server_.set("campaign:" + campaign, {.type = "hash", .hash = std::move(hash)});
  }
  void set_string(const std::string& campaign, std::string text) {
    server_.set("campaign:" + campaign, {.type = "string", .text = std::move(text)});
  }
  // With options as a user writes them.
  Result<std::unique_ptr<JoinRedis>> made(const std::string& options) {
    const auto values =
        testkit::Values::parse(*interceptor<JoinRedis>("join_redis", ""),
                               "address = \"" + server_.address() + "\"\nkey = \"campaign:{campaign}\"\n" + options);
    EXPECT_TRUE(values) << values.error().message;
    JoinRedis::Settings settings;
    const auto* value = values->data();
    for (const auto& option : JoinRedis::options) option.assign(settings, *value++);
    return JoinRedis::create(std::move(settings), host_.host());
  }
  void open(const std::string& options) {
    auto join = made(options);
    ASSERT_TRUE(join) << join.error().message;
    join_ = *std::move(join);
    ASSERT_TRUE(join_->open());
  }
  std::string refusal(const std::string& options) {
    const auto join = made(options);
    return join ? "taken" : join.error().option;
  }
  static Batch views() {
    Batch batch(5);
    batch.set(testkit::value_column<int64_t>("campaign", Type::int64, {{8}, {9}, std::nullopt, {7}, {8}}));
    batch.set(testkit::text_column("view", {"a", "b", "c", "d", "e"}));
    return batch;
  }
  Batch joined(Batch batch = views()) {
    const Done done = join_->intercept(batch);
    EXPECT_TRUE(done) << done.error().message;
    reasons_.clear();
    for (const auto& rejection : batch.rejections()) reasons_.push_back(rejection.reason);
    batch.apply();
    return batch;
  }

  FakeRedis server_;
  testkit::FakeHost host_;
  std::unique_ptr<JoinRedis> join_;
  Texts reasons_;
};

TEST_F(JoinRedisTest, inner_keeps_the_rows_whose_key_is_there) {
  open(kColumns);
  const auto batch = joined();
  EXPECT_EQ(texts(batch, "view"), (Texts{"a", "d", "e"}));
  EXPECT_EQ(texts(batch, "name"), (Texts{"<null>", "Summer", "<null>"}));
  EXPECT_EQ(texts(batch, "network"), (Texts{"4", "3", "4"}));
  EXPECT_EQ(batch.find("network")->type(), Type::int64);
  EXPECT_EQ(host_.count("rows_matched"), 3);
  EXPECT_EQ(host_.count("rows_unmatched"), 2);
}

TEST_F(JoinRedisTest, left_keeps_all_rows) {
  open(std::string("join = \"left\"\nprefix = \"c_\"") + kColumns);
  const auto batch = joined();
  EXPECT_EQ(texts(batch, "view"), (Texts{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(texts(batch, "c_network"), (Texts{"4", "<null>", "<null>", "3", "4"}));
}

TEST_F(JoinRedisTest, without_columns_it_is_asked_whether_there_is_such_a_key) {
  set_string("9", "whatever");
  open("join = \"anti\"");
  EXPECT_EQ(texts(joined(), "view"), (Texts{"c"}));
  open("");
  EXPECT_EQ(texts(joined(), "view"), (Texts{"a", "b", "d", "e"}));
}

TEST_F(JoinRedisTest, takes_members_of_json_and_plain_strings) {
  set_string("7", R"({"name": "S\u00fc", "network": 3, "more": {"a": [1, true]}})");
  set_string("8", R"({"network": null})");
  set_string("9", R"({"name": {"a": [1, true]}, "network": "5"})");
  open(std::string("value = \"json\"") + kColumns);
  auto batch = joined();
  EXPECT_EQ(texts(batch, "view"), (Texts{"a", "b", "d", "e"}));
  EXPECT_EQ(texts(batch, "name"), (Texts{"<null>", R"({"a":[1,true]})", "S\xc3\xbc", "<null>"}));
  EXPECT_EQ(texts(batch, "network"), (Texts{"<null>", "5", "3", "<null>"}));
  open("value = \"text\"\ncolumns = { said = \"text\" }");
  batch = joined();
  EXPECT_EQ(texts(batch, "said")[0], R"({"network": null})");
}

TEST_F(JoinRedisTest, rows_whose_value_does_not_fit_are_rejected) {
  set("8", {{"network", "four"}});
  open(kColumns);
  EXPECT_EQ(texts(joined(), "view"), Texts{"d"});
  const std::string fault = R"(the key "campaign:8" of Redis: "network" is no int64: four)";
  EXPECT_EQ(reasons_, (Texts{fault, fault}));
  set_string("8", "no hash");
  host_.clock().advance(1min);
  EXPECT_EQ(texts(joined(), "view"), Texts{"d"});
  EXPECT_EQ(reasons_[0],
            "the key \"campaign:8\" of Redis: Redis says: WRONGTYPE Operation against a key holding the wrong kind of "
            "value");
  open("columns = { name = { type = \"text\", required = true }, network = \"int64\" }\njoin = \"left\"");
  set("8", {{"network", "4"}});
  set("9", {{"name", "x"}});
  EXPECT_EQ(texts(joined(), "name"), (Texts{"x", "<null>", "Summer"}));
  server_.remove("campaign:8");
  for (const auto* text : {"{", "[]", ""}) {
    set_string("8", text);
    open(std::string("value = \"json\"\nttl = \"0s\"\ncolumns = { x = \"text\" }"));
    joined(views().slice(0, 1));
    ASSERT_EQ(reasons_.size(), 1u) << text;
    EXPECT_TRUE(reasons_[0].starts_with("the key \"campaign:8\" of Redis: it is no ")) << reasons_[0];
  }
}

TEST_F(JoinRedisTest, each_key_is_asked_for_once_in_its_time) {
  open(std::string("join = \"left\"\nttl = \"10s\"") + kColumns);
  joined();
  EXPECT_EQ(host_.count("keys_looked_up"), 3);
  set("9", {{"network", "5"}});
  host_.clock().advance(9s);
  EXPECT_EQ(texts(joined(), "network"), (Texts{"4", "<null>", "<null>", "3", "4"}));
  EXPECT_EQ(host_.count("keys_looked_up"), 3);
  EXPECT_EQ(host_.count("keys_cached"), 3);
  host_.clock().advance(1s);
  EXPECT_EQ(texts(joined(), "network"), (Texts{"4", "5", "<null>", "3", "4"}));
  EXPECT_EQ(host_.count("keys_looked_up"), 6);
}

TEST_F(JoinRedisTest, a_batch_is_joined_though_the_cache_has_no_room_for_it) {
  open(std::string("cache_bytes = \"1KiB\"") + kColumns);
  std::vector<std::optional<int64_t>> numbers;
  for (int64_t number = 0; number < 5'000; ++number) {
    set(std::to_string(number), {{"network", std::to_string(number)}});
    numbers.emplace_back(number);
  }
  Batch batch(5'000);
  batch.set(testkit::value_column<int64_t>("campaign", Type::int64, numbers));
  batch = joined(std::move(batch));
  EXPECT_EQ(batch.rows(), 5'000);
  EXPECT_EQ(texts(batch, "network"), texts(batch, "campaign"));
}

TEST_F(JoinRedisTest, rows_wait_for_a_server_that_is_away) {
  open(std::string("timeout = \"500ms\"\nttl = \"0s\"") + kColumns);
  for (const auto fault : {FakeRedis::Fault::before, FakeRedis::Fault::after, FakeRedis::Fault::silent}) {
    for (int64_t command = 1; command <= 3; ++command) {
      server_.fail_at(command, fault);
      auto batch = views();
      EXPECT_EQ(join_->intercept(batch).code(), Code::retry);
      EXPECT_EQ(batch.rejections().size(), 0u);
      EXPECT_EQ(texts(joined(), "network"), (Texts{"4", "3", "4"}));
    }
  }
  server_.answer_once("HMGET", "LOADING Redis is loading the dataset in memory");
  auto batch = views();
  EXPECT_EQ(join_->intercept(batch).code(), Code::retry);
  EXPECT_EQ(texts(joined(), "network"), (Texts{"4", "3", "4"}));
  server_.answer_once("HMGET", "NOPERM this user has no permissions");
  EXPECT_EQ(join_->intercept(batch = views()).code(), Code::fatal);
}

TEST_F(JoinRedisTest, refuses_settings_that_cannot_be) {
  EXPECT_EQ(refusal("join = \"left\""), "columns");
  EXPECT_EQ(refusal(std::string("join = \"anti\"") + kColumns), "columns");
  EXPECT_EQ(refusal(std::string("value = \"text\"") + kColumns), "columns");
  EXPECT_EQ(refusal("columns = { x = \"string\" }"), "columns.x");
  EXPECT_EQ(refusal("tls_ca = \"/x\""), "tls_ca");
  EXPECT_EQ(refusal("database = -1"), "database");
}

FakeRedis& shared_server() {
  static FakeRedis server;
  return server;
}

testkit::Subject subject(const std::string& options) {
  for (const auto* key : {"a text", "GET /a 200"})
    shared_server().set(key, {.type = "hash", .hash = {{"name", "a name of more than twelve bytes"}, {"n", "1"}}});
  const auto address = "address = \"" + shared_server().address() + "\"\n";
  auto tested = testkit::subject("join_redis", address + "key = \"{a_text}\"\n" + options);
  tested.bodies = {"first", "a body of more than twelve bytes", ""};
  tested.columns = {testkit::text_column("a_text", {"a text", "GET /a 200", "another"})};
  tested.refused = {{"key = \"constant\"", "key"}, {"key = \"{\"", "key"}};
  return tested;
}

LEVADA_CONFORMANCE(join_redis_inner, [] { return subject("columns = { n = \"int64\", name = \"text\" }"); });
LEVADA_CONFORMANCE(join_redis_left, [] { return subject("join = \"left\"\ncolumns = { n = \"int64\" }"); });
LEVADA_CONFORMANCE(join_redis_anti, [] { return subject("join = \"anti\""); });

}  // namespace
}  // namespace levada::join_redis
