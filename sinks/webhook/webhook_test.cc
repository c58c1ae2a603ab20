// What the sink webhook promises, against a server within the process.
#include "webhook.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "http/test_server.h"
#include "levada/checked_text.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::webhook {
namespace {

using namespace std::chrono_literals;
using testkit::text_column;
using testkit::texts;
using Texts = std::vector<std::string>;

std::string header_of(const TestServer::Request& request, const std::string& name) {
  const auto at = request.head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 4;
  return request.head.substr(begin, request.head.find("\r\n", begin) - begin);
}

class WebhookTest : public testing::Test {
 protected:
  WebhookTest() : server_([this](const auto& request) { return answer_(request); }) {
    settings_.url = server_.url() + "/hook";
  }
  void start() {
    auto sink = Webhook::create(settings_, host_.host());
    ASSERT_TRUE(sink) << sink.error().option << ": " << sink.error().message;
    sink_ = *std::move(sink);
    ASSERT_TRUE(sink_->open());
    ASSERT_TRUE(sink_->recover());
  }
  // Rows "first", "first + 1" ... of the stream, numbered so.
  void write(int64_t first, int64_t count, const std::string& stream = "s") {
    std::vector<std::optional<std::string>> names;
    for (int64_t row = first; row < first + count; ++row) names.push_back(std::to_string(row));
    Batch batch(count);
    batch.set(text_column("n", names));
    batch.stream = stream;
    batch.sequence = static_cast<uint64_t>(first);
    ASSERT_TRUE(sink_->write(batch, 0ns));
  }
  Done commit(uint64_t epoch = 1) {
    for (;;) {
      Batch rejected;
      const Done done = sink_->commit({{}, epoch}, 100ms, rejected);
      if (rejected.rows() > 0) {
        const auto names = texts(rejected, "n"), reasons = texts(rejected, "reason");
        for (size_t at = 0; at < names.size(); ++at) rejected_.push_back(names[at] + ": " + reasons[at]);
      }
      if (done.code() != Code::idle) return done;
    }
  }
  Texts bodies() const {
    Texts all;
    for (const auto& request : server_.requests()) all.push_back(request.body);
    return all;
  }
  Texts keys() const {
    Texts all;
    for (const auto& request : server_.requests()) all.push_back(header_of(request, "Idempotency-Key"));
    return all;
  }

  TestServer::Answer answer_ = [](const auto&) { return TestServer::answer(204); };
  TestServer server_;
  testkit::FakeHost host_{"sinks.hook"};
  WebhookSettings settings_;
  std::unique_ptr<Webhook> sink_;
  Texts rejected_;
};

TEST_F(WebhookTest, each_row_is_a_request_which_comes_with_the_commit) {
  settings_.headers = {{"Authorization", "Bearer secret"}, {"X-Empty", ""}};
  start();
  write(0, 2);
  EXPECT_EQ(bodies(), Texts());
  ASSERT_TRUE(commit());
  EXPECT_EQ(bodies(), (Texts{R"({"n":"0"})", R"({"n":"1"})"}));
  const auto request = server_.requests()[0];
  EXPECT_EQ(request.method + " " + request.target, "POST /hook");
  EXPECT_EQ(header_of(request, "Content-Type"), "application/json");
  EXPECT_EQ(header_of(request, "Authorization"), "Bearer secret");
  EXPECT_NE(request.head.find("\r\nX-Empty:"), std::string::npos);
  EXPECT_EQ(server_.connections(), 1u);
  ASSERT_TRUE(commit(2));
  EXPECT_EQ(bodies().size(), 2u) << "a commit without rows sends nothing";
}

TEST_F(WebhookTest, rows_go_together_as_lines_or_as_an_array) {
  settings_.method = WebhookSettings::Method::put;
  settings_.format = WebhookSettings::Format::ndjson;
  settings_.batch_rows = 2;
  start();
  write(0, 3);
  ASSERT_TRUE(commit());
  settings_.format = WebhookSettings::Format::array;
  settings_.headers = {{"content-type", "application/vnd.x+json"}};
  start();
  write(0, 3);
  ASSERT_TRUE(commit());
  EXPECT_EQ(bodies(),
            (Texts{"{\"n\":\"0\"}\n{\"n\":\"1\"}\n", "{\"n\":\"2\"}\n", R"([{"n":"0"},{"n":"1"}])", R"([{"n":"2"}])"}));
  const auto requests = server_.requests();
  EXPECT_EQ(requests[0].method, "PUT");
  EXPECT_EQ(header_of(requests[0], "Content-Type"), "application/x-ndjson");
  EXPECT_EQ(header_of(requests[2], "Content-Type"), "");
  EXPECT_EQ(header_of(requests[2], "content-type"), "application/vnd.x+json");
}

TEST_F(WebhookTest, a_key_is_the_same_where_a_request_comes_again_and_another_for_other_rows) {
  start();
  write(0, 3);
  write(0, 1, "other");
  ASSERT_TRUE(commit());
  // After a crash, in batches that are cut otherwise, and in another commit.
  start();
  write(0, 1);
  ASSERT_TRUE(commit(1));
  write(1, 2);
  ASSERT_TRUE(commit(2));
  const auto all = keys();
  ASSERT_EQ(all.size(), 7u);
  EXPECT_EQ(Texts(all.begin() + 4, all.end()), Texts(all.begin(), all.begin() + 3));
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 4u);
  testkit::FakeHost elsewhere("sinks.hook");
  elsewhere.random().give({42});
  auto other = Webhook::create(settings_, elsewhere.host());
  ASSERT_TRUE((*other)->open());
  sink_ = *std::move(other);
  write(0, 1);
  ASSERT_TRUE(commit());
  EXPECT_NE(keys().back(), all[0]) << "another sink's";
}

TEST_F(WebhookTest, rows_that_an_interceptor_gave_later_have_keys_of_their_commit) {
  start();
  write(0, 1, "");
  ASSERT_TRUE(commit(1));
  write(0, 1, "");
  ASSERT_TRUE(commit(2));
  EXPECT_NE(keys()[0], keys()[1]);
}

TEST_F(WebhookTest, a_server_that_fails_is_asked_again_and_what_it_took_is_not_sent_again) {
  int left = 1;
  answer_ = [&](const auto& request) {
    if (request.body == R"({"n":"1"})" && left-- > 0) return TestServer::answer(503, "busy");
    return TestServer::answer(200);
  };
  start();
  write(0, 3);
  const Done failed = commit();
  ASSERT_EQ(failed.code(), Code::retry);
  EXPECT_EQ(failed.error().message, "the receiver answered 503: busy");
  ASSERT_TRUE(sink_->recover());
  write(0, 3);
  ASSERT_TRUE(commit());
  EXPECT_EQ(bodies(), (Texts{R"({"n":"0"})", R"({"n":"1"})", R"({"n":"1"})", R"({"n":"2"})"}));
  // The next commit begins anew, whatever its rows are.
  write(0, 1);
  ASSERT_TRUE(commit(2));
  EXPECT_EQ(bodies().size(), 5u);
}

TEST_F(WebhookTest, a_receiver_that_asks_for_a_pause_has_it) {
  answer_ = [](const auto&) { return TestServer::answer(429, "", "Retry-After: 20\r\n"); };
  start();
  write(0, 1);
  EXPECT_EQ(commit().code(), Code::retry);
  host_.clock().advance(19s);
  const auto early = sink_->recover();
  ASSERT_EQ(early.code(), Code::retry);
  EXPECT_EQ(early.error().message, "the receiver asks to wait for 1 s more");
  host_.clock().advance(1s);
  EXPECT_TRUE(sink_->recover());
  EXPECT_EQ(bodies().size(), 1u);
}

TEST_F(WebhookTest, no_answer_and_half_of_one_are_tried_again) {
  answer_ = [](const auto&) { return std::string(); };
  start();
  write(0, 1);
  EXPECT_EQ(commit().code(), Code::retry);
  settings_.url = "http://127.0.0.1:1/";
  start();
  write(0, 1);
  EXPECT_EQ(commit().code(), Code::retry);
}

TEST_F(WebhookTest, a_commit_returns_when_its_time_is_up_and_goes_on_with_the_next_call) {
  std::atomic<bool> may_answer = false;
  answer_ = [&](const auto&) {
    while (!may_answer) std::this_thread::yield();
    return TestServer::answer(200);
  };
  start();
  write(0, 1);
  Batch rejected;
  EXPECT_EQ(sink_->commit({{}, 1}, 1ms, rejected).code(), Code::idle);
  may_answer = true;
  ASSERT_TRUE(commit());
  EXPECT_EQ(bodies().size(), 1u);
}

TEST_F(WebhookTest, a_row_that_the_receiver_refuses_is_found_among_many_and_rejected) {
  answer_ = [](const auto& request) {
    const bool bad =
        request.body.find("\"13\"") != std::string::npos || request.body.find("\"4\"") != std::string::npos;
    return bad ? TestServer::answer(422, "no") : TestServer::answer(200);
  };
  settings_.format = WebhookSettings::Format::array;
  start();
  write(0, 20);
  ASSERT_TRUE(commit());
  EXPECT_EQ(rejected_, (Texts{"4: the receiver answered 422: no", "13: the receiver answered 422: no"}));
  std::map<std::string, int> taken;
  for (const auto& request : server_.requests()) {
    if (answer_(request).find(" 200 ") == std::string::npos) continue;
    for (size_t at = 0; (at = request.body.find("{\"n\":", at)) != std::string::npos; ++at)
      ++taken[request.body.substr(at + 6, request.body.find('"', at + 6) - at - 6)];
  }
  EXPECT_EQ(taken.size(), 18u);
  for (const auto& [row, times] : taken) EXPECT_EQ(times, 1) << row;
  EXPECT_EQ(host_.count("requests_refused"), 2);
}

TEST_F(WebhookTest, a_url_that_is_not_there_rejects_the_rows_at_once_and_credentials_are_tried_again) {
  int status = 404;
  answer_ = [&](const auto&) { return TestServer::answer(status); };
  settings_.format = WebhookSettings::Format::array;
  start();
  write(0, 10);
  ASSERT_TRUE(commit());
  EXPECT_EQ(rejected_.size(), 10u);
  EXPECT_EQ(bodies().size(), 1u);
  status = 401;
  write(10, 10);
  EXPECT_EQ(commit(2).code(), Code::retry);
  EXPECT_EQ(rejected_.size(), 10u);
}

TEST_F(WebhookTest, refuses_settings_that_make_no_sense) {
  const auto fault = [&](auto change) {
    auto changed = settings_;
    change(changed);
    const auto made = Webhook::create(changed, host_.host());
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(fault([](auto&) {}), "none");
  for (const char* url : {"", "ftp://a/", "http://", "https:///x", "http://a/ b", "http://a/\r\nX: y", "a"})
    EXPECT_EQ(fault([&](auto& s) { s.url = url; }), "url") << url;
  EXPECT_EQ(fault([](auto& s) { s.headers = {{"X Y", "1"}}; }), "headers");
  EXPECT_EQ(fault([](auto& s) { s.headers = {{"X", "1\r\nY: 2"}}; }), "headers.X");
  EXPECT_EQ(fault([](auto& s) { s.headers = {{"content-length", "1"}}; }), "headers.content-length");
  EXPECT_EQ(fault([](auto& s) { s.idempotency_header = "a b"; }), "idempotency_header");
  EXPECT_EQ(fault([](auto& s) { s.batch_rows = 2; }), "batch_rows");
  EXPECT_EQ(fault([](auto& s) { s.batch_bytes = {0}; }), "batch_bytes");
  EXPECT_EQ(fault([](auto& s) { s.timeout = 0s; }), "timeout");
}

TestServer& shared_server() {
  static TestServer server([](const auto&) { return TestServer::answer(200); });
  return server;
}

// All hosts send to one server: each sink's keys begin with its id.
void give_id(testkit::FakeHost& host) {
  static uint64_t numbers = 0;
  // A disk that fails uses up more than one.
  for (int more = 0; more < 8; ++more) host.random().give({++numbers});
}

Texts delivered_by(testkit::FakeHost& host) {
  const auto kept =
      load_checked(host.host().files(), host.host().data_dir() + "/webhook_id", "levada webhook sink id 1");
  const auto id = kept && *kept ? (*kept)->substr(0, (*kept)->size() - 1) : "";
  Texts rows;
  for (const auto& request : shared_server().requests())
    if (!id.empty() && header_of(request, "Idempotency-Key").starts_with(id + "-")) rows.push_back(request.body);
  return rows;
}

LEVADA_CONFORMANCE(webhook, [] {
  auto tested = testkit::subject("webhook", "url = \"" + shared_server().url() + "\"");
  tested.prepare = give_id;
  tested.delivered = delivered_by;
  tested.refused = {{"url = \"x\"", "url"}};
  return tested;
});

}  // namespace
}  // namespace levada::webhook
