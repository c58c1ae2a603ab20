// What the API does without a database: tests/e2e has it before a real one.
#include "log_api.h"

#include <gtest/gtest.h>

#include "http_server/test_client.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::log_api {
namespace {

using namespace std::chrono_literals;
using http_server::TestClient;
using testkit::texts;
using Texts = std::vector<std::string>;

class LogApiTest : public testing::Test {
 protected:
  ~LogApiTest() override {
    while (api && api->close(10ms).code() == Code::idle) host.clock().advance(100ms);
  }
  Result<std::unique_ptr<LogApi>> make(std::string options = "") {
    options = "listen = \"127.0.0.1:0\"\nlinger = \"0s\"\n" + options;
    if (options.find("connection") == options.npos)
      options += "\nconnection = \"host=127.0.0.1 port=1 user=x dbname=x\"";
    const auto values = testkit::Values::parse(*source<LogApi>("log_api", ""), options);
    if (!values) return wrong("", values.error().message);
    const levada_value* value = values->data();
    LogApi::Settings settings{};
    for (const auto& option : LogApi::options) option.assign(settings, *value++);
    return LogApi::create(std::move(settings), host.host());
  }
  void start() {
    api = *make();
    ASSERT_TRUE(api->open({}));
  }
  std::string ask(const std::string& method, const std::string& target) {
    TestClient client(api->address());
    client.send(method + ' ' + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return client.answer();
  }

  testkit::FakeHost host{"sources.api"};
  std::unique_ptr<LogApi> api;
};

TEST_F(LogApiTest, posted_logs_and_results_become_rows_with_the_id_that_is_answered) {
  start();
  TestClient client(api->address());
  client.post("/logs", R"({"content":"one\ntwo","name":"n"})", "Content-Type: application/json\r\n");
  auto batch = api->poll(10s);
  ASSERT_TRUE(batch);
  EXPECT_EQ(texts(*batch, "body"), Texts{"one\ntwo"});
  EXPECT_EQ(texts(*batch, "content"), Texts{"one\ntwo"});
  EXPECT_EQ(texts(*batch, "name"), Texts{"n"});
  EXPECT_EQ(texts(*batch, "kind"), Texts{"log"});
  EXPECT_EQ(texts(*batch, "received_at"), Texts{std::to_string(host.host().now() / 1us)});
  const auto id = texts(*batch, "id").front();
  ASSERT_TRUE(api->acknowledge(batch->stream, batch->position));
  EXPECT_EQ(client.answer(), "201 {\"id\":\"" + id + "\",\"rows\":1}");
  client.post("/results", "{\"log_id\":\"" + id + "\",\"result\":{\"errors\":2}}",
              "Content-Type: application/json\r\n");
  batch = api->poll(10s);
  ASSERT_TRUE(batch);
  EXPECT_EQ(texts(*batch, "log_id"), Texts{id});
  EXPECT_EQ(texts(*batch, "result"), Texts{"{\"errors\":2}"});
  EXPECT_EQ(texts(*batch, "kind"), Texts{"result"});
}

TEST_F(LogApiTest, without_a_database_reads_get_503_and_the_description_is_there) {
  start();
  for (const auto* path : {"/health", "/stats", "/list-logs", "/logs/x", "/results/x"})
    EXPECT_EQ(ask("GET", path), R"(503 {"error":"the database cannot be reached"})") << path;
  EXPECT_EQ(ask("GET", "/openapi.json").substr(0, 24), "200 {\n\"openapi\": \"3.1.0\"");
}

TEST_F(LogApiTest, each_path_has_its_methods_and_parameters) {
  start();
  EXPECT_EQ(ask("GET", "/logs"), R"(405 {"error":"only POST"})");
  EXPECT_EQ(ask("DELETE", "/logs/x"), R"(405 {"error":"only GET, HEAD"})");
  EXPECT_EQ(ask("GET", "/other").substr(0, 3), "404");
  EXPECT_EQ(ask("GET", "/logs/").substr(0, 3), "404");
  EXPECT_EQ(ask("GET", "/logs/%00").substr(0, 3), "404");
  EXPECT_EQ(ask("GET", "/logs/%ff").substr(0, 3), "404");
  for (const auto* query :
       {"limit=0", "limit=1001", "limit=", "limit=x", "after=x", "other=1", "after=2026-11-27T20:00:00.000000Z/%00",
        "after=2026-11-27T20:00:00.000000Z/", "after=2026-13-27T20:00:00.000000Z/x",
        "after=2026-11-27T24:00:00.000000Z/x", "after=0000-11-27T20:00:00.000000Z/x"})
    EXPECT_EQ(ask("GET", std::string("/list-logs?") + query).substr(0, 3), "400") << query;
}

TEST_F(LogApiTest, refuses_settings_that_make_no_sense) {
  const auto fault = [&](const std::string& options) {
    const auto made = make(options);
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(fault(""), "none");
  EXPECT_EQ(fault("logs_table = \"a.b\""), "none");
  EXPECT_EQ(fault("logs_table = \"a.b.c\""), "logs_table");
  EXPECT_EQ(fault("results_table = \"\""), "results_table");
  EXPECT_EQ(fault("readers = 0"), "readers");
  EXPECT_EQ(fault("connection = \"nonsense\""), "connection");
}

}  // namespace
}  // namespace levada::log_api
