#include "agent/pipeline/dead_letters.h"

#include <gtest/gtest.h>

#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using testing::TestBench;
using Texts = std::vector<std::string>;

RejectedRows rejected_rows(const std::string& body, const std::string& reason) {
  Batch batch = testkit::batch_of({body});
  batch.set(testkit::text_column("component", {"of the row"}));
  batch.set(testkit::text_column("reason", {reason}));
  RejectedRows made;
  std::vector<AuditCount> counts;
  std::vector<RejectedRows> all;
  reject_rows("interceptors.clean", OnReject::dead_letters, std::move(batch), counts, all);
  return std::move(all[0]);
}

DeadLetters::Origin origin(uint64_t end) { return {"sources.clicks", "clicks/3", "at " + std::to_string(end), end}; }

TEST(DeadLetters, are_rows_with_reason_component_and_where_they_come_from) {
  TestBench bench;
  bench.dead_letters.add(origin(7), rejected_rows("{\"a\":", "at byte 5: value expected"));
  EXPECT_FALSE(bench.files.exists("/dead"));
  ASSERT_TRUE(bench.dead_letters.sync());
  EXPECT_EQ(bench.letters("body"), (Texts{"{\"a\":"}));
  EXPECT_EQ(bench.letters("reason"), (Texts{"at byte 5: value expected"}));
  EXPECT_EQ(bench.letters("component"), (Texts{"interceptors.clean"}));
  EXPECT_EQ(bench.letters("row_component"), (Texts{"of the row"}));
  EXPECT_EQ(bench.letters("owner"), (Texts{"sources.clicks"}));
  EXPECT_EQ(bench.letters("stream"), (Texts{"clicks/3"}));
  EXPECT_EQ(bench.letters("position"), (Texts{"at 7"}));
}

TEST(DeadLetters, say_which_rows_their_source_has_cut) {
  for (const auto* component : {"sources.clicks", "interceptors.parse"}) {
    TestBench bench;
    Batch batch = testkit::batch_of({"the begin"});
    batch.set(testkit::text_column("reason", {"too long"}));
    batch.set(testkit::boolean_column("cut", {true}));
    std::vector<AuditCount> counts;
    std::vector<RejectedRows> all;
    reject_rows(component, OnReject::dead_letters, std::move(batch), counts, all);
    bench.dead_letters.add(origin(1), all[0]);
    ASSERT_TRUE(bench.dead_letters.sync());
    const bool by_source = component == std::string_view("sources.clicks");
    EXPECT_EQ(bench.letters("cut"), by_source ? Texts{"true"} : Texts{"<missing>"});
    EXPECT_EQ(bench.letters("row_cut"), by_source ? Texts{"<missing>"} : Texts{"true"});
  }
}

TEST(DeadLetters, count_reasons_that_differ_in_numbers_only_as_one) {
  TestBench bench;
  bench.dead_letters.add(origin(1), rejected_rows("", "at byte 5: value expected"));
  bench.dead_letters.add(origin(2), rejected_rows("", "at byte 123: value expected"));
  bench.dead_letters.add(origin(3), rejected_rows("", "no object"));
  const auto counts = bench.dead_letters.counts();
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].reason, "at byte #: value expected");
  EXPECT_EQ(counts[0].rows, 2);
  EXPECT_EQ(bench.dead_letters.rows(), 3);
}

TEST(DeadLetters, do_not_keep_a_batch_again_that_comes_again) {
  TestBench bench;
  bench.dead_letters.add(origin(7), rejected_rows("a", "x"));
  ASSERT_TRUE(bench.dead_letters.sync());
  bench.files.crash();
  DeadLetters restarted(bench.services, "/dead");
  ASSERT_TRUE(restarted.open());
  EXPECT_EQ(restarted.marks("clicks/3"), (std::vector<uint64_t>{7}));
  EXPECT_TRUE(restarted.marks("clicks/4").empty());
  restarted.add(origin(7), rejected_rows("a", "x"));
  restarted.add(origin(8), rejected_rows("b", "x"));
  restarted.add_late("sinks.out", rejected_rows("c", "x"));
  ASSERT_TRUE(restarted.sync());
  restarted.add_late("sinks.out", rejected_rows("c", "x"));
  ASSERT_TRUE(restarted.sync());
  EXPECT_EQ(bench.letters("body"), (Texts{"a", "b", "c", "c"}));
}

// Each row comes out of a block of its own that is much larger, and has a page of a mebibyte.
TEST(DeadLetters, are_stored_also_where_they_hold_more_memory_than_the_channel_takes_at_once) {
  constexpr uint64_t kFiles = 70;
  TestBench bench;
  for (uint64_t file = 1; file <= kFiles; ++file) {
    auto block = testkit::batch_of({std::string(1 << 20, 'x'), "broken"});
    RejectedRows rows{"interceptors.clean", block.slice(1, 1), {}};
    rows.rows.set(testkit::text_column("reason", {"no object"}));
    rows.rows.set(testkit::text_column("page", {std::string(1 << 20, 'y')}));
    bench.dead_letters.add(origin(file), rows);
  }
  ASSERT_TRUE(bench.dead_letters.sync());
  EXPECT_EQ(bench.letters("body"), Texts(kFiles, "broken"));
}

// The growth was quadratic: each letter held, and wrote, the file names of its whole read batch.
TEST(DeadLetters, take_up_what_their_rows_need) {
  constexpr int32_t kFiles = 500;
  Batch whole(kFiles);
  std::vector<std::optional<std::string>> bodies(kFiles, "broken");
  whole.set(testkit::text_column("body", bodies, Type::bytes));
  TextBuilder names(kFiles);
  ValueBuilder<int32_t> files(kFiles);
  for (int32_t file = 0; file < kFiles; ++file) {
    names.append("/var/spool/clicks/" + std::to_string(file) + ".json");
    files.append(file);
  }
  whole.set(std::move(files).finish("file", std::move(names).finish("", Type::text)));
  whole.set(testkit::text_column("reason", std::vector<std::optional<std::string>>(kFiles, "no object")));
  TestBench bench;
  for (int32_t file = 0; file < kFiles; ++file) {
    std::vector<AuditCount> counts;
    std::vector<RejectedRows> rows;
    reject_rows("interceptors.clean", OnReject::dead_letters, whole.slice(file, 1), counts, rows);
    bench.dead_letters.add(origin(static_cast<uint64_t>(file) + 1), rows[0]);
  }
  ASSERT_TRUE(bench.dead_letters.sync());
  EXPECT_EQ(bench.letters("file").back(), "/var/spool/clicks/499.json");
  size_t bytes = 0;
  for (const auto& path : bench.files.paths())
    if (path.starts_with("/dead/")) bytes += bench.files.read_file(path).size();
  EXPECT_LT(bytes, kFiles * size_t{2048});
}

TEST(DeadLetters, hold_each_row_once_whichever_disk_call_fails) {
  for (int64_t call = 1;; ++call) {
    TestBench bench;
    bench.dead_letters.add(origin(1), rejected_rows("first", "x"));
    bench.files.fail_call(call, ENOSPC);
    bool failed = false;
    const auto sync = [&] {
      for (int attempt = 0; attempt < 5; ++attempt) {
        if (bench.dead_letters.sync()) return true;
        failed = true;
        bench.clock.advance(std::chrono::seconds(1));
      }
      return false;
    };
    ASSERT_TRUE(sync());
    bench.dead_letters.add(origin(2), rejected_rows("second", "x"));
    ASSERT_TRUE(sync()) << call;
    bench.files.crash();
    ASSERT_EQ(bench.letters("body"), (Texts{"first", "second"})) << call;
    if (!failed) break;
  }
}

}  // namespace
}  // namespace levada::agent
