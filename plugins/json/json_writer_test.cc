// Rows become JSON that simdjson reads, whatever their columns hold.
#include "json/json_writer.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>
#include <random>

#include "levada/testkit/batches.h"

namespace levada {
namespace {

using testkit::text_column;
using testkit::value_column;

std::string written(JsonWriter& writer, int64_t row) {
  std::string room(writer.bound(row), '\0');
  const char* end = writer.write(row, room.data());
  EXPECT_LE(end, room.data() + room.size());
  room.resize(static_cast<size_t>(end - room.data()));
  return room;
}

TEST(JsonWriter, writes_one_key_for_each_column_in_their_order) {
  BooleanBuilder booleans;
  booleans.append(true);
  JsonWriter writer({text_column("name", {"a \"quoted\" name"}), value_column<int64_t>("count", Type::int64, {{-7}}),
                     value_column<double>("share", Type::float64, {{0.1}}), std::move(booleans).finish("ok"),
                     value_column<int64_t>("at", Type::timestamp, {{1'500'000'000'000'001}}), repeat("host", "one", 1)},
                    {});
  EXPECT_EQ(
      written(writer, 0),
      R"({"name":"a \"quoted\" name","count":-7,"share":0.1,"ok":true,"at":"2017-07-14T02:40:00.000001Z","host":"one"})");
  EXPECT_EQ(writer.replaced(), 0);
}

TEST(JsonWriter, leaves_nulls_out_or_writes_them) {
  const std::vector<Column> columns = {text_column("a", {std::nullopt, "x"}),
                                       value_column<int64_t>("b", Type::int64, {{}, {1}})};
  JsonWriter omitting(columns, {});
  EXPECT_EQ(written(omitting, 0), "{}");
  EXPECT_EQ(written(omitting, 1), R"({"a":"x","b":1})");
  JsonWriter writing(columns, {.write_nulls = true});
  EXPECT_EQ(written(writing, 0), R"({"a":null,"b":null})");
}

TEST(JsonWriter, writes_an_empty_object_for_no_columns) {
  JsonWriter writer({}, {});
  EXPECT_EQ(written(writer, 0), "{}");
}

TEST(JsonWriter, escapes_keys) {
  JsonWriter writer({text_column("a\"b\n", {"x"})}, {});
  EXPECT_EQ(written(writer, 0), R"({"a\"b\n":"x"})");
}

TEST(JsonWriter, writes_times_as_numbers_of_any_unit) {
  const auto at = [&](JsonStyle::Time unit, int64_t time) {
    JsonWriter writer({value_column<int64_t>("t", Type::timestamp, {{time}})}, {.time = unit});
    return written(writer, 0);
  };
  EXPECT_EQ(at(JsonStyle::Time::seconds, 1'999'999), R"({"t":1})");
  EXPECT_EQ(at(JsonStyle::Time::seconds, -1), R"({"t":-1})");
  EXPECT_EQ(at(JsonStyle::Time::milliseconds, 1'999'999), R"({"t":1999})");
  EXPECT_EQ(at(JsonStyle::Time::microseconds, 1'999'999), R"({"t":1999999})");
  EXPECT_EQ(at(JsonStyle::Time::nanoseconds, INT64_MAX), R"({"t":9223372036854775807000})");
  EXPECT_EQ(at(JsonStyle::Time::nanoseconds, 0), R"({"t":0})");
}

TEST(JsonWriter, replaces_and_counts_what_json_cannot_hold) {
  JsonWriter writer({value_column<double>("n", Type::float64, {{std::numeric_limits<double>::quiet_NaN()}}),
                     value_column<double>("i", Type::float64, {{-std::numeric_limits<double>::infinity()}}),
                     value_column<int64_t>("t", Type::timestamp, {{INT64_MAX}}),
                     text_column("b", {"a\xff\xfe\n\xc3\xa9"}, Type::bytes)},
                    {});
  EXPECT_EQ(written(writer, 0), "{\"n\":null,\"i\":null,\"t\":null,\"b\":\"a\xef\xbf\xbd\xef\xbf\xbd\\n\xc3\xa9\"}");
  EXPECT_EQ(writer.replaced(), 4);
}

TEST(JsonWriter, puts_raw_json_in_as_it_is_on_one_line) {
  JsonWriter writer({text_column("geo", {"{\"lat\":\n1.5}", "not json", std::nullopt})}, {.raw = {"geo"}});
  EXPECT_EQ(written(writer, 0), R"({"geo":{"lat": 1.5}})");
  EXPECT_EQ(writer.replaced(), 0);
  EXPECT_EQ(written(writer, 1), R"({"geo":"not json"})");
  EXPECT_EQ(writer.replaced(), 1);
  EXPECT_EQ(written(writer, 2), "{}");
}

TEST(JsonWriter, writes_doubles_so_that_they_read_back) {
  std::mt19937_64 random(3);
  simdjson::dom::parser parser;
  for (int round = 0; round < 10'000; ++round) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    JsonWriter writer({value_column<double>("d", Type::float64, {{value}})}, {});
    double read = 0;
    const auto text = written(writer, 0);
    ASSERT_EQ(parser.parse(text)["d"].get(read), simdjson::SUCCESS) << text;
    ASSERT_EQ(read, value);
  }
}

TEST(JsonWriter, keeps_a_double_that_is_whole_a_double) {
  JsonWriter writer({value_column<double>("d", Type::float64, {{3}, {-0.0}, {1e300}})}, {});
  EXPECT_EQ(written(writer, 0), R"({"d":3.0})");
  EXPECT_EQ(written(writer, 1), R"({"d":-0.0})");
  EXPECT_EQ(written(writer, 2), R"({"d":1e+300})");
}

TEST(JsonWriter, writes_any_text_so_that_it_reads_back) {
  std::mt19937 random(5);
  simdjson::dom::parser parser;
  const std::string_view pieces[] = {"a",
                                     "\"",
                                     "\\",
                                     "\n",
                                     "\x01",
                                     "\x1f",
                                     "\x7f",
                                     "\xc3\xa9",
                                     "\xf0\x9f\x98\x80",
                                     "0123456789abcdef",
                                     std::string_view("\0", 1)};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto count = random() % 12; count > 0; --count) text += pieces[random() % std::size(pieces)];
    JsonWriter writer({text_column("t", {text}, random() % 2 ? Type::text : Type::bytes)}, {});
    std::string_view read;
    const auto json = written(writer, 0);
    ASSERT_EQ(parser.parse(json)["t"].get(read), simdjson::SUCCESS) << json;
    ASSERT_EQ(read, text);
  }
}

TEST(JsonWriter, escapes_a_byte_wherever_it_stands) {
  for (size_t size = 1; size < 50; ++size)
    for (size_t at = 0; at < size; ++at)
      for (const auto& [byte, escape] : {std::pair{'"', "\\\""},
                                         {'\\', "\\\\"},
                                         {'\n', "\\n"},
                                         {'\x1f', "\\u001f"},
                                         {' ', " "},
                                         {'\x7f', "\x7f"},
                                         {'!', "!"},
                                         {'#', "#"},
                                         {'[', "["},
                                         {']', "]"}}) {
        std::string text(size, 'x');
        text[at] = byte;
        std::string written(6 * size + 2, '\0');
        written.resize(static_cast<size_t>(write_json_string(text, written.data()) - written.data()));
        EXPECT_EQ(written, '"' + std::string(at, 'x') + escape + std::string(size - at - 1, 'x') + '"');
      }
}

TEST(JsonWriter, writes_keys_of_any_length) {
  for (size_t size = 1; size < 80; ++size) {
    std::string name(size, 'k');
    JsonWriter writer({value_column<int64_t>(name, Type::int64, {{-1}})}, {});
    EXPECT_EQ(written(writer, 0), "{\"" + name + "\":-1}");
  }
}

Column numbers(std::vector<std::optional<int64_t>> values) { return value_column<int64_t>("n", Type::int64, values); }

TEST(JsonWriter, writes_structs_and_lists_as_objects_and_arrays) {
  ListBuilder lists;
  lists.append(2);
  lists.append(2);
  lists.append_null();
  lists.append(3);
  StructBuilder structs;
  structs.append();
  structs.append();
  structs.append();
  structs.append_null();
  const auto tags = std::move(lists).finish("tags", text_column("", {"a\n", std::nullopt, std::string(40, 'x')}));
  const std::vector<Column> columns = {
      std::move(structs).finish("user", {numbers({1, std::nullopt, std::nullopt, 4}), tags}), tags};
  JsonWriter omitting(columns, {});
  EXPECT_EQ(written(omitting, 0), R"({"user":{"n":1,"tags":["a\n",null]},"tags":["a\n",null]})");
  EXPECT_EQ(written(omitting, 1), R"({"user":{"tags":[]},"tags":[]})");
  EXPECT_EQ(written(omitting, 2), R"({"user":{}})");
  EXPECT_EQ(written(omitting, 3), "{\"tags\":[\"" + std::string(40, 'x') + "\"]}");
  JsonWriter writing(columns, {.write_nulls = true});
  EXPECT_EQ(written(writing, 2), R"({"user":{"n":null,"tags":null},"tags":null})");
  EXPECT_EQ(written(writing, 3), "{\"user\":null,\"tags\":[\"" + std::string(40, 'x') + "\"]}");
}

TEST(JsonWriter, writes_lists_of_structs_within_their_bounds) {
  ListBuilder lists;
  StructBuilder structs;
  TextBuilder texts;
  ValueBuilder<double> reals;
  std::vector<std::string> expected;
  for (int row = 0; row < 100; ++row) {
    std::string list = "[";
    for (int item = 0; item < row; ++item) {
      structs.append();
      texts.append(std::string(static_cast<size_t>(item), '\n'));
      reals.append(-1.0 / 3);
      list += item > 0 ? "," : "";
      list += R"({"a text with a long name, longer than what is copied at once":")";
      for (int each = 0; each < item; ++each) list += "\\n";
      list += R"(","r":-0.3333333333333333})";
    }
    lists.append(structs.rows());
    expected.push_back(R"({"l":)" + list + "]}");
  }
  const auto items = std::move(structs).finish(
      "", {std::move(texts).finish("a text with a long name, longer than what is copied at once", Type::text),
           std::move(reals).finish("r", Type::float64)});
  JsonWriter writer({std::move(lists).finish("l", items)}, {});
  for (int64_t row = 0; row < 100; ++row) ASSERT_EQ(written(writer, row), expected[static_cast<size_t>(row)]);
}

TEST(JsonWriter, writes_members_raw_that_are_named_by_their_path) {
  ListBuilder lists;
  StructBuilder structs;
  structs.append();
  lists.append(1);
  const auto items = std::move(structs).finish("", {text_column("price", {"1.50"}), text_column("name", {"2.50"})});
  JsonWriter writer({std::move(lists).finish("orders", items)}, {.raw = {"orders.price", "name"}});
  EXPECT_EQ(written(writer, 0), R"({"orders":[{"price":1.50,"name":"2.50"}]})");
}

TEST(JsonWriter, writes_null_for_what_it_cannot_read_in_a_nested_column) {
  static constexpr auto release = [](ArrowSchema* schema) { schema->release = nullptr; };
  ArrowSchema local_time{"tsu:", "", nullptr, ARROW_FLAG_NULLABLE, 0, nullptr, nullptr, release, nullptr};
  const auto times = numbers({7});
  const Column opaque("at", Type::opaque, times.shared(), std::make_shared<ArrowSchema>(local_time));
  StructBuilder structs;
  structs.append();
  Batch batch(1);
  batch.set(std::move(structs).finish("s", {opaque, numbers({1})}));
  batch.set(opaque);
  JsonWriter writer(choose_columns(batch, {}, {}), {});
  EXPECT_EQ(written(writer, 0), R"({"s":{"at":null,"n":1}})");
  EXPECT_EQ(writer.replaced(), 1);
}

TEST(JsonWriter, chooses_columns_by_name_or_all_but_some) {
  Batch batch(1);
  for (const char* name : {"body", "a", "b"}) batch.set(text_column(name, {"x"}));
  const auto names = [](const std::vector<Column>& columns) {
    std::string all;
    for (const auto& column : columns) all += column.name() + " ";
    return all;
  };
  EXPECT_EQ(names(choose_columns(batch, std::vector<std::string>{"b", "missing", "a"}, {})), "b a ");
  EXPECT_EQ(names(choose_columns(batch, {}, std::vector<std::string>{"body"})), "a b ");
}

}  // namespace
}  // namespace levada
