// Every call to the disk fails once, or is the last one of the process;
// and rows come and go at random.
#include <cerrno>
#include <cstdlib>
#include <random>

#include "agent/channels/file/fault_injection.h"
#include "levada/testkit/fault_step.h"

namespace levada::agent {
namespace {

using testing::ChannelTestBench;
using testing::FaultInjection;
using testkit::Lose;

constexpr int64_t kCallsMax = 5000;

// Moves all rows; some are cut, some batches are empty, one sink falls behind and goes back.
void run(FaultInjection& faults, Lose lose) {
  faults.start();
  for (int round = 0; !faults.through(); ++round) {
    ASSERT_LT(round, 500) << "it does not get through";
    if (faults.down()) faults.crash(lose);
    if (::testing::Test::HasFailure()) return;
    faults.bench.clock.advance(std::chrono::milliseconds(300));
    for (auto& source : faults.sources) {
      if (source.idle()) source.produce(static_cast<uint64_t>(round % 4) * 2, 3);
      source.send(*faults.channel);
    }
    if (round % 3 != 1) faults.channel->run_once();
    for (auto& source : faults.sources) source.send(*faults.channel);
    auto& fast = faults.sinks[0];
    while (fast.read(*faults.channel)) {
    }
    if (round % 2) fast.commit(*faults.channel);
    if (round == 7) faults.channel->apply_back_pressure();
    auto& slow = faults.sinks[1];
    if (round > 6)
      for (int at = 0; at < 6; ++at) slow.read(*faults.channel);
    if (round % 5 == 3) slow.rewind(*faults.channel);
    if (round % 5 == 4) slow.commit(*faults.channel);
  }
  // What is left over starts again.
  faults.channel.reset();
  faults.start();
}

using Fault = void (*)(FaultInjection& faults, int64_t n);

void for_every_call(Fault fault, Lose lose, FileChannelOptions::Sync sync = FileChannelOptions::Sync::commit) {
  for (int64_t n = 1;; n += testkit::kFaultStep) {
    ASSERT_LT(n, kCallsMax);
    ChannelTestBench bench;
    bench.options.segment_bytes = 2500;
    bench.options.low_water_bytes = 1000;
    bench.options.sync = sync;
    FaultInjection faults(bench, 24);
    fault(faults, n);
    run(faults, lose);
    if (::testing::Test::HasFailure()) FAIL() << "at call " << n;
    if (bench.files.calls() < n) break;
  }
}

TEST(FileChannelFaults, no_call_that_fails_loses_or_doubles_rows) {
  for_every_call([](FaultInjection& faults, int64_t n) { faults.bench.files.fail_call(n, EIO); }, Lose::unsynced);
}

TEST(FileChannelFaults, no_full_disk_loses_or_doubles_rows) {
  for_every_call([](FaultInjection& faults, int64_t n) { faults.bench.files.fail_call(n, ENOSPC); }, Lose::unsynced);
}

TEST(FileChannelFaults, no_two_calls_that_fail_lose_or_double_rows) {
  for_every_call(
      [](FaultInjection& faults, int64_t n) {
        faults.bench.files.fail_call(n, EIO);
        faults.bench.files.fail_call(n + 1, EIO);
      },
      Lose::unsynced);
}

TEST(FileChannelFaults, no_short_write_loses_or_doubles_rows) {
  for_every_call([](FaultInjection& faults, int64_t n) { faults.bench.files.short_write_at(n); }, Lose::unsynced);
}

void crash_there(FaultInjection& faults, int64_t n) {
  faults.bench.files.crash_at(n);
  faults.crash_call = n;
}

TEST(FileChannelFaults, no_power_cut_loses_or_doubles_rows) { for_every_call(crash_there, Lose::unsynced); }

TEST(FileChannelFaults, no_torn_write_loses_or_doubles_rows) { for_every_call(crash_there, Lose::torn); }

TEST(FileChannelFaults, no_power_cut_after_a_failed_call_loses_or_doubles_rows) {
  for_every_call(
      [](FaultInjection& faults, int64_t n) {
        faults.bench.files.fail_call(n, EIO);
        crash_there(faults, n + 3);
      },
      Lose::torn);
}

TEST(FileChannelFaults, no_call_that_fails_loses_or_doubles_rows_that_readers_see_before_a_sync) {
  for (const auto sync : {FileChannelOptions::Sync::interval, FileChannelOptions::Sync::none})
    for_every_call([](FaultInjection& faults, int64_t n) { faults.bench.files.fail_call(n, EIO); }, Lose::unsynced,
                   sync);
}

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {
    bench_.options.segment_bytes = 3000 + below(20'000);
    if (below(2)) bench_.options.capacity_bytes = 60'000;
    if (below(2)) bench_.options.low_water_bytes = 5000;
    if (below(2)) bench_.options.compression = FileChannelOptions::Compression::zstd;
    if (below(2)) bench_.options.encryption_key = std::string(64, 'a');
  }
  void run() {
    faults_.start();
    for (int step = 0; !faults_.through(); ++step) {
      ASSERT_LT(step, 100'000) << "it does not get through";
      random_step();
      if (::testing::Test::HasFailure()) return;
    }
  }

 private:
  uint64_t below(uint64_t limit) { return random_() % limit; }

  void random_step() {
    FileChannel& channel = *faults_.channel;
    auto& source = faults_.sources[below(faults_.sources.size())];
    auto& sink = faults_.sinks[below(faults_.sinks.size())];
    switch (below(24)) {
      case 0: sink.rewind(channel); break;
      case 1: channel.apply_back_pressure(); break;
      case 2:
        if (below(4) == 0) faults_.crash(below(2) ? Lose::torn : Lose::unsynced);
        break;
      case 3:
        if (below(4) == 0) {
          faults_.channel.reset();
          faults_.start();
        }
        break;
      case 4: bench_.files.set_free_bytes(below(3) ? 10'000'000 : below(8000)); break;
      case 5: bench_.files.fail_call(static_cast<int64_t>(below(8) + 1), below(2) ? EIO : ENOSPC); break;
      case 6: bench_.files.short_write_at(1); break;
      case 7:
      case 8: sink.commit(channel); break;
      case 9:
      case 10:
      case 11:
      case 12: channel.run_once(); break;
      case 13:
      case 14:
      case 15:
      case 16:
      case 17:
        for (uint64_t at = below(6); at > 0 && sink.read(channel);) --at;
        break;
      default:
        if (source.idle()) source.produce(below(12), below(8));
        source.send(channel);
    }
    bench_.clock.advance(std::chrono::milliseconds(below(200)));
  }

  std::mt19937_64 random_;
  ChannelTestBench bench_;
  FaultInjection faults_{bench_, 400};
};

TEST(FileChannelModel, gives_each_row_once_and_in_order_whatever_happens) {
  const char* given = std::getenv("LEVADA_SEED");
  const uint64_t first = given ? std::strtoull(given, nullptr, 10) : std::random_device()();
  const uint64_t seeds = given ? 1 : 60 / testkit::kFaultStep;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    Model(seed).run();
    if (::testing::Test::HasFailure()) FAIL() << "LEVADA_SEED=" << seed << " repeats it";
  }
}

}  // namespace
}  // namespace levada::agent
