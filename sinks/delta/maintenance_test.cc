// Checkpoints, log clean-up, and what the commands do with a table.
#include <gtest/gtest.h>

#include "checkpoint_writer.h"
#include "levada/testkit/fake_host.h"
#include "optimize.h"
#include "table_bench.h"

namespace levada::delta {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

class MaintenanceTest : public testing::Test, protected TableBench {
 protected:
  // So many commits of one row each.
  void fill(int64_t commits, int64_t first = 0) {
    auto sink = start();
    for (int64_t at = first; at < first + commits; ++at) {
      Batch batch = rows({at % 2 ? "odd" : "even"}, {at});
      ASSERT_TRUE(write(*sink, std::move(batch)));
      const Done done = commit(*sink, {{"s", std::to_string(at + 1), static_cast<uint64_t>(at + 1)}});
      ASSERT_TRUE(done) << done.error().message;
      host.clock().advance(1h);
    }
  }
  bool exists(const std::string& path) { return host.files().exists(std::string(kTable) + "/" + path); }
};

TEST_F(MaintenanceTest, a_checkpoint_stands_for_the_log_before_it) {
  settings.checkpoint_interval = 4;
  settings.columns = {{"name", "text"}, {"number", "int64"}};
  settings.partition_by = {"name"};
  settings.properties = {{"delta.appendOnly", "false"}, {"me", "\xc3\xa9"}};
  fill(9);
  const auto before = snapshot();
  const auto all = cat();
  EXPECT_EQ(before.checkpoint.version, 8);
  EXPECT_TRUE(exists(checkpoint_path(4)));
  EXPECT_TRUE(exists(checkpoint_path(8)));
  for (int64_t version = 0; version < 9; ++version)
    host.files().remove_file(std::string(kTable) + "/" + commit_path(version));
  const auto after = snapshot();
  EXPECT_EQ(after.protocol, before.protocol);
  EXPECT_EQ(after.metadata, before.metadata);
  EXPECT_EQ(after.transactions, before.transactions);
  EXPECT_EQ(cat(), all);
  fill(2, 9);
  EXPECT_EQ(recovered, (std::vector<Position>{{"s", "9", 9}})) << "what it had is known without the JSON log";
  EXPECT_EQ(cat().size(), 11u);
  // Also where nobody says which one is the last.
  host.files().remove_file(std::string(kTable) + "/" + kLastCheckpoint);
  EXPECT_EQ(cat().size(), 11u);
}

TEST_F(MaintenanceTest, what_others_said_in_the_log_is_kept_in_checkpoints) {
  fill(1);
  AddFile strange{.path = "other.parquet", .partition_values = {}, .bytes = 5, .modified_ms = 6};
  strange.stats = "{\"numRecords\":1}";
  strange.tags = Map{{"tag", std::nullopt}, {"more", "x"}};
  strange.deletion_vector = DeletionVector{"u", "abc", 4, 40, 6};
  strange.base_row_id = 1;
  strange.default_row_commit_version = 2;
  strange.clustering_provider = "liquid";
  std::string content;
  append_line(content, strange);
  append_line(content, DomainMetadata{"mine", "{\"a\":1}", false});
  append_line(content, Transaction{"other", 77, std::nullopt});
  append_line(content, Protocol{3, 7, std::vector<std::string>{"deletionVectors"},
                                std::vector<std::string>{"deletionVectors", "domainMetadata"}});
  put_log(2, content);
  auto files = store();
  TableLog log(files, host.host());
  auto now = snapshot();
  const auto before = live();
  const Done done = write_checkpoint(log, now, host.host());
  ASSERT_TRUE(done) << done.error().message;
  for (int64_t version = 0; version < 3; ++version)
    host.files().remove_file(std::string(kTable) + "/" + commit_path(version));
  auto after = live();
  std::sort(after.begin(), after.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  strange.data_change = false;
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0], strange);
  EXPECT_EQ(before.size(), 2u);
  EXPECT_EQ(snapshot().domains.at("mine").configuration, "{\"a\":1}");
  EXPECT_EQ(snapshot().transactions.at("other").version, 77);
  EXPECT_EQ(snapshot().protocol.writer_features->size(), 2u);
}

TEST_F(MaintenanceTest, old_commits_go_when_a_checkpoint_stands_for_them) {
  settings.checkpoint_interval = 5;
  settings.properties = {{"delta.logRetentionDuration", "interval 6 hours"}};
  fill(21);
  EXPECT_FALSE(exists(commit_path(3)));
  EXPECT_TRUE(exists(commit_path(20)));
  EXPECT_EQ(cat().size(), 21u);
  const auto versions = command({"history"});
  // What is left can be read at each of its versions.
  const auto oldest = std::stoll(versions.substr(versions.rfind('\n', versions.size() - 2) + 1));
  EXPECT_GT(oldest, 3);
  EXPECT_EQ(cat({"--version", std::to_string(oldest)}).size(), static_cast<size_t>(oldest));
  settings.properties = {{"delta.enableExpiredLogCleanup", "false"}};
}

TEST_F(MaintenanceTest, a_log_is_kept_where_the_table_says_so) {
  settings.checkpoint_interval = 5;
  settings.properties = {{"delta.logRetentionDuration", "interval 1 hour"}, {"delta.enableExpiredLogCleanup", "false"}};
  fill(12);
  EXPECT_TRUE(exists(commit_path(0)));
}

TEST_F(MaintenanceTest, small_files_become_large_ones_and_the_rows_stay) {
  settings.columns = {{"name", "text"},    {"number", "int64"},      {"price", "decimal(10,2)"}, {"day", "date"},
                      {"at", "timestamp"}, {"small", "int16"},       {"f", "float32"},           {"b", "bytes"},
                      {"flag", "boolean"}, {"wall", "timestamp_ntz"}};
  settings.partition_by = {"name"};
  auto sink = start();
  for (int64_t at = 0; at < 6; ++at) {
    Batch batch = rows({at % 2 ? "odd" : "even", "odd"}, {at, std::nullopt});
    if (at > 1) {
      batch.set(testkit::text_column("price", {"12.50", std::nullopt}));
      batch.set(testkit::text_column("day", {"2026-01-31", "1969-12-31"}));
      batch.set(testkit::value_column<int64_t>("at", Type::timestamp, {1'234'567, std::nullopt}));
      batch.set(testkit::value_column<int64_t>("wall", Type::timestamp, {-1'234'567, std::nullopt}));
      batch.set(testkit::value_column<int64_t>("small", Type::int64, {-7, 9}));
      batch.set(testkit::value_column<double>("f", Type::float64, {0.5, std::nullopt}));
      batch.set(testkit::text_column("b", {"\x01", std::nullopt}, Type::bytes));
      batch.set(testkit::boolean_column("flag", {true, false}));
    }
    ASSERT_TRUE(write(*sink, batch));
    ASSERT_EQ(rejected.rows(), 0) << testkit::texts(rejected, "reason")[0];
    ASSERT_TRUE(commit(*sink));
  }
  const auto before = cat();
  EXPECT_EQ(before.size(), 12u);
  const auto version = snapshot().version;
  const auto said = command({"optimize"});
  EXPECT_EQ(said.substr(0, said.find(" (")), "9 files") << said;
  EXPECT_NE(said.find("in 2 commits; 0 conflicts"), std::string::npos) << said;
  EXPECT_EQ(live().size(), 2u);
  EXPECT_EQ(cat(), before);
  EXPECT_EQ(cat({"--version", std::to_string(version)}), before);
  EXPECT_EQ(command({"optimize"}).substr(0, 7), "0 files");
  for (const auto& file : live()) {
    EXPECT_FALSE(file.data_change);
    EXPECT_NE(file.stats->find("\"numRecords\""), std::string::npos);
  }
  // Appends go on, and know what they knew.
  ASSERT_TRUE(write(*sink, rows({"odd"}, {7})));
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat().size(), 13u);
}

// Lets another writer in, once, before a commit is put.
class RivalStore : public lake::LocalStore {
 public:
  RivalStore(Host host, std::function<void()> rival) : LocalStore(TableBench::kTable, host), rival_(std::move(rival)) {}
  Result<bool> put_if_absent(const std::string& path, std::string_view bytes) override {
    if (rival_) std::exchange(rival_, nullptr)();
    return LocalStore::put_if_absent(path, bytes);
  }

 private:
  std::function<void()> rival_;
};

TEST_F(MaintenanceTest, what_another_writer_removes_meanwhile_stays_removed) {
  settings.columns = {{"name", "text"}, {"number", "int64"}};
  settings.partition_by = {"name"};
  for (const auto* victim : {"even", "odd"}) {
    fill(6);
    const auto before = cat().size();
    RivalStore store(host.host(), [&] {
      std::string content;
      for (const auto& file : live())
        if (*find(file.partition_values, "name") == victim && content.empty())
          append_line(content, removal_of(file, 1, true));
      put_log(snapshot().version + 1, content);
    });
    TableLog log(store, host.host());
    const auto done = optimize(log, {}, host.host());
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->conflicts, 1) << victim;
    EXPECT_EQ(done->commits, 1) << victim;
    EXPECT_LT(cat().size(), before) << victim;
    EXPECT_NE(cat()[0].find("name"), std::string::npos);
  }
}

TEST_F(MaintenanceTest, vacuum_takes_what_no_version_needs) {
  fill(4);
  host.files().write_file("/table/part-orphan.parquet", "x");
  host.files().write_file("/table/_hidden/part.parquet", "x");
  host.files().write_file("/table/name=even/part-orphan.parquet", "x");
  command({"optimize"});
  ASSERT_EQ(data_files().size(), 7u);
  EXPECT_EQ(command({"vacuum"}), "removed 0 files, 0 bytes\n") << "they are young";
  host.clock().advance(8 * 24h);
  const auto dry = command({"vacuum", "--dry-run"});
  EXPECT_NE(dry.find("part-orphan.parquet\n"), std::string::npos);
  EXPECT_NE(dry.find("would remove 6 files"), std::string::npos) << dry;
  EXPECT_EQ(data_files().size(), 7u);
  EXPECT_NE(command({"vacuum"}).find("removed 6 files"), std::string::npos);
  EXPECT_EQ(data_files().size(), 1u);
  EXPECT_TRUE(exists("_hidden/part.parquet"));
  EXPECT_EQ(cat().size(), 4u);
  EXPECT_NE(cat({"--version", "2"})[0].find("is missing"), std::string::npos);
  auto sink = start();
  EXPECT_EQ(recovered.size(), 1u) << "its positions are no data";
}

TEST_F(MaintenanceTest, vacuum_takes_what_killed_writers_left_in_the_log) {
  fill(2);
  const std::string log = "_delta_log/.00000000000000000003.json.0123456789abcdef.tmp";
  const std::string checkpoint = "_delta_log/.00000000000000000002.checkpoint.parquet.0f3a.tmp";
  const std::string positions = "_levada/x/.000000000003.0123456789abcdef.tmp";
  host.files().make_folders("/table/_levada/x");
  for (const auto& path : {log, checkpoint, positions}) host.files().write_file("/table/" + path, "x");
  command({"vacuum"});
  EXPECT_TRUE(exists(log)) << "it is young";
  host.clock().advance(8 * 24h);
  EXPECT_NE(command({"vacuum"}).find("removed 3 files"), std::string::npos);
  for (const auto& path : {log, checkpoint, positions}) EXPECT_FALSE(exists(path)) << path;
  EXPECT_EQ(cat().size(), 2u);
}

TEST_F(MaintenanceTest, what_optimize_would_do_is_told_and_not_done) {
  fill(4);
  const auto before = snapshot().version;
  EXPECT_NE(command({"optimize", "--dry-run"}).find("would put 4 files"), std::string::npos);
  EXPECT_EQ(snapshot().version, before);
  EXPECT_EQ(data_files().size(), 4u);
}

TEST_F(MaintenanceTest, a_version_comes_back) {
  fill(3);
  command({"optimize"});
  fill(1, 3);
  const auto then = cat({"--version", "2"});
  EXPECT_EQ(then.size(), 2u);
  EXPECT_EQ(command({"restore", "--version", "2"}), "version 6 is what version 2 was: 2 files came back, 2 went\n");
  EXPECT_EQ(cat(), then);
  auto sink = start();
  EXPECT_EQ(recovered, (std::vector<Position>{{"s", "4", 4}})) << "the sink goes on where it stood";
  host.clock().advance(8 * 24h);
  command({"vacuum"});
  EXPECT_NE(command({"restore", "--version", "5"}).find("is gone"), std::string::npos);
  EXPECT_NE(command({"restore", "--version", "99"}).find("has no version 99"), std::string::npos);
}

TEST_F(MaintenanceTest, an_append_only_table_is_optimized_and_not_restored) {
  settings.properties = {{"delta.appendOnly", "true"}};
  fill(3);
  EXPECT_NE(command({"optimize"}).find("3 files"), std::string::npos);
  EXPECT_NE(command({"restore", "--version", "1"}).find("append-only"), std::string::npos);
}

TEST_F(MaintenanceTest, commands_say_what_the_table_is) {
  EXPECT_EQ(command({"show"}), "error: there is no table at /table");
  EXPECT_EQ(command({"create", "--column", "name=text", "--column", "n=int32 not null", "--partition-by", "name",
                     "--property", "delta.appendOnly=true"}),
            "created /table\n");
  EXPECT_EQ(command({"create", "--column", "name=text"}), "error: there is a table at /table already");
  const auto shown = command({"show"});
  EXPECT_NE(shown.find("  n  int32  not null\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("delta.appendOnly = true"), std::string::npos) << shown;
  EXPECT_NE(command({"history"}).find("0\t2026-01-01T00:00:00.000Z\tCREATE TABLE\t+0 -0 files"), std::string::npos)
      << command({"history"});
  EXPECT_EQ(command({"cat"}), "");
  EXPECT_NE(command({"cat", "--until", "1"}).find("--version VALUE"), std::string::npos);
  EXPECT_NE(command({"help"}).find("levada table vacuum PATH"), std::string::npos);
  EXPECT_NE(command({"polish"}).find("vacuum, restore or cat"), std::string::npos);
}

TEST_F(MaintenanceTest, a_sink_looks_after_its_table_by_itself) {
  fill(3);
  Upkeep upkeep({24h, 240h, {}}, std::make_unique<lake::LocalStore>(kTable, host.host()), host.host());
  upkeep.turn();
  upkeep.wait();
  EXPECT_EQ(live().size(), 3u) << "nothing is due";
  host.clock().advance(25h);
  upkeep.turn();
  upkeep.wait();
  EXPECT_EQ(live().size(), 1u);
  EXPECT_EQ(data_files().size(), 4u);
  host.clock().advance(300h);
  upkeep.turn();
  upkeep.wait();
  EXPECT_EQ(data_files().size(), 1u);
  EXPECT_EQ(host.count("files_optimized"), 3);
  EXPECT_EQ(host.count("files_vacuumed"), 3);
  EXPECT_TRUE(upkeep.stop());
}

TEST_F(MaintenanceTest, a_sink_ends_when_its_upkeep_has) {
  settings.optimize_interval = 1h;
  auto sink = start();
  for (int64_t at = 0; at < 3; ++at) {
    ASSERT_TRUE(write(*sink, rows({"one"}, {at})));
    ASSERT_TRUE(commit(*sink));
    host.clock().advance(1h);
  }
  Done closed = sink->close(0ns);
  while (!closed && closed.code() == Code::idle) closed = sink->close(0ns);
  EXPECT_TRUE(closed);
  sink.reset();
  EXPECT_EQ(cat().size(), 3u);
}

TEST_F(MaintenanceTest, an_append_costs_the_same_however_long_the_log_is) {
  settings.checkpoint_interval = 1000;
  auto sink = start();
  const auto append = [&] {
    const auto before = host.files().calls();
    EXPECT_TRUE(write(*sink, rows({"one"}, {1})));
    EXPECT_TRUE(commit(*sink, {{"s", "1", 1}}));
    return host.files().calls() - before;
  };
  append();
  append();
  const auto early = append();
  for (int more = 0; more < 300; ++more) append();
  EXPECT_EQ(append(), early);
}

TEST_F(MaintenanceTest, checkpoints_of_other_kinds_are_read) {
  settings.checkpoint_interval = 3;
  fill(3);
  const auto all = cat();
  const std::string log = std::string(kTable) + "/_delta_log/", version = "00000000000000000003";
  for (int64_t each = 0; each <= 3; ++each) host.files().remove_file(std::string(kTable) + "/" + commit_path(each));
  const auto classic = host.files().read_file(log + version + ".checkpoint.parquet");
  const auto now = snapshot();
  host.files().remove_file(log + version + ".checkpoint.parquet");
  host.files().remove_file(log + "_last_checkpoint");
  // In parts, of which one is all of it.
  const auto part = log + version + ".checkpoint.0000000001.0000000001.parquet";
  host.files().write_file(part, classic);
  EXPECT_EQ(cat(), all);
  host.files().write_file(log + "_last_checkpoint", "{\"version\":3,\"size\":9,\"parts\":1}");
  EXPECT_EQ(cat(), all);
  host.files().remove_file(part);
  EXPECT_NE(cat()[0].find("error"), std::string::npos);
  // With a sidecar for the files.
  const std::string id = "80a083e8-7026-4e79-81be-64bd76c43a11";
  std::string top;
  append_line(top, now.protocol);
  append_line(top, now.metadata);
  for (const auto& [name, transaction] : now.transactions) append_line(top, transaction);
  append_line(top, Sidecar{id + ".parquet"});
  host.files().write_file(log + "_sidecars/" + id + ".parquet", classic);
  host.files().write_file(log + version + ".checkpoint." + id + ".json",
                          top + "{\"checkpointMetadata\":{\"version\":3}}\n");
  host.files().remove_file(log + "_last_checkpoint");
  EXPECT_EQ(cat(), all);
  host.files().write_file(log + "_last_checkpoint",
                          "{\"version\":3,\"v2Checkpoint\":{\"path\":\"" + version + ".checkpoint." + id + ".json\"}}");
  EXPECT_EQ(cat(), all);
  auto sink = start();
  EXPECT_EQ(recovered, (std::vector<Position>{{"s", "3", 3}}));
}

TEST_F(MaintenanceTest, a_time_names_a_version) {
  fill(4);
  EXPECT_EQ(cat({"--as-of", "2026-01-01T01:30:00Z"}).size(), 2u);
  EXPECT_NE(cat({"--as-of", "2025-01-01T00:00:00Z"})[0].find("does not reach back"), std::string::npos);
  EXPECT_EQ(cat({"--limit", "3"}).size(), 3u);
}

}  // namespace
}  // namespace levada::delta
