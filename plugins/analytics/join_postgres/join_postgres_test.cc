// Tables out of results of queries, and settings; tests/e2e has it before a real server.
#include "join_postgres.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"
#include "postgres/types.h"
#include "postgres_table.h"

namespace levada::join_postgres {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

using namespace postgres;

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Held = std::unique_ptr<PGresult, FreeResult>;

// As a server gives it.
Held result_of(const std::vector<std::pair<std::string, Oid>>& columns,
               const std::vector<std::vector<std::optional<std::string>>>& rows) {
  Held result(PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK));
  std::vector<PGresAttDesc> described;
  for (const auto& [name, type] : columns) described.push_back({const_cast<char*>(name.c_str()), 0, 0, 0, type, 0, 0});
  PQsetResultAttrs(result.get(), static_cast<int>(described.size()), described.data());
  for (int row = 0; row < static_cast<int>(rows.size()); ++row)
    for (int at = 0; at < static_cast<int>(columns.size()); ++at) {
      const auto& value = rows[static_cast<size_t>(row)][static_cast<size_t>(at)];
      PQsetvalue(result.get(), row, at, value ? const_cast<char*>(value->c_str()) : nullptr,
                 value ? static_cast<int>(value->size()) : -1);
    }
  return result;
}

std::string fault_of(const join::TableShape& shape, const Held& result) {
  PostgresTable table(shape);
  const Done done = table.add(*result);
  return done ? "none" : done.error().message;
}

Texts texts(const join::Table& table, size_t column) {
  Batch batch(table.rows() + 1);
  batch.set(table.columns().at(column));
  return testkit::texts(batch, table.columns()[column].name());
}

TEST(PostgresTable, has_the_columns_of_the_query_with_their_types) {
  const join::TableShape shape{.keys = {"id"}, .columns = {}};
  const auto result =
      result_of({{"on", kBoolean},
                 {"id", kInt4},
                 {"raw", kBytes},
                 {"x", kFloat8},
                 {"at", kTimestampTz},
                 {"sum", kNumeric},
                 {"t", kText}},
                {{"t", "7", "\\x00ff41", "1.5", "1970-01-01 00:00:01.25+00", "12345678901234567890.5", "a"},
                 {std::nullopt, "8", "\\x", "NaN", "1969-12-31 23:59:59+00", "1", ""}});
  PostgresTable made(shape);
  ASSERT_TRUE(made.add(*result));
  ASSERT_TRUE(made.add(*result_of({{"on", kBoolean},
                                   {"id", kInt4},
                                   {"raw", kBytes},
                                   {"x", kFloat8},
                                   {"at", kTimestampTz},
                                   {"sum", kNumeric},
                                   {"t", kText}},
                                  {})))
      << "the end of it";
  const auto table = made.finish();
  EXPECT_EQ(table->rows(), 2);
  ASSERT_EQ(table->columns().size(), 6u);
  EXPECT_EQ(texts(*table, 0), (Texts{"true", "<null>", "<null>"}));
  EXPECT_EQ(texts(*table, 1), (Texts{std::string("\0\xff\x41", 3), "", "<null>"}));
  EXPECT_EQ(table->columns()[1].type(), Type::bytes);
  EXPECT_EQ(texts(*table, 2), (Texts{"1.5", "nan", "<null>"}));
  EXPECT_EQ(texts(*table, 3), (Texts{"1250000", "-1000000", "<null>"}));
  EXPECT_EQ(table->columns()[3].type(), Type::timestamp);
  EXPECT_EQ(texts(*table, 4), (Texts{"12345678901234567890.5", "1", "<null>"}));
  EXPECT_EQ(texts(*table, 5), (Texts{"a", "", "<null>"}));
  std::string key;
  join::KeyIndex::append_part("8", key);
  EXPECT_EQ(table->index().find(key), 1);
}

TEST(PostgresTable, has_the_types_that_are_declared) {
  const join::TableShape shape{
      .keys = {"id"},
      .columns = {{.name = "sum", .type = ValueType::float64}, {.name = "id", .type = ValueType::int64}}};
  const auto result = result_of({{"id", kText}, {"more", kText}, {"sum", kNumeric}}, {{"007", "x", "1.50"}});
  PostgresTable made(shape);
  ASSERT_TRUE(made.add(*result));
  const auto table = made.finish();
  ASSERT_EQ(table->columns().size(), 1u);
  EXPECT_EQ(texts(*table, 0), (Texts{"1.5", "<null>"}));
  std::string key;
  join::KeyIndex::append_part("7", key);
  EXPECT_EQ(table->index().find(key), 0);
}

TEST(PostgresTable, says_what_of_a_result_is_wrong) {
  const join::TableShape shape{.keys = {"id"}, .columns = {{.name = "n", .type = ValueType::int64, .required = true}}};
  EXPECT_EQ(fault_of(shape, result_of({{"n", kInt4}}, {})), "the query gives no column \"id\"");
  EXPECT_EQ(fault_of(shape, result_of({{"id", kInt4}}, {})), "the query gives no column \"n\"");
  EXPECT_EQ(fault_of(shape, result_of({{"id", kInt4}, {"id", kInt4}, {"n", kInt4}}, {})),
            "the query gives two columns \"id\"");
  const std::vector<std::pair<std::string, Oid>> columns = {{"id", kText}, {"n", kText}};
  EXPECT_EQ(fault_of(shape, result_of(columns, {{"a", "1"}, {"b", "x"}})),
            "row 2 of the query: the column \"n\" is int64, and \"x\" does not fit");
  EXPECT_EQ(fault_of(shape, result_of(columns, {{"a", "1"}, {"b", "2"}, {"a", "3"}})),
            "row 3 of the query: it has the same key as row 1, \"a\"");
  EXPECT_EQ(fault_of(shape, result_of(columns, {{"a", std::nullopt}})),
            "row 1 of the query: the column \"n\" is required and has no value");
  EXPECT_EQ(fault_of(shape, result_of(columns, {{std::nullopt, "1"}})),
            "row 1 of the query: the key \"id\" is null; leave such rows out");
}

TEST(PostgresTable, keeps_what_is_wrong_with_single_rows) {
  const join::TableShape shape{.keys = {"id"}, .columns = {{.name = "n", .type = ValueType::int64, .required = true}}};
  PostgresTable made(shape, PostgresTable::Faults::keep);
  ASSERT_TRUE(made.add(*result_of({{"id", kText}, {"n", kText}},
                                  {{"a", "1"}, {"b", "x"}, {"a", "3"}, {"c", std::nullopt}, {"d", "4"}})));
  const auto table = made.finish();
  EXPECT_EQ(texts(*table, 0), (Texts{"1", "<null>", "<null>", "4", "<null>"}));
  const std::string row = "the query's row with this key: ";
  EXPECT_EQ(table->faults(),
            (std::unordered_map<int64_t, std::string>{{0, row + "it has the same key as row 1, \"a\""},
                                                      {1, row + "the column \"n\" is int64, and \"x\" does not fit"},
                                                      {2, row + "the column \"n\" is required and has no value"}}));

  testkit::FakeHost host;
  join::TableSettings settings;
  settings.join = join::Kind::required;
  settings.keys = {{"key", "id"}};
  auto batch = testkit::batch_of({"0", "1", "2", "3", "4", "5"});
  batch.set(testkit::text_column("key", {"a", "d", "b", "c", "no", std::nullopt}));
  join::TableJoiner(settings, host.host()).join(batch, *table);
  std::vector<std::string> reasons;
  for (const auto& each : batch.rejections()) reasons.push_back(std::to_string(each.row) + " " + each.reason);
  batch.apply();
  EXPECT_EQ(testkit::texts(batch, "n"), (Texts{"4"}));
  ASSERT_EQ(reasons.size(), 5u);
  EXPECT_EQ(reasons[3], "4 the table has no row with key \"no\"");
  EXPECT_EQ(reasons[4], "5 one of keys has no value");
}

TEST(KeyLookup, asks_only_for_keys_as_the_server_writes_them) {
  for (const auto* text : {"0", "-32768", "32767"}) EXPECT_TRUE(is_written_so(kInt2, text)) << text;
  for (const auto* text : {"", "32768", "007", "+7", "-0", "7 ", "7.0", "x"})
    EXPECT_FALSE(is_written_so(kInt2, text)) << text;
  EXPECT_FALSE(is_written_so(kInt4, "2147483648"));
  EXPECT_TRUE(is_written_so(kInt8, "9223372036854775807"));
  EXPECT_TRUE(is_written_so(kUuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"));
  for (const auto* text : {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a11", ""})
    EXPECT_FALSE(is_written_so(kUuid, text)) << text;
  EXPECT_TRUE(is_written_so(kText, "'{}\"\\ü"));
  EXPECT_FALSE(is_written_so(kVarchar, std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_written_so(kVarchar, "\xff"));
}

class JoinPostgresTest : public testing::Test {
 protected:
  JoinPostgresTest() {
    settings_.connection = "host=127.0.0.1 port=1";
    settings_.query = "SELECT 1 AS id";
    settings_.keys = {{"a", "id"}};
  }
  std::string refusal() {
    auto settings = settings_;
    const auto made = JoinPostgres::create(std::move(settings), host_.host());
    return made ? "taken" : made.error().option;
  }

  testkit::FakeHost host_;
  JoinPostgres::Settings settings_;
};

TEST_F(JoinPostgresTest, a_server_that_is_away_is_waited_for) {
  auto made = JoinPostgres::create(settings_, host_.host());
  ASSERT_TRUE(made);
  const Done opened = (*made)->open();
  EXPECT_EQ(opened.code(), Code::retry);
  EXPECT_TRUE(opened.error().message.starts_with("PostgreSQL: connection to server at \"127.0.0.1\", port 1 failed"))
      << opened.error().message;
  EXPECT_TRUE((*made)->close(1s));
}

TEST_F(JoinPostgresTest, refuses_settings_that_cannot_be) {
  EXPECT_EQ(refusal(), "taken");
  const auto with = [&](auto change) {
    const auto before = settings_;
    change();
    const auto option = refusal();
    settings_ = before;
    return option;
  };
  EXPECT_EQ(with([&] { settings_.connection = "host="; }), "taken");
  EXPECT_EQ(with([&] { settings_.connection = "hose=x"; }), "connection");
  EXPECT_EQ(with([&] { settings_.query = ""; }), "query");
  EXPECT_EQ(with([&] { settings_.keys.clear(); }), "keys");
  EXPECT_EQ(with([&] { settings_.keys = {{"a", ""}}; }), "keys");
  EXPECT_EQ(with([&] { settings_.refresh = 0s; }), "refresh");
  EXPECT_EQ(with([&] { settings_.load = JoinPostgres::Load::keys; }), "taken");
  EXPECT_EQ(with([&] { settings_.timeout = 0s; }), "timeout");
}

}  // namespace
}  // namespace levada::join_postgres
