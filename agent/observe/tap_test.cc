#include "agent/observe/tap.h"

#include <gtest/gtest.h>

#include "levada/builders.h"

namespace levada::agent {
namespace {

using std::chrono::seconds;

Batch numbers(int64_t count, int64_t first = 0) {
  ValueBuilder<int64_t> values(count);
  for (int64_t row = 0; row < count; ++row) values.append(first + row);
  Batch batch(count);
  batch.set(std::move(values).finish("n", Type::int64));
  return batch;
}

TEST(Taps, NobodyWantsRowsUntilSomebodyLooks) {
  Taps taps;
  auto& point = taps.point("sources.a");
  EXPECT_FALSE(point.wanted());
  const auto tap = taps.open("sources.a", {}, seconds(1));
  ASSERT_TRUE(tap.ok());
  EXPECT_TRUE(point.wanted());
  EXPECT_FALSE(taps.point("sources.b").wanted());
  taps.close(*tap);
  EXPECT_FALSE(point.wanted());
}

TEST(Taps, GivesSomeRowsOfEachBatch) {
  Taps taps;
  const auto tap = *taps.open("sources.a", {}, seconds(1));
  taps.point("sources.a").give(TapPoint::Way::out, numbers(2));
  taps.point("sources.a").give(TapPoint::Way::in, numbers(1000));
  taps.point("sources.b").give(TapPoint::Way::in, numbers(7));
  const auto rows = *taps.read(tap, seconds(2));
  ASSERT_EQ(rows.lines.size(), 2 + Taps::kRowsOfBatch);
  EXPECT_EQ(rows.lines[0], R"({"way":"out","component":"sources.a","row":{"n":0}})");
  EXPECT_EQ(rows.lines[2], R"({"way":"in","component":"sources.a","row":{"n":0}})");
  EXPECT_EQ(rows.lines[11], R"({"way":"in","component":"sources.a","row":{"n":900}})");
  EXPECT_TRUE(taps.read(tap, seconds(2))->lines.empty());
}

TEST(Taps, ARowWithoutColumnsAndALongOneAreShownToo) {
  Taps taps;
  const auto tap = *taps.open("sources.a", {}, seconds(1));
  taps.point("sources.a").give(TapPoint::Way::out, Batch(1));
  Batch batch(1);
  batch.set(repeat("text", std::string(Taps::kRowBytes, 'x'), 1));
  taps.point("sources.a").give(TapPoint::Way::out, batch);
  const auto rows = *taps.read(tap, seconds(2));
  ASSERT_EQ(rows.lines.size(), 2u);
  EXPECT_EQ(rows.lines[0], R"({"way":"out","component":"sources.a","row":{}})");
  EXPECT_TRUE(rows.lines[1].starts_with(R"({"way":"out","component":"sources.a","row_bytes":)"));
}

TEST(Taps, KeepsNoMoreThanItsBound) {
  Taps taps;
  const auto tap = *taps.open("sources.a", {}, seconds(1));
  for (int time = 0; time < 1000; ++time) taps.point("sources.a").give(TapPoint::Way::in, numbers(100));
  EXPECT_EQ(taps.read(tap, seconds(2))->lines.size(), Taps::kRowsWaiting);
}

TEST(Taps, GivesRowsThatPassTheFilter) {
  Taps taps;
  const auto tap = *taps.open(
      "sources.a",
      [](const Batch& batch) -> Result<Batch> {
        Batch wanted = batch;
        wanted.take(std::vector<int64_t>{batch.rows() - 1});
        return wanted;
      },
      seconds(1));
  taps.point("sources.a").give(TapPoint::Way::in, numbers(100));
  const auto rows = *taps.read(tap, seconds(2));
  ASSERT_EQ(rows.lines.size(), 1u);
  EXPECT_NE(rows.lines[0].find("\"n\":99"), std::string::npos);
}

TEST(Taps, SaysThatTheFilterFails) {
  Taps taps;
  const auto tap =
      *taps.open("sources.a", [](const Batch&) -> Result<Batch> { return fatal("no such column"); }, seconds(1));
  taps.point("sources.a").give(TapPoint::Way::in, numbers(100));
  const auto rows = *taps.read(tap, seconds(2));
  EXPECT_TRUE(rows.lines.empty());
  EXPECT_EQ(rows.failure, "no such column");
}

TEST(Taps, AForgottenTapIsClosed) {
  Taps taps;
  const auto tap = *taps.open("sources.a", {}, seconds(1));
  taps.close_forgotten(seconds(1) + Taps::kPatience);
  EXPECT_TRUE(taps.read(tap, seconds(5)).ok());
  taps.close_forgotten(seconds(6) + Taps::kPatience);
  EXPECT_FALSE(taps.point("sources.a").wanted());
  EXPECT_FALSE(taps.read(tap, seconds(20)).ok());
}

TEST(Taps, ThereAreOnlySoMany) {
  Taps taps;
  for (size_t number = 0; number < Taps::kMostTaps; ++number) ASSERT_TRUE(taps.open("sources.a", {}, seconds(1)).ok());
  EXPECT_FALSE(taps.open("sources.a", {}, seconds(1)).ok());
}

}  // namespace
}  // namespace levada::agent
