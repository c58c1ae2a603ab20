// The interceptor `deduplicate` against a model that knows all rows.
#include "deduplicate.h"

#include <gtest/gtest.h>

#include <map>

#include "analytics/detector_bench.h"
#include "levada/testkit/conformance.h"

namespace levada::deduplicate {
namespace {

using analytics::DetectorBench;
using analytics::Lines;
using analytics::TestRow;
using std::chrono::seconds;

Deduplicate::Settings settings_of(Method method) {
  Deduplicate::Settings settings;
  settings.time = "time";
  settings.unit = TimeUnit::s;
  settings.keys = {"id"};
  settings.ttl = seconds(10);
  settings.method = method;
  settings.expected_keys = 10'000;
  settings.error = 1e-6;
  return settings;
}

DetectorBench bench_of(const Deduplicate::Settings& settings) {
  return DetectorBench({"id"}, [settings](Host host) -> std::unique_ptr<StatefulInterceptor> {
    auto made = Deduplicate::create(settings, host);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  });
}

TEST(Deduplicate, a_row_whose_key_came_through_within_the_time_to_live_is_dropped) {
  auto bench = bench_of(settings_of(Method::exact));
  EXPECT_EQ(bench.run({{0, {"a"}}, {0, {"a"}}, {1, {"b"}}, {9, {"a"}}, {10, {"a"}}, {19, {"a"}}, {20, {"a"}}}),
            (Lines{"time=0 id=a", "time=1 id=b", "time=10 id=a", "time=20 id=a"}));
  EXPECT_EQ(bench.host().count("rows_duplicate"), 3);
}

std::vector<TestRow> random_rows(std::mt19937_64& random, size_t keys) {
  std::vector<TestRow> rows;
  for (int64_t time = -50; rows.size() < 4000; time += static_cast<int64_t>(random() % 2)) {
    for (auto count = random() % 5; count > 0; --count)
      rows.push_back({time, {"key " + std::to_string(random() % keys) + " of more than sixteen bytes"}});
  }
  return rows;
}

TEST(Deduplicate, does_as_a_model_does_that_knows_all_rows) {
  for (const uint64_t seed : {1, 2}) {
    std::mt19937_64 random(seed);
    const auto rows = random_rows(random, seed == 1 ? 3000 : 50);
    std::map<std::string, int64_t> last;
    Lines expected;
    for (const auto& row : rows) {
      const auto known = last.find(row.values[0]);
      if (known != last.end() && row.time - known->second < 10) continue;
      last[row.values[0]] = row.time;
      expected.push_back("time=" + std::to_string(row.time) + " id=" + row.values[0]);
    }
    auto settings = settings_of(Method::exact);
    bench_of(settings).expect_however_it_comes(rows, expected, random);
    settings.lateness = seconds(7);
    auto late = bench_of(settings);
    EXPECT_EQ(late.run(DetectorBench::shuffled(rows, 7, random), [&] { return 1 + random() % 50; }, true), expected);
  }
}

TEST(Deduplicate, filters_let_no_duplicate_through_and_go_on_from_a_state) {
  std::mt19937_64 random(3);
  const auto rows = random_rows(random, 300);
  auto bench = bench_of(settings_of(Method::bloom));
  const Lines whole = bench.run(rows);
  // A key that comes again is forgotten at the latest a quarter of the time to live too late.
  std::map<std::string, int64_t> last;
  for (const auto& line : whole) {
    const auto id = line.substr(line.find(" id="));
    const auto time = std::stoll(line.substr(5));
    const auto known = last.try_emplace(id, time - 10).first;
    EXPECT_GE(time - known->second, 10) << line;
    known->second = time;
  }
  EXPECT_GT(whole.size(), 300u);
  const auto cut = [&] { return 200 + random() % 50; };
  EXPECT_EQ(bench.run(rows, cut, true), whole);
}

TEST(Deduplicate, counts_rows_beyond_the_keys_that_filters_were_made_for) {
  auto settings = settings_of(Method::bloom);
  settings.expected_keys = 4;
  auto bench = bench_of(settings);
  bench.run({{0, {"a"}}, {0, {"b"}}, {0, {"c"}}});
  EXPECT_EQ(bench.host().count("rows_over_expected_keys"), 2);
}

std::string fault(const std::function<void(Deduplicate::Settings&)>& change) {
  testkit::FakeHost host;
  auto settings = settings_of(Method::exact);
  change(settings);
  const auto made = Deduplicate::create(settings, host.host());
  return made ? "none" : made.error().option + ": " + made.error().message;
}

TEST(Deduplicate, settings_are_checked) {
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& settings) { settings.keys = {}; }), "keys: a key needs at least one column");
  EXPECT_EQ(fault([](auto& settings) { settings.ttl = {}; }), "ttl: must be 1us or more");
  EXPECT_EQ(fault([](auto& settings) { settings.expected_keys = 0; }), "expected_keys: must be 1 to 4294967296");
  EXPECT_EQ(fault([](auto& settings) { settings.error = 0; }), "error: must be 0.000001 to 0.5");
}

testkit::Subject subject_of(const std::string& more) {
  auto tested =
      testkit::subject("deduplicate", "keys = [\"a_text\"]\nttl = \"5s\"\ntime = \"a_time\"\nunit = \"s\"\n" + more);
  tested.bodies = {"one", "two", "one", "", "three"};
  tested.columns = {testkit::value_column<int64_t>("a_time", Type::int64, {1, 1, 5, 7, 30}),
                    testkit::text_column("a_text", {"a", "a", "b", "a text of more than twelve bytes", "a"})};
  tested.other_options = "keys = [\"a_text\"]\nttl = \"6s\"\ntime = \"a_time\"\nunit = \"s\"\n" + more;
  tested.refused = {{"keys = [\"a\"]\nttl = \"0s\"", "ttl"}};
  return tested;
}

LEVADA_CONFORMANCE(deduplicate_exact, [] { return subject_of("lateness = \"3s\""); });
LEVADA_CONFORMANCE(deduplicate_bloom, [] { return subject_of("method = \"bloom\"\nexpected_keys = 100"); });

}  // namespace
}  // namespace levada::deduplicate
