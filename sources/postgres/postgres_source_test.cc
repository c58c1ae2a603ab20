// Settings, and a server that is away; tests/e2e has the source before a real server.
#include "postgres_source.h"

#include <gtest/gtest.h>

#include "levada/testkit/fake_host.h"

namespace levada::postgres_source {
namespace {

using namespace std::chrono_literals;

class PostgresSourceTest : public testing::Test {
 protected:
  PostgresSourceTest() {
    settings_.connection = "host=127.0.0.1 port=1 password=secret";
    settings_.query = "SELECT 1 AS id";
    settings_.cursor = "id";
  }
  std::string refusal(const std::function<void(PostgresSettings&)>& change) {
    auto settings = settings_;
    change(settings);
    const auto made = PostgresSource::create(std::move(settings), host_.host());
    return made ? "taken" : made.error().option;
  }

  testkit::FakeHost host_;
  PostgresSettings settings_;
};

TEST_F(PostgresSourceTest, refuses_settings_that_cannot_be) {
  EXPECT_EQ(refusal([](auto&) {}), "taken");
  EXPECT_EQ(refusal([](auto& s) { s.connection = "hose=x"; }), "connection");
  EXPECT_EQ(refusal([](auto& s) { s.query = ""; }), "query");
  EXPECT_EQ(refusal([](auto& s) { s.cursor = ""; }), "cursor");
  EXPECT_EQ(refusal([](auto& s) { s.share = "3/2"; }), "share");
  EXPECT_EQ(refusal([](auto& s) { s.batch_rows = 0; }), "batch_rows");
  EXPECT_EQ(refusal([](auto& s) { s.interval = 0s; }), "interval");
  EXPECT_EQ(refusal([](auto& s) { s.timeout = 0s; }), "timeout");
}

TEST_F(PostgresSourceTest, a_server_that_is_away_is_tried_again_and_no_password_is_said) {
  auto made = PostgresSource::create(settings_, host_.host());
  ASSERT_TRUE(made);
  ASSERT_TRUE((*made)->open({}));
  for (int time = 0; time < 2; ++time) {
    const auto page = (*made)->poll(60s);
    EXPECT_EQ(page.code(), Code::retry);
    EXPECT_TRUE(page.error().message.starts_with("PostgreSQL: connection to server at")) << page.error().message;
    EXPECT_EQ(page.error().message.find("secret"), std::string::npos);
  }
  EXPECT_TRUE((*made)->close(1s));
}

}  // namespace
}  // namespace levada::postgres_source
