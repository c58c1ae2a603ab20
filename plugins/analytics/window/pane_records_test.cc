// Records of panes that share their keys, against tables that each have their own.
#include "pane_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "levada/testkit/batches.h"

namespace levada::window {
namespace {

using testkit::text_column;
using Number = KeyTable::Number;

class PaneRecordsTest : public testing::Test {
 protected:
  // So many rows of keys up to a number; some are longer than a record has room for.
  Batch rows_of(int64_t rows, unsigned below) {
    std::vector<std::optional<std::string>> values;
    for (int64_t row = 0; row < rows; ++row) {
      const auto number = random_() % below;
      values.push_back(std::to_string(number) + std::string(number % 30, 'x'));
    }
    Batch batch(rows);
    batch.set(text_column("key", values));
    return batch;
  }
  template <class Table>
  void count(Table& table, const Batch& batch) {
    keys_.read(batch);
    std::vector<int64_t> rows(static_cast<size_t>(batch.rows()));
    std::iota(rows.begin(), rows.end(), 0);
    std::vector<Number> numbers(rows.size());
    table.find_or_add(keys_, rows, numbers.data());
    for (const auto number : numbers) ++*reinterpret_cast<int64_t*>(table.state(number));
  }
  template <class Table>
  static std::string saved(const Table& table) {
    std::string state;
    StateWriter writer(state, "table", "");
    table.save(writer);
    writer.finish();
    return state;
  }
  template <class Table>
  static std::string changes_of(Table& table) {
    std::string state;
    StateWriter writer(state, "changes", "");
    table.save_changes(writer);
    writer.finish();
    return state;
  }
  static void load(PaneRecords& pane, const std::string& state) {
    auto reader = StateReader::open(state, "table", "");
    ASSERT_TRUE(reader);
    pane.load(*reader, 1);
    ASSERT_TRUE(reader->finish());
  }

  std::mt19937_64 random_{7};
  RowKeys keys_{{"key"}};
};

TEST_F(PaneRecordsTest, are_saved_as_tables_with_keys_of_their_own) {
  KeyTable shared(0);
  std::vector<PaneRecords> panes;
  std::vector<KeyTable> tables;
  for (int pane = 0; pane < 3; ++pane) {
    panes.emplace_back(shared, sizeof(int64_t)).begin_changes();
    tables.emplace_back(sizeof(int64_t)).begin_changes();
  }
  for (int step = 0; step < 100; ++step) {
    const auto at = random_() % 3;
    const auto batch = rows_of(static_cast<int64_t>(random_() % 200), 10u * (static_cast<unsigned>(step) + 1));
    count(panes[at], batch);
    count(tables[at], batch);
    ASSERT_EQ(panes[at].size(), tables[at].size());
    ASSERT_EQ(saved(panes[at]), saved(tables[at]));
    if (step % 10 == 9) {
      ASSERT_EQ(changes_of(panes[at]), changes_of(tables[at]));
    }
    for (Number number = 0; number < tables[at].size(); number += 7) {
      ASSERT_EQ(panes[at].find(tables[at].key(number)), number);
      ASSERT_EQ(panes[at].key(number).bytes, tables[at].key(number).bytes);
    }
    EXPECT_EQ(panes[at].find({Key::kText, "none"}), KeyTable::kNone);
    EXPECT_LE(panes[at].bytes(), tables[at].bytes());
  }
}

TEST_F(PaneRecordsTest, are_brought_back_by_what_was_saved_and_its_changes) {
  KeyTable shared(0), others(0);
  PaneRecords pane(shared, sizeof(int64_t)), told(others, sizeof(int64_t));
  others.find_or_add({Key::kText, "of another pane"});
  count(pane, rows_of(1000, 500));
  load(told, saved(pane));
  pane.begin_changes();
  for (int step = 0; step < 20; ++step) {
    count(pane, rows_of(100, 1000));
    const auto changes = changes_of(pane);
    auto reader = StateReader::open(changes, "changes", "");
    told.load_changes(*reader, 1);
    ASSERT_TRUE(reader->finish());
    ASSERT_EQ(saved(told), saved(pane));
    auto again = StateReader::open(changes, "changes", "");
    PaneRecords other(others, sizeof(int64_t));
    other.load_changes(*again, 1);
    EXPECT_EQ(again->finish().code(), Code::fatal) << "changes of another pane";
  }
}

TEST_F(PaneRecordsTest, know_their_keys_when_these_have_other_numbers) {
  KeyTable shared(0);
  PaneRecords pane(shared, sizeof(int64_t)), gone(shared, sizeof(int64_t));
  for (int round = 0; round < 20; ++round) {
    count(gone, rows_of(100, 100'000));
    count(pane, rows_of(100, 1000));
  }
  const auto before = saved(pane);
  const auto all = shared.size();
  std::vector<Number> moved(all, KeyTable::kNone);
  std::vector<bool> kept(all);
  for (const auto number : pane.numbers()) kept[number] = true;
  shared.retain([&](auto number) { return kept[number]; }, [&](auto from, auto to) { moved[from] = to; });
  gone.clear();
  pane.renumber(moved);
  EXPECT_LT(shared.size(), all);
  EXPECT_EQ(saved(pane), before);
  for (Number place = 0; place < pane.size(); ++place) ASSERT_EQ(pane.find(pane.key(place)), place);
  const auto size = pane.size();
  pane.find_or_add(shared, std::vector<Number>(shared.size()).data());
  EXPECT_EQ(pane.size(), size);
  count(gone, rows_of(100, 100));
  EXPECT_LE(gone.size(), 100u);
  pane.clear();
  EXPECT_EQ(pane.size(), 0u);
  EXPECT_EQ(pane.find(shared.key(0)), KeyTable::kNone);
}

}  // namespace
}  // namespace levada::window
