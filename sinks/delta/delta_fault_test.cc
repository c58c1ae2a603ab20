// The disk fails at each call in turn, or the process or the machine dies at each call in turn:
// each row is in the table once, and the log names no file that is not there.
#include <gtest/gtest.h>

#include <cerrno>
#include <map>

#include "cat.h"
#include "table_bench.h"

namespace levada::delta {
namespace {

using namespace std::chrono_literals;
using testkit::Lose;

// Does with the sink what the host does, for two streams whose rows lie in turns.
class FaultBench : public TableBench {
 public:
  static constexpr int64_t kRows = 6;  // Of each stream.

  FaultBench() {
    settings.partition_by = {"stream"};
    settings.schema_mode = SchemaMode::add_columns;
    settings.checkpoint_interval = 2;
    host.files().make_folders(kTable);
    host.files().mount(kTable);
  }

  // Until all is committed and the sink is gone. False: it did not come to that.
  bool run() {
    auto made = DeltaSink::create(settings, host.host());
    EXPECT_TRUE(made);
    sink_ = *std::move(made);
    opened_ = recovered_ = false;
    step_ = 0;
    for (int call = 0; call < 200 && !done(); ++call) {
      const Done result = step();
      host.clock().advance(1s);
      if (result) continue;
      if (!dying_) {
        EXPECT_EQ(result.code(), Code::retry) << result.error().message;
      }
      recovered_ = false;
    }
    const bool all = done();
    (void)sink_->close(0ns);
    sink_.reset();
    return all;
  }
  void die_at(int64_t call) {
    host.files().crash_at(call);
    dying_ = true;
  }
  void crash(Lose lose) {
    host.files().crash(lose);
    dying_ = false;
    reached_.clear();
  }

  // What is wrong with the table; empty where each row is there once.
  std::string fault() {
    if (host.files().open_handles() != 0) return "files are open";
    host.files().crash(Lose::nothing);  // A fault that was set and not met is none of the reader's.
    std::map<std::string, int> seen;
    for (const auto& line : cat()) ++seen[line];
    if (seen.size() != 2 * kRows) return std::to_string(seen.size()) + " rows; " + seen.begin()->first;
    for (const auto& [line, times] : seen)
      if (times != 1) return line + " is there " + std::to_string(times) + " times";
    return "";
  }

 private:
  static constexpr const char* kStreams[] = {"a", "b"};

  bool done() const { return recovered_ && committed_.at("a") == kRows && committed_.at("b") == kRows; }
  Done step() {
    if (!opened_) {
      LEVADA_TRY(sink_->open());
      opened_ = true;
      return {};
    }
    if (!recovered_) return recover();
    switch (step_++ % 3) {
      case 0: return write("a");
      case 1: return write("b");
      default: return commit();
    }
  }
  Done recover() {
    auto positions = sink_->recover();
    if (!positions) return std::move(positions).error();
    std::map<std::string, int64_t> named = {{"a", 0}, {"b", 0}};
    for (const auto& position : *positions) named[position.stream] = static_cast<int64_t>(position.sequence);
    for (const auto& [stream, rows] : committed_) EXPECT_GE(named[stream], rows) << "a commit is gone";
    committed_ = reached_ = named;
    recovered_ = true;
    return {};
  }
  Done write(const std::string& stream) {
    auto& reached = reached_[stream];
    const auto count = std::min<int64_t>(2, kRows - reached);
    std::vector<std::optional<std::string>> streams(static_cast<size_t>(count), stream);
    std::vector<std::optional<int64_t>> numbers;
    for (int64_t row = 0; row < count; ++row) numbers.push_back(reached + row);
    Batch batch(count);
    batch.set(testkit::text_column("stream", streams));
    batch.set(testkit::value_column<int64_t>("number", Type::int64, numbers));
    // A column that comes later.
    if (reached > 0) batch.set(testkit::text_column("more", streams));
    LEVADA_TRY(sink_->write(batch, 0ns));
    EXPECT_TRUE(batch.rejections().empty());
    reached += count;
    return {};
  }
  Done commit() {
    std::vector<Position> positions;
    for (const auto& [stream, rows] : reached_)
      positions.push_back({stream, std::to_string(rows), static_cast<uint64_t>(rows)});
    LEVADA_TRY(TableBench::commit(*sink_, positions));
    committed_ = reached_;
    return {};
  }

  std::unique_ptr<DeltaSink> sink_;
  bool opened_ = false, recovered_ = false, dying_ = false;
  int step_ = 0;
  std::map<std::string, int64_t> reached_, committed_ = {{"a", 0}, {"b", 0}};
};

int64_t calls_of_a_run() {
  FaultBench bench;
  const auto before = bench.host.files().calls();
  EXPECT_TRUE(bench.run());
  return bench.host.files().calls() - before;
}

TEST(DeltaFault, nothing_fails) {
  FaultBench bench;
  ASSERT_TRUE(bench.run());
  EXPECT_EQ(bench.fault(), "");
  EXPECT_GT(bench.host.count("checkpoints_written"), 0);
}

TEST(DeltaFault, any_call_may_fail_once) {
  const auto calls = calls_of_a_run();
  ASSERT_GT(calls, 100);
  for (int64_t call = 1; call <= calls; ++call) {
    FaultBench bench;
    bench.host.files().fail_call(call, call % 2 ? EIO : ENOSPC);
    ASSERT_TRUE(bench.run()) << "call " << call;
    ASSERT_EQ(bench.fault(), "") << "call " << call;
  }
}

TEST(DeltaFault, any_two_calls_in_a_row_may_fail) {
  const auto calls = calls_of_a_run();
  for (int64_t call = 1; call < calls; ++call) {
    FaultBench bench;
    bench.host.files().fail_call(call, EIO);
    bench.host.files().fail_call(call + 1, EIO);
    ASSERT_TRUE(bench.run()) << "call " << call;
    ASSERT_EQ(bench.fault(), "") << "call " << call;
  }
}

TEST(DeltaFault, it_may_die_at_any_call) {
  const auto calls = calls_of_a_run();
  constexpr Lose kLosses[] = {Lose::nothing, Lose::unsynced, Lose::torn};
  for (int64_t call = 1; call <= calls; ++call) {
    FaultBench bench;
    bench.die_at(call);
    (void)bench.run();
    bench.crash(kLosses[call % 3]);
    ASSERT_TRUE(bench.run()) << "call " << call;
    ASSERT_EQ(bench.fault(), "") << "call " << call;
  }
}

// A store that made a commit without saying so may do it after the sink has looked for it in vain.
TEST(DeltaFault, a_commit_that_is_made_late_is_met_by_the_next_one) {
  TableBench bench;
  auto sink = bench.start();
  ASSERT_TRUE(bench.write(*sink, TableBench::rows({"first"}, {1})));
  ASSERT_TRUE(TableBench::commit(*sink, {{"s", "1", 1}}));
  const auto application = bench.snapshot().transactions.begin()->first;
  ASSERT_TRUE(bench.write(*sink, TableBench::rows({"late"}, {2})));
  // From the call on that makes the commit's file nothing works.
  const std::vector<Position> late = {{"s", "2", 2}};
  const auto positions_of_late = "/table/_" + application + "/000000000002";
  int64_t calls = 1;
  for (;; ++calls) {
    bench.host.files().crash_at(calls);
    ASSERT_FALSE(TableBench::commit(*sink, late));
    bench.host.files().crash(Lose::nothing);
    if (bench.host.files().exists(positions_of_late)) break;
    sink = bench.start();
    ASSERT_TRUE(bench.write(*sink, TableBench::rows({"late"}, {2})));
  }
  sink = bench.start();
  EXPECT_EQ(bench.recovered, (std::vector<Position>{{"s", "1", 1}}));
  ASSERT_TRUE(bench.write(*sink, TableBench::rows({"late", "more"}, {2, 3})));
  const auto version = bench.snapshot().version;
  std::string content;
  append_line(content, Transaction{application, 2, std::nullopt});
  bench.put_log(version + 1, content);
  EXPECT_EQ(TableBench::commit(*sink, {{"s", "3", 3}}).code(), Code::retry);
  const auto positions = sink->recover();
  ASSERT_TRUE(positions) << positions.error().message;
  EXPECT_EQ(*positions, late);
}

}  // namespace
}  // namespace levada::delta
