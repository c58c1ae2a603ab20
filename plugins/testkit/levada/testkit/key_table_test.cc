// Keys and their records, against a map.
#include "levada/key_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "levada/testkit/batches.h"

namespace levada {
namespace {

using testkit::text_column;
using testkit::value_column;

std::vector<int64_t> all_rows(const Batch& batch) {
  std::vector<int64_t> rows(static_cast<size_t>(batch.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<KeyTable::Number> numbers_of(KeyTable& table, RowKeys& keys, const Batch& batch) {
  keys.read(batch);
  const auto rows = all_rows(batch);
  std::vector<KeyTable::Number> numbers(rows.size());
  table.find_or_add(keys, rows, numbers.data());
  return numbers;
}

std::string saved(const KeyTable& table) {
  std::string state;
  StateWriter writer(state, "table", "");
  table.save(writer);
  writer.finish();
  return state;
}

Done load(KeyTable& table, const std::string& state, size_t columns = 1) {
  auto reader = StateReader::open(state, "table", "");
  if (!reader) return reader.error();
  table.load(*reader, columns);
  return reader->finish();
}

using Numbers = std::vector<KeyTable::Number>;

TEST(RowKeys, values_of_different_types_are_different_and_all_nulls_are_one) {
  KeyTable table(8);
  RowKeys keys({"key"});
  const auto number = [&](Column column) {
    Batch batch(1);
    batch.set(std::move(column));
    return numbers_of(table, keys, batch)[0];
  };
  EXPECT_EQ(number(text_column("key", {"1"})), 0u);
  EXPECT_EQ(number(repeat("key", "1", 1)), 0u);
  EXPECT_EQ(number(text_column("key", {"1"}, Type::bytes)), 1u);
  EXPECT_EQ(number(value_column<int64_t>("key", Type::int64, {1})), 2u);
  EXPECT_EQ(number(value_column<int64_t>("key", Type::timestamp, {1})), 3u);
  EXPECT_EQ(number(value_column<double>("key", Type::float64, {1})), 4u);
  EXPECT_EQ(number(testkit::boolean_column("key", {true})), 5u);
  EXPECT_EQ(number(testkit::boolean_column("key", {false})), 6u);
  EXPECT_EQ(number(text_column("key", {std::nullopt})), 7u);
  EXPECT_EQ(number(value_column<int64_t>("key", Type::int64, {std::nullopt})), 7u);
  EXPECT_EQ(number(testkit::list_column("key", {std::vector<int64_t>{1}})), 7u);
  EXPECT_EQ(number(text_column("other", {"x"})), 7u);
  EXPECT_EQ(number(text_column("key", {""})), 8u);
  EXPECT_EQ(number(value_column<double>("key", Type::float64, {0.0})), 9u);
  EXPECT_EQ(number(value_column<double>("key", Type::float64, {-0.0})), 9u);
  EXPECT_EQ(number(testkit::boolean_column("key", {std::nullopt})), 7u);
}

TEST(RowKeys, keys_of_several_columns_do_not_run_into_each_other) {
  KeyTable table(8);
  RowKeys keys({"host", "ip"});
  Batch batch(6);
  batch.set(text_column("host", {"a", "ab", "a", std::nullopt, "tb", "a"}));
  batch.set(text_column("ip", {"bt", "t", "b", "a", std::nullopt, "bt"}));
  EXPECT_EQ(numbers_of(table, keys, batch), (Numbers{0, 1, 2, 3, 4, 0}));
  auto bytes = table.key(1).bytes;
  EXPECT_EQ(RowKeys::take_part(bytes).bytes, "ab");
  EXPECT_EQ(RowKeys::take_part(bytes).bytes, "t");
  EXPECT_TRUE(bytes.empty());
  bytes = table.key(3).bytes;
  EXPECT_EQ(RowKeys::take_part(bytes).kind, Key::kNull);
}

TEST(RowKeys, no_column_at_all_is_one_key) {
  KeyTable table(8);
  RowKeys keys({});
  EXPECT_EQ(numbers_of(table, keys, Batch(3)), (Numbers{0, 0, 0}));
}

TEST(KeyTable, keys_that_differ_in_any_one_byte_are_different) {
  KeyTable table(8);
  RowKeys keys({"key"});
  std::vector<std::optional<std::string>> values;
  for (size_t size = 0; size <= 40; ++size) {
    values.emplace_back(std::string(size, 'a'));
    for (size_t at = 0; at < size; ++at) {
      values.push_back(std::string(size, 'a'));
      (*values.back())[at] = 'b';
    }
  }
  Batch batch(static_cast<int64_t>(values.size()));
  batch.set(text_column("key", values));
  Numbers in_order(values.size());
  std::iota(in_order.begin(), in_order.end(), KeyTable::Number{0});
  EXPECT_EQ(numbers_of(table, keys, batch), in_order);
  EXPECT_EQ(numbers_of(table, keys, batch), in_order);
  for (const auto number : in_order) ASSERT_EQ(table.key(number).bytes, *values[number]);
}

TEST(KeyTable, counts_as_a_map_does_through_growth_saves_and_loads) {
  std::mt19937_64 random(7);
  KeyTable table(sizeof(int64_t));
  RowKeys keys({"key"});
  std::map<std::string, int64_t> model;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::optional<std::string>> values;
    for (int row = 0; row < 3000; ++row) {
      const auto number = random() % 30'000;
      values.push_back(std::to_string(number) + std::string(number == 1 ? 100'000 : number % 40, 'x'));
      ++model[*values.back()];
    }
    Batch batch(3000);
    batch.set(text_column("key", values));
    for (const auto number : numbers_of(table, keys, batch)) ++table.state<int64_t>(number);
    if (round % 15 != 0) continue;
    KeyTable other(sizeof(int64_t));
    other.find_or_add({Key::kText, "something else"});
    ASSERT_TRUE(load(other, saved(table)));
    ASSERT_EQ(saved(other), saved(table));
    table = std::move(other);
  }
  ASSERT_EQ(table.size(), model.size());
  for (const auto& [key, count] : model) {
    const auto number = table.find({Key::kText, key});
    ASSERT_NE(number, KeyTable::kNone);
    ASSERT_EQ(table.state<int64_t>(number), count);
  }
  EXPECT_EQ(table.find({Key::kText, "none"}), KeyTable::kNone);
}

TEST(KeyTable, a_table_that_is_told_of_changes_is_as_the_one_that_changes) {
  std::mt19937_64 random(8);
  KeyTable table(sizeof(int64_t)), told(sizeof(int64_t));
  RowKeys keys({"key"});
  EXPECT_FALSE(table.knows_changes());
  table.begin_changes();
  for (int round = 0; round < 200; ++round) {
    const auto rows = static_cast<int64_t>(random() % 100);
    std::vector<std::optional<std::string>> values;
    for (int64_t row = 0; row < rows; ++row) {
      const auto number = random() % (10u * (static_cast<unsigned>(round) + 1));
      values.push_back(std::to_string(number) + std::string(number % 40, 'x'));
    }
    Batch batch(rows);
    batch.set(text_column("key", values));
    for (const auto number : numbers_of(table, keys, batch)) ++table.state<int64_t>(number);
    std::string changes;
    StateWriter writer(changes, "changes", "");
    table.save_changes(writer);
    writer.finish();
    EXPECT_LT(changes.size(), 100u * 80) << "only what has changed";
    auto reader = StateReader::open(changes, "changes", "");
    ASSERT_TRUE(reader);
    told.load_changes(*reader, 1);
    ASSERT_TRUE(reader->finish());
    ASSERT_EQ(saved(told), saved(table));
    if (rows == 0) continue;
    auto again = StateReader::open(changes, "changes", "");
    KeyTable other(sizeof(int64_t));
    other.find_or_add({Key::kText, "something else"});
    other.find_or_add({Key::kText, "and more"});
    other.load_changes(*again, 1);
    EXPECT_EQ(again->finish().code(), Code::fatal) << "changes of another table";
  }
  table.retain([](auto number) { return number % 2 == 0; });
  EXPECT_FALSE(table.knows_changes());
  table.begin_changes();
  ASSERT_TRUE(load(table, saved(told)));
  EXPECT_FALSE(table.knows_changes());
  table.begin_changes();
  table.clear();
  EXPECT_FALSE(table.knows_changes());
}

TEST(KeyTable, of_those_looked_up_only_the_records_that_it_is_told_of_count_as_changed) {
  KeyTable table(8), told(8);
  for (const auto* key : {"a", "b", "c"}) table.state<int64_t>(table.find_or_add({Key::kText, key})) = 1;
  ASSERT_TRUE(load(told, saved(table)));
  table.begin_changes(KeyTable::Counts::told);
  const auto changes = [&] {
    std::string text;
    StateWriter writer(text, "changes", "");
    table.save_changes(writer);
    writer.finish();
    auto reader = StateReader::open(text, "changes", "");
    EXPECT_TRUE(reader);
    told.load_changes(*reader, 1);
    EXPECT_TRUE(reader->finish());
    return text.size();
  };
  const auto none = changes();
  for (const auto* key : {"a", "b", "c"}) table.find_or_add({Key::kText, key});
  EXPECT_EQ(changes(), none);
  const auto b = table.find_or_add({Key::kText, "b"});
  table.state<int64_t>(b) = 2;
  table.changed(b);
  table.state<int64_t>(table.find_or_add({Key::kText, "new"})) = 3;
  EXPECT_GT(changes(), none);
  EXPECT_EQ(saved(told), saved(table));
  table.find_or_add({Key::kText, "b"});
  EXPECT_EQ(changes(), none) << "and so it stays behind the first";
}

TEST(KeyTable, a_group_of_rows_may_hold_a_new_key_more_than_once) {
  KeyTable table(8);
  RowKeys keys({"key"});
  Batch batch(200);
  std::vector<std::optional<int64_t>> values;
  for (int64_t row = 0; row < 200; ++row) values.emplace_back(row / 2);
  batch.set(value_column<int64_t>("key", Type::int64, values));
  const auto numbers = numbers_of(table, keys, batch);
  for (size_t row = 0; row < 200; ++row) EXPECT_EQ(numbers[row], row / 2);
}

TEST(KeyTable, keeps_what_is_asked_for_in_the_same_order) {
  KeyTable table(8);
  for (int key = 0; key < 1000; ++key)
    table.state<int64_t>(table.find_or_add({Key::kText, std::string(20, 'k') + std::to_string(key)})) = key;
  table.retain([&](auto number) { return table.state<int64_t>(number) % 3 == 0; });
  ASSERT_EQ(table.size(), 334u);
  for (KeyTable::Number number = 0; number < 334; ++number) EXPECT_EQ(table.state<int64_t>(number), number * 3);
  EXPECT_EQ(table.find({Key::kText, std::string(20, 'k') + "1"}), KeyTable::kNone);
  table.clear();
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.state<int64_t>(table.find_or_add({Key::kText, "new"})), 0);
}

TEST(KeyTable, five_million_integers_take_less_than_350_mebibytes) {
  KeyTable table(16);
  EXPECT_LT(table.bytes_with(5'000'000, 0), size_t{350} << 20);
  for (int64_t key = 0; key < 100'000; ++key)
    table.find_or_add({Key::kInteger, {reinterpret_cast<const char*>(&key), sizeof key}});
  EXPECT_LT(table.bytes(), 100'000u * 70);
}

TEST(KeyTable, what_cannot_have_been_saved_is_refused) {
  KeyTable table(8);
  const auto with = [](auto write) {
    std::string state;
    StateWriter writer(state, "table", "");
    write(writer);
    writer.finish();
    return state;
  };
  const auto key = [](StateWriter& to, char kind, std::string_view bytes) {
    to.value(kind);
    to.number(bytes.size());
    to.bytes(bytes.data(), bytes.size());
  };
  EXPECT_FALSE(load(table, with([&](auto& to) {
                      to.value(uint64_t{2});
                      key(to, Key::kText, "a");
                      key(to, Key::kText, "a");
                      to.number(1);
                      to.number(1);
                    })));
  EXPECT_FALSE(load(table, with([&](auto& to) {
                      to.value(uint64_t{1});
                      key(to, Key::kInteger, "four");
                      to.number(1);
                    })));
  EXPECT_FALSE(load(table, with([&](auto& to) { to.value(uint64_t{1} << 60); })));
  EXPECT_FALSE(load(table, with([&](auto& to) {
                      to.value(uint64_t{1});
                      key(to, Key::kText, "no state");
                    })));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_FALSE(load(table, with([&](auto& to) {
                      to.value(uint64_t{1});
                      key(to, Key::kSeveral, std::string_view("t\xff\xff\xff\xffx", 6));
                      to.number(1);
                    }),
                    2));
}

}  // namespace
}  // namespace levada
