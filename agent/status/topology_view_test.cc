#include "agent/status/topology_view.h"

#include <gtest/gtest.h>

#include "agent/config/test_support.h"

namespace levada::agent {
namespace {

using Edges = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kSystem = R"(
[agent]
status_token = "a token that nobody sees"
[sources.in]
type = "spool"
path = "/in"
interceptors = ["clean"]
channels = ["main"]
[interceptors.clean]
type = "clean_json"
[interceptors.parse]
type = "parse_json"
[channels.main]
type = "memory"
[sinks.a]
type = "kafka"
brokers = ["one:9092"]
topic = "t"
password = "hunter2 hunter2"
[sinks.b]
type = "null"
[sinks.c]
type = "null"
channel = "main"
[sink_groups.both]
type = "failover"
sinks = ["a", "b"]
channel = "main"
interceptors = ["clean", "parse"]
)";

std::shared_ptr<const TopologyView> view_of(const TestRun& run, const Secrets& secrets = {}) {
  return make_view("agent.toml", run.agent, run.topology, Registry(), secrets);
}

TEST(TopologyView, ShowsWhoGivesRowsToWhom) {
  const TestRun run(kSystem);
  ASSERT_EQ(run.findings(), "");
  const auto view = view_of(run);
  EXPECT_EQ(view->edges, (Edges{{"sources.in", "interceptors.clean"},
                                {"interceptors.clean", "channels.main"},
                                {"channels.main", "interceptors.clean"},
                                {"interceptors.clean", "interceptors.parse"},
                                {"interceptors.parse", "sink_groups.both"},
                                {"sink_groups.both", "sinks.a"},
                                {"sink_groups.both", "sinks.b"},
                                {"channels.main", "sinks.c"}}));
  ASSERT_NE(view->find("sinks.a"), nullptr);
  EXPECT_TRUE(view->find("sinks.a")->channels.empty()) << "its group reads";
  EXPECT_EQ(view->find("sources.in")->interceptors, std::vector<std::string>{"interceptors.clean"});
  EXPECT_EQ(view->find("sinks.none"), nullptr);
}

TEST(TopologyView, HasNoSecret) {
  const TestRun run(kSystem);
  Secrets secrets;
  secrets.add("one:9092");
  const auto view = view_of(run, secrets);
  std::string all = view->agent;
  for (const auto& component : view->components) all += component.options;
  for (const auto* secret : {"a token that", "hunter2", "one:9092"}) EXPECT_EQ(all.find(secret), all.npos) << all;
  EXPECT_NE(all.find("password = \"(hidden)\""), all.npos) << all;
  EXPECT_NE(all.find("topic = \"t\""), all.npos) << all;
}

}  // namespace
}  // namespace levada::agent
