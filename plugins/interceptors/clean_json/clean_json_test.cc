// The interceptor clean_json: what leaves it, byte for byte, what it drops, splits, repairs,
// and what it says of the rest.
#include "clean_json.h"

#include <gtest/gtest.h>

#include <random>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::clean_json {
namespace {

using testkit::batch_of;
using testkit::FakeHost;
using testkit::texts;
using Texts = std::vector<std::string>;

struct Outcome {
  Batch batch;
  Texts bodies;
  Texts rejected;  // "row: reason", and " | part" where only a part of the row is at fault.
};

Outcome cleaned(Batch batch, FakeHost& host, Texts repair = {}) {
  auto made = CleanJson::create({std::move(repair)}, host.host());
  EXPECT_TRUE(made.ok());
  EXPECT_TRUE((*made)->intercept(batch).ok());
  Outcome outcome{batch, texts(batch, "body"), {}};
  for (const auto& rejection : batch.rejections()) {
    auto& line = outcome.rejected.emplace_back(std::to_string(rejection.row));
    line.append(": ").append(rejection.reason);
    if (!rejection.body.empty()) line.append(" | ").append(rejection.body);
  }
  return outcome;
}

Outcome cleaned(const Texts& rows, Texts repair = {}) {
  FakeHost host;
  return cleaned(batch_of(rows), host, std::move(repair));
}

TEST(CleanJson, takes_the_rows_of_a_spooled_array) {
  const auto outcome = cleaned(Texts{R"([{"a":1},)", R"({"b":2},)", R"({"c":3}])"});
  EXPECT_EQ(outcome.bodies, (Texts{R"({"a":1})", R"({"b":2})", R"({"c":3})"}));
  EXPECT_EQ(outcome.rejected, Texts{});
}

TEST(CleanJson, drops_what_holds_no_object_and_counts_it) {
  FakeHost host;
  const auto outcome =
      cleaned(batch_of({"[", "", " \t\r", ",", R"({"a":1})", "]", "\xef\xbb\xbf", "[ ]", "],["}), host);
  EXPECT_EQ(outcome.bodies, Texts{R"({"a":1})"});
  EXPECT_EQ(outcome.rejected, Texts{});
  EXPECT_EQ(host.count("rows_filtered"), 8);
  EXPECT_EQ(host.count("rows_added"), 0);
}

TEST(CleanJson, drops_rows_without_a_body) {
  FakeHost host;
  Batch batch(3);
  batch.set(testkit::text_column("body", {std::nullopt, R"({"a":1})", std::nullopt}, Type::bytes));
  EXPECT_EQ(cleaned(batch, host).bodies, Texts{R"({"a":1})"});
  EXPECT_EQ(host.count("rows_filtered"), 2);
}

TEST(CleanJson, trims_the_byte_order_mark_and_white_space) {
  const auto outcome =
      cleaned(Texts{"\xef\xbb\xbf{\"a\":1}", "\xef\xbb\xbf [ {\"a\":2} ,\r", "\t{ \"a\" : 3 }\r", "\n{\n\"a\":\n4}\n"});
  EXPECT_EQ(outcome.bodies, (Texts{R"({"a":1})", R"({"a":2})", R"({ "a" : 3 })", "{\n\"a\":\n4}"}));
  EXPECT_EQ(outcome.rejected, Texts{});
}

TEST(CleanJson, takes_a_byte_order_mark_at_the_beginning_only) {
  EXPECT_EQ(cleaned(Texts{"{\"a\":1}\xef\xbb\xbf"}).rejected,
            Texts{"0: line offset 7: expected nothing or another object behind an object"});
}

TEST(CleanJson, makes_rows_of_several_objects_in_one_row) {
  FakeHost host;
  const auto outcome = cleaned(batch_of({R"([{"a":1}, {"a":2},{"a":3}])", R"({"b":1}{"b":2} {"b":3})",
                                         "{\"c\":1}\n{\"c\":2}\n", R"([[{"d":1}],[]])"}),
                               host);
  EXPECT_EQ(outcome.bodies, (Texts{R"({"a":1})", R"({"a":2})", R"({"a":3})", R"({"b":1})", R"({"b":2})", R"({"b":3})",
                                   R"({"c":1})", R"({"c":2})", R"({"d":1})"}));
  EXPECT_EQ(outcome.rejected, Texts{});
  EXPECT_EQ(host.count("rows_added"), 5);
}

TEST(CleanJson, repeats_the_other_columns_for_each_object_of_a_row) {
  FakeHost host;
  auto batch = batch_of({R"({"a":1}{"a":2})", "]", R"({"a":3})"});
  batch.set(repeat("file", "x.json", 3));
  batch.set(testkit::value_column<int64_t>("offset", Type::int64, {{0}, {15}, {17}}));
  const auto outcome = cleaned(batch, host);
  EXPECT_EQ(texts(outcome.batch, "file"), (Texts{"x.json", "x.json", "x.json"}));
  EXPECT_EQ(texts(outcome.batch, "offset"), (Texts{"0", "0", "17"}));
}

TEST(CleanJson, leaves_a_batch_of_clean_rows_as_it_is) {
  FakeHost host;
  auto batch = batch_of({R"({"a":1})", R"({"a":"a text of more than twelve bytes"})"});
  const auto* array = &batch.body()->array();
  EXPECT_EQ(&cleaned(batch, host).batch.body()->array(), array);
}

TEST(CleanJson, never_copies_a_body_that_it_trims) {
  FakeHost host;
  auto batch = batch_of(
      {R"([{"a":"a text of more than twelve bytes"},)", R"({"a":"another one, as long"}{"b":"and one more here"})"});
  const auto first = batch.body()->text(0), second = batch.body()->text(1);
  const auto outcome = cleaned(batch, host);
  EXPECT_EQ(outcome.batch.body()->text(0).data(), first.data() + 1);
  EXPECT_EQ(outcome.batch.body()->text(1).data(), second.data());
  EXPECT_EQ(outcome.batch.body()->text(2).data(), second.data() + 28);
}

TEST(CleanJson, keeps_position_and_stream) {
  FakeHost host;
  auto batch = batch_of({"]"});
  batch.stream = "s";
  batch.position = "p";
  batch.sequence = 7;
  const auto outcome = cleaned(batch, host);
  EXPECT_EQ(outcome.batch.rows(), 0);
  EXPECT_EQ(outcome.batch.stream, "s");
  EXPECT_EQ(outcome.batch.position, "p");
  EXPECT_EQ(outcome.batch.sequence, 7u);
}

TEST(CleanJson, rejects_what_is_invalid_with_reason_and_offset) {
  const auto outcome = cleaned(Texts{
      R"({"a":1,})",
      R"({'a':1})",
      R"({"a":"cut off)",
      "hello world",
      R"({"a":"b")",
      R"({"a":1}})",
      "{\"a\":\"\xff\"}",
      std::string("{\"a\":1}\0", 8),
      R"({"a":18446744073709551616})",
      R"(["a"])",
      "42",
      R"("text")",
      "null",
  });
  EXPECT_EQ(outcome.bodies, Texts{});
  EXPECT_EQ(outcome.rejected, (Texts{
                                  "0: line offset 6: trailing comma before '}'",
                                  "1: line offset 1: expected a key in double quotes, found '''",
                                  "2: line offset 5: the string that begins here is not closed",
                                  "3: line offset 0: expected an object",
                                  "4: line offset 8: expected ',' or '}' after a value, found the end",
                                  "5: line offset 7: expected nothing or another object behind an object",
                                  "6: line offset 6: invalid UTF-8",
                                  "7: line offset 7: expected nothing or another object behind an object",
                                  "8: line offset 5: an integer that does not fit into 64 bits",
                                  "9: line offset 1: expected an object",
                                  "10: line offset 0: expected an object",
                                  "11: line offset 0: expected an object",
                                  "12: line offset 0: expected an object",
                              }));
}

TEST(CleanJson, names_the_offset_in_the_file_where_the_row_has_one) {
  FakeHost host;
  auto batch = batch_of({R"({"a":1})", R"({"a":1,})"});
  batch.set(testkit::value_column<int64_t>("offset", Type::int64, {{10'000}, {10'008}}));
  EXPECT_EQ(cleaned(batch, host).rejected, Texts{"1: line offset 6, file offset 10014: trailing comma before '}'"});
}

TEST(CleanJson, keeps_the_good_objects_of_a_row_with_broken_ones) {
  FakeHost host;
  const auto outcome = cleaned(batch_of({R"([{"a":1},{"b":},{"c":3}, 4, "x", {"d":5}])"}), host);
  EXPECT_EQ(outcome.bodies, (Texts{R"({"a":1})", R"({"c":3})", R"({"d":5})"}));
  EXPECT_EQ(outcome.rejected, (Texts{R"(0: line offset 14: expected a value, found '}' | {"b":})",
                                     R"(0: line offset 25: expected an object | 4, "x")"}));
  EXPECT_EQ(host.count("rows_added"), 4);
}

TEST(CleanJson, rejects_an_array_of_numbers_once) {
  std::string array = "[0";
  for (int at = 1; at < 10'000; ++at) array.append(",").append(std::to_string(at));
  EXPECT_EQ(cleaned(Texts{array + "]"}).rejected, Texts{"0: line offset 1: expected an object"});
}

TEST(CleanJson, finds_the_next_object_behind_a_broken_one_over_several_lines) {
  const auto outcome = cleaned(Texts{"{\"a\":1}\n{\"b\":\"cut\n{\"c\":3}\ngarbage\n{\"d\":4}\n"});
  EXPECT_EQ(outcome.bodies, (Texts{R"({"a":1})", R"({"c":3})", R"({"d":4})"}));
  ASSERT_EQ(outcome.rejected.size(), 2u);
  EXPECT_EQ(outcome.rejected[0], "0: line offset 17: control character 0x0a in a string | {\"b\":\"cut");
  EXPECT_EQ(outcome.rejected[1], "0: line offset 26: expected an object | garbage");
}

TEST(CleanJson, rejects_a_cut_off_object_as_a_whole_with_what_it_holds) {
  EXPECT_EQ(cleaned(Texts{R"({"a":{"b":1})"}).rejected,
            Texts{"0: line offset 12: expected ',' or '}' after a value, found the end"});
}

TEST(CleanJson, counts_a_broken_row_once_whatever_its_quotes_hide) {
  const auto outcome = cleaned(Texts{R"({'a':'}','b':'x'})"});
  EXPECT_EQ(outcome.bodies, Texts{});
  EXPECT_EQ(outcome.rejected.size(), 1u);
}

// {"a":...} with a very long value.
std::string object_of(std::string_view begin, char repeated) {
  return std::string("{\"a\":").append(begin).append(100'000, repeated).append("}");
}

TEST(CleanJson, survives_hostile_rows) {
  const auto outcome = cleaned(
      Texts{std::string(1'000'000, '['), std::string(1'000'000, '{'), std::string(100'000, '"'), object_of("", '['),
            "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\\ud800\"}", "{\"a\":1e999}", "{\"a\":-1e-999}", object_of("", '9'),
            object_of("0.", '1'), std::string(100, '\0'), "\\", "{\"\\", "{\"a\":\"\\u"});
  EXPECT_EQ(outcome.bodies, (Texts{"{\"a\":-1e-999}", object_of("0.", '1')}));
  EXPECT_EQ(outcome.rejected.size(), 11u);
}

TEST(CleanJson, repairs_nothing_that_it_is_not_asked_to) {
  const Texts rows = {R"({"a":1,})", R"({'a':1})", "{\"a\":\"\t\"}", R"({"a":1/*x*/})", R"({"a":NaN})"};
  const Texts names = {"trailing_commas", "single_quotes", "control_characters", "comments", "nan"};
  const Texts repaired = {R"({"a":1})", R"({"a":1})", R"({"a":"\t"})", R"({"a":1 })", R"({"a":null})"};
  EXPECT_EQ(cleaned(rows).rejected.size(), rows.size());
  for (size_t at = 0; at < names.size(); ++at) {
    const auto outcome = cleaned(rows, {names[at]});
    EXPECT_EQ(outcome.bodies, Texts{repaired[at]}) << names[at];
    EXPECT_EQ(outcome.rejected.size(), rows.size() - 1) << names[at];
  }
}

TEST(CleanJson, repairs_all_at_once_and_counts_the_rows) {
  FakeHost host;
  const auto outcome = cleaned(batch_of({R"([{'a':[1,2,],}, // two
  {"b":NaN}, /* none */ {"c":1}])",
                                         "// only a comment", R"({"valid":"// no comment, 'quotes', NaN,}"})"}),
                               host, {"trailing_commas", "single_quotes", "control_characters", "comments", "nan"});
  EXPECT_EQ(outcome.bodies,
            (Texts{R"({"a":[1,2]})", R"({"b":null})", R"({"c":1})", R"({"valid":"// no comment, 'quotes', NaN,}"})"}));
  EXPECT_EQ(outcome.rejected, Texts{});
  EXPECT_EQ(host.count("rows_repaired"), 2);
  EXPECT_EQ(host.count("rows_filtered"), 1);
}

TEST(CleanJson, says_what_is_left_wrong_after_the_repair) {
  EXPECT_EQ(cleaned(Texts{R"({"a":[1,],"b":})"}, {"trailing_commas"}).rejected,
            Texts{"0: line offset 14: expected a value, found '}'"});
}

TEST(CleanJson, reads_bodies_from_a_dictionary) {
  FakeHost host;
  Batch batch(2);
  batch.set(repeat("body", R"([{"a":"the same in each of them"}])", 2));
  EXPECT_EQ(cleaned(batch, host).bodies,
            (Texts{R"({"a":"the same in each of them"})", R"({"a":"the same in each of them"})"}));
}

TEST(CleanJson, needs_a_body) {
  FakeHost host;
  auto made = CleanJson::create({}, host.host());
  ASSERT_TRUE(made.ok());
  Batch batch(1);
  batch.set(testkit::text_column("other", {"x"}));
  EXPECT_EQ((*made)->intercept(batch).code(), Code::fatal);
}

TEST(CleanJson, turns_any_mixture_of_objects_and_separators_into_the_objects) {
  std::mt19937 random(11);
  const Texts objects = {R"({"a":1})", "{}", R"({"text":"[],{}\"\\","nested":[{"b":[1,2]},{}]})",
                         "{\"caf\xc3\xa9\":\"\\u00e9\"}"};
  const Texts separators = {" ", ",", "[", "]", "\t", "\r", "\n", ", ", "]["};
  for (int round = 0; round < 2000; ++round) {
    Texts rows, expected;
    for (int row = 0; row < 8; ++row) {
      std::string text = random() % 8 ? "" : "\xef\xbb\xbf";
      for (auto pieces = random() % 6; pieces > 0; --pieces) {
        const bool is_object = random() % 2;
        text += is_object ? expected.emplace_back(objects[random() % objects.size()])
                          : separators[random() % separators.size()];
      }
      rows.push_back(text);
    }
    const auto outcome = cleaned(rows);
    ASSERT_EQ(outcome.rejected, Texts{});
    ASSERT_EQ(outcome.bodies, expected);
  }
}

// Rows of few shapes, some of which have one byte too many, too few, or another.
Texts rows_alike(unsigned seed, int count) {
  std::mt19937 random(seed);
  const Texts values = {R"("/a/path?x=1")",
                        R"("")",
                        R"("caf\xc3\xa9")",
                        R"("a\"b")",
                        "0",
                        "-17",
                        "1.50",
                        "1e3",
                        "12345678901234567890",
                        "true",
                        "null",
                        R"({"x":[1,{"y":""}]})",
                        "[]"};
  const std::string bytes = "\"\\,:{}[]01x \n\xc3";
  Texts rows;
  while (count-- > 0) {
    std::string row = R"({"type":"view")";
    for (const auto* key : {"ip", "user", "geo"})
      if (random() % 4) row.append(",\"").append(key).append("\":").append(values[random() % values.size()]);
    row += "}";
    const auto at = random() % row.size();
    switch (random() % 16) {
      case 0: row.erase(at, 1); break;
      case 1: row.insert(at, 1, bytes[random() % bytes.size()]); break;
      case 2: row[at] = bytes[random() % bytes.size()]; break;
      case 3: row.resize(at); break;
      default: break;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST(CleanJson, makes_of_rows_like_others_before_them_what_it_makes_of_each_alone) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    const auto rows = rows_alike(seed, 2000);
    const auto together = cleaned(rows);
    Texts bodies, rejected;
    for (size_t row = 0; row < rows.size(); ++row) {
      auto alone = cleaned(Texts{rows[row]});
      bodies.insert(bodies.end(), alone.bodies.begin(), alone.bodies.end());
      for (const auto& line : alone.rejected) rejected.push_back(std::to_string(row) + line.substr(line.find(':')));
    }
    EXPECT_EQ(together.bodies, bodies);
    EXPECT_EQ(together.rejected, rejected);
    EXPECT_GT(rejected.size(), 100u);
    EXPECT_GT(bodies.size(), 1000u);
  }
}

LEVADA_CONFORMANCE(clean_json, [] {
  auto tested = testkit::subject("clean_json", "repair = [\"nan\", \"trailing_commas\"]");
  tested.bodies = {"[",
                   R"({"a":"an object with a text of more than twelve bytes"},)",
                   R"({"b":1}{"b":"two objects in one row"}, {"b":)",
                   R"({"c":[NaN,],"repaired":"to more than twelve bytes"})",
                   R"({"d":)",
                   ""};
  return tested;
});

}  // namespace
}  // namespace levada::clean_json
