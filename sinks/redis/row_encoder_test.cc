// Commands of rows, as the bytes that are sent.
#include "row_encoder.h"

#include <gtest/gtest.h>

#include <limits>

#include "levada/testkit/batches.h"

namespace levada::redis_sink {
namespace {

using Mode = RedisSettings::Mode;
using Texts = std::vector<std::string>;

Batch bots() {
  Batch batch(3);
  batch.set(testkit::text_column("ip", {"10.0.0.1", std::nullopt, "::1"}));
  batch.set(testkit::value_column<int64_t>("clicks", Type::int64, {{7}, {8}, std::nullopt}));
  batch.set(testkit::value_column<double>("rate", Type::float64, {{0.5}, {1.0}, std::nullopt}));
  batch.set(testkit::text_column("body", {"first", "second", std::nullopt}, Type::bytes));
  return batch;
}

// The words of each command, with spaces between them; "- reason" for a row without commands.
Texts encoded(const RedisSettings& settings, const Batch& batch) {
  auto encoder = RowEncoder::from(settings);
  EXPECT_TRUE(encoder.ok()) << encoder.error().option << ": " << encoder.error().message;
  if (!encoder) return {};
  EXPECT_TRUE((*encoder).bind(batch).ok());
  Texts all;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    std::string text, reason;
    if (!(*encoder).append(row, text, reason)) {
      all.push_back("- " + reason);
      continue;
    }
    size_t commands = 0;
    for (size_t at = 0; at < text.size(); ++commands) {
      const auto count = std::stoul(text.substr(at + 1));
      at = text.find("\r\n", at) + 2;
      std::string words;
      for (size_t word = 0; word < count; ++word) {
        EXPECT_EQ(text[at], '$');
        const auto size = std::stoul(text.substr(at + 1));
        at = text.find("\r\n", at) + 2;
        words += (word ? " " : "") + text.substr(at, size);
        at += size;
        EXPECT_EQ(text.substr(at, 2), "\r\n");
        at += 2;
      }
      all.push_back(words);
    }
    EXPECT_EQ(commands, (*encoder).commands_per_row());
  }
  return all;
}

constexpr const char* kNoIp = "- the column \"ip\", which the key, the field or the value is made of, has no value";

RedisSettings of(Mode mode, std::string key, std::string value = "json") {
  RedisSettings settings;
  settings.mode = mode;
  settings.key = std::move(key);
  settings.value = std::move(value);
  if (mode == Mode::hash) settings.field = "{ip}";
  return settings;
}

TEST(RowEncoder, makes_fields_of_a_hash) {
  EXPECT_EQ(encoded(of(Mode::hash, "statistic"), bots()),
            (Texts{R"(HSET statistic 10.0.0.1 {"ip":"10.0.0.1","clicks":7,"rate":0.5})", kNoIp,
                   R"(HSET statistic ::1 {"ip":"::1"})"}));
}

TEST(RowEncoder, makes_keys_of_their_own) {
  auto settings = of(Mode::keys, "stat_{ip}");
  settings.columns = {"clicks"};
  EXPECT_EQ(encoded(settings, bots()), (Texts{R"(SET stat_10.0.0.1 {"clicks":7})", kNoIp, "SET stat_::1 {}"}));
  settings.ttl = std::chrono::seconds(90);
  EXPECT_EQ(encoded(settings, bots())[0], R"(SET stat_10.0.0.1 {"clicks":7} PX 90000)");
}

TEST(RowEncoder, makes_hashes_of_rows) {
  auto settings = of(Mode::keys, "stat_{ip:-nobody}", "fields");
  settings.columns = {"clicks", "rate"};
  EXPECT_EQ(encoded(settings, bots()),
            (Texts{"DEL stat_10.0.0.1", "HSET stat_10.0.0.1 clicks 7 rate 0.5", "DEL stat_nobody",
                   "HSET stat_nobody clicks 8 rate 1", "- no column has a value"}));
  settings.ttl = std::chrono::minutes(1);
  EXPECT_EQ(encoded(settings, bots())[2], "PEXPIRE stat_10.0.0.1 60000");
}

TEST(RowEncoder, makes_members_of_sets_lists_and_streams) {
  EXPECT_EQ(encoded(of(Mode::set, "bots", "{ip}"), bots()), (Texts{"SADD bots 10.0.0.1", kNoIp, "SADD bots ::1"}));
  EXPECT_EQ(encoded(of(Mode::list, "rows", "body"), bots()),
            (Texts{"RPUSH rows first", "RPUSH rows second", "- the body is null"}));
  EXPECT_EQ(encoded(of(Mode::stream, "rows", "body"), bots())[0], "XADD rows * body first");
  EXPECT_EQ(encoded(of(Mode::publish, "alerts.{ip:-none}", "{clicks:-0} clicks"), bots()),
            (Texts{"PUBLISH alerts.10.0.0.1 7 clicks", "PUBLISH alerts.none 8 clicks", "PUBLISH alerts.::1 0 clicks"}));
  auto settings = of(Mode::stream, "rows", "fields");
  settings.max_length = 1000;
  EXPECT_EQ(encoded(settings, bots()),
            (Texts{"XADD rows MAXLEN ~ 1000 * ip 10.0.0.1 clicks 7 rate 0.5",
                   "XADD rows MAXLEN ~ 1000 * clicks 8 rate 1", "XADD rows MAXLEN ~ 1000 * ip ::1"}));
}

TEST(RowEncoder, sends_any_bytes) {
  Batch batch(1);
  batch.set(testkit::text_column("body", {std::string("\r\n$5\r\n\0\xff", 9)}, Type::bytes));
  EXPECT_EQ(encoded(of(Mode::list, "a\r\nb", "body"), batch)[0], std::string("RPUSH a\r\nb \r\n$5\r\n\0\xff", 20));
}

TEST(RowEncoder, counts_values_that_json_cannot_hold) {
  Batch batch(1);
  batch.set(testkit::value_column<double>("rate", Type::float64, {std::numeric_limits<double>::infinity()}));
  auto encoder = RowEncoder::from(of(Mode::list, "rows"));
  ASSERT_TRUE(encoder.ok());
  ASSERT_TRUE((*encoder).bind(batch).ok());
  std::string text, reason;
  EXPECT_TRUE((*encoder).append(0, text, reason));
  EXPECT_EQ((*encoder).take_replaced(), 1);
  EXPECT_EQ((*encoder).take_replaced(), 0);
}

TEST(RowEncoder, refuses_settings_that_contradict_each_other) {
  const auto refusal = [](const RedisSettings& settings) {
    const auto made = RowEncoder::from(settings);
    return made ? "taken" : made.error().option;
  };
  EXPECT_EQ(refusal(of(Mode::hash, "")), "key");
  EXPECT_EQ(refusal(of(Mode::hash, "{")), "key");
  EXPECT_EQ(refusal(of(Mode::keys, "one_key")), "key");
  EXPECT_EQ(refusal(of(Mode::set, "bots", "ip")), "value");
  EXPECT_EQ(refusal(of(Mode::set, "bots", "{ip")), "value");
  EXPECT_EQ(refusal(of(Mode::hash, "bots", "fields")), "value");
  auto settings = of(Mode::hash, "bots");
  settings.field.reset();
  EXPECT_EQ(refusal(settings), "field");
  settings = of(Mode::set, "bots", "{ip}");
  settings.field = "{ip}";
  EXPECT_EQ(refusal(settings), "field");
  settings = of(Mode::set, "bots", "{ip}");
  settings.columns = {"ip"};
  EXPECT_EQ(refusal(settings), "columns");
  settings = of(Mode::publish, "bots");
  settings.ttl = std::chrono::seconds(1);
  EXPECT_EQ(refusal(settings), "ttl");
  settings = of(Mode::hash, "bots");
  settings.ttl = std::chrono::nanoseconds(1);
  EXPECT_EQ(refusal(settings), "ttl");
  settings = of(Mode::list, "bots");
  settings.max_length = 5;
  EXPECT_EQ(refusal(settings), "max_length");
  settings = of(Mode::stream, "bots");
  settings.max_length = 0;
  EXPECT_EQ(refusal(settings), "max_length");
}

}  // namespace
}  // namespace levada::redis_sink
