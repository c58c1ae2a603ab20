// The interceptor join_table.
#include "join_table.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::join_table {
namespace {

using namespace std::chrono_literals;
using testkit::texts;
using Join = join::Kind;
using Texts = std::vector<std::string>;

constexpr const char* kTable = "id,network,name\n7,3,Summer\n8,4,a name of more than twelve bytes\n";

Batch views() {
  Batch batch(4);
  batch.set(testkit::value_column<int64_t>("campaign", Type::int64, {{8}, {9}, std::nullopt, {7}}));
  batch.set(testkit::text_column("view", {"a", "b", "c", "d"}));
  return batch;
}

class JoinTableTest : public testing::Test {
 protected:
  JoinTableTest() {
    settings_.path = "/t.csv";
    settings_.keys = {{"campaign", "id"}};
    host_.files().write_file("/t.csv", kTable);
  }
  Done open() {
    auto made = JoinTable::create(settings_, host_.host());
    EXPECT_TRUE(made) << made.error().option << ": " << made.error().message;
    join_ = *std::move(made);
    return join_->open();
  }
  Batch joined(Batch batch = views()) {
    EXPECT_TRUE(join_->intercept(batch));
    return batch;
  }
  Texts names_after(std::chrono::nanoseconds time) {
    host_.clock().advance(time);
    return texts(joined(), "name");
  }

  testkit::FakeHost host_;
  JoinTable::Settings settings_;
  std::unique_ptr<JoinTable> join_;
};

TEST_F(JoinTableTest, inner_keeps_the_rows_that_the_table_has) {
  ASSERT_TRUE(open());
  const auto batch = joined();
  EXPECT_EQ(texts(batch, "view"), (Texts{"a", "d"}));
  EXPECT_EQ(texts(batch, "name"), (Texts{"a name of more than twelve bytes", "Summer"}));
  EXPECT_EQ(texts(batch, "network"), (Texts{"4", "3"}));
  EXPECT_EQ(texts(batch, "id"), Texts{"<missing>"}) << "the key is there already";
  EXPECT_EQ(host_.count("rows_matched"), 2);
  EXPECT_EQ(host_.count("rows_unmatched"), 2);
}

TEST_F(JoinTableTest, left_keeps_all_rows) {
  settings_.join = Join::left;
  settings_.prefix = "campaign_";
  ASSERT_TRUE(open());
  const auto batch = joined();
  EXPECT_EQ(texts(batch, "view"), (Texts{"a", "b", "c", "d"}));
  EXPECT_EQ(texts(batch, "campaign_name"), (Texts{"a name of more than twelve bytes", "<null>", "<null>", "Summer"}));
}

TEST_F(JoinTableTest, anti_keeps_the_rows_that_the_table_does_not_have) {
  settings_.join = Join::anti;
  ASSERT_TRUE(open());
  const auto batch = joined();
  EXPECT_EQ(texts(batch, "view"), (Texts{"b", "c"}));
  EXPECT_EQ(batch.columns().size(), 2u);
}

TEST_F(JoinTableTest, takes_empty_batches_and_rows_that_all_or_none_match) {
  for (const auto join : {Join::inner, Join::left, Join::anti}) {
    settings_.join = join;
    ASSERT_TRUE(open());
    EXPECT_EQ(joined(views().slice(0, 0)).rows(), 0);
    EXPECT_EQ(joined(views().slice(0, 1)).rows(), join == Join::anti ? 0 : 1);
    EXPECT_EQ(joined(views().slice(1, 2)).rows(), join == Join::inner ? 0 : 2);
  }
}

TEST_F(JoinTableTest, joins_by_several_keys_of_any_type) {
  host_.files().write_file("/t.csv",
                           "day,on,who,x\n1970-01-01T00:00:01Z,true,a,first\n1970-01-01T00:00:01Z,false,a,second\n");
  settings_.keys = {{"time", "day"}, {"flag", "on"}, {"name", "who"}};
  settings_.join = Join::left;
  ASSERT_TRUE(open());
  Batch batch(3);
  batch.set(testkit::value_column<int64_t>("time", Type::timestamp, {{1'000'000}, {1'000'000}, {2'000'000}}));
  batch.set(testkit::boolean_column("flag", {false, true, true}));
  batch.set(repeat("name", "a", 3));
  EXPECT_EQ(texts(joined(batch), "x"), (Texts{"second", "first", "<null>"}));
}

TEST_F(JoinTableTest, without_the_column_of_a_key_nothing_matches) {
  settings_.join = Join::left;
  ASSERT_TRUE(open());
  auto batch = views();
  batch.remove("campaign");
  EXPECT_EQ(texts(joined(batch), "name"), Texts(4, "<null>"));
}

TEST_F(JoinTableTest, takes_a_changed_file_as_a_whole) {
  ASSERT_TRUE(open());
  EXPECT_EQ(names_after(1s), (Texts{"a name of more than twelve bytes", "Summer"}));
  host_.files().write_file("/t.csv", "id,name\n9,Autumn\n");
  EXPECT_EQ(names_after(1s).size(), 2u) << "it is not yet time to look";
  EXPECT_EQ(names_after(10s), Texts{"Autumn"});
  EXPECT_EQ(host_.count("reloads"), 1);
  EXPECT_EQ(names_after(10s), Texts{"Autumn"});
  EXPECT_EQ(host_.count("reloads"), 1) << "it has not changed again";
}

TEST_F(JoinTableTest, rows_keep_the_version_that_they_were_joined_with) {
  ASSERT_TRUE(open());
  const auto before = joined();
  host_.files().write_file("/t.csv", "id,name\n");
  host_.clock().advance(10s);
  EXPECT_EQ(joined().rows(), 0);
  EXPECT_EQ(texts(before, "name"), (Texts{"a name of more than twelve bytes", "Summer"}));
}

TEST_F(JoinTableTest, keeps_the_table_where_the_new_file_is_bad_or_gone) {
  ASSERT_TRUE(open());
  host_.files().write_file("/t.csv", "id,name\n9,\"Autumn\n");
  EXPECT_EQ(names_after(10s).size(), 2u);
  EXPECT_TRUE(host_.logged("ERROR the table stays as it was: /t.csv:2:3: the quote is not closed"));
  EXPECT_EQ(names_after(10s).size(), 2u);
  EXPECT_EQ(host_.count("reload_failures"), 1) << "it is said once";
  ASSERT_TRUE(host_.host().files().remove("/t.csv"));
  EXPECT_EQ(names_after(10s).size(), 2u);
  EXPECT_EQ(host_.count("reload_failures"), 2);
  host_.files().write_file("/t.csv", "id,name\n9,Autumn\n");
  EXPECT_EQ(names_after(10s), Texts{"Autumn"});
}

TEST_F(JoinTableTest, each_call_to_the_disk_may_fail_while_it_looks) {
  int64_t calls = 4;
  for (int64_t n = 1; n <= calls; ++n) {
    testkit::FakeHost host;
    host.files().write_file("/t.csv", kTable);
    auto made = JoinTable::create(settings_, host.host());
    ASSERT_TRUE(made);
    ASSERT_TRUE((*made)->open());
    host.files().write_file("/t.csv", "id,name\n9,Autumn\n");
    const auto before = host.files().calls();
    host.files().fail_call(n, EIO);
    const auto names = [&] {
      host.clock().advance(10s);
      auto batch = views();
      EXPECT_TRUE((*made)->intercept(batch));
      return texts(batch, "name");
    };
    EXPECT_EQ(names().size(), 2u) << "call " << n << ": the table stays";
    EXPECT_EQ(host.count("reload_failures"), 1) << "call " << n;
    EXPECT_EQ(names(), Texts{"Autumn"}) << "call " << n;
    EXPECT_GE(host.files().calls() - before, calls) << "there are so many calls";
  }
}

TEST_F(JoinTableTest, waits_for_a_file_and_ends_with_a_bad_one) {
  settings_.path = "/missing.csv";
  EXPECT_EQ(open().code(), Code::retry);
  host_.files().write_file("/missing.csv", "other\n");
  EXPECT_EQ(open().code(), Code::fatal);
}

TEST_F(JoinTableTest, refuses_settings_that_cannot_be) {
  const auto refusal = [&](auto change) {
    auto settings = settings_;
    change(settings);
    const auto made = JoinTable::create(settings, host_.host());
    return made ? "taken" : made.error().option;
  };
  EXPECT_EQ(refusal([](auto& settings) { settings.path = ""; }), "path");
  EXPECT_EQ(refusal([](auto& settings) { settings.keys.clear(); }), "keys");
  EXPECT_EQ(refusal([](auto& settings) { settings.keys = {{"a", ""}}; }), "keys");
  EXPECT_EQ(refusal([](auto& settings) { settings.delimiter = ""; }), "delimiter");
  EXPECT_EQ(refusal([](auto& settings) { settings.quote = ","; }), "quote");
  EXPECT_EQ(refusal([](auto& settings) { settings.reload_interval = -1s; }), "reload_interval");
}

testkit::Subject subject(const std::string& options) {
  auto tested = testkit::subject("join_table", "path = \"/t.csv\"\nkeys = { a_text = \"id\" }\n" + options);
  tested.prepare = [](testkit::FakeHost& host) {
    host.files().write_file("/t.csv", "id,name,n\na text,Summer,1\nGET /a 200,a name of more than twelve bytes,\n");
  };
  tested.bodies = {"first", "a body of more than twelve bytes", ""};
  tested.columns = {testkit::text_column("a_text", {"a text", "GET /a 200", "another"})};
  tested.refused = {{"path = \"/t.csv\"\nkeys = {}", "keys"}};
  return tested;
}

LEVADA_CONFORMANCE(join_table_inner, [] { return subject("columns = { n = \"int64\", name = \"text\" }"); });
LEVADA_CONFORMANCE(join_table_left, [] { return subject("join = \"left\""); });
LEVADA_CONFORMANCE(join_table_anti, [] { return subject("join = \"anti\""); });

}  // namespace
}  // namespace levada::join_table
