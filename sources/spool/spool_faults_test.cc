// Every disk call of the spool source fails once, or the power goes at it: each
// row comes once all the same.
#include <algorithm>
#include <cerrno>
#include <functional>

#include "spool_test_bench.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;
using testkit::Lose;

// The source with a sink behind it that stores rows and position in one step.
struct Story {
  explicit Story(Completed completed) {
    bench.settings.completed = completed;
    if (completed == Completed::move) bench.settings.completed_dir = "/done";
    bench.host.set_until_drained(true);
    lines = bench.fill_with_five_files();
  }

  // Until the source says END, whatever goes wrong; `crashed` is asked after each step.
  void to_the_end(const std::function<bool()>& crashed = [] { return false; }) {
    for (int step = 0; step < 500; ++step) {
      if (!bench.spool) {
        const auto opened = bench.open_at(position);
        if (!opened) {
          EXPECT_EQ(opened.code(), Code::retry) << opened.error().message;
          bench.spool.reset();
        }
      } else if (bench.poll()) {
        stored.insert(stored.end(), bench.rows.begin(), bench.rows.end());
        position = bench.position;
        const auto acknowledged = bench.acknowledge();
        if (!acknowledged) {
          EXPECT_EQ(acknowledged.code(), Code::retry) << acknowledged.error().message;
          // As the host does.
          const auto repeated = bench.acknowledge();
          EXPECT_TRUE(repeated.ok() || repeated.code() == Code::retry);
        }
      } else if (bench.last_code == Code::end) {
        return;
      } else {
        EXPECT_TRUE(bench.last_code == Code::idle || bench.last_code == Code::retry);
      }
      bench.rows.clear();
      if (crashed()) bench.spool.reset();
      bench.host.clock().advance(500ms);
    }
    ADD_FAILURE() << "does not come to an end";
  }

  // All rows are there, once; and another start has nothing left to read,
  // and completes what was left.
  void expect_each_row_once() {
    std::sort(stored.begin(), stored.end());
    std::sort(lines.begin(), lines.end());
    EXPECT_EQ(stored, lines);
    stored.clear();
    bench.spool.reset();
    to_the_end();
    EXPECT_EQ(stored, Texts{});
    const bool kept = bench.settings.completed == Completed::keep;
    for (const auto* name : {"a", "b", "c", "d/e", "f"}) EXPECT_EQ(bench.exists(name), kept) << name;
    bench.spool.reset();
    EXPECT_EQ(bench.host.files().open_handles(), 0);
  }

  SpoolTestBench bench;
  Texts lines, stored;
  std::optional<std::string> position;
};

int64_t calls_of_a_run(Completed completed) {
  Story story(completed);
  story.to_the_end();
  const auto calls = story.bench.host.files().calls();
  story.expect_each_row_once();
  return calls;
}

class SpoolFaults : public testing::TestWithParam<Completed> {};

TEST_P(SpoolFaults, gives_each_row_once_whichever_call_fails) {
  const auto calls = calls_of_a_run(GetParam());
  ASSERT_GT(calls, 50);
  for (const int error : {EIO, ENOSPC, EACCES}) {
    for (int64_t n = 1; n <= calls; ++n) {
      SCOPED_TRACE("call " + std::to_string(n) + " gives error " + std::to_string(error));
      Story story(GetParam());
      story.bench.host.files().fail_call(n, error);
      story.to_the_end();
      story.expect_each_row_once();
      if (HasFailure()) return;
    }
  }
}

TEST_P(SpoolFaults, gives_each_row_once_whenever_the_power_fails) {
  const auto calls = calls_of_a_run(GetParam());
  for (const auto lose : {Lose::unsynced, Lose::torn}) {
    for (int64_t n = 1; n <= calls; ++n) {
      SCOPED_TRACE("the power fails at call " + std::to_string(n));
      Story story(GetParam());
      auto& files = story.bench.host.files();
      files.crash_at(n);
      bool is_over = false;
      story.to_the_end([&] {
        if (is_over || files.calls() < n) return false;
        files.crash(lose);
        return is_over = true;
      });
      // What happened after its last step.
      files.crash(lose);
      story.expect_each_row_once();
      if (HasFailure()) return;
    }
  }
}

TEST_P(SpoolFaults, writes_its_journal_again_after_a_short_write) {
  for (int64_t n = 1; n <= 10; ++n) {
    Story story(GetParam());
    story.bench.host.files().short_write_at(n);
    story.to_the_end();
    story.expect_each_row_once();
  }
}

TEST_P(SpoolFaults, waits_while_the_disk_of_its_journal_is_full) {
  Story story(GetParam());
  story.bench.start();
  story.bench.host.files().set_free_bytes(0);
  EXPECT_FALSE(story.bench.poll());
  EXPECT_EQ(story.bench.last_code, Code::retry);
  EXPECT_FALSE(story.bench.poll());
  story.bench.host.files().set_free_bytes(1 << 20);
  story.to_the_end();
  story.expect_each_row_once();
}

std::string name_of(const testing::TestParamInfo<Completed>& each) {
  constexpr const char* kNames[] = {"rename", "move", "delete", "keep"};
  return kNames[static_cast<size_t>(each.param)];
}
INSTANTIATE_TEST_SUITE_P(All, SpoolFaults,
                         testing::Values(Completed::rename, Completed::move, Completed::remove, Completed::keep),
                         name_of);

}  // namespace
}  // namespace levada::spool
