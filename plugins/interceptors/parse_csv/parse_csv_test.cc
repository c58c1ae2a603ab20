// The interceptor parse_csv.
#include "parse_csv.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::parse_csv {
namespace {

using testkit::batch_of;
using testkit::texts;
using Texts = std::vector<std::string>;

struct Outcome {
  Batch batch;
  Texts rejected;  // "row: reason"
};

const levada_component& component() { return *levada_plugin_1()->components[0]; }

Outcome parsed(Batch batch, const std::string& options, testkit::FakeHost& host) {
  const auto values = testkit::Values::parse(component(), options);
  EXPECT_TRUE(values.ok()) << (values.ok() ? "" : values.error().message);
  void* self = nullptr;
  levada_error error{};
  EXPECT_EQ(component().create(host.table(), (*values).data(), &self, &error), LEVADA_OK) << error.message;
  const std::unique_ptr<detail::HeldInstance<ParseCsv>> held(static_cast<detail::HeldInstance<ParseCsv>*>(self));
  EXPECT_TRUE(held->component->intercept(batch).ok());
  Outcome outcome;
  for (const auto& rejection : batch.rejections())
    outcome.rejected.push_back(std::to_string(rejection.row) + ": " + rejection.reason);
  outcome.batch = std::move(batch);
  return outcome;
}

Outcome parsed(Batch batch, const std::string& options) {
  testkit::FakeHost host;
  return parsed(std::move(batch), options, host);
}

std::string refusal(const std::string& options) {
  testkit::FakeHost host;
  const auto values = testkit::Values::parse(component(), options);
  if (!values.ok()) return values.error().message;
  void* self = nullptr;
  levada_error error{};
  if (component().create(host.table(), (*values).data(), &self, &error) == LEVADA_OK) {
    component().destroy(self);
    return "taken";
  }
  return std::string(error.option) + ": " + error.message;
}

TEST(ParseCsv, makes_columns_of_fields) {
  const auto outcome = parsed(batch_of({R"(10.0.0.1,"a, b",7)", R"(::1,"say ""hello"", and more of it",)", R"(,"",0)"}),
                              R"(header = ["ip", "agent", "clicks"])");
  EXPECT_EQ(texts(outcome.batch, "ip"), (Texts{"10.0.0.1", "::1", "<null>"}));
  EXPECT_EQ(texts(outcome.batch, "agent"), (Texts{"a, b", "say \"hello\", and more of it", ""}));
  EXPECT_EQ(texts(outcome.batch, "clicks"), (Texts{"7", "<null>", "0"}));
  EXPECT_EQ(texts(outcome.batch, "body").size(), 3u);
}

TEST(ParseCsv, feeds_of_malware_with_comments_quotes_and_commas) {
  testkit::FakeHost host;
  const auto outcome = parsed(
      batch_of({"# URLhaus Database Dump\r", "\xef\xbb\xbf# id,dateadded,url,tags", "", "\r",
                R"("7","2026-01-01 00:00:00","http://a.example/x,y","Mozi, ""elf""")", "\"8\",\"#\",\"u\",\"#t\""}),
      "header = [\"id\", \"dateadded\", \"url\", \"tags\"]\ncomment = \"#\"", host);
  EXPECT_EQ(outcome.rejected, Texts());
  EXPECT_EQ(texts(outcome.batch, "url"), (Texts{"http://a.example/x,y", "u"}));
  EXPECT_EQ(texts(outcome.batch, "tags"), (Texts{"Mozi, \"elf\"", "#t"}));
  EXPECT_EQ(host.count("comment_rows"), 4);
}

TEST(ParseCsv, makes_columns_of_types) {
  const char* options = R"(header = ["i", "f", "b", "t", "rest"]
columns = { i = "int64", f = "float64", b = "boolean", t = { type = "timestamp", unit = "s" } })";
  testkit::FakeHost host;
  const auto outcome =
      parsed(batch_of({"1,0.5,yes,2,x", "x,x,x,x,x", "-7,-inf,F,1970-01-01T00:00:03Z,"}), options, host);
  EXPECT_EQ(texts(outcome.batch, "i"), (Texts{"1", "<null>", "-7"}));
  EXPECT_EQ(texts(outcome.batch, "f"), (Texts{"0.5", "<null>", "-inf"}));
  EXPECT_EQ(texts(outcome.batch, "b"), (Texts{"true", "<null>", "false"}));
  EXPECT_EQ(texts(outcome.batch, "t"), (Texts{"2000000", "<null>", "3000000"}));
  EXPECT_EQ(texts(outcome.batch, "rest"), Texts{"<missing>"});
  EXPECT_EQ(host.count("values_mismatched"), 4);
  const auto strict =
      parsed(batch_of({"1,0.5,yes,2,x", "1,x,x,x,x"}), std::string(options) + "\non_mismatch = \"reject\"");
  EXPECT_EQ(strict.rejected.size(), 1u);
  EXPECT_EQ(strict.batch.rows(), 1);
}

TEST(ParseCsv, rejects_what_is_no_such_record_with_reason_and_offset) {
  auto batch = batch_of({"a,b", "a", "a,b,c", "a,\"b", "\"a\"b,c", "a,b\nc,d", "", ",x"});
  const auto outcome = parsed(batch, R"(header = ["x", "y"]
columns = { x = { type = "text", required = true }, y = "int64" }
on_mismatch = "reject")");
  EXPECT_EQ(outcome.rejected,
            (Texts{"0: line offset 2: the column \"y\" is int64, and this does not fit",
                   "1: line offset 0: expected 2 fields, found 1", "2: line offset 4: expected 2 fields, found 3",
                   "3: line offset 2: the quote is not closed",
                   "4: line offset 3: expected a delimiter or the end behind the closing quote",
                   "5: line offset 4: more behind the record", "6: line offset 0: expected 2 fields, found 1",
                   "7: line offset 0: the column \"x\" is required and has no value"}));
  EXPECT_EQ(outcome.batch.rows(), 0);
}

TEST(ParseCsv, drops_the_header) {
  const char* options = "header = [\"ip\", \"n\"]\ncolumns = { n = \"int64\" }\non_mismatch = \"reject\"";
  testkit::FakeHost host;
  const auto outcome = parsed(batch_of({"ip,n", "a,1", "\"ip\",\"n\"", "\xef\xbb\xbfip,n", "b,2"}), options, host);
  EXPECT_EQ(texts(outcome.batch, "n"), (Texts{"1", "2"}));
  EXPECT_EQ(outcome.rejected, Texts{});
  EXPECT_EQ(host.count("header_rows"), 3);
  EXPECT_EQ(parsed(batch_of({"ip,n"}), std::string(options) + "\nskip_header = false").rejected.size(), 1u);
}

TEST(ParseCsv, takes_other_delimiters_and_quotes) {
  const auto outcome = parsed(batch_of({"'a;b';c"}), "header = [\"x\", \"y\"]\ndelimiter = \";\"\nquote = \"'\"");
  EXPECT_EQ(texts(outcome.batch, "x"), Texts{"a;b"});
  const auto plain = parsed(batch_of({"\"a\"\tb"}), "header = [\"x\", \"y\"]\ndelimiter = \"\\t\"\nquote = \"\"");
  EXPECT_EQ(texts(plain.batch, "x"), Texts{"\"a\""});
}

TEST(ParseCsv, refuses_options_that_cannot_be) {
  EXPECT_EQ(refusal("header = []").substr(0, 7), "header:");
  EXPECT_EQ(refusal("header = [\"a\", \"a\"]"), "header: \"a\" is there twice");
  EXPECT_EQ(refusal("header = [\"body\"]").substr(0, 7), "header:");
  EXPECT_EQ(refusal("header = [\"a\"]\ncolumns = { b = \"text\" }"), "columns.b: is no field of header");
  EXPECT_EQ(refusal("header = [\"a\"]\ncolumns = { a = \"int\" }").substr(0, 10), "columns.a:");
  EXPECT_EQ(refusal("header = [\"a\"]\ncolumns = { a = { type = \"text\", unit = \"s\" } }").substr(0, 15),
            "columns.a.unit:");
  EXPECT_EQ(refusal("header = [\"a\"]\ndelimiter = \"ab\"").substr(0, 10), "delimiter:");
  EXPECT_EQ(refusal("header = [\"a\"]\nquote = \",\"").substr(0, 6), "quote:");
}

LEVADA_CONFORMANCE(parse_csv, [] {
  auto tested = testkit::subject("parse_csv", R"(header = ["a_text", "n", "t"]
columns = { a_text = "text", n = { type = "int64", required = true }, t = "timestamp" })");
  tested.bodies = {"a text of more than twelve bytes,1,2026-01-01T00:00:00Z",
                   R"("a ""text"" of more than twelve bytes",2,)",
                   "a,x,y",
                   "\"",
                   "",
                   "a_text,n,t"};
  tested.refused = {{"header = []", "header"}};
  return tested;
});

}  // namespace
}  // namespace levada::parse_csv
