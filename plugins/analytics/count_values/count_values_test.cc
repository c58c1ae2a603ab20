// The interceptor count_values: so many rows of each stream, columns of all kinds, and its state.
#include "count_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::count_values {
namespace {

using testkit::boolean_column;
using testkit::text_column;
using testkit::texts;
using Texts = std::vector<std::string>;

class CountValuesTest : public testing::Test {
 protected:
  std::unique_ptr<CountValues> make(std::vector<std::string> columns, int64_t batch_rows = 4,
                                    int64_t values_max = 100) {
    auto made = CountValues::create({std::move(columns), batch_rows, values_max}, host_.host());
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  // "stream/batch column=value rows" of each row.
  static Texts lines(const Batch& batch) {
    Texts all;
    const auto streams = texts(batch, "stream"), batches = texts(batch, "batch"), columns = texts(batch, "column"),
               values = texts(batch, "value"), rows = texts(batch, "rows");
    for (size_t at = 0; at < static_cast<size_t>(batch.rows()); ++at)
      all.push_back(streams[at] + "/" + batches[at] + " " + columns[at] + "=" + values[at] + " " + rows[at]);
    return all;
  }
  static Texts given(CountValues& counter, Batch batch, const std::string& stream = "s") {
    batch.stream = stream;
    EXPECT_TRUE(counter.intercept(batch));
    return lines(batch);
  }
  static Texts ended(CountValues& counter) {
    const auto batch = counter.advance({}, true);
    return batch ? lines(*batch) : Texts{"idle"};
  }
  static Batch flags(const std::vector<std::optional<bool>>& values) {
    Batch batch(static_cast<int64_t>(values.size()));
    batch.set(boolean_column("flag", values));
    return batch;
  }
  testkit::FakeHost host_;
};

TEST_F(CountValuesTest, counts_so_many_rows_of_each_stream_together) {
  const auto counter = make({"flag"});
  EXPECT_EQ(given(*counter, flags({true, false, true})), Texts());
  EXPECT_EQ(given(*counter, flags({true, true}), "t"), Texts());
  EXPECT_EQ(given(*counter, flags({true, true, false, false, false, true, true, true, true, true})),
            (Texts{"s/0 flag=true 3", "s/1 flag=true 1", "s/2 flag=true 4"}));
  EXPECT_EQ(ended(*counter), (Texts{"s/3 flag=true 1", "t/0 flag=true 2"}));
  EXPECT_EQ(ended(*counter), Texts{"idle"});
}

TEST_F(CountValuesTest, counts_values_of_text_of_dictionaries_and_of_lists) {
  const auto counter = make({"text", "word", "list*"}, 5);
  Batch batch(5);
  batch.set(text_column("text", {"b", "a", std::nullopt, "b", ""}));
  ValueBuilder<int32_t> indices;
  for (const int32_t index : {1, 0, 1, 1}) indices.append(index);
  indices.append_null();
  batch.set(std::move(indices).finish("word", text_column("", {"one", "a word of more than twelve bytes"})));
  ListBuilder lists;
  for (const int64_t end : {2, 2}) lists.append(end);
  lists.append_null(3);
  for (const int64_t end : {4, 6}) lists.append(end);
  batch.set(std::move(lists).finish("lists", text_column("", {"x", "y", "hidden", "x", "x", std::nullopt})));
  batch.set(text_column("other", {"1", "2", "3", "4", "5"}));
  EXPECT_EQ(given(*counter, batch),
            (Texts{"s/0 lists=x 3", "s/0 lists=y 1", "s/0 text= 1", "s/0 text=a 1", "s/0 text=b 2",
                   "s/0 word=a word of more than twelve bytes 3", "s/0 word=one 1"}));
}

TEST_F(CountValuesTest, does_not_count_what_stands_behind_a_null) {
  const auto counter = make({"flag"}, 200);
  std::mt19937 random(1);
  std::vector<std::optional<bool>> values(200);
  int64_t trues = 0;
  for (auto& value : values) {
    if (random() % 3 == 0) continue;
    value = random() % 2 == 0;
    trues += *value ? 1 : 0;
  }
  const auto batch = flags(values);
  ArrowArray array{};
  detail::share(batch.columns()[0].array(), batch.columns()[0].shared(), array);
  const std::string ones(64, '\xff');  // All true, where they are not null.
  const void* buffers[] = {array.buffers[0], ones.data()};
  array.buffers = buffers;
  Batch all(200);
  all.set(Column::adopt("flag", Type::boolean, array));
  EXPECT_EQ(given(*counter, batch), Texts{"s/0 flag=true " + std::to_string(trues)});
  const auto valid = std::count_if(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
  EXPECT_EQ(given(*counter, all), Texts{"s/1 flag=true " + std::to_string(valid)});
}

TEST_F(CountValuesTest, gives_the_same_however_batches_are_cut_and_whatever_was_kept) {
  std::mt19937 random(2);
  std::vector<std::optional<bool>> values(5000);
  for (auto& value : values)
    if (random() % 10 != 0) value = random() % 3 == 0;
  const auto all = flags(values);
  auto counter = make({"flag"}, 333);
  auto whole = given(*counter, all);
  for (const auto& line : ended(*counter)) whole.push_back(line);
  EXPECT_EQ(whole.size(), 16u);
  counter = make({"flag"}, 333);
  Texts parts;
  for (int64_t at = 0; at < all.rows();) {
    const auto count = std::min<int64_t>(random() % 300, all.rows() - at);
    for (const auto& line : given(*counter, all.slice(at, count))) parts.push_back(line);
    at += count;
    std::string state;
    ASSERT_TRUE(counter->save(state));
    counter = make({"flag"}, 333);
    ASSERT_TRUE(counter->load(state));
  }
  for (const auto& line : ended(*counter)) parts.push_back(line);
  EXPECT_EQ(parts, whole);
}

TEST_F(CountValuesTest, rows_that_come_after_an_end_give_more_counts_of_the_same_batch) {
  const auto counter = make({"flag"});
  given(*counter, flags({true, true}));
  EXPECT_EQ(ended(*counter), Texts{"s/0 flag=true 2"});
  EXPECT_EQ(given(*counter, flags({true, false, true})), Texts{"s/0 flag=true 1"});
  EXPECT_EQ(ended(*counter), Texts{"s/1 flag=true 1"});
}

TEST_F(CountValuesTest, values_beyond_the_most_are_counted_as_null) {
  const auto counter = make({"text"}, 6, 2);
  Batch batch(6);
  batch.set(text_column("text", {"a", "b", "c", "a", "d", "c"}));
  EXPECT_EQ(given(*counter, batch), (Texts{"s/0 text=a 2", "s/0 text=b 1", "s/0 text=<null> 3"}));
}

TEST_F(CountValuesTest, bytes_that_are_no_text_are_counted_as_null) {
  Batch batch(4);
  batch.set(text_column("raw", {"a", "\xff", "a", "\xfe and more than twelve bytes"}, Type::bytes));
  EXPECT_EQ(given(*make({"raw"}), batch), (Texts{"s/0 raw=a 2", "s/0 raw=<null> 2"}));
}

TEST_F(CountValuesTest, columns_that_it_cannot_count_end_it_only_where_they_are_named) {
  Batch batch(1);
  batch.set(testkit::value_column<int64_t>("n", Type::int64, {1}));
  EXPECT_EQ(given(*make({"*"}, 1), batch), Texts());
  EXPECT_EQ(make({"n"}, 1)->intercept(batch).error().message,
            "the column \"n\" is int64: only booleans, text and lists of text can be counted");
  EXPECT_EQ(given(*make({"missing"}, 1), batch), Texts());
}

TEST_F(CountValuesTest, refuses_a_state_that_is_not_its_own) {
  const auto counter = make({"flag"});
  given(*counter, flags({true}));
  std::string state;
  ASSERT_TRUE(counter->save(state));
  EXPECT_EQ(make({"flag"}, 5)->load(state).code(), Code::reject);
  EXPECT_EQ(make({"other"})->load(state).code(), Code::reject);
  EXPECT_EQ(counter->load(state.substr(1)).code(), Code::fatal);
  ASSERT_TRUE(counter->load(""));
  EXPECT_EQ(ended(*counter), Texts{"idle"});
}

TEST_F(CountValuesTest, settings_are_checked) {
  const auto fault = [&](std::vector<std::string> columns, int64_t batch_rows, int64_t values_max) {
    const auto made = CountValues::create({std::move(columns), batch_rows, values_max}, host_.host());
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(fault({}, 1, 1), "columns");
  EXPECT_EQ(fault({"a", ""}, 1, 1), "columns");
  EXPECT_EQ(fault({"a", "a"}, 1, 1), "columns");
  EXPECT_EQ(fault({"a"}, 0, 1), "batch_rows");
  EXPECT_EQ(fault({"a"}, 1, 0), "values_max");
}

LEVADA_CONFORMANCE(count_values, [] {
  auto tested = testkit::subject("count_values", "columns = [\"body\", \"a_*\", \"extra_*\"]\nbatch_rows = 3");
  tested.bodies = {"one", "two that is longer than twelve bytes", "one", "", "one", ""};
  tested.other_options = "columns = [\"body\"]\nbatch_rows = 4";
  tested.refused = {{"columns = []", "columns"}, {"columns = [\"a\"]\nbatch_rows = 0", "batch_rows"}};
  return tested;
});

}  // namespace
}  // namespace levada::count_values
