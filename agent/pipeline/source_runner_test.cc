#include "agent/pipeline/source_runner.h"

#include <gtest/gtest.h>

#include "agent/channels/memory_channel.h"
#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using testing::Script;
using testing::scripts;
using testing::TestBench;
using testkit::texts;
using Texts = std::vector<std::string>;

constexpr nanoseconds kNow{0};

// As a source does it: a reason where a row is rejected, null elsewhere.
class Picky final : public Source {
 public:
  struct Settings {};
  static constexpr std::array<Option<Settings>, 0> options{};
  static Result<std::unique_ptr<Picky>> create(Settings, Host) { return std::make_unique<Picky>(); }
  Done open(std::span<const Position>) override { return {}; }
  Result<Batch> poll(std::chrono::nanoseconds) override {
    if (std::exchange(given_, true)) return levada::end();
    Batch batch = testkit::batch_of({"a", "too long"});
    batch.set(testkit::text_column("reason", {std::nullopt, "longer than 3 bytes"}));
    batch.position = "2";
    return batch;
  }
  Done acknowledge(std::string_view, std::string_view) override { return {}; }

 private:
  bool given_ = false;
};

struct SourceRunnerTest : ::testing::Test {
  TestBench bench;
  MemoryChannel channel{1 << 20};
  size_t reader = (channel.add_writer(), channel.add_cursor("sinks.out"));
  Script& script = scripts()["sources.clicks"];
  std::unique_ptr<SourceRunner> runner;

  void start(const std::vector<Positions>& sinks = {}, const SelectorConfig& selector = {}, Texts interceptors = {}) {
    SourceRunner::Parts parts{bench.source("sources.clicks"),
                              bench.chain(interceptors),
                              Selector(selector, {0}),
                              {&channel},
                              Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                              1u << 30,
                              OnReject::dead_letters,
                              {},
                              StreamStarts(Files(bench.services.files), "/data/starts/clicks")};
    runner = std::make_unique<SourceRunner>(std::move(parts), bench.dead_letters, bench.services, bench.stop);
    std::vector<StreamStarts::Reader> readers;
    for (const auto& positions : sinks) readers.push_back({"sinks." + std::to_string(readers.size()), positions});
    EXPECT_TRUE(runner->start_from(readers));
  }
  // Turns until the runner has nothing more to do for now.
  Turn run() {
    Turn turn = Turn::worked;
    for (int turns = 0; turn == Turn::worked && turns < 1000; ++turns) turn = runner->turn(kNow);
    return turn;
  }
  struct Seen {
    Texts rows;
    std::string position;
    uint64_t sequence, end;
    bool operator==(const Seen&) const = default;
  };
  std::vector<Seen> read() {
    std::vector<Seen> all;
    while (auto in_flight = channel.read(reader, kNow))
      all.push_back({in_flight->batch.rows() ? texts(in_flight->batch, "body") : Texts{}, in_flight->batch.position,
                     in_flight->batch.sequence, in_flight->end});
    return all;
  }
};

TEST_F(SourceRunnerTest, numbers_the_rows_of_a_stream) {
  script.rows = {"a", "b", "c"};
  start();
  run();
  EXPECT_EQ(read(), (std::vector<Seen>{{{"a", "b"}, "2", 0, 2}, {{"c"}, "3", 2, 3}}));
}

TEST_F(SourceRunnerTest, acknowledges_only_what_is_stored_downstream) {
  script.rows = {"a", "b", "c"};
  start();
  run();
  EXPECT_TRUE(script.acknowledged.empty());
  EXPECT_EQ(run(), Turn::waited);
  ASSERT_TRUE(channel.read(reader, kNow));
  channel.commit(reader);
  run();
  EXPECT_EQ(script.acknowledged, (Texts{"2"}));
  ASSERT_TRUE(channel.read(reader, kNow));
  channel.commit(reader);
  EXPECT_EQ(run(), Turn::ended);
  EXPECT_EQ(script.acknowledged, (Texts{"2", "3"}));
}

TEST_F(SourceRunnerTest, acknowledges_again_when_that_failed) {
  script.rows = {"a"};
  script.answers["acknowledge"] = {retry("disk is full")};
  start();
  run();
  read();
  channel.commit(reader);
  run();
  EXPECT_TRUE(script.acknowledged.empty());
  bench.clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(run(), Turn::ended);
  EXPECT_EQ(script.acknowledged, (Texts{"1"}));
}

TEST_F(SourceRunnerTest, opens_where_the_sink_furthest_behind_stands_and_cuts_where_the_others_do) {
  script.rows = {"a", "b", "c", "d", "e", "f"};
  script.poll_rows = 4;
  start({{{"clicks", {"clicks", "4", 4}}}, {{"clicks", {"clicks", "1", 1}}}, {{"views", {"views", "9", 9}}}});
  run();
  ASSERT_EQ(script.opened_at.size(), 1u);
  EXPECT_EQ(script.opened_at[0].position, "1");
  EXPECT_EQ(script.opened_at[0].stream, "");
  EXPECT_EQ(read(), (std::vector<Seen>{{{"b", "c", "d"}, "4", 1, 4}, {{"e"}, "5", 4, 5}, {{"f"}, "6", 5, 6}}));
}

TEST_F(SourceRunnerTest, numbers_rows_behind_a_jump_as_none_that_a_sink_has_seen) {
  script.rows = {"a", "b", "c", "d", "e", "f"};
  script.jumps = true;
  start({{{"clicks", {"clicks", "4", 4}}}, {{"clicks", {"clicks", "1", 1}}}});
  run();
  EXPECT_EQ(read(), (std::vector<Seen>{{{"b", "c"}, "3", 4, 6}, {{"d", "e"}, "5", 6, 8}, {{"f"}, "6", 8, 9}}));
}

TEST_F(SourceRunnerTest, cuts_at_blocks_for_a_balancing_selector_without_a_position_inside) {
  script.rows.assign(Selector::kBlockRows + 1, "x");
  script.poll_rows = script.rows.size();
  SelectorConfig selector;
  selector.type = SelectorConfig::Type::load_balance;
  start({}, selector);
  run();
  const auto seen = read();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].end, Selector::kBlockRows);
  EXPECT_EQ(seen[0].position, "");
  EXPECT_EQ(seen[1].rows.size(), 1u);
  EXPECT_EQ(seen[1].position, std::to_string(Selector::kBlockRows + 1));
}

TEST_F(SourceRunnerTest, waits_with_a_full_channel_and_loses_nothing) {
  MemoryChannel small(1);
  const auto cursor = (small.add_writer(), small.add_cursor("sinks.out"));
  script.rows = {"a", "b", "c", "d"};
  SourceRunner::Parts parts{bench.source("sources.clicks"),
                            bench.chain(),
                            Selector({}, {0}),
                            {&small},
                            Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                            1u << 30,
                            OnReject::dead_letters,
                            {},
                            StreamStarts(Files(bench.services.files), "/data/starts/own")};
  runner = std::make_unique<SourceRunner>(std::move(parts), bench.dead_letters, bench.services, bench.stop);
  Texts rows;
  for (int round = 0; round < 4; ++round) {
    run();
    while (const auto in_flight = small.read(cursor, kNow))
      for (const auto& row : texts(in_flight->batch, "body")) rows.push_back(row);
    small.commit(cursor);
  }
  EXPECT_EQ(rows, script.rows);
}

TEST_F(SourceRunnerTest, counts_how_long_it_waited_for_room) {
  MemoryChannel small(1);
  const auto cursor = (small.add_writer(), small.add_cursor("sinks.slow"));
  script.rows = {"a", "b", "c", "d"};
  SourceRunner::Parts parts{bench.source("sources.clicks"),
                            bench.chain(),
                            Selector({}, {0}),
                            {&small},
                            Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                            1u << 30,
                            OnReject::dead_letters,
                            {},
                            StreamStarts(Files(bench.services.files), "/data/starts/own")};
  runner = std::make_unique<SourceRunner>(std::move(parts), bench.dead_letters, bench.services, bench.stop);
  run();
  bench.clock.advance(std::chrono::seconds(7));
  run();
  EXPECT_EQ(bench.metrics.value("sources.clicks", "milliseconds_waited"), 0);
  ASSERT_TRUE(small.read(cursor, kNow));
  small.commit(cursor);
  run();
  EXPECT_EQ(bench.metrics.value("sources.clicks", "milliseconds_waited"), 7000);
}

TEST_F(SourceRunnerTest, keeps_an_account_for_each_file_of_a_batch) {
  script.rows = {"a", "b", "c"};
  script.poll_rows = 3;
  script.files = {"x", "y", "y"};
  start();
  run();
  std::vector<std::pair<std::string, int64_t>> accounts;
  while (const auto in_flight = channel.read(reader, kNow))
    accounts.emplace_back(in_flight->account.file, in_flight->account.read);
  EXPECT_EQ(accounts, (std::vector<std::pair<std::string, int64_t>>{{"x", 1}, {"y", 2}}));
}

TEST_F(SourceRunnerTest, polls_again_after_a_pause_when_a_poll_failed) {
  script.rows = {"a"};
  script.answers["poll"] = {retry("no route"), idle()};
  start();
  EXPECT_EQ(run(), Turn::waited);
  EXPECT_TRUE(read().empty());
  bench.clock.advance(std::chrono::seconds(2));
  run();
  run();
  EXPECT_EQ(read().size(), 1u);
}

TEST_F(SourceRunnerTest, fails_and_closes_its_channels_when_the_source_cannot_go_on) {
  script.answers["poll"] = {fatal("gone for good")};
  start();
  EXPECT_EQ(run(), Turn::failed);
  EXPECT_TRUE(channel.ended(reader));
}

TEST_F(SourceRunnerTest, reads_no_more_when_intake_stops_and_ends_when_all_is_stored) {
  script.rows = {"a", "b", "c", "d"};
  start();
  EXPECT_EQ(runner->turn(kNow), Turn::worked);
  bench.stop.intake = true;
  EXPECT_EQ(run(), Turn::waited);
  EXPECT_EQ(read().size(), 1u);
  channel.commit(reader);
  EXPECT_EQ(run(), Turn::ended);
  EXPECT_EQ(script.acknowledged, (Texts{"2"}));
}

TEST_F(SourceRunnerTest, sends_rows_that_the_source_turned_down_to_the_dead_letters) {
  SourceRunner::Parts parts{
      SourceInstance(bench.instance<Picky>("sources.clicks", levada::source<Picky>("picky", "For tests."))),
      bench.chain(),
      Selector({}, {0}),
      {&channel},
      Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
      1u << 30,
      OnReject::dead_letters,
      {},
      StreamStarts(Files(bench.services.files), "/data/starts/clicks")};
  runner = std::make_unique<SourceRunner>(std::move(parts), bench.dead_letters, bench.services, bench.stop);
  run();
  EXPECT_EQ(read(), (std::vector<Seen>{{{"a"}, "2", 0, 2}}));
  EXPECT_EQ(bench.dead_letters.rows(), 1);
  EXPECT_EQ(bench.metrics.value("sources.clicks", "rows_rejected"), 1);
}

// The memory that is in use may be its own, for a row that it has read a part of.
TEST_F(SourceRunnerTest, reads_one_batch_at_a_time_while_memory_is_used_up) {
  const Buffer in_use(1 << 20);
  script.rows = {"a", "b", "c"};
  script.poll_rows = 1;
  SourceRunner::Parts parts{bench.source("sources.clicks"),
                            bench.chain({}),
                            Selector({}, {0}),
                            {&channel},
                            Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                            1,
                            OnReject::dead_letters,
                            {},
                            StreamStarts(Files(bench.services.files), "/data/starts/own")};
  SourceRunner own(std::move(parts), bench.dead_letters, bench.services, bench.stop);
  EXPECT_TRUE(own.start_from({}));
  for (const char* row : {"a", "b", "c"}) {
    for (int turns = 0; turns < 10; ++turns) own.turn(kNow);
    const auto all = read();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].rows, (Texts{row}));
    channel.commit(reader);
  }
}

// A sink that is new knows nothing of the stream, and its rows are others
// than those of the dead letters.
TEST_F(SourceRunnerTest, gives_no_number_of_a_dead_letter_again_when_a_stream_begins_anew) {
  RejectedRows rejected{"interceptors.clean", testkit::batch_of({"broken"}), {}};
  bench.dead_letters.add({"sources.clicks", "clicks", "7", 7}, rejected);
  ASSERT_TRUE(bench.dead_letters.sync());
  script.rows = {"a", "b"};
  start();
  run();
  EXPECT_EQ(read(), (std::vector<Seen>{{{"a", "b"}, "2", 0, 2}}));
  start();
  EXPECT_TRUE(runner->start_from({{"sinks.renamed", {}}}, {"clicks", "orders"}));
  run();
  EXPECT_EQ(read(), (std::vector<Seen>{{{"a", "b"}, "2", 7, 9}}));
}

TEST_F(SourceRunnerTest, ends_a_poll_that_waits_when_it_is_woken) {
  start();
  script.ends = false;
  runner->turn(kNow);
  EXPECT_EQ(script.wakes, 0);
  script.while_polling = [&] { runner->wake(); };
  runner->turn(kNow);
  EXPECT_EQ(script.wakes, 1);
  script.while_polling = {};
  runner->wake();
  runner->turn(kNow);
  EXPECT_EQ(script.wakes, 1);
}

TEST_F(SourceRunnerTest, is_told_when_back_pressure_begins_and_ends) {
  MemoryChannel small(1);
  const auto cursor = (small.add_writer(), small.add_cursor("sinks.out"));
  script.rows = {"a", "b", "c"};
  script.poll_rows = 1;
  SourceRunner::Parts parts{bench.source("sources.clicks"),
                            bench.chain({}),
                            Selector({}, {0}),
                            {&small},
                            Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                            1u << 30,
                            OnReject::dead_letters,
                            {},
                            StreamStarts(Files(bench.services.files), "/data/starts/own")};
  SourceRunner own(std::move(parts), bench.dead_letters, bench.services, bench.stop);
  EXPECT_TRUE(own.start_from({}));
  for (int turns = 0; turns < 20; ++turns) own.turn(kNow);
  EXPECT_EQ(script.back_pressure, (std::vector<bool>{true}));
  bench.clock.advance(std::chrono::seconds(1));
  while (small.read(cursor, kNow)) small.commit(cursor);
  own.turn(kNow);
  EXPECT_EQ(script.back_pressure, (std::vector<bool>{true, false}));
}

TEST_F(SourceRunnerTest, is_seen_from_outside_while_a_poll_does_not_come_back) {
  using namespace std::chrono_literals;
  const auto stuck = [&] { return bench.progress.stuck(bench.clock.monotonic(), 30s); };
  script.ends = false;
  start();
  run();
  script.while_polling = [&] {
    EXPECT_TRUE(stuck().empty());
    bench.clock.advance(31s);
    EXPECT_EQ(stuck(), (std::vector<Progress::Stuck>{{"sources.clicks", 31s}}));
  };
  runner->turn(kNow);
  script.while_polling = {};
  bench.clock.advance(1h);
  runner->turn(kNow);
  EXPECT_TRUE(stuck().empty());
  script.answers["poll"] = {fatal("gone")};
  EXPECT_EQ(run(), Turn::failed);
  EXPECT_EQ(bench.progress.failed(), Texts{"sources.clicks"});
}

TEST_F(SourceRunnerTest, closes_its_source_and_its_interceptors) {
  start({}, {}, {"interceptors.a"});
  runner->turn(kNow);
  EXPECT_TRUE(runner->close(bench.clock.monotonic() + std::chrono::seconds(1)));
  EXPECT_EQ(script.closes, 1);
  EXPECT_EQ(scripts()["interceptors.a"].closes, 1);
  scripts()["interceptors.a"].answers["close"] = {retry("no route")};
  EXPECT_FALSE(runner->close(bench.clock.monotonic() + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace levada::agent
