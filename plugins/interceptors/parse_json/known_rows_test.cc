// Rows that are read by the shape of others before them give what each gives that stands alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "json/json_writer.h"
#include "levada/testkit/fault_step.h"
#include "parse_json_testing.h"

namespace levada::parse_json {
namespace {

using parse_json_testing::Outcome;
using parse_json_testing::parsed;
using testkit::batch_of;
using testkit::FakeHost;
using Texts = std::vector<std::string>;

constexpr std::string_view kColumns =
    "columns = { t = \"text\", i = { type = \"int64\", required = true }, f = \"float64\", b = \"boolean\", "
    "at = { type = \"timestamp\", unit = \"ms\" }, x = { type = \"bytes\", pointer = \"/u/x\" }, u = \"json\", "
    "n = { type = \"int64\", pointer = \"/u/n\" }, same = { type = \"text\", pointer = \"/t\" }";

class Rows {
 public:
  explicit Rows(unsigned seed) : random_(seed) {}

  std::string next() {
    std::vector<std::string> members;
    // Most rows are alike: keys in the same order, one or two of which may be missing.
    for (const auto* key : {"t", "i", "f", "b", "at", "u", "other"})
      if (random_() % 16 != 0) members.push_back(member(key));
    if (random_() % 16 == 0) members.push_back(member(one_of({"t", "i", "u", "tt", "", "\\u0074"})));
    if (random_() % 16 == 0) std::shuffle(members.begin(), members.end(), random_);
    const std::string comma = random_() % 16 == 0 ? " , " : ",";
    std::string row = "{";
    for (size_t at = 0; at < members.size(); ++at) row += (at ? comma : "") + members[at];
    row += "}";
    if (random_() % 32 == 0) row.resize(random_() % row.size());
    if (random_() % 32 == 0) row[random_() % row.size()] = one_of({"\"", ",", "}", "1", "x", "\\", " "})[0];
    return row;
  }

 private:
  std::string one_of(const Texts& texts) { return texts[random_() % texts.size()]; }
  std::string member(const std::string& key) {
    const std::string colon = random_() % 64 == 0 ? " : " : ":";
    return "\"" + key + "\"" + colon + (random_() % 8 == 0 ? value() : usual(key));
  }
  std::string usual(const std::string& key) {
    if (key == "t") return "\"" + std::string(random_() % 70, 'x') + "\"";
    if (key == "i") return std::to_string(static_cast<int64_t>(random_()) - (int64_t{1} << 31));
    if (key == "f") return std::to_string(random_() % 1000) + ".25";
    if (key == "b") return one_of({"true", "false"});
    if (key == "at") return "17802720" + std::to_string(10000 + random_() % 10000);
    if (key == "u") return R"({"x":"é","n":)" + std::to_string(random_() % 100) + R"(,"l":[1,"y",{}]})";
    return one_of({"1", "\"z\"", "[]"});
  }
  std::string value() {
    return one_of({"null",
                   "true",
                   "0",
                   "-0",
                   "-1",
                   "1e3",
                   "1.50",
                   "123456789012345678",
                   "1234567890123456789",
                   "12345678901234567890",
                   "\"\"",
                   "\"a\\\"b\"",
                   "\"2026-01-02T03:04:05Z\"",
                   "\"12\"",
                   "{}",
                   "[]",
                   R"({"x":1,"x":2})",
                   R"([{"n":1}])",
                   R"({"n":"7","x":null})",
                   "\"é\"",
                   "01",
                   "tru",
                   "-"});
  }

  std::mt19937 random_;
};

// What became of each row: its values, or why it was rejected.
Texts results(Outcome& outcome, size_t rows) {
  JsonStyle style;
  style.write_nulls = true;
  std::vector<Column> columns;
  for (const auto& column : outcome.batch.columns())
    if (column.name() != "body") columns.push_back(column);
  JsonWriter writer(std::move(columns), style);
  Texts all(rows);
  for (const auto& rejected : outcome.rejected) all[std::stoul(rejected)] = rejected.substr(rejected.find(':'));
  int64_t row = 0;
  for (auto& result : all) {
    if (!result.empty()) continue;
    result.resize(writer.bound(row));
    const char* end = writer.write(row++, result.data());
    result.resize(static_cast<size_t>(end - result.data()));
  }
  EXPECT_EQ(row, outcome.batch.rows());
  return all;
}

void compare(const std::string& options, unsigned seed) {
  Rows source(seed);
  Texts rows;
  // Fewer under a sanitizer, which makes each ten times as long.
  constexpr size_t kRows = testkit::kFaultStep == 1 ? 1500 : 500;
  for (size_t row = 0; row < kRows; ++row) rows.push_back(source.next());
  FakeHost host, host_alone;
  auto together = parsed(batch_of(rows), options, host);
  const auto found = results(together, rows.size());
  size_t rejected = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    auto alone = parsed(batch_of({rows[row]}), options, host_alone);
    auto expected = results(alone, 1)[0];
    ASSERT_EQ(found[row], expected) << rows[row];
    rejected += expected[0] == ':';
  }
  EXPECT_EQ(host.count("values_mismatched"), host_alone.count("values_mismatched"));
  EXPECT_GT(rejected, kRows / 15);
  EXPECT_LT(rejected, kRows * 2 / 3);
}

TEST(KnownRows, give_what_they_give_alone) {
  for (unsigned seed = 0; seed < 4; ++seed) compare(std::string(kColumns) + " }", seed);
}

TEST(KnownRows, are_rejected_as_they_are_alone) { compare(std::string(kColumns) + " }\non_mismatch = \"reject\"", 10); }

TEST(KnownRows, have_nested_values_as_they_have_alone) {
  compare(std::string(kColumns) + ", s = { type = \"struct<x: text, n: int64>\", pointer = \"/u\" } }", 20);
}

}  // namespace
}  // namespace levada::parse_json
