// The interceptor parse_access_log: what it does with a batch. Lines by themselves:
// access_log_line_test.cc.
#include "parse_access_log.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::parse_access_log {
namespace {

using testkit::batch_of;
using testkit::texts;
using Texts = std::vector<std::string>;

constexpr const char* kCommon = R"(168.178.113.108 - - [2004-05-18 05:58:48] "GET /x HTTP/1.0" 500 14101)";
constexpr const char* kCombined =
    R"(2001:db8::7 id7 frank [10/Oct/2000:13:55:36 -0700] "POST /\"y\" HTTP/1.1" 200 - "http://a.example/" "Mozilla/5")";
constexpr const char* kBroken = R"(host1.example - - [2004-05-18 05:58:48] "GET /broken HTTP/1.0 200)";

struct Outcome {
  Batch batch;
  Texts rejected;  // "row: reason"
};

Outcome parsed(Batch batch, const std::vector<std::string>& columns = {"host", "timestamp", "request", "http_response",
                                                                       "bytes_sent"}) {
  const testkit::FakeHost host;
  auto made = ParseAccessLog::create({columns}, Host(host.table()));
  EXPECT_TRUE(made.ok());
  const auto done = (*made)->intercept(batch);
  EXPECT_TRUE(done.ok());
  Outcome outcome;
  for (const auto& rejection : batch.rejections())
    outcome.rejected.push_back(std::to_string(rejection.row) + ": " + rejection.reason);
  outcome.batch = std::move(batch);
  return outcome;
}

TEST(ParseAccessLog, adds_columns_and_keeps_the_others) {
  auto batch = batch_of({kCommon, kCombined});
  batch.set(repeat("file", "a.log", 2));
  const auto outcome = parsed(batch);
  EXPECT_EQ(outcome.rejected, Texts{});
  EXPECT_EQ(texts(outcome.batch, "host"), (Texts{"168.178.113.108", "2001:db8::7"}));
  EXPECT_EQ(texts(outcome.batch, "timestamp"), (Texts{"1084859928000000", "971211336000000"}));
  EXPECT_EQ(outcome.batch.find("timestamp")->type(), Type::timestamp);
  EXPECT_EQ(texts(outcome.batch, "request"), (Texts{"GET /x HTTP/1.0", R"(POST /\"y\" HTTP/1.1)"}));
  EXPECT_EQ(texts(outcome.batch, "http_response"), (Texts{"500", "200"}));
  EXPECT_EQ(texts(outcome.batch, "bytes_sent"), (Texts{"14101", "0"}));
  EXPECT_EQ(texts(outcome.batch, "body"), (Texts{kCommon, kCombined}));
  EXPECT_EQ(texts(outcome.batch, "file"), (Texts{"a.log", "a.log"}));
  EXPECT_EQ(texts(outcome.batch, "method"), Texts{"<missing>"});
}

TEST(ParseAccessLog, makes_the_columns_that_are_asked_for) {
  const auto outcome =
      parsed(batch_of({kCombined}), {"user_agent", "referer", "ident", "user", "method", "path", "protocol", "path"});
  EXPECT_EQ(texts(outcome.batch, "ident"), Texts{"id7"});
  EXPECT_EQ(texts(outcome.batch, "user"), Texts{"frank"});
  EXPECT_EQ(texts(outcome.batch, "method"), Texts{"POST"});
  EXPECT_EQ(texts(outcome.batch, "path"), Texts{R"(/\"y\")"});
  EXPECT_EQ(texts(outcome.batch, "protocol"), Texts{"HTTP/1.1"});
  EXPECT_EQ(texts(outcome.batch, "referer"), Texts{"http://a.example/"});
  EXPECT_EQ(texts(outcome.batch, "user_agent"), Texts{"Mozilla/5"});
  EXPECT_EQ(outcome.batch.columns().size(), 8u);
}

TEST(ParseAccessLog, makes_nulls_of_what_is_not_known) {
  const auto outcome = parsed(batch_of({R"(- - - [2004-05-18 05:58:48] "-" 400 0 "-" "-")", kCombined}),
                              {"host", "ident", "user", "request", "method", "referer", "user_agent"});
  EXPECT_EQ(texts(outcome.batch, "host"), (Texts{"-", "2001:db8::7"}));
  EXPECT_EQ(texts(outcome.batch, "request"), (Texts{"-", R"(POST /\"y\" HTTP/1.1)"}));
  EXPECT_EQ(texts(outcome.batch, "ident"), (Texts{"<null>", "id7"}));
  EXPECT_EQ(texts(outcome.batch, "user"), (Texts{"<null>", "frank"}));
  EXPECT_EQ(texts(outcome.batch, "method"), (Texts{"<null>", "POST"}));
  EXPECT_EQ(texts(outcome.batch, "referer"), (Texts{"<null>", "http://a.example/"}));
  EXPECT_EQ(texts(outcome.batch, "user_agent"), (Texts{"<null>", "Mozilla/5"}));
}

TEST(ParseAccessLog, rejects_lines_that_do_not_match_with_reason_and_offset) {
  auto batch = batch_of({kBroken, kCommon, "", "no line at all"});
  batch.set(testkit::value_column<int64_t>("offset", Type::int64, {{100}, {200}, std::nullopt, {400}}));
  const auto outcome = parsed(batch);
  EXPECT_EQ(outcome.rejected, (Texts{"0: line offset 41, file offset 141: the request has no closing quote",
                                     "2: line offset 0: expected a host, and a space behind it",
                                     "3: line offset 11, file offset 411: expected [ and a time"}));
  EXPECT_EQ(texts(outcome.batch, "host"), Texts{"168.178.113.108"});
  EXPECT_EQ(texts(outcome.batch, "offset"), Texts{"200"});
}

TEST(ParseAccessLog, rejects_a_null_body) {
  Batch batch(3);
  batch.set(testkit::text_column("body", {std::nullopt, kCommon, std::nullopt}, Type::bytes));
  const auto outcome = parsed(batch);
  EXPECT_EQ(outcome.rejected.size(), 2u);
  EXPECT_EQ(texts(outcome.batch, "bytes_sent"), Texts{"14101"});
}

TEST(ParseAccessLog, reads_bodies_from_a_dictionary_and_from_slices) {
  Batch batch(2);
  batch.set(repeat("body", kCommon, 2));
  EXPECT_EQ(texts(parsed(batch).batch, "host"), (Texts{"168.178.113.108", "168.178.113.108"}));
  EXPECT_EQ(texts(parsed(batch_of({kBroken, kCommon, kCombined, kBroken}).slice(1, 2)).batch, "http_response"),
            (Texts{"500", "200"}));
}

TEST(ParseAccessLog, reads_batches_of_any_size) {
  for (const int64_t rows : {0, 1, 63, 64, 65, 128, 1000}) {
    Texts bodies, expected;
    for (int64_t row = 0; row < rows; ++row) {
      const auto number = std::to_string(row);
      bodies.push_back("host-with-a-long-name-" + number + R"( - - [2004-05-18 05:58:48] "GET /)" + number +
                       R"( H" 200 )" + (row % 7 == 3 ? "broken" : number));
      if (row % 7 != 3) expected.push_back("host-with-a-long-name-" + number);
    }
    const auto outcome = parsed(batch_of(bodies));
    EXPECT_EQ(texts(outcome.batch, "host"), expected) << rows;
    EXPECT_EQ(outcome.batch.rows() + static_cast<int64_t>(outcome.rejected.size()), rows);
  }
}

TEST(ParseAccessLog, copies_no_texts) {
  const auto outcome = parsed(batch_of({kCommon}));
  const auto body = outcome.batch.body()->text(0), request = outcome.batch.find("request")->text(0);
  EXPECT_EQ(request.data(), body.data() + body.find("GET"));
}

TEST(ParseAccessLog, needs_a_body_and_columns) {
  const testkit::FakeHost host;
  auto made = ParseAccessLog::create({{"host"}}, Host(host.table()));
  ASSERT_TRUE(made.ok());
  Batch batch(1);
  batch.set(testkit::text_column("other", {kCommon}));
  EXPECT_EQ((*made)->intercept(batch).code(), Code::fatal);
  EXPECT_EQ(ParseAccessLog::create({}, Host(host.table())).error().option, "columns");
}

LEVADA_CONFORMANCE(parse_access_log, [] {
  auto tested = testkit::subject("parse_access_log");
  tested.bodies = {kCommon, kCombined, kBroken, "", "-"};
  tested.refused = {{"columns = []", "columns"}};
  return tested;
});

LEVADA_CONFORMANCE(parse_access_log_combined, [] {
  auto tested = testkit::subject("parse_access_log", R"(columns = ["user", "path", "referer", "user_agent"])");
  tested.bodies = {kCommon, kCombined, kBroken, "", "-"};
  return tested;
});

}  // namespace
}  // namespace levada::parse_access_log
