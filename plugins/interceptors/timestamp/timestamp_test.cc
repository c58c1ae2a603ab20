// The interceptor `timestamp`. How times are read: epoch_test.cc.
#include "timestamp.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::timestamp {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::FakeHost;
using testkit::text_column;
using testkit::texts;
using testkit::value_column;
using Texts = std::vector<std::string>;

std::unique_ptr<Timestamp> make(const Timestamp::Settings& settings, FakeHost& host) {
  auto made = Timestamp::create(settings, host.host());
  EXPECT_TRUE(made.ok()) << made.error().message;
  return *std::move(made);
}

TEST(Timestamp, says_when_the_rows_arrived) {
  FakeHost host;
  host.clock().set(1'780'272'000'123'456'789ns);
  auto batch = batch_of({"a", "b"});
  ASSERT_TRUE(make({}, host)->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "timestamp"), (Texts{"1780272000123456", "1780272000123456"}));
  EXPECT_EQ(batch.find("timestamp")->type(), Type::timestamp);
}

TEST(Timestamp, leaves_times_that_are_there_and_fills_nulls_unless_told_otherwise) {
  FakeHost host;
  host.clock().set(9us);
  for (const bool overwrite : {false, true}) {
    auto batch = batch_of({"a", "b"});
    batch.set(value_column<int64_t>("timestamp", Type::timestamp, {5, {}}));
    ASSERT_TRUE(make({.overwrite = overwrite}, host)->intercept(batch).ok());
    EXPECT_EQ(texts(batch, "timestamp"), (Texts{overwrite ? "9" : "5", "9"}));
  }
}

TEST(Timestamp, leaves_a_column_of_another_type_unless_told_otherwise) {
  FakeHost host;
  host.clock().set(9us);
  for (const bool overwrite : {false, true}) {
    auto batch = batch_of({"a"});
    batch.set(text_column("timestamp", {"now"}));
    ASSERT_TRUE(make({.overwrite = overwrite}, host)->intercept(batch).ok());
    EXPECT_EQ(texts(batch, "timestamp"), Texts{overwrite ? "9" : "now"});
  }
}

TEST(Timestamp, reads_the_time_from_a_column_of_any_type) {
  FakeHost host;
  const auto interceptor = make({.column = "time", .from = "at"}, host);
  const auto read = [&](Column at) {
    Batch batch(at.rows());
    batch.set(std::move(at));
    EXPECT_TRUE(interceptor->intercept(batch).ok());
    EXPECT_NE(batch.find("at"), nullptr);
    return texts(batch, "time");
  };
  EXPECT_EQ(read(text_column("at", {"1780272000", "2026-06-01T00:00:01Z", "never", {}})),
            (Texts{"1780272000000000", "1780272001000000", "<null>", "<null>"}));
  EXPECT_EQ(read(value_column<int64_t>("at", Type::int64, {1'780'272'000'001, {}})),
            (Texts{"1780272000001000", "<null>"}));
  EXPECT_EQ(read(value_column<double>("at", Type::float64, {1.5})), Texts{"1500000"});
  EXPECT_EQ(read(value_column<int64_t>("at", Type::timestamp, {77})), Texts{"77"});
  EXPECT_EQ(read(testkit::boolean_column("at", {true})), Texts{"<null>"});
  EXPECT_EQ(host.count("rows_without_time"), 4);
}

TEST(Timestamp, turns_a_column_into_times_in_its_place) {
  FakeHost host;
  auto batch = batch_of({"a", "b"});
  batch.set(text_column("event_time", {"1780272000", "x"}));
  ASSERT_TRUE(make({.column = "event_time", .from = "event_time"}, host)->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "event_time"), (Texts{"1780272000000000", "<null>"}));
}

TEST(Timestamp, rejects_rows_without_a_time_where_asked_to) {
  FakeHost host;
  auto batch = batch_of({"a", "b", "c"});
  batch.set(text_column("at", {"1", "x", {}}));
  ASSERT_TRUE(make({.from = "at", .on_invalid = Timestamp::OnInvalid::reject}, host)->intercept(batch).ok());
  batch.apply();
  EXPECT_EQ(texts(batch, "body"), Texts{"a"});
  EXPECT_EQ(texts(batch, "timestamp"), Texts{"1000000"});
  ASSERT_EQ(batch.rejections().size(), 2u);
  EXPECT_EQ(batch.rejections()[0].reason, "the column \"at\" says no time");
  EXPECT_EQ(batch.rejections()[1].reason, "the column \"at\" is missing");
}

TEST(Timestamp, takes_the_time_of_arrival_for_rows_without_one_where_asked_to) {
  FakeHost host;
  host.clock().set(9us);
  auto batch = batch_of({"a", "b"});
  ASSERT_TRUE(make({.from = "at", .on_invalid = Timestamp::OnInvalid::arrival}, host)->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "timestamp"), (Texts{"9", "9"}));
}

TEST(Timestamp, refuses_columns_without_a_name) {
  FakeHost host;
  EXPECT_EQ(Timestamp::create({.column = ""}, host.host()).error().option, "column");
  EXPECT_EQ(Timestamp::create({.from = ""}, host.host()).error().option, "from");
}

LEVADA_CONFORMANCE(timestamp, [] {
  auto tested = testkit::subject("timestamp", "from = \"body\"\non_invalid = \"reject\"");
  tested.bodies = {"1780272000", "2026-06-01T00:00:01Z", "", "yesterday, about noon"};
  tested.refused = {{"column = \"\"", "column"}, {"from = \"\"", "from"}};
  return tested;
});

}  // namespace
}  // namespace levada::timestamp
