#include "agent/status/status_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "agent/observe/open_gauge.h"
#include "agent/status/http_client.h"
#include "agent/status/page_files.h"
#include "agent/status/test_bench.h"
#include "levada/sdk.h"

namespace levada::agent {
namespace {

using ::testing::HasSubstr;
using testing::StatusBench;

class StatusServerTest : public ::testing::Test {
 protected:
  StatusServerTest() {
    char name[] = "/tmp/levada-status-XXXXXX";
    folder_ = ::mkdtemp(name);
    const auto make_filter = [](const std::string& condition) -> Result<Taps::Filter> {
      if (condition != "good") return fatal("cannot read \"" + condition + "\"");
      return Taps::Filter([](const Batch& batch) -> Result<Batch> { return batch; });
    };
    auto started = StatusServer::start(bench_.watched, StatusBench::view(), {.socket = socket()}, make_filter);
    if (started) server_ = *std::move(started);
  }
  ~StatusServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string socket() const { return folder_ + "/agent.sock"; }
  HttpAnswer ask(const std::string& target, const std::string& method = "GET") {
    auto answer = agent::ask(socket(), method, target, std::chrono::seconds(30));
    return answer ? *std::move(answer) : HttpAnswer{0, answer.error().message};
  }

  StatusBench bench_;
  std::string folder_;
  std::unique_ptr<StatusServer> server_;
};

TEST_F(StatusServerTest, HealthIsAStatusAndSaysWhy) {
  EXPECT_EQ(ask("/health").status, 503);
  EXPECT_THAT(ask("/health").body, HasSubstr("is starting"));
  OpenGauge source(bench_.metrics, "sources.in"), sink(bench_.metrics, "sinks.out");
  server_->set_started();
  EXPECT_EQ(ask("/health").status, 503) << "nothing is open";
  source.works();
  sink.works();
  EXPECT_EQ(ask("/health").status, 200);
}

TEST_F(StatusServerTest, EveryPathAnswers) {
  for (const auto* path : {"/metrics", "/topology", "/api/status", "/api/dead_letters", "/api/configuration",
                           "/api/plugins", "/api/sparklines"})
    EXPECT_EQ(ask(path).status, 200) << path;
  for (const auto* path :
       {"/nothing", "/page/", "/page/../etc/passwd", "/api/history", "/api/history?component=x", "/api/tap?tap=7"})
    EXPECT_EQ(ask(path).status, 404) << path;
  EXPECT_EQ(ask("/api/tap?tap=x").status, 400);
  EXPECT_EQ(ask("/api/none", "POST").status, 404);
}

TEST_F(StatusServerTest, ThePageIsBuiltIn) {
  EXPECT_THAT(ask("/").body, HasSubstr("<!doctype html>"));
  for (const auto& file : page_files()) EXPECT_EQ(ask(std::string(file.path)).body, file.content) << file.path;
}

TEST_F(StatusServerTest, ShowsTheTopologyThatRunsNow) {
  EXPECT_THAT(ask("/topology").body, HasSubstr("\"path\":\"sinks.out\""));
  EXPECT_THAT(ask("/topology").body, HasSubstr(R"({"from":"sources.in","to":"interceptors.clean"})"));
  server_->show(std::make_shared<TopologyView>());
  EXPECT_EQ(ask("/topology").body,
            "{\"sources\":[],\"interceptors\":[],\"channels\":[],\"sink_groups\":[],\"sinks\":[],\"edges\":[]}\n");
}

TEST_F(StatusServerTest, StatusHasCountersAndBacklogs) {
  bench_.metrics.counter("sources.in", "rows_read").add(5);
  bench_.backlogs.show("sources.in", {{.name = "a \"b\".ndjson", .done = 30, .total = 100}});
  const auto body = ask("/api/status").body;
  EXPECT_THAT(body, HasSubstr(R"("counters":{"rows_read":5})"));
  EXPECT_THAT(body, HasSubstr(R"({"name":"a \"b\".ndjson","count":1,"done":30,"total":100})"));
  EXPECT_THAT(body, HasSubstr(R"("state":"works")"));
}

TEST_F(StatusServerTest, DeadLettersAreShownAsTheyAre) {
  Batch letter(1);
  letter.set(repeat("reason", "<script>alert(1)</script>", 1));
  letter.set(repeat("body", std::string("\xff\x00\"", 3), 1));
  bench_.letters.add({{"sinks.out", "<script>", 1}}, letter);
  const auto body = ask("/api/dead_letters").body;
  EXPECT_THAT(body, HasSubstr(R"("rows":1)"));
  EXPECT_THAT(body, HasSubstr(R"("reason":"<script>alert(1)</script>","body_base64":"/wAi")"));
}

TEST_F(StatusServerTest, TakesOrdersThatWereRegistered) {
  server_->on_post("/api/reload", [](const HttpRequest& request) {
    return HttpResponse{.status = 409, .body = "reload " + request.parameter("why")};
  });
  const auto answer = ask("/api/reload?why=now", "POST");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, "reload now");
  EXPECT_EQ(ask("/api/reload").status, 404);
}

TEST_F(StatusServerTest, TapsAComponent) {
  const auto opened = ask("/api/tap?component=sinks.out&filter=good", "POST");
  ASSERT_EQ(opened.body, "{\"tap\":1}\n");
  Batch batch(1);
  batch.set(repeat("text", "row", 1));
  bench_.taps.point("sinks.out").give(TapPoint::Way::in, batch);
  EXPECT_EQ(ask("/api/tap?tap=1").body, "{\"way\":\"in\",\"component\":\"sinks.out\",\"row\":{\"text\":\"row\"}}\n");
  EXPECT_EQ(ask("/api/tap?tap=1").body, "");
  const auto bad = ask("/api/tap?component=sinks.out&filter=bad", "POST");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("cannot read"));
  for (const auto* component : {"sinks.none", "channels.main", ""})
    EXPECT_EQ(ask("/api/tap?component=" + std::string(component), "POST").status, 404) << component;
}

}  // namespace
}  // namespace levada::agent
