#include "agent/cli/reload/reload_plan.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

using Names = std::vector<std::string>;
using Numbers = std::vector<size_t>;

FlowTables flow(const std::string& name, const std::string& sink = "one", const std::string& plugin = "/p/x.so|1|2") {
  return {{"sources." + name, "\nrows\n"}, {"channels." + name, "\nmemory\n"}, {"sinks." + name, plugin + "\n" + sink}};
}

TEST(ReloadPlan, of_the_same_is_empty) {
  const auto plan = plan_reload({{flow("a")}, {flow("b")}}, {flow("b"), flow("a")});
  EXPECT_TRUE(plan.is_empty());
  EXPECT_EQ(plan.kept.size(), 6u);
  EXPECT_EQ(plan.restarted, Names{});
}

TEST(ReloadPlan, replaces_a_flow_that_changed_and_no_other) {
  const auto plan = plan_reload({{flow("a")}, {flow("b")}}, {flow("a"), flow("b", "two")});
  EXPECT_EQ(plan.leaving, Numbers{1});
  EXPECT_EQ(plan.entering, Numbers{1});
  EXPECT_EQ(plan.changed, Names{"sinks.b"});
  EXPECT_EQ(plan.restarted, (Names{"channels.b", "sources.b"}));
  EXPECT_EQ(plan.kept, (Names{"channels.a", "sinks.a", "sources.a"}));
  EXPECT_EQ(plan.plugins, Names{});
}

TEST(ReloadPlan, starts_what_is_new_and_ends_what_is_gone) {
  const auto plan = plan_reload({{flow("a")}, {flow("b")}}, {flow("c"), flow("a")});
  EXPECT_EQ(plan.leaving, Numbers{1});
  EXPECT_EQ(plan.entering, Numbers{0});
  EXPECT_EQ(plan.added, (Names{"channels.c", "sinks.c", "sources.c"}));
  EXPECT_EQ(plan.removed, (Names{"channels.b", "sinks.b", "sources.b"}));
  EXPECT_EQ(plan.changed, Names{});
}

TEST(ReloadPlan, replaces_a_flow_whose_plugin_file_changed) {
  const auto plan = plan_reload({{flow("a")}}, {flow("a", "one", "/p/x.so|7|2")});
  EXPECT_EQ(plan.changed, Names{"sinks.a"});
  EXPECT_EQ(plan.plugins, Names{"/p/x.so"});
}

TEST(ReloadPlan, starts_a_flow_that_is_down_anew) {
  const auto plan = plan_reload({{flow("a"), true}, {flow("b")}}, {flow("a"), flow("b")});
  EXPECT_EQ(plan.leaving, Numbers{0});
  EXPECT_EQ(plan.entering, Numbers{0});
  EXPECT_EQ(plan.restarted, (Names{"channels.a", "sinks.a", "sources.a"}));
}

TEST(ReloadPlan, follows_a_channel_from_one_flow_to_another) {
  auto joined = flow("a");
  joined.merge(flow("b"));
  const auto plan = plan_reload({{flow("a")}, {flow("b")}}, {joined});
  EXPECT_EQ(plan.leaving, (Numbers{0, 1}));
  EXPECT_EQ(plan.entering, Numbers{0});
  EXPECT_EQ(plan.restarted.size(), 6u);
  EXPECT_EQ(plan.added, Names{});
  EXPECT_EQ(plan.removed, Names{});
}

TEST(ReloadPlan, shows_an_interceptor_of_two_flows_once) {
  auto one = flow("a"), other = flow("b");
  one["interceptors.clean"] = other["interceptors.clean"] = "/p/c.so|1\n";
  auto wanted = other;
  wanted["sinks.b"] = "new\n";
  const auto plan = plan_reload({{one}, {other}}, {one, wanted});
  EXPECT_EQ(plan.changed, Names{"sinks.b"});
  EXPECT_EQ(plan.restarted, (Names{"channels.b", "sources.b"}));
}

}  // namespace
}  // namespace levada::agent
