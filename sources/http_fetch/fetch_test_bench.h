// For tests of http_fetch: a server and files in a test's hands, the source over them, and what
// came out so far.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/test_server.h"
#include "http_fetch.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::http_fetch {

using Texts = std::vector<std::string>;

class FetchTestBench : public testing::Test {
 protected:
  static Result<std::unique_ptr<HttpFetch>> made(const std::string& options, const Host& host) {
    const auto& component = *testkit::component_of(*levada_plugin_1(), "http_fetch");
    const auto values = testkit::Values::parse(component, options);
    if (!values) return values.error();
    FetchSettings settings;
    const auto* value = values->data();
    for (const auto& option : kFetchOptions) option.assign(settings, *value++);
    return HttpFetch::create(std::move(settings), host);
  }
  // Why create refuses the options: "option: reason".
  std::string refusal(const std::string& options) {
    const auto source = made(options, host.host());
    return source ? "" : source.error().option + ": " + source.error().message;
  }

  // A new instance, as after a crash or a stop; it goes on where downstream stands.
  void start() {
    source.reset();
    auto fetch = made(options, host.host());
    ASSERT_TRUE(fetch) << fetch.error().option << ": " << fetch.error().message;
    source = *std::move(fetch);
    std::vector<Position> at;
    for (const auto& [stream, position] : positions) at.push_back({stream, position, 0});
    const auto opened = source->open(at);
    ASSERT_TRUE(opened) << opened.error().message;
  }
  // Until it ends, or has been idle for some hours; gives the rows.
  Texts read(int idle_most = 40) {
    Texts all;
    for (int idle = 0; idle < idle_most;) {
      auto batch = source->poll(std::chrono::milliseconds(100));
      last_code = batch.code();
      if (last_code == Code::end || last_code == Code::fatal) break;
      if (!batch) {
        if (last_code == Code::retry) last_error = batch.error().message;
        ++idle;
        host.clock().advance(std::chrono::seconds(1));
        continue;
      }
      idle = 0;
      jumped = jumped || batch->jump;
      if (batch->rows() > 0) {
        EXPECT_NE(positions[batch->stream], batch->position) << "no two batches have one position";
        for (auto& text : testkit::texts(*batch, "body")) all.push_back(text);
        last = *batch;
      }
      positions[batch->stream] = batch->position;
      unacknowledged.emplace_back(batch->stream, batch->position);
    }
    return all;
  }
  void acknowledge() {
    for (const auto& [stream, position] : unacknowledged) {
      const auto done = source->acknowledge(stream, position);
      EXPECT_TRUE(done) << done.error().message;
    }
    unacknowledged.clear();
  }
  // The files of bodies that are there.
  Texts bodies() const {
    Texts all;
    for (const auto& path : host.files().paths())
      if (path.find("/bodies/") != path.npos) all.push_back(path.substr(path.rfind('/') + 1));
    return all;
  }
  static std::string answer(int status, const std::string& body = {}, const std::string& headers = {}) {
    return TestServer::answer(status, body, headers);
  }

  mutable testkit::FakeHost host{"sources.test"};
  std::string options;
  std::unique_ptr<HttpFetch> source;
  std::map<std::string, std::string> positions;  // Of each stream: what a restart goes on with.
  std::vector<std::pair<std::string, std::string>> unacknowledged;
  Batch last;
  Code last_code = Code::ok;
  std::string last_error;
  bool jumped = false;
};

}  // namespace levada::http_fetch
