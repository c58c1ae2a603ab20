// The whole path of rows in process, from a source over a chain and a channel to sinks:
// every call to the disk fails once, or is the last one of the process. At the end every row
// is delivered once, the running count has counted each once, and every row that was
// rejected is in the dead letters once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "agent/channels/file/file_channel.h"
#include "agent/channels/memory_channel.h"
#include "agent/pipeline/test_bench.h"
#include "levada/testkit/fault_step.h"

namespace levada::agent {
namespace {

using testing::Counting;
using testing::Script;
using testing::scripts;
using testing::TestBench;
using testkit::Lose;
using Texts = std::vector<std::string>;

constexpr int64_t kCallsMax = 3000;
constexpr int64_t kNever = INT64_MAX;
constexpr int kRows = 23;
const Backoff kBackoff(std::chrono::milliseconds(100), std::chrono::seconds(1));

// One life of a process: it ends by itself, or when the disks are gone.
class Process {
 public:
  Process(TestBench& bench, bool durable) : bench_(bench), dead_letters_(bench.services, "/dead") {
    if (durable) {
      FileChannelOptions options;
      options.name = "channels.main";
      options.folder = "/channel";
      options.segment_bytes = 2000;
      auto channel = std::make_unique<FileChannel>(options, bench.services, FileChannel::Drive::by_hand);
      file_channel_ = channel.get();
      channel_ = std::move(channel);
    } else {
      channel_ = std::make_unique<MemoryChannel>(4096);
    }
    channel_->add_writer();
    add_sink("sinks.checkpoint", {"interceptors.picky", "interceptors.counting"});
    add_sink("sinks.plain", {});
    std::vector<InterceptorChain> chain(1);
    add(chain[0], "interceptors.clean");
    SourceRunner::Parts parts{bench.source("sources.clicks"),
                              std::make_unique<ChainWorkers>(std::move(chain), kBackoff, bench.clock_table),
                              Selector({}, {0}),
                              {channel_.get()},
                              kBackoff,
                              1u << 30,
                              OnReject::dead_letters,
                              {},
                              StreamStarts(Files(bench.services.files), "/data/starts/clicks")};
    source_ = std::make_unique<SourceRunner>(std::move(parts), dead_letters_, bench.services, bench.stop);
  }

  // Until all is done; false where it cannot be, or the process has died
  // with the call of that number.
  bool run(int64_t dies_at) {
    if (!dead_letters_.open() || !channel_->open()) return false;
    bool source_started = false;
    for (int round = 0; round < 400 && bench_.files.calls() < dies_at; ++round) {
      bench_.clock.advance(std::chrono::milliseconds(300));
      if (!source_started) source_started = start_source();
      const Turn source = source_started ? source_->turn({}) : Turn::waited;
      if (file_channel_) file_channel_->run_once();
      bool ended = source == Turn::ended;
      if (source == Turn::failed) return false;
      for (auto& sink : sinks_) {
        const Turn turn = sink->turn({});
        if (turn == Turn::failed) return false;
        ended &= turn == Turn::ended;
      }
      if (ended) return true;
    }
    return false;
  }

 private:
  void add(InterceptorChain& chain, const std::string& path) {
    auto made = path == "interceptors.counting" ? InterceptorInstance(bench_.instance<Counting>(
                                                      path, levada::interceptor<Counting>("counting", "For tests.")))
                                                : bench_.interceptor(path);
    chain.add(std::move(made), OnReject::dead_letters, bench_.metrics);
  }
  void add_sink(const std::string& path, const Texts& interceptors) {
    std::vector<InterceptorChain> chain(1);
    for (const auto& interceptor : interceptors) add(chain[0], interceptor);
    SinkRunner::Parts parts{path,
                            std::make_unique<SingleSink>(bench_.sink(path)),
                            std::make_unique<ChainWorkers>(std::move(chain), kBackoff, bench_.clock_table),
                            channel_.get(),
                            {3, 1 << 20, std::chrono::seconds(1)},
                            kBackoff,
                            {{path, OnReject::dead_letters}}};
    sinks_.push_back(std::make_unique<SinkRunner>(std::move(parts), dead_letters_, bench_.checkpoint_store,
                                                  bench_.services, bench_.stop));
  }
  bool start_source() {
    std::vector<StreamStarts::Reader> readers;
    if (file_channel_) readers.push_back({"channels.main", file_channel_->positions()});
    else
      for (auto& sink : sinks_) {
        if (!sink->recovered()) return false;
        readers.push_back({sink->name(), *sink->recovered()});
      }
    return source_->start_from(readers).ok();
  }

  TestBench& bench_;
  DeadLetters dead_letters_;
  std::unique_ptr<Channel> channel_;
  FileChannel* file_channel_ = nullptr;
  std::vector<std::unique_ptr<SinkRunner>> sinks_;
  std::unique_ptr<SourceRunner> source_;
};

// Rows 1 to 23: every fifth is rejected in front of the channel, every
// seventh in front of the sink.
void write_scripts() {
  Script& source = scripts()["sources.clicks"];
  for (int row = 1; row <= kRows; ++row) source.rows.push_back(std::to_string(row));
  source.poll_rows = 4;
  const auto rejects_every = [](int number) {
    return [number](Batch& batch) {
      for (auto event : batch)
        if (std::stoi(std::string(event.body())) % number == 0) event.reject("every " + std::to_string(number));
      return Done();
    };
  };
  scripts()["interceptors.clean"].intercept = rejects_every(5);
  scripts()["interceptors.picky"].intercept = rejects_every(7);
  scripts()["sinks.checkpoint"].keeps_checkpoint = true;
}

Texts sorted(Texts texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

void check(TestBench& bench) {
  Texts counted, plain, letters;
  int count = 0;
  for (int row = 1; row <= kRows; ++row) {
    const auto text = std::to_string(row);
    if (row % 5 == 0) {
      letters.push_back(text);
      continue;
    }
    plain.push_back(text);
    if (row % 7 == 0) letters.push_back(text);
    else counted.push_back(text + "#" + std::to_string(++count));
  }
  EXPECT_EQ(scripts()["sinks.checkpoint"].committed, counted);
  EXPECT_EQ(sorted(bench.letters("body")), sorted(letters));
  // It keeps no checkpoint: what it had committed when the process died may come
  // again, and nothing is missing.
  const auto& all = scripts()["sinks.plain"].committed;
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()), std::set<std::string>(plain.begin(), plain.end()));

  const auto record = bench.checkpoint_store.load_last("sinks.checkpoint");
  ASSERT_TRUE(record && *record);
  const auto audit = AuditTotals::decode(*(*record)->states.at("audit").whole);
  ASSERT_TRUE(audit);
  const auto& stream = audit->streams().at("clicks");
  EXPECT_EQ(stream.end, static_cast<uint64_t>(kRows));
  EXPECT_EQ(stream.missing + stream.doubled, 0);
  ASSERT_EQ(stream.entries.size(), 1u);
  EXPECT_EQ(stream.entries[0].read, kRows);
  EXPECT_EQ(stream.entries[0].delivered, static_cast<int64_t>(counted.size()));
  EXPECT_EQ(stream.entries[0].difference(), 0);
}

using Fault = void (*)(testkit::MemoryFiles& files, int64_t n);

struct PathFaults : ::testing::TestWithParam<bool> {
  // For n = 1, 2, ... until no call is hit.
  // `lose`: the process dies there.
  void for_every_call(Fault fault, std::optional<Lose> lose = std::nullopt) {
    for (int64_t n = 1;; n += testkit::kFaultStep) {
      ASSERT_LT(n, kCallsMax);
      TestBench bench;
      write_scripts();
      fault(bench.files, n);
      for (int life = 0;; ++life) {
        ASSERT_LT(life, 4) << "does not get through, call " << n;
        if (Process(bench, GetParam()).run(lose && life == 0 ? n : kNever)) break;
        bench.files.crash(lose.value_or(Lose::unsynced));
        for (auto& [name, script] : scripts()) script.written.clear();
      }
      const bool hit = bench.files.calls() >= n;
      bench.files.crash(Lose::nothing);  // No fault is to hit the check.
      check(bench);
      if (HasFailure()) FAIL() << "at call " << n;
      if (!hit) break;
    }
  }
};

TEST_P(PathFaults, no_call_that_fails_loses_or_doubles_rows) {
  for_every_call([](testkit::MemoryFiles& files, int64_t n) { files.fail_call(n, EIO); });
}

TEST_P(PathFaults, no_full_disk_loses_or_doubles_rows) {
  for_every_call([](testkit::MemoryFiles& files, int64_t n) { files.fail_call(n, ENOSPC); });
}

TEST_P(PathFaults, no_short_write_loses_or_doubles_rows) {
  for_every_call([](testkit::MemoryFiles& files, int64_t n) { files.short_write_at(n); });
}

TEST_P(PathFaults, no_kill_loses_or_doubles_rows) {
  for_every_call([](testkit::MemoryFiles& files, int64_t n) { files.crash_at(n); }, Lose::nothing);
}

TEST_P(PathFaults, no_power_cut_loses_or_doubles_rows) {
  for_every_call([](testkit::MemoryFiles& files, int64_t n) { files.crash_at(n); }, Lose::unsynced);
}

TEST_P(PathFaults, no_torn_write_loses_or_doubles_rows) {
  for_every_call([](testkit::MemoryFiles& files, int64_t n) { files.crash_at(n); }, Lose::torn);
}

INSTANTIATE_TEST_SUITE_P(Channels, PathFaults, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "file" : "memory"; });

}  // namespace
}  // namespace levada::agent
