// What the tests of the source share: a source that listens, and clients of it.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "http_server/test_client.h"
#include "http_source.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::http_source {

using namespace std::chrono_literals;
using http_server::TestClient;
using testkit::texts;
using Texts = std::vector<std::string>;

class SourceTest : public testing::Test {
 protected:
  ~SourceTest() override { stop(); }

  // With these options beside `listen`, whose routes are /logs of NDJSON where they are not named.
  Result<std::unique_ptr<HttpSource>> make(std::string options = "") {
    if (options.find("listen") == options.npos) options = "listen = \"127.0.0.1:0\"\n" + options;
    if (options.find("routes") == options.npos) options += "\nroutes = { \"/logs\" = { format = \"ndjson\" } }";
    if (options.find("linger") == options.npos) options += "\nlinger = \"0s\"";
    const auto values = testkit::Values::parse(*source<HttpSource>("http", ""), options);
    if (!values) return wrong("", values.error().message);
    const levada_value* value = values->data();
    HttpSource::Settings settings{};
    for (const auto& option : HttpSource::options) option.assign(settings, *value++);
    return HttpSource::create(std::move(settings), host.host());
  }
  std::string fault(const std::string& options) {
    const auto made = make(options);
    return made ? "none" : made.error().option;
  }
  void start(const std::string& options = "", const std::vector<Position>& positions = {}) {
    stop();
    auto made = make(options);
    ASSERT_TRUE(made) << made.error().option << ' ' << made.error().message;
    http = *std::move(made);
    const auto opened = http->open(positions);
    ASSERT_TRUE(opened) << opened.error().message;
  }
  // As the host does it.
  void stop() {
    if (!http) return;
    while (http->close(10ms).code() == Code::idle) host.clock().advance(100ms);
    http.reset();
  }
  // The next batch; an empty one where none comes for long.
  Batch poll() {
    for (int tries = 0; tries < 30; ++tries)
      if (auto batch = http->poll(1s)) return *std::move(batch);
    ADD_FAILURE() << "no rows come";
    return Batch();
  }
  void acknowledge(const Batch& batch) { ASSERT_TRUE(http->acknowledge(batch.stream, batch.position)); }
  // Posts, and stores it; the answer.
  std::string take(const std::string& body, const std::string& headers = "") {
    TestClient client(http->address());
    client.post("/logs", body, headers);
    acknowledge(poll());
    return client.answer();
  }
  // Posts what is refused or answered without rows.
  std::string ask(const std::string& target, const std::string& body, const std::string& headers = "") {
    TestClient client(http->address());
    client.post(target, body, headers);
    return client.answer();
  }

  // The answer to request `request` of a batch; ids begin with what is the same for a run.
  std::string stored(int batch, int request, int rows) {
    return "200 {\"id\":\"" + http->run() + "-logs-" + std::to_string(batch) + '-' + std::to_string(request) +
           "\",\"rows\":" + std::to_string(rows) + '}';
  }

  testkit::FakeHost host{"sources.web"};
  std::unique_ptr<HttpSource> http;
};

}  // namespace levada::http_source
