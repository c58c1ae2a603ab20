// How often a sink commits whose interceptors have states that take long to save.
#include <gtest/gtest.h>

#include <limits>

#include "agent/channels/memory_channel.h"
#include "agent/pipeline/sink_runner.h"
#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using std::chrono::seconds;
using testing::scripts;
using Texts = std::vector<std::string>;

// Saving its state takes as long as a test says.
struct SlowToSave final : StatefulInterceptor {
  struct Settings {};
  static constexpr std::array<Option<Settings>, 0> options{};
  static inline std::function<void()> while_saving;
  static Result<std::unique_ptr<SlowToSave>> create(Settings, Host) { return std::make_unique<SlowToSave>(); }
  Done intercept(Batch&) override { return {}; }
  Done save(std::string& to) override {
    while_saving();
    to = "state";
    return {};
  }
  Done load(std::string_view) override { return {}; }
};

class SinkStateTest : public ::testing::Test {
 protected:
  SinkStateTest() {
    SlowToSave::while_saving = [this] { bench_.clock.advance(seconds(2)); };
    channel_.add_writer();
  }
  void start(int64_t commit_bytes) {
    std::vector<InterceptorChain> chains(1);
    chains[0].add(InterceptorInstance(bench_.instance<SlowToSave>(
                      "interceptors.slow", levada::interceptor<SlowToSave>("slow", "For tests."))),
                  OnReject::dead_letters, bench_.metrics);
    const Backoff backoff(seconds(1), seconds(8));
    SinkRunner::Parts parts{"sinks.out",
                            std::make_unique<SingleSink>(bench_.sink("sinks.out")),
                            std::make_unique<ChainWorkers>(std::move(chains), backoff, bench_.clock_table),
                            &channel_,
                            CommitPolicy{.rows = 0, .bytes = commit_bytes, .interval = seconds(1)},
                            backoff,
                            {{"sinks.out", OnReject::dead_letters}}};
    runner_ = std::make_unique<SinkRunner>(std::move(parts), bench_.dead_letters, bench_.checkpoint_store,
                                           bench_.services, bench_.stop);
  }
  // A row of one byte.
  void send(const std::string& body) {
    auto batch = testkit::batch_of({body});
    batch.stream = "clicks";
    batch.sequence = rows_++;
    batch.position = std::to_string(rows_);
    ASSERT_TRUE(channel_.append({.batch = std::move(batch),
                                 .stream = "clicks",
                                 .end = rows_,
                                 .bytes = 1,
                                 .account = {"clicks", rows_, 1, false, false, "", {}},
                                 .acknowledgement = std::make_shared<Acknowledgement>(1, std::make_shared<Signal>())}));
  }
  size_t committed_after(seconds time) {
    bench_.clock.advance(time);
    for (Turn turn = Turn::worked; turn == Turn::worked;) turn = runner_->turn(nanoseconds{0});
    return scripts()["sinks.out"].committed.size();
  }

  testing::TestBench bench_;
  MemoryChannel channel_{1 << 20};
  std::unique_ptr<SinkRunner> runner_;
  uint64_t rows_ = 0;
};

TEST_F(SinkStateTest, the_time_between_commits_is_ten_times_that_which_saving_takes) {
  start(8);
  send("a");
  EXPECT_EQ(committed_after(seconds(0)), 0u);
  EXPECT_EQ(committed_after(seconds(1)), 1u);
  send("b");
  EXPECT_EQ(committed_after(seconds(19)), 1u) << "saving took 2 s, less than 20 s ago";
  EXPECT_EQ(committed_after(seconds(1)), 2u);
}

TEST_F(SinkStateTest, eight_times_the_bytes_of_a_commit_do_not_wait) {
  start(8);
  send("a");
  committed_after(seconds(0));
  EXPECT_EQ(committed_after(seconds(1)), 1u);
  for (int row = 0; row < 63; ++row) send("b");
  EXPECT_EQ(committed_after(seconds(0)), 1u);
  send("c");
  EXPECT_EQ(committed_after(seconds(0)), 65u);
}

TEST_F(SinkStateTest, bytes_that_no_commit_ever_has_are_never_too_many_to_wait) {
  start(std::numeric_limits<int64_t>::max());
  send("a");
  committed_after(seconds(0));
  EXPECT_EQ(committed_after(seconds(1)), 1u);
  send("b");
  EXPECT_EQ(committed_after(seconds(19)), 1u);
  EXPECT_EQ(committed_after(seconds(1)), 2u);
}

}  // namespace
}  // namespace levada::agent
