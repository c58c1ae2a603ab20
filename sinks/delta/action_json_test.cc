#include "action_json.h"

#include <gtest/gtest.h>

#include "data_file.h"
#include "json_object.h"
#include "log_files.h"
#include "properties.h"

namespace levada::delta {
namespace {

std::vector<Action> actions_in(std::string_view content, unsigned kinds = ~0u) {
  std::vector<Action> actions;
  const Done done = read_actions(content, "log", kinds, [&](Action& action) -> Done {
    actions.push_back(action);
    return {};
  });
  EXPECT_TRUE(done) << done.error().message;
  return actions;
}

TEST(ActionJson, each_action_comes_back_as_it_was) {
  AddFile add{.path = "a=%20/x.parquet", .partition_values = {{"a", " "}, {"b", std::nullopt}}};
  add.bytes = int64_t{1} << 60;
  add.stats = "{\"numRecords\":3}";
  add.tags = Map{{"k\"\\\n", "\xc3\xa9"}};
  add.deletion_vector = DeletionVector{"u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6};
  add.base_row_id = 7;
  add.clustering_provider = "liquid";
  RemoveFile remove = removal_of(add, 12, false);
  Metadata metadata{.id = "id", .schema = "{\"type\":\"struct\",\"fields\":[]}"};
  metadata.description = "";
  metadata.partition_columns = {"a", "b"};
  metadata.configuration = {{"delta.appendOnly", "true"}};
  metadata.created_ms = 5;
  const std::vector<Action> all = {
      Protocol{3, 7, std::vector<std::string>{"deletionVectors"}, std::vector<std::string>()},
      metadata,
      add,
      remove,
      Transaction{"levada/x", 12, 99},
      DomainMetadata{"d", "{\"a\":1}", true},
      CommitInfo{1, "WRITE", "{\"mode\":\"Append\"}", "{\"n\":\"1\"}", "levada", "id", true}};
  std::string content;
  for (const auto& action : all) append_line(content, action);
  EXPECT_EQ(actions_in(content), all) << content;
}

TEST(ActionJson, what_it_does_not_know_is_passed_over) {
  EXPECT_EQ(actions_in("\n{\"cdc\":{\"path\":\"x\"}}\n{\"txn\":{\"appId\":\"a\",\"version\":1,\"more\":{}}}\n").size(),
            1u);
  EXPECT_EQ(actions_in("{\"txn\":{\"appId\":\"a\",\"version\":1}}", kFiles).size(), 0u);
}

TEST(ActionJson, damage_is_named_by_its_line) {
  const auto fault = [](std::string_view content) {
    const Done done = read_actions(content, "log", ~0u, [](Action&) -> Done { return {}; });
    return done ? "none" : done.error().message;
  };
  EXPECT_EQ(fault("{}\n{\"add\":").substr(0, 12), "log, line 2:");
  EXPECT_EQ(fault("{\"add\":{\"size\":1}}"), "log, line 1: an action \"add\" that lacks what it must have");
  EXPECT_EQ(fault("[]").substr(0, 12), "log, line 1:");
}

TEST(LogFiles, are_told_by_their_names) {
  EXPECT_EQ(commit_path(12), "_delta_log/00000000000000000012.json");
  EXPECT_EQ(LogFile::of(commit_path(12))->version, 12);
  EXPECT_EQ(LogFile::of("00000000000000000003.checkpoint.0000000001.0000000002.parquet")->parts, 2);
  EXPECT_EQ(LogFile::of("00000000000000000003.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json")->kind,
            LogFile::Kind::checkpoint_with_id);
  for (const auto* other :
       {"_last_checkpoint", "1.json", "0000000000000000000x.json", ".s3-optimization-0",
        "00000000000000000003.json.tmp", "00000000000000000003.00000000000000000005.compacted.json"})
    EXPECT_FALSE(LogFile::of(other)) << other;
}

TEST(LogFiles, a_checkpoint_counts_when_all_its_parts_are_there) {
  const auto part = [](int version, int number) {
    return lake::StoredFile{"_delta_log/0000000000000000000" + std::to_string(version) + ".checkpoint.000000000" +
                                std::to_string(number) + ".0000000002.parquet",
                            1, 1};
  };
  const auto found = checkpoints_among({part(3, 1), part(3, 2), part(5, 1), {checkpoint_path(2), 1, 1}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].version, 2);
  EXPECT_EQ(found[1].version, 3);
  EXPECT_EQ(found[1].paths.size(), 2u);
}

TEST(Properties, intervals_are_read_as_Spark_writes_them) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_interval("interval 30 days"), 720h);
  EXPECT_EQ(parse_interval("interval 1 week 2 hours"), 170h);
  EXPECT_EQ(parse_interval("7 days"), 168h);
  EXPECT_EQ(parse_interval("0 seconds"), 0h);
  for (const auto* wrong : {"", "interval", "days", "3", "-1 days", "3 moons"})
    EXPECT_FALSE(parse_interval(wrong)) << wrong;
}

TEST(DataFile, paths_are_encoded_and_back) {
  for (const auto* path : {"a=x y/part%20.parquet", "é+&?#:", "plain-._~/=", "%", "%4"})
    EXPECT_EQ(decode_path(encode_path(path)), path);
  EXPECT_EQ(encode_path("a b%é~"), "a%20b%25%C3%A9%7E");
  EXPECT_EQ(decode_path("a%2fb%zz%"), "a/b%zz%");
}

TEST(DataFile, folders_have_names_that_all_programs_write_alike) {
  EXPECT_EQ(plain_folder("name=é%25 ~/x=1/"), "name=%C3%A9%25%20%7E/x=1/");
  EXPECT_EQ(plain_folder(""), "");
  EXPECT_EQ(plain_folder("name=" + std::string(250, '!') + "/x=1/").size(), 240u + 5);
}

TEST(DataFile, statistics_are_what_the_protocol_says) {
  using lake::Kind;
  lake::WrittenFile file;
  file.rows = 3;
  const auto column = [&](const char* name, Kind kind, std::optional<lake::Bound> min, std::optional<lake::Bound> max) {
    lake::ColumnStatistics statistics;
    statistics.column = name;
    statistics.type.kind = kind;
    statistics.nulls = 1;
    statistics.min = std::move(min);
    statistics.max = std::move(max);
    file.columns.push_back(statistics);
  };
  column("n\"", Kind::int32, int64_t{-5}, int64_t{7});
  column("d", Kind::float64, -0.25, std::numeric_limits<double>::infinity());
  column("t", Kind::timestamp, int64_t{1'500}, int64_t{1'500});
  column("day", Kind::date, int64_t{0}, int64_t{19'000});
  column("m", Kind::decimal, std::string("-12.30"), std::string("4"));
  column("s", Kind::text, std::string("a"), std::string("b"));
  file.columns.back().max_truncated = true;
  column("none", Kind::text, std::nullopt, std::nullopt);
  column("raw", Kind::bytes, std::string("a"), std::string("b"));
  EXPECT_EQ(stats_of(file),
            "{\"numRecords\":3,\"minValues\":{\"n\\\"\":-5,\"d\":-0.25,\"t\":\"1970-01-01T00:00:00.001Z\","
            "\"day\":\"1970-01-01\",\"m\":-12.30,\"s\":\"a\"},\"maxValues\":{\"n\\\"\":7,"
            "\"t\":\"1970-01-01T00:00:00.002Z\",\"day\":\"2022-01-08\",\"m\":4,\"s\":\"b\xf4\x8f\xbf\xbf\"},"
            "\"nullCount\":{\"n\\\"\":1,\"d\":1,\"t\":1,\"day\":1,\"m\":1,\"s\":1,\"none\":1,\"raw\":1}}");
}

}  // namespace
}  // namespace levada::delta
