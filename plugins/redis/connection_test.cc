// A connection to a server within the process; tests/e2e has encrypted ones to a real one.
#include "redis/connection.h"

#include <gtest/gtest.h>

#include "redis/command_text.h"
#include "redis/fake_redis.h"

namespace levada::redis {
namespace {

using namespace std::chrono_literals;

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() { settings_.address = server_.address(); }
  std::unique_ptr<Connection> open() {
    auto opened = Connection::open(settings_);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  static Done proceed(Connection& connection) {
    for (;;)
      if (auto done = connection.proceed(100ms); done.code() != Code::idle) return done;
  }
  std::string refusal() {
    const Done done = check(settings_);
    return done ? "none" : done.error().option;
  }

  FakeRedis server_;
  Server settings_;
};

TEST_F(ConnectionTest, replies_come_in_the_order_of_the_commands) {
  const auto connection = open();
  std::string commands;
  for (int number = 0; number < 1000; ++number) append_command({"SET", std::to_string(number), "x"}, commands);
  append_command({"TYPE", "7"}, commands);
  append_command({"TYPE", "none"}, commands);
  std::vector<std::string> types;
  connection->start(commands, 1002, [&](Reply reply) { types.emplace_back(text_of(*reply)); });
  ASSERT_TRUE(proceed(*connection));
  ASSERT_EQ(types.size(), 1002u);
  EXPECT_EQ(types[1000], "string");
  EXPECT_EQ(types[1001], "none");
  EXPECT_EQ(server_.values().size(), 1000u);
}

TEST_F(ConnectionTest, errors_are_told_apart_from_replies_that_nobody_reads) {
  const auto connection = open();
  server_.set("text", {.type = "string", .text = "x"});
  std::string commands;
  append_command({"SET", "a", std::string(100'000, 'x')}, commands);
  append_command({"SADD", "text", "x"}, commands);
  append_command({"MULTI"}, commands);
  append_command({"SET", "b", "x"}, commands);
  append_command({"RPUSH", "text", "x"}, commands);
  append_command({"EXEC"}, commands);
  std::vector<std::string> errors;
  connection->start_for_errors(commands, 6, [&](size_t reply, std::optional<size_t> element, std::string_view said) {
    errors.push_back(std::to_string(reply) + (element ? "." + std::to_string(*element) : "") + " " +
                     std::string(said.substr(0, said.find(' '))));
  });
  ASSERT_TRUE(proceed(*connection));
  EXPECT_EQ(errors, (std::vector<std::string>{"1 WRONGTYPE", "5.1 WRONGTYPE"}));
  EXPECT_EQ(connection->last_type(), REDIS_REPLY_ARRAY);
  // And then replies are read in full again.
  commands.clear();
  append_command({"TYPE", "b"}, commands);
  const auto replies = connection->ask(commands, 1);
  ASSERT_TRUE(replies);
  EXPECT_EQ(text_of(*replies->front()), "string");
}

TEST_F(ConnectionTest, a_server_that_is_gone_or_silent_is_to_be_tried_again) {
  auto connection = open();
  server_.fail_at(1, FakeRedis::Fault::before);
  std::string commands;
  append_command({"PING"}, commands);
  EXPECT_EQ(connection->ask(commands, 1).code(), Code::retry);
  settings_.timeout = 500ms;
  connection = open();
  server_.fail_at(1, FakeRedis::Fault::silent);
  EXPECT_EQ(connection->ask(commands, 1).error().message,
            "the connection to Redis is lost: no answer within the timeout");
  settings_.address = "127.0.0.1:1";
  const auto refused = Connection::open(settings_);
  EXPECT_EQ(refused.code(), Code::retry);
  EXPECT_EQ(refused.error().message, "connect to 127.0.0.1:1: Connection refused");
  settings_.address = "unix:/tmp/there is no such socket";
  EXPECT_EQ(Connection::open(settings_).code(), Code::retry);
}

TEST_F(ConnectionTest, a_server_that_does_not_speak_tls_is_told) {
  settings_.tls = true;
  settings_.timeout = 200ms;
  const auto refused = Connection::open(settings_);
  EXPECT_EQ(refused.code(), Code::retry);
  EXPECT_TRUE(refused.error().message.starts_with("TLS with 127.0.0.1:")) << refused.error().message;
  settings_.tls_ca = "/there/is/no/such.pem";
  EXPECT_EQ(Connection::open(settings_).code(), Code::fatal);
}

TEST_F(ConnectionTest, settings_that_cannot_be_are_refused) {
  EXPECT_EQ(refusal(), "none");
  for (const auto* address : {"", ":6379", "host:", "host:0", "host:65536", "host:x", "[::1", "[::1]x", "unix:"}) {
    settings_.address = address;
    EXPECT_EQ(refusal(), "address") << address;
  }
  settings_.address = "unix:" + std::string(200, 'x');
  EXPECT_EQ(refusal(), "address");
  settings_.address = "[::1]:6379";
  EXPECT_EQ(refusal(), "none");
  const auto with = [&](auto change) {
    const auto before = settings_;
    change(settings_);
    const auto option = refusal();
    settings_ = before;
    return option;
  };
  EXPECT_EQ(with([](auto& settings) { settings.user = "u"; }), "user");
  EXPECT_EQ(with([](auto& settings) { settings.database = -1; }), "database");
  EXPECT_EQ(with([](auto& settings) { settings.timeout = 0s; }), "timeout");
  EXPECT_EQ(with([](auto& settings) { settings.tls_ca = "/ca"; }), "tls_ca");
  EXPECT_EQ(with([](auto& settings) { settings.tls = true; }), "none");
  settings_.tls = true;
  EXPECT_EQ(with([](auto& settings) { settings.tls_certificate = "/c"; }), "tls_certificate");
  EXPECT_EQ(with([](auto& settings) { settings.tls_key = "/k"; }), "tls_key");
  EXPECT_EQ(with([](auto& settings) { settings.address = "unix:/s"; }), "tls");
}

}  // namespace
}  // namespace levada::redis
