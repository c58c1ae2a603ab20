// Alerts over rows: by key, over restarts, by event time and by the machine's clock.
#include "alert.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::alert {
namespace {

using namespace std::chrono_literals;
using testkit::text_column;
using testkit::texts;
using testkit::value_column;
using Texts = std::vector<std::string>;

constexpr int64_t kSecond = 1'000'000;

struct Row {
  int64_t time;  // Seconds.
  std::string key;
  std::optional<double> value;
};

class AlertTest : public testing::Test {
 protected:
  std::unique_ptr<Alert> make(const std::string& options) {
    auto values = testkit::Values::parse(*interceptor<Alert>("alert", ""), options);
    EXPECT_TRUE(values) << values.error().message;
    Alert::Settings settings;
    for (size_t at = 0; at < Alert::options.size(); ++at) Alert::options[at].assign(settings, values->data()[at]);
    auto made = Alert::create(settings, host_.host());
    EXPECT_TRUE(made) << made.error().option << ": " << made.error().message;
    EXPECT_TRUE((*made)->open());
    return *std::move(made);
  }
  static Batch batch_of(const std::vector<Row>& rows) {
    std::vector<std::optional<int64_t>> times;
    std::vector<std::optional<std::string>> keys;
    std::vector<std::optional<double>> values;
    for (const auto& row : rows) {
      times.emplace_back(row.time * kSecond);
      keys.emplace_back(row.key);
      values.push_back(row.value);
    }
    Batch batch(static_cast<int64_t>(rows.size()));
    batch.set(value_column<int64_t>("timestamp", Type::timestamp, times));
    batch.set(text_column("host", keys));
    batch.set(value_column<double>("used", Type::float64, values));
    return batch;
  }
  // "TEXT" of each row that tells.
  static Texts told(Alert& alert, const std::vector<Row>& rows) {
    auto batch = batch_of(rows);
    EXPECT_TRUE(alert.intercept(batch));
    batch.apply();
    return batch.rows() == 0 ? Texts() : texts(batch, "text");
  }
  Texts advanced(Alert& alert, bool ended = false) {
    Texts all;
    for (;;) {
      auto batch = alert.advance(host_.host().monotonic(), ended);
      if (!batch) return all;
      for (auto& text : texts(*batch, "text")) all.push_back(text);
    }
  }
  std::string saved(Alert& alert) {
    std::string state;
    EXPECT_TRUE(alert.save(state));
    return state;
  }

  testkit::FakeHost host_{"interceptors.alerts"};
};

constexpr const char* kFull =
    "keys = [\"host\"]\nrules = { full = { column = \"used\", above = 90, until = 80, for = \"10s\" } }";

TEST_F(AlertTest, a_row_tells_that_an_alert_begins_and_one_that_it_is_over) {
  const auto alert = make(kFull);
  auto batch =
      batch_of({{0, "a", 91}, {0, "b", 99}, {9, "a", 92}, {10, "a", 93}, {11, "b", 85}, {12, "a", 85}, {75, "a", 80}});
  ASSERT_TRUE(alert->intercept(batch));
  EXPECT_EQ(texts(batch, "rule"), (Texts{"full", "full"}));
  EXPECT_EQ(texts(batch, "state"), (Texts{"begin", "end"}));
  EXPECT_EQ(texts(batch, "host"), (Texts{"a", "a"}));
  EXPECT_EQ(texts(batch, "time"), (Texts{std::to_string(10 * kSecond), std::to_string(75 * kSecond)}));
  EXPECT_EQ(texts(batch, "since"), (Texts{"0", "0"}));
  EXPECT_EQ(texts(batch, "value"), (Texts{"93", "80"}));
  EXPECT_EQ(texts(batch, "text"), (Texts{"full [a]: used is 93, above 90", "full [a]: over after 1m15s, used is 80"}));
  EXPECT_EQ(host_.count("alerts_begun") + host_.count("alerts_ended"), 2);
}

TEST_F(AlertTest, several_rules_look_at_the_rows_that_they_are_about) {
  const auto alert = make(
      "keys = [\"host\"]\n[rules]\n"
      "low = { where = \"host == 'a'\", column = \"used\", below = 1, text = \"{host} {state} {value} {since}\" }\n"
      "grows = { column = \"used\", rises_by = 50, window = \"1m\" }");
  EXPECT_EQ(told(*alert, {{0, "a", 0}, {1, "b", 0}, {2, "b", 51}, {3, "a", 5}, {90, "b", 51}}),
            (Texts{"a begin 0 1970-01-01T00:00:00Z", "grows [b]: used rose by 51 within 1m, more than 50",
                   "a end 5 1970-01-01T00:00:00Z", "grows [b]: over after 1m28s, used moved by 0"}));
}

TEST_F(AlertTest, rows_that_stay_away_are_told_by_the_clock_and_their_return_too) {
  const auto alert = make("keys = [\"host\"]\nrules = { away = { absent_for = \"5m\" } }");
  EXPECT_EQ(alert->deadline(), std::chrono::nanoseconds::max());
  const auto start = host_.host().monotonic();
  EXPECT_EQ(told(*alert, {{0, "a", 1}, {1, "b", 1}}), Texts());
  EXPECT_EQ(alert->deadline(), start + 5min);
  host_.clock().advance(4min);
  EXPECT_EQ(told(*alert, {{2, "b", 1}}), Texts());
  EXPECT_EQ(advanced(*alert), Texts());
  host_.clock().advance(1min);
  EXPECT_EQ(advanced(*alert), Texts{"away [a]: no rows for 5m"});
  EXPECT_EQ(advanced(*alert), Texts());
  host_.clock().advance(2min);
  EXPECT_EQ(told(*alert, {{3, "a", 1}}), Texts{"away [a]: over after 7m"});
}

TEST_F(AlertTest, without_keys_rows_are_missed_that_never_came) {
  const auto alert = make("rules = { dead = { where = \"used > 0\", absent_for = \"1m\" } }");
  EXPECT_EQ(told(*alert, {{0, "a", 0}}), Texts());
  host_.clock().advance(1min);
  EXPECT_EQ(advanced(*alert), Texts{"dead: no rows for 1m"});
  EXPECT_EQ(told(*alert, {{1, "a", 1}}), Texts{"dead: over after 1m"});
}

TEST_F(AlertTest, a_value_that_no_longer_changes_is_told) {
  const auto alert = make("keys = [\"host\"]\nrules = { stuck = { column = \"used\", unchanged_for = \"1m\" } }");
  EXPECT_EQ(told(*alert, {{0, "a", 1}}), Texts());
  host_.clock().advance(50s);
  EXPECT_EQ(told(*alert, {{50, "a", 1}}), Texts());
  host_.clock().advance(10s);
  EXPECT_EQ(advanced(*alert), Texts{"stuck [a]: no change of used for 1m"});
  EXPECT_EQ(told(*alert, {{60, "a", 1}}), Texts());
  EXPECT_EQ(told(*alert, {{61, "a", std::nullopt}}), Texts{"stuck [a]: over after 1m"});
}

TEST_F(AlertTest, goes_on_after_a_restart_where_it_was) {
  const std::string both =
      "keys = [\"host\"]\nrules = { full = { column = \"used\", above = 90, for = \"10s\" }, "
      "away = { absent_for = \"5m\" } }";
  auto alert = make(both);
  EXPECT_EQ(told(*alert, {{0, "a", 91}, {0, "b", 95}, {11, "b", 95}}), Texts{"full [b]: used is 95, above 90"});
  host_.clock().advance(4min);
  const auto state = saved(*alert);
  host_.clock().advance(1h);
  alert = make(both);
  ASSERT_TRUE(alert->load(state));
  EXPECT_EQ(advanced(*alert), Texts()) << "the hour without an agent does not count";
  EXPECT_EQ(told(*alert, {{12, "a", 91}, {13, "b", 1}}),
            (Texts{"full [a]: used is 91, above 90", "full [b]: over after 13s, used is 1"}));
  // A limit may be another one; a rule that looks at something else has another state.
  EXPECT_TRUE(
      make("keys = [\"host\"]\nrules = { full = { column = \"used\", above = 50 }, away = { absent_for = \"1m\" } }")
          ->load(state));
  EXPECT_EQ(make(kFull)->load(state).code(), Code::reject);
  auto damaged = state;
  damaged[state.size() / 2] ^= 1;
  EXPECT_EQ(alert->load(damaged).code(), Code::fatal);
}

TEST_F(AlertTest, rows_out_of_order_are_put_in_order_and_late_ones_dropped) {
  const auto alert = make(std::string(kFull) + "\nlateness = \"5s\"");
  EXPECT_EQ(told(*alert, {{10, "a", 91}, {8, "a", 1}, {20, "a", 91}, {3, "a", 1}}), Texts());
  EXPECT_EQ(told(*alert, {{30, "a", 91}}), Texts{"full [a]: used is 91, above 90"});
  EXPECT_EQ(host_.count("rows_late"), 1);
  EXPECT_EQ(advanced(*alert, true), Texts());
}

TEST_F(AlertTest, values_that_are_none_and_keys_without_room_are_counted) {
  const auto alert = make(std::string("max_keys = 1\n") + kFull);
  EXPECT_EQ(told(*alert, {{0, "a", std::nullopt}, {1, "b", 99}, {2, "a", 99}, {3, "b", 99}}), Texts());
  EXPECT_EQ(host_.count("rows_without_value"), 1);
  EXPECT_EQ(host_.count("rows_without_room"), 2);
  EXPECT_EQ(told(*alert, {{12, "a", 99}}), Texts{"full [a]: used is 99, above 90"});
}

TEST_F(AlertTest, at_the_end_of_intake_nobody_is_missed) {
  const auto alert = make("rules = { dead = { absent_for = \"1m\" } }");
  EXPECT_EQ(advanced(*alert, true), Texts());
  EXPECT_EQ(alert->deadline(), std::chrono::nanoseconds::max());
  host_.clock().advance(1h);
  EXPECT_EQ(advanced(*alert), Texts());
}

LEVADA_CONFORMANCE(alert, [] {
  auto tested =
      testkit::subject("alert",
                       "time = \"a_time\"\nmax_jump = \"0s\"\nkeys = [\"a_text\"]\n"
                       "rules = { high = { column = \"a_number\", above = 0.5 }, away = { absent_for = \"1m\" } }");
  tested.bodies = {"1", "2", "3", "4", "5"};
  tested.other_options =
      "time = \"a_time\"\nkeys = [\"a_number\"]\nrules = { high = { column = \"a_number\", above = 0.5 } }";
  tested.refused = {{"rules = { r = { above = 1 } }", "rules.r.column"}};
  return tested;
});

}  // namespace
}  // namespace levada::alert
