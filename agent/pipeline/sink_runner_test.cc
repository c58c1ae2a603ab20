#include "agent/pipeline/sink_runner.h"

#include <gtest/gtest.h>

#include "agent/channels/memory_channel.h"
#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using testing::Counting;
using testing::Holding;
using testing::Script;
using testing::scripts;
using testing::TestBench;
using Texts = std::vector<std::string>;

constexpr nanoseconds kNow{0};

struct SinkRunnerTest : ::testing::Test {
  TestBench bench;
  std::unique_ptr<MemoryChannel> channels = std::make_unique<MemoryChannel>(1 << 20);
  MemoryChannel* channel = channels.get();
  Script& script = scripts()["sinks.out"];
  std::unique_ptr<SinkRunner> runner;
  std::vector<std::shared_ptr<Acknowledgement>> acknowledgements;
  std::map<std::string, uint64_t> rows;

  std::string reader = "sinks.out";
  OnReject on_reject = OnReject::dead_letters;
  bool is_stateful = false, holds = false;

  SinkRunnerTest() { channel->add_writer(); }
  std::unique_ptr<ChainWorkers> chain() {
    std::vector<InterceptorChain> chains(1);
    if (is_stateful)
      chains[0].add(InterceptorInstance(bench.instance<Counting>(
                        "interceptors.counting", levada::interceptor<Counting>("counting", "For tests."))),
                    OnReject::dead_letters, bench.metrics);
    if (holds)
      chains[0].add(InterceptorInstance(bench.instance<Holding>("interceptors.holding",
                                                                levada::interceptor<Holding>("holding", "For tests."))),
                    OnReject::dead_letters, bench.metrics);
    return std::make_unique<ChainWorkers>(std::move(chains), Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                                          bench.clock_table);
  }
  // What was in memory is gone.
  void restart() {
    runner.reset();
    channels = std::make_unique<MemoryChannel>(1 << 20);
    channel = channels.get();
    channel->add_writer();
    rows.clear();
    start();
  }
  void start(CommitPolicy policy = {2, 1 << 20, std::chrono::seconds(1)}) {
    SinkRunner::Parts parts{reader,
                            std::make_unique<SingleSink>(bench.sink("sinks.out")),
                            chain(),
                            channel,
                            policy,
                            Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                            {{"sinks.out", on_reject}}};
    runner = std::make_unique<SinkRunner>(std::move(parts), bench.dead_letters, bench.checkpoint_store, bench.services,
                                          bench.stop);
  }
  void send(const Texts& bodies, bool with_position = true, const std::string& stream = "clicks") {
    auto batch = testkit::batch_of(bodies);
    batch.stream = stream;
    batch.sequence = rows[stream];
    const auto end = rows[stream] += bodies.size();
    if (with_position) batch.position = std::to_string(end);
    acknowledgements.push_back(std::make_shared<Acknowledgement>(1, std::make_shared<Signal>()));
    ASSERT_TRUE(channel->append({.batch = std::move(batch),
                                 .stream = stream,
                                 .end = end,
                                 .bytes = 1,
                                 .account = {stream, end, static_cast<int64_t>(bodies.size()), false, false, "", {}},
                                 .acknowledgement = acknowledgements.back()}));
  }
  Turn run() {
    Turn turn = Turn::worked;
    for (int turns = 0; turn == Turn::worked && turns < 1000; ++turns) turn = runner->turn(kNow);
    return turn;
  }
  Turn run_later() {
    bench.clock.advance(std::chrono::seconds(10));
    return run();
  }
};

TEST_F(SinkRunnerTest, commits_after_so_many_rows) {
  start();
  send({"a"});
  run();
  EXPECT_EQ(script.committed, Texts{});
  send({"b"});
  run();
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
  EXPECT_TRUE(acknowledgements[0]->complete() && acknowledgements[1]->complete());
  EXPECT_EQ(script.checkpoint, (std::vector<Position>{{"clicks", "2", 2}, {"@epoch", "1", 1}}));
}

TEST_F(SinkRunnerTest, commits_after_so_many_bytes) {
  start({0, 2, std::chrono::seconds(1)});
  send({"a"});
  send({"b"});
  run();
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
}

TEST_F(SinkRunnerTest, commits_when_no_row_has_come_for_some_time) {
  start({0, 1 << 20, std::chrono::seconds(60), std::chrono::seconds(5)});
  send({"a"});
  run();
  bench.clock.advance(std::chrono::seconds(4));
  send({"b"});
  run();
  bench.clock.advance(std::chrono::seconds(4));
  run();
  EXPECT_EQ(script.committed, Texts{}) << "a row came 4 s ago";
  bench.clock.advance(std::chrono::seconds(1));
  run();
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
}

TEST_F(SinkRunnerTest, commits_after_some_time) {
  start();
  send({"a"});
  run();
  EXPECT_EQ(script.committed, Texts{});
  bench.clock.advance(std::chrono::seconds(1));
  run();
  EXPECT_EQ(script.committed, (Texts{"a"}));
}

TEST_F(SinkRunnerTest, commits_what_is_left_at_the_end) {
  start();
  send({"a"});
  channel->close();
  EXPECT_EQ(run(), Turn::ended);
  EXPECT_EQ(script.committed, (Texts{"a"}));
}

TEST_F(SinkRunnerTest, commits_early_when_a_source_waits_for_room) {
  MemoryChannel small(1);
  small.add_writer();
  SinkRunner::Parts parts{"sinks.out",
                          std::make_unique<SingleSink>(bench.sink("sinks.out")),
                          bench.chain(),
                          &small,
                          {100, 1 << 20, std::chrono::hours(1)},
                          Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                          {}};
  runner = std::make_unique<SinkRunner>(std::move(parts), bench.dead_letters, bench.checkpoint_store, bench.services,
                                        bench.stop);
  auto batch = testkit::batch_of({"a"});
  batch.position = "1";
  const InFlight in_flight{.batch = batch,
                           .stream = "clicks",
                           .end = 1,
                           .bytes = 5,
                           .acknowledgement = std::make_shared<Acknowledgement>(2, std::make_shared<Signal>())};
  ASSERT_TRUE(small.append(InFlight(in_flight)));
  run();
  EXPECT_EQ(script.committed, Texts{});
  EXPECT_FALSE(small.append(InFlight(in_flight)));
  run();
  EXPECT_EQ(script.committed, (Texts{"a"}));
  EXPECT_TRUE(small.append(InFlight(in_flight)));
}

TEST_F(SinkRunnerTest, gives_a_batch_again_that_the_sink_did_not_take) {
  script.answers["write"] = {idle(), idle()};
  start();
  send({"a", "b"});
  for (int turns = 0; turns < 5; ++turns) runner->turn(kNow);
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
}

TEST_F(SinkRunnerTest, goes_back_to_the_last_commit_when_a_write_fails) {
  start();
  send({"a", "b"});
  run();
  send({"c"});
  send({"d"});
  script.answers["write"] = {idle(), retry("connection reset")};
  run();
  EXPECT_EQ(run(), Turn::waited);
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
  run_later();
  EXPECT_EQ(script.committed, (Texts{"a", "b", "c", "d"}));
}

TEST_F(SinkRunnerTest, writes_again_what_a_failed_commit_did_not_store) {
  script.answers["commit"] = {idle(), retry("timed out")};
  start();
  send({"a", "b"});
  run();
  run();
  EXPECT_EQ(script.committed, Texts{});
  EXPECT_FALSE(acknowledgements[0]->complete());
  run_later();
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
  EXPECT_TRUE(acknowledgements[0]->complete());
}

TEST_F(SinkRunnerTest, asks_a_sink_with_a_checkpoint_whether_a_commit_of_unknown_outcome_was_done) {
  script.keeps_checkpoint = true;
  script.answers["committed"] = {retry("the answer was lost")};
  start();
  send({"a", "b"});
  run();
  run_later();
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
  send({"c", "d"});
  run_later();
  EXPECT_EQ(script.committed, (Texts{"a", "b", "c", "d"}));
  EXPECT_TRUE(acknowledgements[0]->complete());
}

TEST_F(SinkRunnerTest, keeps_the_positions_of_a_sink_that_cannot) {
  start();
  send({"a", "b"});
  run();
  const auto record = bench.checkpoint_store.load_last("sinks.out");
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->positions, (std::vector<Position>{{"clicks", "2", 2}}));
}

TEST_F(SinkRunnerTest, writes_nothing_twice_when_only_the_agents_own_disk_fails) {
  start();
  run();
  send({"a", "b"});
  bench.files.fail_call(1, ENOSPC);
  run();
  EXPECT_FALSE(acknowledgements[0]->complete());
  run_later();
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
  EXPECT_TRUE(acknowledgements[0]->complete());
}

TEST_F(SinkRunnerTest, skips_what_it_had_before_a_restart) {
  ASSERT_TRUE(bench.checkpoint_store.save("sinks.out", {1, {{"clicks", "2", 2}}, {}}));
  start();
  send({"a", "b"});
  send({"c", "d"});
  run();
  ASSERT_TRUE(runner->recovered());
  EXPECT_EQ(runner->recovered()->at("clicks").position, "2");
  EXPECT_EQ(script.committed, (Texts{"c", "d"}));
  EXPECT_TRUE(acknowledgements[0]->complete());
}

TEST_F(SinkRunnerTest, never_commits_between_the_parts_of_a_batch_that_the_source_cannot_go_back_to) {
  start({1, 1 << 20, std::chrono::seconds(1)});
  send({"a"}, false);
  send({"x"}, true, "views");  // Of another source.
  run_later();
  EXPECT_EQ(script.committed, Texts{});
  send({"b"});
  run();
  EXPECT_EQ(script.committed, (Texts{"a", "x", "b"}));
}

TEST_F(SinkRunnerTest, makes_dead_letters_durable_before_it_commits) {
  start();
  run();
  auto bad = testkit::batch_of({"bad"});
  bad.set(repeat("reason", "bad", 1));
  bench.dead_letters.add({"sources.clicks", "clicks", "1", 1}, {"interceptors.clean", bad, {}});
  bench.files.fail_call(1, EIO);
  send({"a", "b"});
  run();
  EXPECT_EQ(script.committed, Texts{});
  run_later();
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
}

TEST_F(SinkRunnerTest, sends_a_batch_that_the_sink_rejects_to_the_dead_letters) {
  script.answers["write"] = {reject("no such topic")};
  start();
  send({"a", "b"});
  send({"c", "d"});
  run();
  run_later();
  EXPECT_EQ(script.committed, (Texts{"c", "d"}));
  EXPECT_EQ(bench.dead_letters.rows(), 2);
  EXPECT_TRUE(acknowledgements[0]->complete());
  EXPECT_EQ(bench.metrics.value("sinks.out", "rows_written"), 2);
}

TEST_F(SinkRunnerTest, keeps_the_dead_letters_of_a_batch_that_comes_again_once) {
  script.answers["write"] = {reject("no such topic")};
  script.answers["commit"] = {retry("timed out")};
  start();
  send({"a", "b"});
  send({"c", "d"});
  run();
  script.answers["write"] = {reject("no such topic")};
  run_later();
  EXPECT_EQ(script.committed, (Texts{"c", "d"}));
  EXPECT_EQ(bench.letters("body"), (Texts{"a", "b"}));
}

TEST_F(SinkRunnerTest, waits_with_rows_that_may_not_be_turned_down) {
  script.answers["write"] = {reject("no such topic"), reject("no such topic")};
  on_reject = OnReject::block;
  start();
  send({"a", "b"});
  run();
  run_later();
  EXPECT_EQ(script.committed, Texts{});
  run_later();
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
  EXPECT_EQ(bench.letters("body"), Texts{});
}

TEST_F(SinkRunnerTest, accounts_for_every_row_with_its_commits) {
  script.answers["write"] = {reject("too long by 3")};
  start();
  send({"a", "b"});
  send({"c", "d"});
  run();
  const auto record = bench.checkpoint_store.load_last("sinks.out");
  ASSERT_TRUE(record && *record);
  const auto audit = AuditTotals::decode(*(*record)->states.at("audit").whole);
  ASSERT_TRUE(audit);
  const auto& stream = audit->streams().at("clicks");
  EXPECT_EQ(stream.end, 4u);
  ASSERT_EQ(stream.entries.size(), 1u);
  EXPECT_EQ(stream.entries[0].read, 4);
  EXPECT_EQ(stream.entries[0].delivered, 2);
  ASSERT_EQ(stream.entries[0].counts.size(), 1u);
  EXPECT_EQ(stream.entries[0].counts[0].reason, "too long by #");
  EXPECT_EQ(stream.entries[0].difference(), 0);
}

TEST_F(SinkRunnerTest, goes_back_to_the_state_of_the_last_commit_with_the_rows) {
  for (const bool keeps_checkpoint : {false, true}) {
    script = {};
    script.keeps_checkpoint = keeps_checkpoint;
    is_stateful = true;
    reader = keeps_checkpoint ? "sinks.with_checkpoint" : "sinks.without";
    start();
    send({"a", "b"});
    run();
    script.answers["commit"] = {retry("timed out")};
    send({"c", "d"});
    run();
    run_later();
    EXPECT_EQ(script.committed, (Texts{"a#1", "b#2", "c#3", "d#4"}));
    // The process dies when the agent has kept its part of the commit and the sink has not.
    script.answers["commit"] = {retry("timed out")};
    send({"e", "f"});
    run();
    script.written.clear();
    restart();
    send({"a", "b"});
    send({"c", "d"});
    send({"e", "f"});
    run_later();
    EXPECT_EQ(script.committed, (Texts{"a#1", "b#2", "c#3", "d#4", "e#5", "f#6"})) << keeps_checkpoint;
    restart();
  }
}

TEST_F(SinkRunnerTest, does_not_start_without_the_state_that_the_sinks_last_commit_goes_with) {
  script.keeps_checkpoint = true;
  script.checkpoint = {{"clicks", "2", 2}, {"@epoch", "1", 1}};
  is_stateful = true;
  start();
  EXPECT_EQ(run(), Turn::failed);
}

TEST_F(SinkRunnerTest, opens_again_until_it_works) {
  script.answers["open"] = {retry("refused"), retry("refused")};
  start();
  send({"a", "b"});
  run();
  EXPECT_FALSE(runner->recovered());
  run_later();
  run_later();
  EXPECT_TRUE(runner->recovered());
  EXPECT_EQ(script.committed, (Texts{"a", "b"}));
}

TEST_F(SinkRunnerTest, is_not_stuck_while_its_server_is_away) {
  using namespace std::chrono_literals;
  for (int tries = 0; tries < 100; ++tries) script.answers["open"].push_back(retry("nobody listens"));
  start();
  for (int hours = 0; hours < 100; ++hours) {
    bench.clock.advance(1h);
    EXPECT_EQ(runner->turn(kNow), Turn::waited);
    EXPECT_TRUE(bench.progress.stuck(bench.clock.monotonic(), 1s).empty());
  }
  script.answers["open"] = {fatal("it never will")};
  bench.clock.advance(1h);
  EXPECT_EQ(runner->turn(kNow), Turn::failed);
  EXPECT_EQ(bench.progress.failed(), Texts{"sinks.out"});
}

TEST_F(SinkRunnerTest, fails_when_the_sink_cannot_go_on) {
  script.answers["write"] = {fatal("no licence")};
  start();
  send({"a", "b"});
  EXPECT_EQ(run(), Turn::failed);
  EXPECT_FALSE(acknowledgements[0]->complete());
}

TEST_F(SinkRunnerTest, writes_what_an_interceptor_has_held_when_it_is_due) {
  holds = true;
  start();
  send({"a", "b"});
  run();
  EXPECT_EQ(script.writes, 0u);
  bench.clock.advance(std::chrono::seconds(9));
  run();
  EXPECT_EQ(script.committed, Texts{});
  bench.clock.advance(std::chrono::seconds(1));
  run();
  bench.clock.advance(std::chrono::seconds(1));
  run();
  EXPECT_EQ(script.committed, (Texts{"a+b"}));
}

TEST_F(SinkRunnerTest, commits_what_an_interceptor_holds_at_the_end_of_intake) {
  holds = true;
  start({100, 1 << 20, std::chrono::hours(1)});
  send({"a", "b"});
  run();
  send({"c"});
  channel->close();
  EXPECT_EQ(run(), Turn::ended);
  EXPECT_EQ(script.committed, (Texts{"a+b+c"}));
  const auto kept = bench.checkpoint_store.load_confirmed(reader);
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->states.at("interceptors.holding").whole, "");
  const auto audit = AuditTotals::decode(*(*kept)->states.at("audit").whole);
  ASSERT_TRUE(audit) << *(*kept)->states.at("audit").whole;
  const auto& entry = audit->streams().at("clicks").entries.at(0);
  EXPECT_EQ(entry.read, 3);
  EXPECT_EQ(entry.delivered, 1);
  EXPECT_EQ(entry.difference(), 0);
  ASSERT_EQ(entry.counts.size(), 1u);
  EXPECT_EQ(entry.counts[0].outcome, Outcome::aggregated);
  EXPECT_EQ(entry.counts[0].rows, 2);
}

// A stop is no end: the rest of a window may come after the restart.
TEST_F(SinkRunnerTest, keeps_what_an_interceptor_holds_when_the_agent_is_stopped) {
  holds = true;
  script.keeps_checkpoint = true;
  start({100, 1 << 20, std::chrono::hours(1)});
  send({"a", "b"});
  run();
  bench.stop.intake = true;
  channel->close();
  EXPECT_EQ(run(), Turn::ended);
  EXPECT_EQ(script.committed, Texts{});
  bench.stop.intake = false;
  restart();
  send({"a", "b"});
  send({"c"});
  channel->close();
  EXPECT_EQ(run(), Turn::ended);
  EXPECT_EQ(script.committed, (Texts{"a+b+c"}));
}

TEST_F(SinkRunnerTest, writes_what_an_interceptor_has_held_once_also_when_the_write_fails) {
  holds = true;
  start({100, 1 << 20, std::chrono::hours(1)});
  script.answers["write"] = {retry("no route")};
  send({"a", "b"});
  channel->close();
  EXPECT_EQ(run(), Turn::waited);
  bench.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(run(), Turn::ended);
  EXPECT_EQ(script.committed, (Texts{"a+b"}));
}

TEST_F(SinkRunnerTest, closes_a_sink_that_was_opened_until_it_is_through) {
  start();
  EXPECT_TRUE(runner->close(bench.clock.monotonic() + std::chrono::seconds(1)));
  EXPECT_EQ(script.closes, 0);
  run();
  script.answers["close"] = {idle(), idle()};
  EXPECT_TRUE(runner->close(bench.clock.monotonic() + std::chrono::seconds(1)));
  EXPECT_EQ(script.closes, 3);
  script.answers["close"] = {retry("no route")};
  EXPECT_FALSE(runner->close(bench.clock.monotonic() + std::chrono::seconds(1)));
  script.answers["close"] = {idle(), idle()};
  EXPECT_FALSE(runner->close(bench.clock.monotonic()));
}

}  // namespace
}  // namespace levada::agent
