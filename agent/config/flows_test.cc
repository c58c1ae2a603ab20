#include "agent/config/flows.h"

#include <gtest/gtest.h>

#include "agent/config/test_support.h"

namespace levada::agent {
namespace {

using Numbers = std::vector<size_t>;

constexpr const char* kTwoFlows = R"(
[agent]
data_dir = "data"
[interceptors.clean]
type = "clean_json"
[sources.a]
type = "generate"
channels = ["left"]
interceptors = ["clean"]
[sources.b]
type = "generate"
channels = ["right", "far"]
[channels.left]
type = "memory"
[channels.right]
type = "memory"
[channels.far]
type = "memory"
[sinks.left]
type = "null"
channel = "left"
[sinks.right]
type = "null"
channel = "right"
[sinks.one]
type = "null"
[sinks.two]
type = "null"
[sink_groups.both]
interceptors = ["clean"]
type = "failover"
channel = "far"
sinks = ["one", "two"]
)";

std::string replaced(std::string text, const std::string& old, const std::string& fresh) {
  const auto at = text.find(old);
  EXPECT_NE(at, text.npos) << old;
  return text.replace(at, old.size(), fresh);
}

std::vector<FlowTables> tables(const TestRun& run) {
  EXPECT_EQ(run.findings(), "");
  std::vector<FlowTables> all;
  for (const auto& flow : flows_of(run.topology)) all.push_back(tables_of(run.topology, flow));
  return all;
}

TEST(Flows, are_what_hangs_together_by_channels) {
  const TestRun run(kTwoFlows);
  ASSERT_EQ(run.findings(), "");
  const auto flows = flows_of(run.topology);
  ASSERT_EQ(flows.size(), 2u);
  EXPECT_EQ(flows[0].sources, (Numbers{0}));
  EXPECT_EQ(flows[0].channels, (Numbers{0}));
  EXPECT_EQ(flows[0].sinks, (Numbers{0}));
  EXPECT_EQ(flows[0].sink_groups, (Numbers{}));
  EXPECT_EQ(flows[1].sources, (Numbers{1}));
  EXPECT_EQ(flows[1].channels, (Numbers{1, 2}));
  EXPECT_EQ(flows[1].sinks, (Numbers{1, 2, 3}));
  EXPECT_EQ(flows[1].sink_groups, (Numbers{0}));
}

TEST(Flows, say_what_their_tables_and_their_interceptors_say) {
  const TestRun run(kTwoFlows);
  const auto all = tables(run);
  ASSERT_EQ(all.size(), 2u);
  std::vector<std::string> left, right;
  for (const auto& [path, text] : all[0]) left.push_back(path);
  for (const auto& [path, text] : all[1]) right.push_back(path);
  EXPECT_EQ(left, (std::vector<std::string>{"channels.left", "interceptors.clean", "sinks.left", "sources.a"}));
  EXPECT_EQ(right, (std::vector<std::string>{"channels.far", "channels.right", "interceptors.clean", "sink_groups.both",
                                             "sinks.one", "sinks.right", "sinks.two", "sources.b"}));
}

TEST(Flows, are_the_same_whatever_the_order_and_the_form_of_the_file) {
  const TestRun before(kTwoFlows);
  const TestRun after(std::string("# A remark.\n") +
                      replaced(replaced(kTwoFlows, "type = \"null\"\nchannel = \"left\"",
                                        "channel = \"left\"  # the left one\ntype    = 'null'\ncommit_rows = 0"),
                               "[sources.a]\ntype = \"generate\"", "[sources.a]\nworkers = 1\ntype = \"generate\""));
  EXPECT_EQ(tables(before), tables(after)) << "what is said is the default";
}

TEST(Flows, differ_where_a_value_does) {
  const TestRun before(kTwoFlows);
  const TestRun after(replaced(kTwoFlows, "channel = \"left\"", "channel = \"left\"\ncommit_rows = 5"));
  const auto old = tables(before), fresh = tables(after);
  EXPECT_NE(old[0], fresh[0]);
  EXPECT_EQ(old[1], fresh[1]);
}

TEST(Flows, differ_where_a_secret_does_that_is_written_the_same) {
  const std::string text = R"(
[agent]
data_dir = "data"
[sources.a]
type = "generate"
channels = ["main"]
[channels.main]
type = "memory"
[sinks.out]
type = "kafka"
channel = "main"
brokers = ["b"]
topic = "t"
password = "${file:password}"
)";
  const TestRun before(text, {{"password", "old one"}}), same(text, {{"password", "old one"}}),
      after(text, {{"password", "new one"}});
  EXPECT_EQ(tables(before), tables(same));
  EXPECT_NE(tables(before), tables(after));
}

TEST(Flows, of_the_whole_are_one) {
  const TestRun run(kTwoFlows);
  const auto whole = whole_of(run.topology);
  EXPECT_EQ(whole.sources, (Numbers{0, 1}));
  EXPECT_EQ(whole.sinks, (Numbers{0, 1, 2, 3}));
}

}  // namespace
}  // namespace levada::agent
