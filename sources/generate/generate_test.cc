// The source `generate`: positions, rate, ends, and what create refuses. What
// the rows hold: records_test.cc.
#include "generate.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada {
namespace {

using namespace std::chrono_literals;
using testkit::FakeHost;
using testkit::texts;

std::unique_ptr<Generate> make(const Generate::Settings& settings, FakeHost& host) {
  auto made = Generate::create(settings, host.host());
  EXPECT_TRUE(made.ok()) << made.error().message;
  return *std::move(made);
}

// All bodies from the position on, to the end.
std::vector<std::string> run(const Generate::Settings& settings, const std::string& from = {}) {
  FakeHost host;
  auto source = make(settings, host);
  std::vector<Position> positions;
  if (!from.empty()) positions.push_back({"", from, 0});
  EXPECT_TRUE(source->open(positions).ok());
  std::vector<std::string> all;
  for (;;) {
    auto batch = source->poll(0ns);
    if (!batch) {
      EXPECT_EQ(batch.code(), Code::end);
      return all;
    }
    for (auto& body : texts(*batch, "body")) all.push_back(std::move(body));
    EXPECT_EQ(batch->position, std::to_string((from.empty() ? 0 : std::stoul(from)) + all.size()));
  }
}

std::string refusal(const Generate::Settings& settings) {
  FakeHost host;
  const auto made = Generate::create(settings, host.host());
  return made.ok() ? "taken" : made.error().option + ": " + made.error().message;
}

constexpr generate::Record kAll[] = {generate::Record::bot_events, generate::Record::access_log,
                                     generate::Record::ad_views, generate::Record::app_log,
                                     generate::Record::click_log};

TEST(Generate, gives_the_same_rows_from_the_same_seed_and_others_from_another) {
  for (const auto record : kAll) {
    const auto once = run({.record = record, .rows = 500, .seed = 7});
    EXPECT_EQ(once.size(), 500u);
    EXPECT_EQ(run({.record = record, .rows = 500, .seed = 7}), once);
    EXPECT_NE(run({.record = record, .rows = 500, .seed = 8}), once);
  }
}

TEST(Generate, goes_on_in_the_middle_with_the_rows_it_would_have_given) {
  for (const auto record : kAll) {
    Generate::Settings settings{.record = record, .rows = 30'000, .batch_rows = 1000};
    if (record != generate::Record::app_log) settings.broken = 0.1;
    const auto whole = run(settings);
    settings.batch_rows = 77;
    const auto rest = run(settings, "29123");
    EXPECT_TRUE(std::equal(rest.begin(), rest.end(), whole.begin() + 29'123, whole.end()));
  }
}

TEST(Generate, ends_where_the_position_is_the_last_row) { EXPECT_TRUE(run({.rows = 10}, "10").empty()); }

TEST(Generate, makes_as_many_rows_as_requests_where_rows_is_not_set) {
  EXPECT_EQ(run({.requests = 123, .seconds = 60.0}).size(), 123u);
  EXPECT_EQ(run({.rows = 7, .requests = 123, .seconds = 60.0}).size(), 7u);
}

TEST(Generate, refuses_a_position_that_is_no_row_number) {
  FakeHost host;
  auto source = make({.rows = 10}, host);
  const Position wrong_text{"", "12x", 0}, wrong_stream{"other", "12", 0};
  EXPECT_EQ(source->open({&wrong_text, 1}).error().message, "the position \"12x\" is no row number");
  EXPECT_EQ(source->open({&wrong_stream, 1}).code(), Code::fatal);
}

TEST(Generate, keeps_to_its_rate_by_the_clock_alone) {
  FakeHost host;
  auto source = make({.rate = 1000}, host);
  ASSERT_TRUE(source->open({}).ok());
  EXPECT_EQ(source->poll(1s).code(), Code::idle);
  host.clock().advance(10ms);
  EXPECT_EQ(source->poll(1s)->rows(), 10);
  EXPECT_EQ(source->poll(1s).code(), Code::idle);
  host.clock().advance(500us);
  EXPECT_EQ(source->poll(1s).code(), Code::idle);
  host.clock().advance(500us);
  EXPECT_EQ(source->poll(1s)->rows(), 1);
}

TEST(Generate, makes_up_for_one_second_at_most_when_nobody_took_rows) {
  FakeHost host;
  auto source = make({.rate = 100}, host);
  ASSERT_TRUE(source->open({}).ok());
  EXPECT_EQ(source->poll(1s).code(), Code::idle);
  host.clock().advance(1h);
  EXPECT_EQ(source->poll(1s)->rows(), 100);
  EXPECT_EQ(source->poll(1s).code(), Code::idle);
  host.clock().advance(100ms);
  EXPECT_EQ(source->poll(1s)->rows(), 10);
}

TEST(Generate, counts_what_it_broke) {
  FakeHost host;
  auto source = make({.record = generate::Record::click_log, .rows = 4000, .broken = 1}, host);
  ASSERT_TRUE(source->open({}).ok());
  int64_t rows = 0;
  while (auto batch = source->poll(0ns)) rows += batch->rows();
  EXPECT_EQ(rows, 4000);
  EXPECT_EQ(host.count("rows_broken"), 4000);
}

TEST(Generate, gives_its_memory_back) {
  FakeHost host;
  const auto before = testkit::memory_in_use();
  {
    auto source = make({.rows = 5000}, host);
    ASSERT_TRUE(source->open({}).ok());
    while (auto batch = source->poll(0ns)) EXPECT_GT(testkit::memory_in_use(), before);
  }
  EXPECT_EQ(testkit::memory_in_use(), before);
}

TEST(Generate, warns_where_a_run_until_drained_would_never_end) {
  FakeHost host;
  host.set_until_drained(true);
  ASSERT_TRUE(make({.rows = 5}, host)->open({}).ok());
  EXPECT_TRUE(host.log().empty());
  ASSERT_TRUE(make({}, host)->open({}).ok());
  EXPECT_TRUE(host.logged("set `rows`"));
}

TEST(Generate, refuses_settings_that_make_no_sense_and_says_which) {
  using generate::Record;
  EXPECT_EQ(refusal({.rows = -1}), "rows: must be 0 or more");
  EXPECT_EQ(refusal({.start = "yesterday"}),
            "start: \"yesterday\" is no time: write \"2026-06-01T00:00:00Z\" or seconds since 1970");
  EXPECT_EQ(refusal({.requests = 10}), "requests: `requests` and `seconds` go together: set both or neither");
  EXPECT_EQ(refusal({.seconds = 10}), "seconds: `requests` and `seconds` go together: set both or neither");
  EXPECT_EQ(refusal({.record = Record::ad_views, .bots = 3}), "bots: only the record bot_events has bots");
  EXPECT_EQ(refusal({.bots = 0, .users = 0}), "users: without users and bots there are no events");
  EXPECT_EQ(refusal({.broken = 5}), "broken: must be 0 to 1");
  EXPECT_EQ(refusal({.record = Record::app_log, .broken = 0.1}), "broken: app_log has no form that could be broken");
  EXPECT_EQ(refusal({.incomplete = 0.1}), "incomplete: only the record click_log has incomplete rows");
  EXPECT_EQ(refusal({.record = Record::access_log, .rows = 9, .layout = Generate::Layout::array}),
            "layout: only JSON records can stand in an array: bot_events, ad_views, click_log");
  EXPECT_EQ(refusal({.layout = Generate::Layout::array}), "layout: an array has an end: set `rows`");
  EXPECT_EQ(refusal({.batch_rows = 0}), "batch_rows: must be 1 to 1000000");
  EXPECT_EQ(refusal({.start = "1500000000"}), "taken");
}

LEVADA_CONFORMANCE(generate, [] {
  auto tested = testkit::subject("generate", "record = \"click_log\"\nrows = 1000\nbroken = 0.1\nbatch_rows = 64");
  tested.refused = {{"record = \"bot_events\"\nbroken = 2", "broken"},
                    {"record = \"ad_views\"\nstart = \"x\"", "start"}};
  return tested;
});

}  // namespace
}  // namespace levada
