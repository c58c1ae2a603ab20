// The disk fails at each call in turn, fills up at each byte, or the process or the
// machine dies at each call in turn.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <set>

#include "file.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/fault_step.h"
#include "unpack.h"

namespace levada::file_sink {
namespace {

using namespace std::chrono_literals;
using testkit::kFaultStep;
using testkit::Lose;

// Does with the sink what the host does: writes two streams by turns, commits, is idle, goes back
// to what recover says after a failure, starts the sink anew after a crash. After each call it
// looks at the disk as a reader does.
class TestBench {
 public:
  static constexpr uint64_t kRows = 6;  // Of each stream.

  // Data folder and output lie on two file systems. What is torn off by
  // a crash depends on the seed.
  explicit TestBench(FileSettings settings, int seed = 0) : settings_(std::move(settings)) {
    files().make_folders("/out");
    files().mount("/out");
    for (int at = 0; at < seed; ++at) files().crash(Lose::torn);
  }

  testkit::MemoryFiles& files() { return host_.files(); }
  // What is done about the second call that fails.
  void set_relief(std::function<void()> relief) { relief_ = std::move(relief); }

  // The n-th call from now is never made, nor any behind it, until the crash.
  void die_at(int64_t n) {
    files().crash_at(n);
    crashed_ = false;
  }
  void crash(Lose lose) {
    files().crash(lose);
    crashed_ = true;
    reached_.clear();
  }

  // Until all is committed and the sink is gone. False: it did not come to that.
  bool run() {
    auto made = FileSink::create(settings_, host_.host());
    EXPECT_TRUE(made) << made.error().message;
    sink_ = *std::move(made);
    opened_ = recovered_ = false;
    int failures = 0;
    // More than enough for a few faults.
    for (int call = 0; call < 300 && !done(); ++call) {
      const Done result = step();
      look();
      host_.clock().advance(1s);
      if (result) continue;
      EXPECT_EQ(result.code(), Code::retry) << result.error().message;
      recovered_ = false;
      if (++failures == 2 && relief_) relief_();
    }
    // What fails here is done at the next start.
    (void)sink_->close(0ns);
    sink_.reset();
    look();
    return done();
  }

  // What is wrong with the disk when all is done; empty where each row is in one complete
  // file, once, and nothing else.
  std::string fault() {
    if (files().open_handles() != 0) return "files are still open";
    return disk_fault();
  }

 private:
  using Sequences = std::map<std::string, uint64_t>;

  bool done() const {
    return recovered_ && std::all_of(std::begin(kStreams), std::end(kStreams), [&](const auto& stream) {
             const auto at = committed_.find(stream);
             return at != committed_.end() && at->second == kRows;
           });
  }

  Done step() {
    if (!opened_) {
      LEVADA_TRY(sink_->open());
      opened_ = true;
      return {};
    }
    if (!recovered_) return recover();
    constexpr std::string_view kScript = "wwcwicwci";
    switch (kScript[step_++ % kScript.size()]) {
      case 'w': return write();
      case 'c': return commit();
      default: host_.clock().advance(90s); return sink_->idle();
    }
  }

  Done recover() {
    const auto positions = sink_->recover();
    if (!positions) return positions.error();
    recovered_ = true;
    // All of one checkpoint, or of none.
    EXPECT_TRUE(*positions == std::vector<Position>() ||
                std::find(checkpoints_.begin(), checkpoints_.end(), *positions) != checkpoints_.end());
    Sequences named;
    for (const auto& position : *positions) named[position.stream] = position.sequence;
    for (const auto& [stream, sequence] : committed_) EXPECT_GE(named[stream], sequence) << "a commit is gone";
    committed_ = reached_ = named;
    if (crashed_) {
      EXPECT_EQ(disk_fault(), "") << "after recover";
    }
    crashed_ = false;
    return {};
  }

  Done write() {
    const auto& stream = reached_[kStreams[0]] <= reached_[kStreams[1]] ? kStreams[0] : kStreams[1];
    const auto first = reached_[stream];
    if (first == kRows) return {};
    Batch batch = testkit::batch_of({row(stream, first), row(stream, first + 1)});
    // Into files that are new, that other rows wait in, and that are idle.
    const auto own = stream == kStreams[0] ? "x" + std::to_string(first) : "z";
    batch.set(testkit::text_column("host", {own, "y"}));
    LEVADA_TRY(sink_->write(batch, 0ns));
    reached_[stream] += 2;
    return {};
  }

  Done commit() {
    if (reached_ == committed_) return {};
    ++reached_["@epoch"];
    Checkpoint checkpoint;
    for (const auto& [stream, sequence] : reached_)
      checkpoint.positions.push_back({stream, "at\t" + std::to_string(sequence), sequence});
    checkpoints_.push_back(checkpoint.positions);
    Batch rejected;
    LEVADA_TRY(sink_->commit(checkpoint, 0ns, rejected));
    committed_ = reached_;
    return {};
  }

  // A complete file never changes, and has rows of commits only. What was committed before a crash
  // is known when recover says so.
  void look() {
    for (const auto& path : files().paths()) {
      if (!path.starts_with("/out/") || path.ends_with(".tmp") || path.ends_with(".lock")) continue;
      const auto content = files().read_file(path);
      const auto [known, fresh] = seen_.emplace(path, content);
      EXPECT_EQ(known->second, content) << path << " has changed";
      if (fresh)
        for (auto& row : rows_of(content)) shown_.push_back(std::move(row));
    }
    if (!recovered_) return;
    for (const auto& row : shown_) EXPECT_TRUE(is_committed(row)) << row << " is shown and not committed";
  }

  std::string disk_fault() {
    std::set<std::string> missing;
    for (const auto& stream : kStreams)
      for (uint64_t number = 0; number < committed_[stream]; ++number) missing.insert(row(stream, number));
    for (const auto& path : files().paths()) {
      if (!path.starts_with("/out/") || path.ends_with(".lock")) continue;
      if (path.ends_with(".tmp")) return path + " was left over";
      for (const auto& row : rows_of(files().read_file(path)))
        if (missing.erase(row) == 0) return row + " is there once more, or should not be there";
    }
    return missing.empty() ? "" : *missing.begin() + " is missing";
  }

  std::vector<std::string> rows_of(const std::string& content) const {
    auto text = unpack(settings_.compression, content);
    if (!text.ends_with("\nEND\n")) return {"a file without its end: " + text};
    text.resize(text.size() - 4);
    std::vector<std::string> rows;
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      rows.push_back(text.substr(at, text.find('\n', at) - at));
    return rows;
  }
  bool is_committed(const std::string& row) {
    const auto space = row.find_last_of(' ');
    return space != row.npos && std::stoull(row.substr(space)) < committed_[row.substr(0, space)];
  }
  static std::string row(const std::string& stream, uint64_t number) { return stream + " " + std::to_string(number); }

  inline static const std::string kStreams[] = {"left", "right%\t1"};

  const FileSettings settings_;
  testkit::FakeHost host_;
  std::unique_ptr<FileSink> sink_;
  std::function<void()> relief_;
  bool opened_ = false, recovered_ = false, crashed_ = false;
  size_t step_ = 0;
  Sequences reached_, committed_;
  std::vector<std::vector<Position>> checkpoints_;  // Of all commits that were tried.
  std::map<std::string, std::string> seen_;         // Complete files.
  std::vector<std::string> shown_;                  // The rows in them.
};

FileSettings settings(Compressor::Kind compression = Compressor::Kind::none) {
  FileSettings settings;
  settings.path = "/out/{host}";
  settings.end = "\nEND\n";
  settings.roll_rows = 3;
  settings.compression = compression;
  return settings;
}

int64_t calls_without_faults(const FileSettings& settings) {
  TestBench bench(settings);
  const auto before = bench.files().calls();
  EXPECT_TRUE(bench.run());
  EXPECT_EQ(bench.fault(), "");
  return bench.files().calls() - before;
}

// What failed while the sink was closed is done at the next start.
void expect_each_row_once(TestBench& bench) {
  ASSERT_TRUE(bench.run());
  ASSERT_TRUE(bench.run());
  ASSERT_EQ(bench.fault(), "");
}

constexpr Compressor::Kind kKinds[] = {Compressor::Kind::none, Compressor::Kind::gzip, Compressor::Kind::zstd};

TEST(FileFaults, whichever_call_fails_each_row_is_there_once) {
  for (const auto kind : kKinds) {
    const auto calls = calls_without_faults(settings(kind));
    ASSERT_GT(calls, 100);
    for (const int error : {EIO, ENOSPC}) {
      for (int64_t n = 1; n <= calls; n += kFaultStep) {
        SCOPED_TRACE("call " + std::to_string(n));
        TestBench bench(settings(kind));
        bench.files().fail_call(n, error);
        expect_each_row_once(bench);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(FileFaults, whichever_two_calls_fail_each_row_is_there_once) {
  const auto calls = calls_without_faults(settings());
  for (int64_t n = 1; n <= calls; n += kFaultStep) {
    for (int64_t more = 1; more <= 16; ++more) {
      SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(n + more));
      TestBench bench(settings());
      bench.files().fail_call(n, EIO);
      bench.files().fail_call(n + more, EIO);
      expect_each_row_once(bench);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(FileFaults, a_write_that_stops_halfway_goes_on) {
  for (int64_t n = 1; n <= 100; n += kFaultStep) {
    SCOPED_TRACE("write " + std::to_string(n));
    TestBench bench(settings());
    bench.files().short_write_at(n);
    expect_each_row_once(bench);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(FileFaults, wherever_the_disk_is_full_it_goes_on_when_there_is_room_again) {
  for (const auto kind : {Compressor::Kind::none, Compressor::Kind::zstd}) {
    bool full = true;
    for (uint64_t bytes = 0; full; bytes += 3 * kFaultStep) {
      SCOPED_TRACE(std::to_string(bytes) + " bytes free");
      TestBench bench(settings(kind));
      bench.files().set_free_bytes(bytes);
      full = false;
      bench.set_relief([&] {
        bench.files().set_free_bytes(1 << 20);
        full = true;
      });
      expect_each_row_once(bench);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(FileFaults, wherever_it_dies_each_row_is_there_once_and_nothing_else) {
  for (const auto kind : kKinds) {
    const auto calls = calls_without_faults(settings(kind));
    // gzip takes its time, and is cut where zstd is.
    const int64_t step = (kind == Compressor::Kind::gzip ? 5 : 1) * kFaultStep;
    for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
      const int seeds = lose == Lose::torn ? 3 : 1;
      for (int64_t n = 1; n <= calls * seeds; n += step) {
        SCOPED_TRACE("call " + std::to_string(n));
        TestBench bench(settings(kind), static_cast<int>(n % seeds));
        bench.die_at((n + seeds - 1) / seeds);
        bench.run();
        bench.crash(lose);
        expect_each_row_once(bench);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(FileFaults, it_dies_again_while_it_recovers) {
  const auto calls = calls_without_faults(settings());
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
    for (int64_t n = 1; n <= calls; n += kFaultStep) {
      for (int64_t again = 1 + n % 13; again <= 39; again += 13) {
        SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(again));
        TestBench bench(settings());
        for (const auto at : {n, again}) {
          bench.die_at(at);
          bench.run();
          bench.crash(lose);
        }
        expect_each_row_once(bench);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

// A commit whose last call fails may have happened: it must be undone before its rows are cut off.
TEST(FileFaults, a_call_fails_and_then_it_dies) {
  const auto calls = calls_without_faults(settings());
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
    for (int64_t n = 1; n <= calls; n += kFaultStep) {
      for (int64_t more = 1 + n % 4; more <= 12; more += 4) {
        SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(n + more));
        TestBench bench(settings());
        bench.files().fail_call(n, EIO);
        bench.die_at(n + more);
        bench.run();
        bench.crash(lose);
        expect_each_row_once(bench);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace levada::file_sink
