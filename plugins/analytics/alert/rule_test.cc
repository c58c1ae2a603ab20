// Rules as users write them.
#include "rule.h"

#include <gtest/gtest.h>

#include "alert.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::alert {
namespace {

using namespace std::chrono_literals;

// The option at fault, or "none".
std::string fault(const std::string& rules) {
  testkit::FakeHost host;
  const auto* component = interceptor<Alert>("alert", "");
  const auto values = testkit::Values::parse(*component, rules);
  EXPECT_TRUE(values) << values.error().message;
  void* self = nullptr;
  levada_error error{};
  if (component->create(host.table(), values->data(), &self, &error) == LEVADA_OK) {
    component->destroy(self);
    return "none";
  }
  return error.option;
}
std::string fault_of_rule(const std::string& entries) { return fault("rules = { r = { " + entries + " } }"); }

TEST(RuleTest, each_kind_of_rule_is_understood) {
  for (const char* entries :
       {"column = \"a\", above = 1", "column = \"a\", below = -1.5, until = 0, for = \"30s\"", "absent_for = \"5m\"",
        "column = \"a\", unchanged_for = \"1h\"", "column = \"a\", rises_by = 10, window = \"1m\", until = 5",
        "column = \"a\", falls_by = 10, window = \"1m\", for = \"1s\", where = \"a > 1\", text = \"{rule} {state}\""})
    EXPECT_EQ(fault_of_rule(entries), "none") << entries;
}

TEST(RuleTest, what_is_wrong_is_named) {
  EXPECT_EQ(fault("rules = {}"), "rules");
  EXPECT_EQ(fault("rules = { r = 1 }"), "rules.r");
  const std::pair<const char*, const char*> wrong[] = {
      {"column = \"a\"", "rules.r"},
      {"column = \"a\", above = 1, below = 2", "rules.r.below"},
      {"column = \"a\", above = \"1\"", "rules.r.above"},
      {"above = 1", "rules.r.column"},
      {"column = 1, above = 1", "rules.r.column"},
      {"column = \"a\", above = 1, until = 2", "rules.r.until"},
      {"column = \"a\", below = 1, until = 0", "rules.r.until"},
      {"column = \"a\", above = 1, for = 30", "rules.r.for"},
      {"column = \"a\", above = 1, for = \"soon\"", "rules.r.for"},
      {"column = \"a\", above = 1, window = \"1m\"", "rules.r.window"},
      {"column = \"a\", rises_by = 1", "rules.r.window"},
      {"column = \"a\", rises_by = -1, window = \"1m\"", "rules.r.rises_by"},
      {"column = \"a\", absent_for = \"1m\"", "rules.r.column"},
      {"unchanged_for = \"1m\"", "rules.r.column"},
      {"absent_for = \"0s\"", "rules.r.absent_for"},
      {"absent_for = \"1m\", for = \"1s\"", "rules.r.for"},
      {"column = \"a\", above = 1, where = \"a >\"", "rules.r.where"},
      {"column = \"a\", above = 1, text = \"{\"", "rules.r.text"},
      {"column = \"a\", abvoe = 1", "rules.r.abvoe"},
  };
  for (const auto& [entries, option] : wrong) EXPECT_EQ(fault_of_rule(entries), option) << entries;
  EXPECT_EQ(fault("keys = [\"time\"]\nrules = { r = { absent_for = \"1m\" } }"), "keys");
  EXPECT_EQ(fault("keys = [\"a\", \"a\"]\nrules = { r = { absent_for = \"1m\" } }"), "keys");
  EXPECT_EQ(fault("max_keys = 0\nrules = { r = { absent_for = \"1m\" } }"), "max_keys");
}

TEST(RuleTest, durations_are_read_and_written) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("2d"), 48h);
  for (const char* text : {"", "s", "1", "1 s", "-1s", "0s", "1w", "infs", "nans", "1e3s", "999999d"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  EXPECT_EQ(duration_text(0us), "0s");
  EXPECT_EQ(duration_text(250ms), "250ms");
  EXPECT_EQ(duration_text(35s), "35s");
  EXPECT_EQ(duration_text(35s + 250ms), "35s");
  EXPECT_EQ(duration_text(65min), "1h5m");
  EXPECT_EQ(duration_text(50h + 1min + 1s), "2d2h");
}

}  // namespace
}  // namespace levada::alert
