// What is taken as a log or a result, and what is not.
#include "bodies.h"

#include <gtest/gtest.h>

namespace levada::log_api {
namespace {

using http_server::BodyRows;
using http_server::Part;
using Read = http_server::BodyFault (*)(std::string_view, std::string, BodyRows&);

std::string text_of(const BodyRows& rows, const Part& part) {
  return part.size == Part::kMissing ? "<null>" : rows.text.substr(part.offset, part.size);
}

// "row|first column|second column", or the fault as "400 reason".
std::string read(Read how, std::string_view type, std::string body) {
  BodyRows rows;
  if (const auto fault = how(type, std::move(body), rows)) return std::to_string(fault.status) + ' ' + fault.reason;
  if (rows.rows.size() != 1 || rows.more.size() != 2) return "no row";
  return text_of(rows, rows.rows[0]) + '|' + text_of(rows, rows.more[0][0]) + '|' + text_of(rows, rows.more[1][0]);
}
std::string log(std::string body, std::string_view type = "application/json") {
  return read(read_log, type, std::move(body));
}
std::string result(std::string body, std::string_view type = "application/json") {
  return read(read_result, type, std::move(body));
}

TEST(Bodies, a_log_is_a_content_with_a_name_or_none) {
  EXPECT_EQ(log(R"({"content":"a\nb\u00fc"})"), "a\nb\xc3\xbc|<null>|a\nb\xc3\xbc");
  EXPECT_EQ(log(R"({"content":"a","name":"n"})", "Application/JSON; charset=utf-8"), "a|n|a");
  EXPECT_EQ(log(R"({"content":"a","name":null})"), "a|<null>|a");
  EXPECT_EQ(log(R"({"content":"a","name":""})"), "a||a");
  EXPECT_EQ(log("a\nb", "text/plain"), "a\nb|<null>|a\nb");
}

TEST(Bodies, what_is_no_log_is_refused_with_the_reason) {
  for (const auto* body :
       {"", "[]", "1", "{", R"({"content":1})", R"({"content":""})", R"({"name":"n"})", R"({"content":"a","name":1})",
        R"({"content":"a","other":1})", R"({"content":"\u0000"})", R"({"content":"a"} 1)"})
    EXPECT_EQ(log(body).substr(0, 4), "400 ") << body;
  EXPECT_EQ(log(R"({"content":"a","name":")" + std::string(251, 'x') + "\"}").substr(0, 4), "400 ");
  EXPECT_EQ(log("\xff", "text/plain"), "400 the content is no UTF-8");
  EXPECT_EQ(log("", "text/plain"), "400 content is empty");
  EXPECT_EQ(log("a", "text/html").substr(0, 4), "415 ");
}

TEST(Bodies, a_result_is_an_object_of_plain_values) {
  EXPECT_EQ(result(R"({"log_id":"x","result":{"error": 3, "ips": ["a", 1, null], "b": true}})"),
            R"({"error":3,"ips":["a",1,null],"b":true}|x|{"error":3,"ips":["a",1,null],"b":true})");
  EXPECT_EQ(result(R"({"log_id":"x","result":{}})"), "{}|x|{}");
  EXPECT_EQ(result(R"({"log_id":"x","result":{"a":[9007199254740991,-1.5]}})").substr(0, 28),
            R"({"a":[9007199254740991,-1.5])");
  std::string characters;
  for (int number = 0; number < 200; ++number) characters += "\xc3\xbc";
  EXPECT_EQ(result(R"({"log_id":")" + characters + R"(","result":{}})"), "{}|" + characters + "|{}");
  EXPECT_EQ(result(R"({"log_id":"x)" + characters + R"(","result":{}})").substr(0, 4), "400 ");
  for (const auto* body :
       {R"({"log_id":"","result":{}})", R"({"log_id":"x","result":[]})", R"({"log_id":"x"})", R"({"result":{}})",
        R"({"log_id":"x","result":{"a":9007199254740992}})", R"({"log_id":"x","result":{"a":[-1e300]}})",
        R"({"log_id":"x","result":{"a":1e999}})", R"({"log_id":"x","result":{"a":{}}})",
        R"({"log_id":"x","result":{"a":[[]]}})", R"({"log_id":"x","result":{"a":"\u0000"}})",
        R"({"log_id":"x","result":{"\u0000":1}})", R"({"log_id":"x","result":{},"more":1})"})
    EXPECT_EQ(result(body).substr(0, 4), "400 ") << body;
  EXPECT_EQ(result("{}", "text/plain").substr(0, 4), "415 ");
}

}  // namespace
}  // namespace levada::log_api
