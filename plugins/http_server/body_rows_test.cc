// Which rows bodies hold, and why some hold none.
#include "http_server/body_rows.h"

#include <gtest/gtest.h>

namespace levada::http_server {
namespace {

using Texts = std::vector<std::string>;

class BodyRowsTest : public testing::Test {
 protected:
  // The rows, or the fault as "400 reason".
  Texts read(Format format, std::string body) {
    rows = {};
    const auto fault = reader.read(format, headers, std::move(body), rows);
    if (fault) return {std::to_string(fault.status) + ' ' + fault.reason};
    return texts(rows.rows);
  }
  Texts texts(const std::vector<Part>& parts) const {
    Texts all;
    for (const auto& part : parts)
      all.push_back(part.size == Part::kMissing ? "<null>" : rows.text.substr(part.offset, part.size));
    return all;
  }

  BodyReader reader{100};
  std::vector<std::string> headers;
  BodyRows rows;
};

TEST_F(BodyRowsTest, a_whole_body_is_one_row) {
  EXPECT_EQ(read(Format::whole, "a\nb"), Texts{"a\nb"});
  EXPECT_EQ(read(Format::whole, std::string("\0\xff", 2)), (Texts{std::string("\0\xff", 2)}));
  EXPECT_EQ(read(Format::whole, ""), Texts{});
  EXPECT_EQ(read(Format::whole, std::string(100, 'x')), Texts{std::string(100, 'x')});
  EXPECT_EQ(read(Format::whole, std::string(101, 'x')), Texts{"413 row 0 is longer than 100 bytes"});
}

TEST_F(BodyRowsTest, lines_are_rows_whatever_is_in_them) {
  EXPECT_EQ(read(Format::lines, "a\r\n\nb\n"), (Texts{"a", "", "b"}));
  EXPECT_EQ(read(Format::lines, "a\nb"), (Texts{"a", "b"}));
  EXPECT_EQ(read(Format::lines, ""), Texts{});
  EXPECT_EQ(read(Format::lines, "\n"), Texts{""});
  EXPECT_EQ(read(Format::lines, "x\n" + std::string(101, 'x')), Texts{"413 row 1 is longer than 100 bytes"});
}

TEST_F(BodyRowsTest, each_line_of_ndjson_is_a_document) {
  EXPECT_EQ(read(Format::ndjson, "{\"a\":1}\r\n\n [2] \n\"\xc3\xbc\""), (Texts{"{\"a\":1}", " [2] ", "\"\xc3\xbc\""}));
  EXPECT_EQ(read(Format::ndjson, " \n\r\n"), Texts{});
  EXPECT_EQ(read(Format::ndjson, "{\"a\":1}\n\n{\"b\" 2}\n"),
            Texts{"400 line 3, column 6: expected ':' after a key, found '2'"});
  EXPECT_EQ(read(Format::ndjson, "1 2"), Texts{"400 line 1, column 3: something follows the JSON document"});
  EXPECT_EQ(read(Format::ndjson, "{\"a\":1}\n{\"a\":").front().substr(0, 17), "400 line 2, colum");
  EXPECT_EQ(read(Format::ndjson, "{\"a\":\"\xff\"}").front().substr(0, 20), "400 line 1, column 7");
}

TEST_F(BodyRowsTest, the_elements_of_an_array_are_rows_and_any_other_document_is_one) {
  EXPECT_EQ(read(Format::json, "[{\"a\":[1]},\n2 , \"x\"]"), (Texts{"{\"a\":[1]}", "2", "\"x\""}));
  EXPECT_EQ(read(Format::json, " {\"a\": [1, 2]} "), Texts{"{\"a\": [1, 2]}"});
  EXPECT_EQ(read(Format::json, "[[1,2],[]]"), (Texts{"[1,2]", "[]"}));
  EXPECT_EQ(read(Format::json, "[]"), Texts{});
  EXPECT_EQ(read(Format::json, " "), Texts{});
  EXPECT_EQ(read(Format::json, "null"), Texts{"null"});
  EXPECT_EQ(read(Format::json, "[1,\n 2,,3]").front().substr(0, 20), "400 line 2, column 4");
  EXPECT_EQ(read(Format::json, "[1][2]"), Texts{"400 line 1, column 4: something follows the JSON document"});
  EXPECT_EQ(read(Format::json, "[\"" + std::string(200, 'x') + "\"]"), Texts{"413 row 0 is longer than 100 bytes"});
}

TEST_F(BodyRowsTest, events_of_flume_have_headers_and_a_body) {
  const std::string events =
      R"([{"headers":{"host":"a","n":1},"body":"one\n\u00fc"}, {"body":""}, {"body":"x","headers":{"host":null}}])";
  EXPECT_EQ(read(Format::flume, events), (Texts{"one\n\xc3\xbc", "", "x"}));
  ASSERT_EQ(rows.more.size(), 1u);
  EXPECT_EQ(texts(rows.more[0]), (Texts{R"({"host":"a","n":1})", "<null>", R"({"host":null})"}));
  headers = {"n", "host"};
  EXPECT_EQ(read(Format::flume, events).size(), 3u);
  ASSERT_EQ(rows.more.size(), 2u);
  EXPECT_EQ(texts(rows.more[0]), (Texts{"1", "<null>", "<null>"}));
  EXPECT_EQ(texts(rows.more[1]), (Texts{"a", "<null>", "<null>"}));
  EXPECT_EQ(read(Format::flume, "[]"), Texts{});
  for (const auto* wrong : {R"([{"headers":{}}])", R"([1])", R"([{"body":1}])", R"([{"body":"","headers":[]}])"})
    EXPECT_EQ(read(Format::flume, wrong).front().substr(0, 11), "400 event 0") << wrong;
  EXPECT_EQ(read(Format::flume, "{}").front().substr(0, 8), "400 must");
  EXPECT_EQ(read(Format::flume, "[{]").front().substr(0, 10), "400 line 1");
}

}  // namespace
}  // namespace levada::http_server
