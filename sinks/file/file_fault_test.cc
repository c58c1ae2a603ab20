// The disk fails at each call in turn, or the power goes at each call in turn.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "file.h"
#include "levada/testkit/fake_host.h"
#include "unpack.h"

namespace levada {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

// Does with the sink what the host does: commits, rewinds to the last commit after a failure, starts the sink anew
// after a crash. It writes ten rows in batches of two, with a commit behind every second of them.
class World {
 public:
  explicit World(FileSettings settings) : settings_(std::move(settings)) {}

  testkit::MemoryFiles& files() { return host_.files(); }
  // Until all is committed and the sink is gone. False: it did not come to that.
  bool run() {
    auto made = FileSink::create(settings_, host_.host());
    EXPECT_TRUE(made) << made.error().message;
    auto sink = *std::move(made);
    bool opened = false, recovered = false;
    int64_t next = committed_;
    // More than enough for one fault.
    for (int call = 0; call < 100 && (committed_ < kRows || !recovered); ++call) {
      const Done done = [&]() -> Done {
        if (!opened) LEVADA_TRY(sink->open());
        opened = true;
        if (!recovered)
          if (auto result = sink->recover(); !result) return std::move(result).error();
        recovered = true;
        if (committed_ == kRows) return {};
        if (next < kRows && (next == committed_ || next % 4 != 0)) {
          Batch batch = batch_at(next);
          LEVADA_TRY(sink->write(batch, 0ns));
          next += 2;
          return {};
        }
        Batch rejected;
        commit_failed_ = true;
        LEVADA_TRY(sink->commit(Token(), 0ns, rejected));
        commit_failed_ = false;
        committed_ = next;
        return {};
      }();
      host_.clock().advance(1s);
      if (done) continue;
      EXPECT_EQ(done.code(), Code::retry) << done.error().message;
      next = committed_;
      recovered = false;
    }
    return committed_ == kRows;
  }

  // Each row, and how often it is in complete files.
  std::map<std::string, int> rows() {
    std::map<std::string, int> all;
    for (const auto& path : files().paths()) {
      if (!path.starts_with("/out")) continue;
      if (path.ends_with(".tmp")) {
        ++all["left over: " + path];
        continue;
      }
      auto text = unpack(settings_.compression, files().read_file(path));
      if (!text.ends_with("END\n")) ++all["not ended: " + path];
      text.resize(text.size() - std::min<size_t>(text.size(), 4));
      for (size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        ++all[text.substr(at, end - at)];
        at = end + 1;
      }
    }
    return all;
  }
  // The last commit that was tried has failed.
  bool commit_failed() const { return commit_failed_; }

  static constexpr int64_t kRows = 10;
  static std::string row(int64_t number) { return "row " + std::to_string(number); }

 private:
  static Batch batch_at(int64_t first) {
    Batch batch = testkit::batch_of({row(first), row(first + 1)});
    batch.set(testkit::text_column("host", {"a", "b"}));
    return batch;
  }

  const FileSettings settings_;
  testkit::FakeHost host_;
  int64_t committed_ = 0;
  bool commit_failed_ = false;
};

FileSettings settings(Compressor::Kind compression = Compressor::Kind::none) {
  FileSettings settings;
  settings.path = "/out/{host}";
  settings.separator = "\n";
  settings.end = "\nEND\n";
  settings.roll_rows = 3;
  settings.compression = compression;
  return settings;
}

std::map<std::string, int> each_once() {
  std::map<std::string, int> rows;
  for (int64_t number = 0; number < World::kRows; ++number) rows[World::row(number)] = 1;
  return rows;
}

std::set<std::string> each() {
  std::set<std::string> rows;
  for (const auto& [row, times] : each_once()) rows.insert(row);
  return rows;
}

std::set<std::string> names(const std::map<std::string, int>& rows) {
  std::set<std::string> all;
  for (const auto& [row, times] : rows) all.insert(row);
  return all;
}

int64_t calls_without_faults(const FileSettings& settings) {
  World world(settings);
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.rows(), each_once());
  return world.files().calls();
}

TEST(FileFaults, whichever_call_fails_each_row_is_there_once) {
  const auto calls = calls_without_faults(settings());
  ASSERT_GT(calls, 50);
  for (const int error : {EIO, ENOSPC}) {
    for (int64_t n = 1; n <= calls; ++n) {
      World world(settings());
      world.files().fail_call(n, error);
      ASSERT_TRUE(world.run()) << "call " << n;
      // What failed while the sink was destroyed is done at the next start.
      ASSERT_TRUE(world.run()) << "call " << n;
      ASSERT_EQ(world.rows(), each_once()) << "call " << n;
      ASSERT_EQ(world.files().open_handles(), 0) << "call " << n;
    }
  }
}

TEST(FileFaults, whichever_two_calls_fail_each_row_is_there_once) {
  const auto calls = calls_without_faults(settings());
  for (int64_t n = 1; n <= calls; ++n) {
    for (int64_t more = 1; more <= 12; ++more) {
      World world(settings());
      world.files().fail_call(n, EIO);
      world.files().fail_call(n + more, EIO);
      ASSERT_TRUE(world.run()) << "calls " << n << " and " << n + more;
      ASSERT_TRUE(world.run()) << "calls " << n << " and " << n + more;
      ASSERT_EQ(world.rows(), each_once()) << "calls " << n << " and " << n + more;
    }
  }
}

TEST(FileFaults, a_write_that_stops_halfway_goes_on) {
  for (int64_t n = 1; n <= 20; ++n) {
    World world(settings());
    world.files().short_write_at(n);
    ASSERT_TRUE(world.run()) << "write " << n;
    ASSERT_EQ(world.rows(), each_once()) << "write " << n;
  }
}

// At least once: where the power goes within a commit, its rows come again.
TEST(FileFaults, wherever_the_power_goes_no_row_is_missing_and_none_is_torn) {
  for (const auto compression : {Compressor::Kind::none, Compressor::Kind::zstd}) {
    const auto calls = calls_without_faults(settings(compression));
    // A compressed file goes the same way: a part of the calls shows that it is cut between two frames.
    const int64_t step = compression == Compressor::Kind::none ? 1 : 7;
    for (const auto lose : {testkit::Lose::unsynced, testkit::Lose::torn}) {
      for (int64_t n = 1; n <= calls; n += step) {
        World world(settings(compression));
        world.files().crash_at(n);
        world.run();
        const bool in_commit = world.commit_failed();
        world.files().crash(lose);
        ASSERT_TRUE(world.run()) << "call " << n;
        auto rows = world.rows();
        // Made, and the power went before it was listed: no row in it was committed.
        if (lose == testkit::Lose::torn)
          std::erase_if(rows, [](const auto& row) { return row.first.starts_with("left over: "); });
        ASSERT_EQ(names(rows), each()) << "call " << n;
        if (!in_commit) {
          ASSERT_EQ(rows, each_once()) << "call " << n;
        }
      }
    }
  }
}

TEST(FileFaults, the_power_goes_twice) {
  const auto calls = calls_without_faults(settings());
  for (int64_t n = 1; n <= calls; ++n) {
    for (int64_t again = 1; again <= 40; again += 3) {
      World world(settings());
      for (const auto at : {n, again}) {
        world.files().crash_at(at);
        world.run();
        world.files().crash();
      }
      ASSERT_TRUE(world.run()) << "calls " << n << " and " << again;
      ASSERT_EQ(names(world.rows()), each()) << "calls " << n << " and " << again;
    }
  }
}

}  // namespace
}  // namespace levada
