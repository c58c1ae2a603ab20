#include "agent/observe/latest_letters.h"

#include <gtest/gtest.h>

#include "levada/sdk.h"

namespace levada::agent {
namespace {

Batch letter(const std::string& body, int64_t rows = 1) {
  Batch batch(rows);
  batch.set(repeat("reason", "no JSON", rows));
  batch.set(repeat("body", body, rows));
  return batch;
}

TEST(LatestLetters, CountsByReasonAndKeepsTheLastRows) {
  LatestLetters letters;
  letters.add({{"interceptors.a", "no JSON", 2}}, letter("first", 2));
  letters.add({{"interceptors.a", "no JSON", 1}, {"sinks.b", "too long", 9}}, letter("second"));
  EXPECT_EQ(letters.rows(), 3);
  const auto reasons = letters.reasons();
  ASSERT_EQ(reasons.size(), 2u);
  EXPECT_EQ(reasons[0].reason, "too long");
  EXPECT_EQ(reasons[1].rows, 3);
  const auto latest = letters.latest();
  ASSERT_EQ(latest.size(), 3u);
  EXPECT_EQ(latest[0], R"({"reason":"no JSON","body":"second"})");
}

TEST(LatestLetters, IsBoundedWhateverComes) {
  LatestLetters letters;
  for (size_t time = 0; time < 10 * LatestLetters::kRows; ++time)
    letters.add({{"interceptors.a", "reason " + std::to_string(time), 1}}, letter("x", 100));
  EXPECT_EQ(letters.latest().size(), LatestLetters::kRows);
  EXPECT_EQ(letters.reasons().size(), LatestLetters::kReasons + 1);
  EXPECT_EQ(letters.reasons().front().reason, "other reasons");
}

TEST(LatestLetters, LeavesLongTextsOut) {
  LatestLetters letters;
  letters.add({}, letter(std::string(2 * LatestLetters::kRowBytes, 'x')));
  EXPECT_EQ(letters.latest().front(), R"({"reason":"no JSON"})");
}

}  // namespace
}  // namespace levada::agent
