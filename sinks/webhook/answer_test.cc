// What the receiver's answers mean.
#include "answer.h"

#include <gtest/gtest.h>

namespace levada::webhook {
namespace {

using namespace std::chrono_literals;
using Meaning = Answer::Meaning;

Answer answered(long status, std::string body = "", std::string retry_after = "") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  if (!retry_after.empty()) response.headers["retry-after"] = std::move(retry_after);
  return meaning_of(response, 784'111'777s);  // 1994-11-06 08:49:37
}

TEST(AnswerTest, each_class_of_status_has_its_meaning) {
  for (const long status : {200, 201, 202, 204}) EXPECT_EQ(answered(status).meaning, Meaning::taken) << status;
  for (const long status : {500, 502, 503, 504, 301, 307, 408, 425, 429, 401, 403, 407, 100, 0})
    EXPECT_EQ(answered(status).meaning, Meaning::again) << status;
  for (const long status : {400, 413, 422}) EXPECT_EQ(answered(status).meaning, Meaning::split) << status;
  for (const long status : {404, 405, 409, 410, 415, 451})
    EXPECT_EQ(answered(status).meaning, Meaning::refused) << status;
}

TEST(AnswerTest, the_reason_has_the_receivers_words_on_one_line) {
  EXPECT_EQ(answered(422).reason, "the receiver answered 422");
  EXPECT_EQ(answered(422, " field \"ip\"\r\n\tis missing\n").reason,
            "the receiver answered 422: field \"ip\" is missing");
  EXPECT_EQ(answered(400, std::string("a\0\x1b[31mb\xc3\xa4", 10)).reason, "the receiver answered 400: a [31mb??");
  EXPECT_EQ(answered(400, std::string(5000, 'x')).reason.size(), 227u);
  EXPECT_NE(answered(302).reason.find("redirects are not followed"), std::string::npos);
}

TEST(AnswerTest, a_pause_is_in_seconds_or_until_a_time_and_an_hour_at_most) {
  EXPECT_EQ(answered(429).pause, 0s);
  EXPECT_EQ(answered(429, "", "7").pause, 7s);
  EXPECT_EQ(answered(503, "", "Sun, 06 Nov 1994 08:50:37 GMT").pause, 60s);
  EXPECT_EQ(answered(503, "", "Sun, 06 Nov 1994 08:40:37 GMT").pause, 0s);
  for (const char* text : {"soon", "-5", "1.5", "99999999999999999999"})
    EXPECT_EQ(answered(503, "", text).pause, 0s) << text;
  EXPECT_EQ(answered(503, "", "100000").pause, 1h);
  EXPECT_EQ(answered(404, "", "7").pause, 0s);
}

}  // namespace
}  // namespace levada::webhook
