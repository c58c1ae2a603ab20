// Settings, and a server that is away; tests/e2e has the sink before a real server.
#include "postgres.h"

#include <gtest/gtest.h>

#include "levada/testkit/fake_host.h"

namespace levada::postgres_sink {
namespace {

using namespace std::chrono_literals;

class PostgresTest : public testing::Test {
 protected:
  PostgresTest() {
    settings_.connection = "host=127.0.0.1 port=1 password=secret";
    settings_.table = "logs";
  }
  std::string refusal(const std::function<void(PostgresSettings&)>& change) {
    auto settings = settings_;
    change(settings);
    const auto made = Postgres::create(std::move(settings), host_.host());
    return made ? "taken" : made.error().option;
  }

  testkit::FakeHost host_;
  PostgresSettings settings_;
};

TEST_F(PostgresTest, refuses_settings_that_cannot_be) {
  using Mode = PostgresSettings::Mode;
  EXPECT_EQ(refusal([](auto&) {}), "taken");
  EXPECT_EQ(refusal([](auto& s) { s.connection = "hose=x"; }), "connection");
  EXPECT_EQ(refusal([](auto& s) { s.timeout = 0s; }), "timeout");
  EXPECT_EQ(refusal([](auto& s) { s.table = ""; }), "table");
  EXPECT_EQ(refusal([](auto& s) { s.table = "a.b.c"; }), "table");
  EXPECT_EQ(refusal([](auto& s) { s.positions_table = "a."; }), "positions_table");
  EXPECT_EQ(refusal([](auto& s) { s.positions_table = "logs"; }), "positions_table");
  EXPECT_EQ(refusal([](auto& s) { s.positions_id = ""; }), "positions_id");
  EXPECT_EQ(refusal([](auto& s) { s.mode = Mode::upsert; }), "keys");
  EXPECT_EQ(refusal([](auto& s) { s.keys = {"id"}; }), "keys");
  EXPECT_EQ(refusal([](auto& s) { s.keys = {"id", "id"}, s.mode = Mode::upsert; }), "keys");
  EXPECT_EQ(refusal([](auto& s) { s.keys = {"id"}, s.mode = Mode::ignore; }), "taken");
  EXPECT_EQ(refusal([](auto& s) { s.keys = {"id"}, s.mode = Mode::upsert, s.columns = {"n"}; }), "columns");
  EXPECT_EQ(refusal([](auto& s) { s.columns = {""}; }), "columns");
  EXPECT_EQ(refusal([](auto& s) { s.types = {{"n", "numeric"}}; }), "types");
  EXPECT_EQ(refusal([](auto& s) { s.types = {{"n", ""}}, s.create_table = true; }), "types.n");
}

TEST_F(PostgresTest, a_server_that_is_away_is_waited_for_and_no_password_is_said) {
  auto made = Postgres::create(settings_, host_.host());
  ASSERT_TRUE(made);
  EXPECT_TRUE((*made)->keeps_checkpoint());
  ASSERT_TRUE((*made)->open());
  const auto positions = (*made)->recover();
  EXPECT_EQ(positions.code(), Code::retry);
  EXPECT_TRUE(positions.error().message.starts_with("PostgreSQL: connection to server at \"127.0.0.1\", port 1 failed"))
      << positions.error().message;
  EXPECT_EQ(positions.error().message.find("secret"), std::string::npos);
  EXPECT_TRUE((*made)->close(1s));
}

}  // namespace
}  // namespace levada::postgres_sink
