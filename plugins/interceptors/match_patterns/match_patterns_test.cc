// The interceptor match_patterns: columns, rows of matches, files that change, and settings.
#include "match_patterns.h"

#include <gtest/gtest.h>

#include "levada/nested.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::match_patterns {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::text_column;
using testkit::texts;
using Texts = std::vector<std::string>;

constexpr const char* kPatterns =
    "patterns = { number = '\\b[0-9]+\\b', user = { pattern = 'user=(\\w+)', as = \"value\" }, "
    "error = 'ERROR', warn = 'WARN' }\n";

const levada_component& component() { return *levada_plugin_1()->components[0]; }

// The lists of text of a column: "a,b".
Texts lists(const Batch& batch, std::string_view name) {
  const auto* column = batch.find(name);
  if (!column) return {"<missing>"};
  const auto nested = Nested::of(*column);
  Texts all;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    auto& text = all.emplace_back(column->null(row) ? "<null>" : "");
    for (int64_t at = nested->begin(row); at < nested->end(row) && !column->null(row); ++at)
      text.append(text.empty() ? "" : ",").append(nested->items().text(at));
  }
  return all;
}

class MatchPatternsTest : public testing::Test {
 protected:
  // "option: message" of the error that create gives; empty where it gives an instance.
  std::string create(const std::string& options) {
    const auto values = testkit::Values::parse(component(), options);
    if (!values.ok()) return values.error().message;
    void* self = nullptr;
    levada_error error{};
    if (component().create(host_.table(), (*values).data(), &self, &error) != LEVADA_OK)
      return std::string(error.option) + ": " + error.message;
    const std::unique_ptr<detail::HeldInstance<MatchPatterns>> held(
        static_cast<detail::HeldInstance<MatchPatterns>*>(self));
    made_ = std::move(held->component);
    return {};
  }
  Batch matched(Batch batch, const std::string& options) {
    EXPECT_EQ(create(options), "");
    EXPECT_TRUE(made_->open());
    return matched(std::move(batch));
  }
  Batch matched(Batch batch) {
    const auto done = made_->intercept(batch);
    EXPECT_TRUE(done) << done.error().message;
    return batch;
  }
  testkit::FakeHost host_;
  std::unique_ptr<MatchPatterns> made_;
};

TEST_F(MatchPatternsTest, adds_a_column_for_each_pattern_and_the_list_of_their_names) {
  const auto batch = matched(batch_of({"ERROR 7 of user=anna", "nothing", "WARN user=a-long-name-it-is 1 2"}),
                             std::string(kPatterns) + "prefix = \"has_\"\n");
  EXPECT_EQ(texts(batch, "has_number"), (Texts{"true", "false", "true"}));
  EXPECT_EQ(texts(batch, "has_user"), (Texts{"anna", "<null>", "a"}));
  EXPECT_EQ(texts(batch, "has_error"), (Texts{"true", "false", "false"}));
  EXPECT_EQ(lists(batch, "patterns"), (Texts{"number,user,error", "", "number,user,warn"}));
  EXPECT_EQ(host_.count("rows_matched"), 2);
  EXPECT_EQ(host_.count("pattern_rows:number"), 2);
  EXPECT_EQ(host_.count("pattern_rows:error"), 1);
}

TEST_F(MatchPatternsTest, counts_matches_and_makes_values_of_other_types) {
  const auto batch = matched(batch_of({"1 22 333", "took 1.5 ms, then x ms", "1 2 3 4 5"}),
                             "patterns = { n = '[0-9]+', ms = { pattern = 'took (\\S+) ms', as = \"value\", type = "
                             "\"float64\", column = \"took\" } }\nas = \"count\"\nnames = \"\"\nmatches_max = 4");
  EXPECT_EQ(texts(batch, "n"), (Texts{"3", "2", "4"}));
  EXPECT_EQ(texts(batch, "took"), (Texts{"<null>", "1.5", "<null>"}));
  EXPECT_EQ(batch.columns().size(), 3u);
}

TEST_F(MatchPatternsTest, a_value_that_is_not_of_its_type_is_null_and_counted) {
  const auto batch = matched(batch_of({"id=x", "id=7", "id=\xff"}),
                             "patterns = { id = { pattern = 'id=(.*)', as = \"value\", type = \"int64\" }, text = { "
                             "pattern = 'id=(.*)', as = \"value\" } }\nencoding = \"latin1\"");
  EXPECT_EQ(texts(batch, "id"), (Texts{"<null>", "7", "<null>"}));
  EXPECT_EQ(texts(batch, "text"), (Texts{"x", "7", "<null>"}));
  EXPECT_EQ(host_.count("values_mismatched"), 3);
}

TEST_F(MatchPatternsTest, values_are_not_copied) {
  const auto batch = matched(batch_of({"user=a_name_of_more_than_twelve_bytes"}), kPatterns);
  EXPECT_EQ(batch.find("user")->text(0).data(), batch.body()->text(0).data() + 5);
}

TEST_F(MatchPatternsTest, says_which_of_several_comes_first) {
  const std::string patterns = "patterns = { l_error = 'ERROR', l_warn = 'WARN', l_info = 'INFO' }\nas = \"none\"\n";
  const auto bodies = batch_of({"INFO about an ERROR", "WARN", "none of them", "INFO WARN"});
  EXPECT_EQ(texts(matched(bodies, patterns + "first = { level = [\"l_error\", \"l_info\"] }"), "level"),
            (Texts{"l_error", "<null>", "<null>", "l_info"}));
  const auto batch = matched(bodies, patterns +
                                         "first = { level = { of = [\"l_error\", \"l_warn\", \"l_info\"], strip = "
                                         "\"l_\", otherwise = \"other\" } }");
  EXPECT_EQ(texts(batch, "level"), (Texts{"error", "warn", "other", "warn"}));
  EXPECT_EQ(batch.find("level")->type(), Type::dictionary);
  EXPECT_EQ(lists(batch, "patterns"), (Texts{"l_error,l_info", "l_warn", "", "l_warn,l_info"}));
}

TEST_F(MatchPatternsTest, a_null_has_no_patterns_and_not_none_either) {
  Batch batch(3);
  batch.set(text_column("line", {"", std::nullopt, "user=x 1"}));
  batch = matched(batch,
                  std::string("column = \"line\"\nfirst = { level = { of = [\"error\"], otherwise = \"none\" } }\n") +
                      "patterns = { empty = '^$', n = { pattern = '[0-9]', as = \"count\" }, user = { pattern = "
                      "'user=(.)', as = \"value\" }, error = 'E' }");
  EXPECT_EQ(texts(batch, "empty"), (Texts{"true", "<null>", "false"}));
  EXPECT_EQ(texts(batch, "n"), (Texts{"0", "<null>", "1"}));
  EXPECT_EQ(texts(batch, "user"), (Texts{"<null>", "<null>", "x"}));
  EXPECT_EQ(texts(batch, "level"), (Texts{"none", "<null>", "none"}));
  EXPECT_EQ(lists(batch, "patterns"), (Texts{"empty", "<null>", "n,user"}));
}

TEST_F(MatchPatternsTest, makes_a_row_of_each_match) {
  auto batch = batch_of({"7 and 42", "nothing", "user=a-ERROR"});
  batch.set(testkit::value_column<int64_t>("id", Type::int64, {1, 2, 3}));
  batch.set(text_column("other", {"x", "y", "z"}));
  const auto all = matched(batch, std::string(kPatterns) + "emit = \"rows\"");
  EXPECT_EQ(texts(all, "id"), (Texts{"1", "1", "3", "3"}));
  EXPECT_EQ(texts(all, "other"), (Texts{"x", "x", "z", "z"}));
  EXPECT_EQ(texts(all, "pattern"), (Texts{"number", "number", "user", "error"}));
  EXPECT_EQ(texts(all, "value"), (Texts{"7", "42", "a", "ERROR"}));
  EXPECT_EQ(texts(all, "start"), (Texts{"0", "6", "5", "7"}));
  EXPECT_EQ(texts(all, "body"), Texts{"<missing>"});
  const auto some = matched(batch, std::string(kPatterns) + "emit = \"rows\"\nkeep = [\"id\"]\nmatches_max = 1");
  EXPECT_EQ(texts(some, "id"), (Texts{"1", "3", "3"}));
  EXPECT_EQ(texts(some, "other"), Texts{"<missing>"});
}

TEST_F(MatchPatternsTest, has_a_set_for_logs_where_none_is_named) {
  const auto batch = matched(batch_of({"2026-01-31T23:59:59.5Z ERROR [main] 10.0.0.7 user_id=anna session=ab-1 "
                                       "request_id=7 java.io.IOException: x",
                                       "all is well"}),
                             "");
  EXPECT_EQ(lists(batch, "patterns"), (Texts{"error,exception,ip,timestamp,user_id,session_id,request_id", ""}));
  EXPECT_EQ(texts(batch, "level"), (Texts{"error", "none"}));
}

TEST_F(MatchPatternsTest, takes_a_changed_file_as_a_whole) {
  host_.files().write_file("/p.toml", "[patterns]\na = 'a'\nb = 'b'\n");
  EXPECT_EQ(lists(matched(batch_of({"a b c"}), "file = \"/p.toml\""), "patterns"), Texts{"a,b"});
  host_.files().write_file("/p.toml", "[patterns]\nc = 'c'\n");
  host_.clock().advance(9s);
  EXPECT_EQ(lists(matched(batch_of({"a b c"})), "patterns"), Texts{"a,b"}) << "it is not yet time to look";
  host_.clock().advance(1s);
  const auto batch = matched(batch_of({"a b c"}));
  EXPECT_EQ(lists(batch, "patterns"), Texts{"c"});
  EXPECT_EQ(texts(batch, "a"), Texts{"<missing>"});
  EXPECT_EQ(host_.count("reloads"), 1);
  EXPECT_EQ(host_.count("pattern_rows:a"), 2);
  EXPECT_EQ(host_.count("pattern_rows:c"), 1);
}

TEST_F(MatchPatternsTest, keeps_its_set_where_the_new_file_is_bad_or_gone) {
  host_.files().write_file("/p.toml", "[patterns]\na = 'a'\n");
  EXPECT_EQ(lists(matched(batch_of({"a b"}), "file = \"/p.toml\""), "patterns"), Texts{"a"});
  host_.files().write_file("/p.toml", "[patterns]\nb = 'b'\nx = 'x('\n");
  host_.clock().advance(10s);
  EXPECT_EQ(lists(matched(batch_of({"a b"})), "patterns"), Texts{"a"});
  EXPECT_TRUE(host_.logged("ERROR the set of patterns stays as it was: /p.toml:3:6: missing ): x("));
  ASSERT_TRUE(host_.host().files().remove("/p.toml"));
  host_.clock().advance(10s);
  EXPECT_EQ(lists(matched(batch_of({"a b"})), "patterns"), Texts{"a"});
  EXPECT_EQ(host_.count("reload_failures"), 2);
  host_.files().write_file("/p.toml", "[patterns]\nb = 'b'\n");
  host_.clock().advance(10s);
  EXPECT_EQ(lists(matched(batch_of({"a b"})), "patterns"), Texts{"b"});
}

TEST_F(MatchPatternsTest, waits_for_a_file_and_ends_with_a_bad_one) {
  ASSERT_EQ(create("file = \"/p.toml\""), "");
  EXPECT_EQ(made_->open().code(), Code::retry);
  host_.files().write_file("/p.toml", "[pattern]\na = 'a'\n");
  const auto done = made_->open();
  EXPECT_EQ(done.code(), Code::fatal);
  EXPECT_EQ(done.error().message, "/p.toml:1:1: only [patterns] and [first] are known here");
}

TEST_F(MatchPatternsTest, rows_without_a_text_pass_and_are_counted) {
  Batch batch(2);
  batch.set(testkit::value_column<int64_t>("n", Type::int64, {1, 2}));
  for (const char* column : {"n", "missing"}) {
    const auto all = matched(batch, "column = \"" + std::string(column) + "\"\n" + kPatterns);
    EXPECT_EQ(texts(all, "n"), (Texts{"1", "2"}));
    EXPECT_EQ(texts(all, "error"), (Texts{"<null>", "<null>"}));
    EXPECT_EQ(matched(batch, "emit = \"rows\"\ncolumn = \"" + std::string(column) + "\"\n" + kPatterns).rows(), 0);
  }
  EXPECT_EQ(host_.count("rows_without_text"), 8);
}

TEST_F(MatchPatternsTest, settings_are_checked) {
  EXPECT_EQ(create("patterns = { a = 'x[z' }"), "patterns.a: column 2: missing ]: [z");
  EXPECT_EQ(create("patterns = { a = { pattern = 'x(', as = \"count\" } }").substr(0, 20), "patterns.a.pattern: ");
  EXPECT_EQ(create("patterns = { a = 'x' }\nfirst = { level = [\"b\"] }").substr(0, 13), "first.level: ");
  EXPECT_EQ(create("patterns = { a = 'x' }\nfile = \"/p\"").substr(0, 9), "patterns:");
  EXPECT_EQ(create("first = { a = [\"x\"] }").substr(0, 6), "first:");
  EXPECT_EQ(create("keep = [\"a\"]").substr(0, 5), "keep:");
  EXPECT_EQ(create("matches_max = 0").substr(0, 12), "matches_max:");
  EXPECT_EQ(create("column = \"\"").substr(0, 7), "column:");
  EXPECT_EQ(create("names = \"body\"").substr(0, 6), "names:");
  EXPECT_EQ(create("names = \"level\"").substr(0, 6), "names:");
}

testkit::Subject subject(const std::string& options) {
  auto tested = testkit::subject("match_patterns", options);
  tested.bodies = {"ERROR 7 of user=anna", "", "WARN 1 2 user=a_name_of_more_than_twelve_bytes", "none", "\xff 7"};
  tested.refused = {{"patterns = { a = '(' }", "patterns.a"}};
  return tested;
}

LEVADA_CONFORMANCE(match_patterns_columns, [] {
  return subject(std::string(kPatterns) + "first = { level = { of = [\"error\", \"warn\"], otherwise = \"none\" } }");
});
LEVADA_CONFORMANCE(match_patterns_counts, [] {
  return subject(
      "patterns = { digit = '[0-9]', user = { pattern = 'user=(.*)', as = \"value\", type = \"bytes\" } }\n"
      "as = \"count\"\nencoding = \"latin1\"\nfirst = { f = [\"user\"] }");
});
LEVADA_CONFORMANCE(match_patterns_rows, [] { return subject(std::string(kPatterns) + "emit = \"rows\""); });
LEVADA_CONFORMANCE(match_patterns_file, [] {
  auto tested = subject("file = \"/p.toml\"\ncolumn = \"a_text\"");
  tested.prepare = [](testkit::FakeHost& host) {
    host.files().write_file("/p.toml", "[patterns]\na = 'a'\nb = 'b'\n");
  };
  tested.columns = {text_column("a_text", {"a text", "b", "another"})};
  return tested;
});

}  // namespace
}  // namespace levada::match_patterns
