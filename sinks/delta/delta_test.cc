// What the delta sink promises while nothing fails.
#include "delta.h"

#include <gtest/gtest.h>

#include "cat.h"
#include "levada/testkit/conformance.h"
#include "table_bench.h"

namespace levada::delta {
namespace {

using testkit::text_column;
using testkit::texts;
using testkit::value_column;
using Strings = std::vector<std::string>;

class DeltaTest : public testing::Test, protected TableBench {
 protected:
  // Why the sink does not open; empty where it does.
  std::string refusal() {
    auto sink = DeltaSink::create(settings, host.host());
    if (!sink) return sink.error().option + ": " + sink.error().message;
    const Done opened = (*sink)->open();
    if (opened) return "";
    EXPECT_EQ(opened.code(), Code::fatal);
    return opened.error().message;
  }
};

TEST_F(DeltaTest, makes_a_table_of_the_first_batch_and_appends_to_it) {
  auto sink = start();
  ASSERT_TRUE(write(*sink, rows({"one", "two"}, {1, std::nullopt})));
  EXPECT_EQ(live().size(), 0u);
  ASSERT_TRUE(commit(*sink));
  ASSERT_TRUE(write(*sink, rows({"three"}, {3})));
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat(), (Strings{R"({"name":"one","number":1})", R"({"name":"three","number":3})",
                            R"({"name":"two","number":null})"}));
  EXPECT_EQ(snapshot().version, 2);
  const auto files = live();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(*files[1].stats, R"({"numRecords":2,"minValues":{"name":"one","number":1},)"
                             R"("maxValues":{"name":"two","number":1},"nullCount":{"name":0,"number":1}})");
  EXPECT_TRUE(sink->close(std::chrono::nanoseconds(0)));
}

TEST_F(DeltaTest, a_commit_holds_rows_and_positions_together) {
  const std::vector<Position> first = {{"clicks/1", std::string("a\t\n\0b", 5), 7}, {"@epoch", "1", 1}};
  const std::vector<Position> second = {{"clicks/1", "later", 9}, {"@epoch", "2", 2}};
  auto sink = start();
  EXPECT_EQ(recovered, std::vector<Position>());
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  ASSERT_TRUE(commit(*sink, first));
  sink = start();
  EXPECT_EQ(recovered, first);
  ASSERT_TRUE(write(*sink, rows({"two"}, {2})));
  ASSERT_TRUE(commit(*sink, second));
  ASSERT_TRUE(write(*sink, rows({"three"}, {3})));  // And dies.
  sink = start();
  EXPECT_EQ(recovered, second);
  EXPECT_EQ(cat().size(), 2u);
}

TEST_F(DeltaTest, positions_of_commits_without_rows_make_no_versions) {
  auto sink = start();
  const std::vector<Position> nowhere = {{"clicks", "0", 0}}, further = {{"clicks", "5", 5}};
  ASSERT_TRUE(commit(*sink, nowhere));
  EXPECT_FALSE(snapshot().exists());
  sink = start();
  EXPECT_EQ(recovered, nowhere);
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  ASSERT_TRUE(commit(*sink, {{"clicks", "1", 1}}));
  const auto version = snapshot().version;
  ASSERT_TRUE(commit(*sink, further));
  EXPECT_EQ(snapshot().version, version);
  sink = start();
  EXPECT_EQ(recovered, further);
}

TEST_F(DeltaTest, the_table_knows_where_a_sink_stands_when_data_dir_is_behind) {
  auto sink = start();
  const auto state = host.files().read_file(host.data_dir() + "/delta_sink");
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  ASSERT_TRUE(commit(*sink, {{"clicks", "1", 1}}));
  host.files().write_file(host.data_dir() + "/delta_sink", state);
  sink = start();
  EXPECT_EQ(recovered, (std::vector<Position>{{"clicks", "1", 1}}));
}

TEST_F(DeltaTest, two_sinks_append_to_one_table) {
  testkit::FakeHost other("sinks.other", host);
  auto one = start(), two = start(other);
  for (int64_t round = 0; round < 5; ++round) {
    ASSERT_TRUE(write(*one, rows({"one"}, {round})));
    ASSERT_TRUE(write(*two, rows({"two"}, {round})));
    ASSERT_TRUE(commit(*one, {{"a", "1", 1}}));
    ASSERT_TRUE(commit(*two, {{"b", "2", 2}}));
  }
  EXPECT_EQ(cat().size(), 10u);
  EXPECT_GT(other.count("commits_rebased"), 0);
  start();
  EXPECT_EQ(recovered, (std::vector<Position>{{"a", "1", 1}}));
  start(other);
  EXPECT_EQ(recovered, (std::vector<Position>{{"b", "2", 2}}));
}

TEST_F(DeltaTest, partitions_are_folders_and_values) {
  settings.columns = {{"name", "text"}, {"number", "int64"}};
  settings.partition_by = {"name"};
  auto sink = start();
  Batch batch(4);
  batch.set(text_column("name", {"a b/c%d", "é", std::nullopt, ""}));
  batch.set(value_column<int64_t>("number", Type::int64, {1, 2, 3, 4}));
  ASSERT_TRUE(write(*sink, batch));
  ASSERT_TRUE(commit(*sink));
  std::map<std::string, std::string> paths;
  for (const auto& file : live()) {
    const auto* value = find(file.partition_values, "name");
    paths[value ? *value : "<null>"] = file.path.substr(0, file.path.find('/'));
  }
  EXPECT_EQ(paths, (std::map<std::string, std::string>{{"a b/c%d", "name=a%2520b%252Fc%2525d"},
                                                       {"é", "name=%25C3%25A9"},
                                                       {"<null>", "name=__HIVE_DEFAULT_PARTITION__"}}));
  EXPECT_EQ(cat(), (Strings{R"({"name":"a b/c%d","number":1})", R"({"name":"é","number":2})",
                            R"({"name":null,"number":3})", R"({"name":null,"number":4})"}));
}

TEST_F(DeltaTest, rows_that_do_not_fit_are_rejected_one_by_one) {
  settings.columns = {{"name", "text"}, {"number", "int8 not null"}};
  auto sink = start();
  ASSERT_TRUE(write(*sink, rows({"fits", "large", "null"}, {1, 1000, std::nullopt})));
  EXPECT_EQ(texts(rejected, "name"), (Strings{"large", "null"}));
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat(), (Strings{R"({"name":"fits","number":1})"}));
}

TEST_F(DeltaTest, a_strict_table_rejects_columns_that_it_does_not_have) {
  auto sink = start();
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  Batch more = rows({"two"}, {2});
  more.set(text_column("color", {"red"}));
  ASSERT_TRUE(write(*sink, more));
  ASSERT_EQ(rejected.rows(), 1);
  EXPECT_NE(texts(rejected, "reason")[0].find("color"), std::string::npos);
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat().size(), 1u);
}

TEST_F(DeltaTest, a_table_gets_columns_that_rows_have) {
  settings.schema_mode = SchemaMode::add_columns;
  auto sink = start();
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  Batch more = rows({"two"}, {2});
  more.set(text_column("color", {"red"}));
  ASSERT_TRUE(write(*sink, more));
  Batch fewer(1);
  fewer.set(text_column("name", {"three"}));
  ASSERT_TRUE(write(*sink, fewer));
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat(),
            (Strings{R"({"name":"one","number":1,"color":null})", R"({"name":"three","number":null,"color":null})",
                     R"({"name":"two","number":2,"color":"red"})"}));
  // One whose name differs in case only cannot be added.
  Batch clash = rows({"four"}, {4});
  clash.set(text_column("Color", {"blue"}));
  ASSERT_TRUE(write(*sink, clash));
  EXPECT_EQ(rejected.rows(), 1);
}

TEST_F(DeltaTest, declared_columns_are_all_that_is_written) {
  settings.columns = {{"number", "int64"}};
  auto sink = start();
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  EXPECT_EQ(rejected.rows(), 0);
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat(), (Strings{R"({"number":1})"}));
  settings.columns = {{"number", "int64"}, {"name", "text"}};
  EXPECT_NE(refusal().find("no column \"name\""), std::string::npos);
  settings.schema_mode = SchemaMode::add_columns;
  sink = start();
  ASSERT_TRUE(write(*sink, rows({"two"}, {2})));
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat(), (Strings{R"({"number":1,"name":null})", R"({"number":2,"name":"two"})"}));
  settings.columns = {{"number", "text"}};
  EXPECT_NE(refusal().find("is int64, and not text"), std::string::npos);
}

TEST_F(DeltaTest, types_are_widened_where_the_table_allows_it) {
  settings.columns = {{"name", "text"}, {"number", "int32"}};
  {
    auto sink = start();
  }
  settings.columns.clear();
  settings.schema_mode = SchemaMode::widen;
  {
    auto sink = start();
    const Done written = write(*sink, rows({"one"}, {1}));
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().message.find("typeWidening"), std::string::npos) << written.error().message;
  }
  put_log(1,
          "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"typeWidening\"],"
          "\"writerFeatures\":[\"typeWidening\"]}}\n"
          "{\"metaData\":{\"id\":\"x\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":"
          "\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"number\\\",\\\"type\\\":\\\"integer\\\","
          "\\\"nullable\\\":true,\\\"metadata\\\":{\\\"a\\\":1}}]}\",\"partitionColumns\":[],"
          "\"configuration\":{\"delta.enableTypeWidening\":\"true\"}}}\n");
  auto sink = start();
  Batch batch(1);
  batch.set(value_column<int64_t>("number", Type::int64, {int64_t{1} << 40}));
  const Done written = write(*sink, batch);
  ASSERT_TRUE(written) << written.error().message;
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat(), (Strings{R"({"number":1099511627776})"}));
  EXPECT_NE(snapshot().metadata.schema.find(
                R"("metadata":{"delta.typeChanges":[{"toType":"long","fromType":"integer"}],"a":1})"),
            std::string::npos)
      << snapshot().metadata.schema;
}

TEST_F(DeltaTest, refuses_options_that_cannot_be) {
  settings.columns = {{"name", "text"}};
  settings.partition_by = {"day"};
  EXPECT_EQ(refusal(), "partition_by: there is no column \"day\"");
  settings.partition_by = {"name"};
  EXPECT_EQ(refusal(), "partition_by: at least one column must be left for the files");
  settings.partition_by.clear();
  settings.columns = {{"a b", "text"}};
  EXPECT_NE(refusal().find("rename it"), std::string::npos);
  settings.columns = {{"time", "timestamp_ms"}};
  EXPECT_NE(refusal().find("microseconds"), std::string::npos);
}

struct Refused {
  const char* feature;
  const char* protocol;
  const char* configuration;
  const char* field;
};
class Refusals : public DeltaTest, public testing::WithParamInterface<Refused> {};

TEST_P(Refusals, name_the_feature_before_a_byte_is_written) {
  const auto& table = GetParam();
  put_log(0, "{\"protocol\":{" + std::string(table.protocol) + "}}\n{\"metaData\":{\"id\":\"x\",\"format\":{" +
                 "\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\"," +
                 "\\\"fields\\\":[{\\\"name\\\":\\\"number\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true," +
                 "\\\"metadata\\\":{" + table.field + "}}]}\",\"partitionColumns\":[],\"configuration\":{" +
                 table.configuration + "}}}\n");
  const auto before = host.files().paths();
  EXPECT_NE(refusal().find(table.feature), std::string::npos) << refusal();
  EXPECT_EQ(host.files().paths(), before);
  // A table that turns so under a sink that is open ends it, too.
}

#define FEATURE(name) "\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"" name "\"]"
constexpr const char* kOld = "\"minReaderVersion\":2,\"minWriterVersion\":6";
INSTANTIATE_TEST_SUITE_P(
    Tables, Refusals,
    testing::Values(Refused{"reader version 4", "\"minReaderVersion\":4,\"minWriterVersion\":7", "", ""},
                    Refused{"writer version 8", "\"minReaderVersion\":1,\"minWriterVersion\":8", "", ""},
                    Refused{"columnMapping", FEATURE("columnMapping"), "", ""},
                    Refused{"checkConstraints", FEATURE("checkConstraints"), "", ""},
                    Refused{"rowTracking", FEATURE("rowTracking"), "", ""},
                    Refused{"identityColumns", FEATURE("identityColumns"), "", ""},
                    Refused{"catalogManaged", FEATURE("catalogManaged"), "", ""},
                    Refused{"icebergCompatV2", FEATURE("icebergCompatV2"), "", ""},
                    Refused{"columnMapping", kOld, "\"delta.columnMapping.mode\":\"name\"", ""},
                    Refused{"checkConstraints", kOld, "\"delta.constraints.positive\":\"number > 0\"", ""},
                    Refused{"generatedColumns", kOld, "", "\\\"delta.generationExpression\\\":\\\"1\\\""},
                    Refused{"identityColumns", kOld, "", "\\\"delta.identity.start\\\":1"},
                    Refused{"invariants", kOld, "", "\\\"delta.invariants\\\":\\\"x\\\""}));

TEST_F(DeltaTest, a_table_that_becomes_one_that_it_does_not_write_ends_the_commit) {
  auto sink = start();
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  put_log(1, "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"rowTracking\"]}}\n");
  const Done done = commit(*sink);
  EXPECT_EQ(done.code(), Code::fatal);
  EXPECT_NE(done.error().message.find("rowTracking"), std::string::npos);
}

TEST_F(DeltaTest, a_table_that_is_deleted_while_it_is_written_to_ends_the_commit) {
  auto sink = start();
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  ASSERT_TRUE(commit(*sink));
  ASSERT_TRUE(write(*sink, rows({"two"}, {2})));
  for (const auto& path : host.files().paths())
    if (path.starts_with(std::string(kTable) + "/")) host.files().remove_file(path);
  const Done done = commit(*sink);
  EXPECT_EQ(done.code(), Code::fatal);
  EXPECT_NE(done.error().message.find("was deleted"), std::string::npos) << done.error().message;
  EXPECT_FALSE(snapshot().exists()) << "no log begins in its middle";
  sink = start();
  EXPECT_TRUE(recovered.empty()) << "the rows come again, for a new table";
  ASSERT_TRUE(write(*sink, rows({"one", "two"}, {1, 2})));
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat().size(), 2u);
}

TEST_F(DeltaTest, rows_are_written_again_for_a_table_that_has_changed) {
  auto sink = start();
  ASSERT_TRUE(write(*sink, rows({"one"}, {1})));
  ASSERT_TRUE(commit(*sink));
  ASSERT_TRUE(write(*sink, rows({"two"}, {2})));
  auto log_0 = log(0);
  const auto at = log_0.find("\\\"type\\\":\\\"long\\\"");
  ASSERT_NE(at, std::string::npos) << log_0;
  put_log(2, log_0.replace(at, 17, "\\\"type\\\":\\\"string\\\""));
  EXPECT_EQ(commit(*sink).code(), Code::retry);
  const auto positions = sink->recover();
  ASSERT_TRUE(positions) << positions.error().message;
  ASSERT_TRUE(write(*sink, rows({"two"}, {2})));
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(data_files().size(), 2u) << "what was written for the old table is removed";
}

TEST_F(DeltaTest, a_change_that_leaves_its_files_right_does_not_stop_it) {
  settings.schema_mode = SchemaMode::add_columns;
  testkit::FakeHost other("sinks.other", host);
  auto one = start(), two = start(other);
  ASSERT_TRUE(write(*one, rows({"one"}, {1})));
  ASSERT_TRUE(commit(*one));
  ASSERT_TRUE(write(*one, rows({"one"}, {2})));
  Batch more = rows({"two"}, {3});
  more.set(text_column("color", {"red"}));
  ASSERT_TRUE(write(*two, more));
  ASSERT_TRUE(commit(*two));
  ASSERT_TRUE(commit(*one));
  EXPECT_EQ(cat().size(), 3u);
}

TEST_F(DeltaTest, a_sink_that_was_away_while_the_log_was_cleaned_up_stands_behind) {
  using namespace std::chrono_literals;
  settings.checkpoint_interval = 3;
  settings.properties = {{"delta.logRetentionDuration", "interval 30 minutes"}};
  testkit::FakeHost other("sinks.other", host);
  auto away = start();
  ASSERT_TRUE(write(*away, rows({"one"}, {0})));
  ASSERT_TRUE(commit(*away));
  ASSERT_TRUE(write(*away, rows({"one"}, {1})));
  auto busy = start(other);
  for (int64_t round = 0; round < 12; ++round) {
    ASSERT_TRUE(write(*busy, rows({"two"}, {round})));
    ASSERT_TRUE(commit(*busy));
    host.clock().advance(1h);
  }
  ASSERT_FALSE(host.files().exists("/table/" + commit_path(2)));
  const auto version = snapshot().version;
  const Done done = commit(*away);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(snapshot().version, version + 1);
  EXPECT_EQ(cat().size(), 14u);
}

// The rows of the table on this host's disk; none where there is no table.
Strings rows_at(testkit::FakeHost& host) {
  lake::LocalStore store(TableBench::kTable, host.host());
  TableLog log(store, host.host());
  Strings rows;
  const auto snapshot = log.load();
  EXPECT_TRUE(snapshot) << snapshot.error().message;
  if (!snapshot || !snapshot->exists()) return rows;
  const Done done = cat(log, *snapshot, std::nullopt, [&](std::string_view line) { rows.emplace_back(line); });
  EXPECT_TRUE(done) << done.error().message;
  return rows;
}

testkit::Subject tested(const std::string& options) {
  auto subject = testkit::subject("delta", "path = \"/table\"" + options);
  subject.bodies = {"{\"a\":1}", "two", "three", ""};
  subject.delivered = rows_at;
  return subject;
}

LEVADA_CONFORMANCE(delta, [] {
  auto subject = tested("");
  subject.refused = {{"path = \"\"", "path"}, {"path = \"/t\"\nmax_open_files = 0", "max_open_files"}};
  return subject;
});

LEVADA_CONFORMANCE(delta_that_adds_columns, [] { return tested("\nschema_mode = \"add_columns\""); });

LEVADA_CONFORMANCE(delta_with_partitions, [] {
  return tested("\npartition_by = [\"key\"]\ncolumns = { body = \"text\", key = \"text\" }\ncheckpoint_interval = 1");
});

}  // namespace
}  // namespace levada::delta
