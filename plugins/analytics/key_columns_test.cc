// Keys come out as columns of the types that they had.
#include "analytics/key_columns.h"

#include <gtest/gtest.h>

#include "levada/testkit/fake_host.h"

namespace levada::analytics {
namespace {

using testkit::texts;
using Texts = std::vector<std::string>;

Batch there_and_back(const std::vector<std::string>& names, const Batch& batch) {
  RowKeys keys(names);
  keys.read(batch);
  KeyColumns columns(names);
  for (int64_t row = 0; row < batch.rows(); ++row) columns.append(keys[row]);
  Batch out(columns.rows());
  columns.finish(out);
  return out;
}

TEST(KeyColumns, have_the_types_of_their_values) {
  testkit::FakeHost host;
  Batch batch(2);
  batch.set(testkit::text_column("text", {"a text of more than twelve bytes", std::nullopt}));
  batch.set(testkit::text_column("bytes", {"x", ""}, Type::bytes));
  batch.set(testkit::value_column<int64_t>("integer", Type::int64, {-1, std::nullopt}));
  batch.set(testkit::value_column<int64_t>("time", Type::timestamp, {7, 8}));
  batch.set(testkit::value_column<double>("number", Type::float64, {0.5, std::nullopt}));
  batch.set(testkit::boolean_column("boolean", {true, false}));
  batch.set(testkit::text_column("null", {std::nullopt, std::nullopt}));
  std::vector<std::string> names;
  for (const auto& column : batch.columns()) names.push_back(column.name());
  const Batch all = there_and_back(names, batch);
  for (const auto& name : names) {
    EXPECT_EQ(texts(all, name), texts(batch, name)) << name;
    EXPECT_EQ(all.find(name)->type(), batch.find(name)->type()) << name;
    const Batch alone = there_and_back({name}, batch);
    EXPECT_EQ(texts(alone, name), texts(batch, name)) << name;
    EXPECT_EQ(alone.find(name)->type(), batch.find(name)->type()) << name;
  }
}

TEST(KeyColumns, values_of_several_types_are_text) {
  testkit::FakeHost host;
  KeyColumns columns({"key"});
  const int64_t integer = 42;
  const double number = 0.25;
  columns.append({Key::kText, "text"});
  columns.append({Key::kInteger, {reinterpret_cast<const char*>(&integer), sizeof integer}});
  columns.append({Key::kNumber, {reinterpret_cast<const char*>(&number), sizeof number}});
  columns.append({Key::kBoolean, {"\1", 1}});
  columns.append({});
  Batch batch(columns.rows());
  columns.finish(batch);
  EXPECT_EQ(texts(batch, "key"), (Texts{"text", "42", "0.25", "true", "<null>"}));
  EXPECT_EQ(batch.find("key")->type(), Type::text);
  EXPECT_EQ(columns.rows(), 0);
}

}  // namespace
}  // namespace levada::analytics
