// Every call to the disk fails once, or is the last one of the process; and rows come and go at random.
#include <cerrno>
#include <cstdlib>
#include <random>

#include "agent/channels/file/drill.h"

namespace levada::agent {
namespace {

using testing::ChannelWorld;
using testing::Drill;
using testkit::Lose;

constexpr int64_t kCallsMax = 5000;

// Moves all rows; some are cut, some batches are empty, one sink falls behind and goes back.
void run(Drill& drill, Lose lose) {
  drill.start();
  for (int round = 0; !drill.through(); ++round) {
    ASSERT_LT(round, 500) << "it does not get through";
    if (drill.down()) drill.crash(lose);
    if (::testing::Test::HasFailure()) return;
    drill.world.clock.advance(std::chrono::milliseconds(300));
    for (auto& source : drill.sources) {
      if (source.idle()) source.produce(static_cast<uint64_t>(round % 4) * 2, 3);
      source.send(*drill.channel);
    }
    if (round % 3 != 1) drill.channel->run_once();
    for (auto& source : drill.sources) source.send(*drill.channel);
    auto& fast = drill.sinks[0];
    while (fast.read(*drill.channel)) {
    }
    if (round % 2) fast.commit(*drill.channel);
    if (round == 7) drill.channel->press();
    auto& slow = drill.sinks[1];
    if (round > 6)
      for (int at = 0; at < 6; ++at) slow.read(*drill.channel);
    if (round % 5 == 3) slow.rewind(*drill.channel);
    if (round % 5 == 4) slow.commit(*drill.channel);
  }
  // What is left over starts again.
  drill.channel.reset();
  drill.start();
}

using Fault = void (*)(Drill& drill, int64_t n);

void for_every_call(Fault fault, Lose lose, FileChannelOptions::Sync sync = FileChannelOptions::Sync::commit) {
  for (int64_t n = 1;; ++n) {
    ASSERT_LT(n, kCallsMax);
    ChannelWorld world;
    world.options.segment_bytes = 2500;
    world.options.low_water_bytes = 1000;
    world.options.sync = sync;
    Drill drill(world, 24);
    fault(drill, n);
    run(drill, lose);
    if (::testing::Test::HasFailure()) FAIL() << "at call " << n;
    if (world.files.calls() < n) break;
  }
}

TEST(FileChannelFaults, no_call_that_fails_loses_or_doubles_rows) {
  for_every_call([](Drill& drill, int64_t n) { drill.world.files.fail_call(n, EIO); }, Lose::unsynced);
}

TEST(FileChannelFaults, no_full_disk_loses_or_doubles_rows) {
  for_every_call([](Drill& drill, int64_t n) { drill.world.files.fail_call(n, ENOSPC); }, Lose::unsynced);
}

TEST(FileChannelFaults, no_two_calls_that_fail_lose_or_double_rows) {
  for_every_call(
      [](Drill& drill, int64_t n) {
        drill.world.files.fail_call(n, EIO);
        drill.world.files.fail_call(n + 1, EIO);
      },
      Lose::unsynced);
}

TEST(FileChannelFaults, no_short_write_loses_or_doubles_rows) {
  for_every_call([](Drill& drill, int64_t n) { drill.world.files.short_write_at(n); }, Lose::unsynced);
}

void crash_there(Drill& drill, int64_t n) {
  drill.world.files.crash_at(n);
  drill.crash_call = n;
}

TEST(FileChannelFaults, no_power_cut_loses_or_doubles_rows) { for_every_call(crash_there, Lose::unsynced); }

TEST(FileChannelFaults, no_torn_write_loses_or_doubles_rows) { for_every_call(crash_there, Lose::torn); }

TEST(FileChannelFaults, no_power_cut_after_a_failed_call_loses_or_doubles_rows) {
  for_every_call(
      [](Drill& drill, int64_t n) {
        drill.world.files.fail_call(n, EIO);
        crash_there(drill, n + 3);
      },
      Lose::torn);
}

TEST(FileChannelFaults, no_call_that_fails_loses_or_doubles_rows_that_readers_see_before_a_sync) {
  for (const auto sync : {FileChannelOptions::Sync::interval, FileChannelOptions::Sync::none})
    for_every_call([](Drill& drill, int64_t n) { drill.world.files.fail_call(n, EIO); }, Lose::unsynced, sync);
}

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {
    world_.options.segment_bytes = 3000 + below(20'000);
    if (below(2)) world_.options.capacity_bytes = 60'000;
    if (below(2)) world_.options.low_water_bytes = 5000;
    if (below(2)) world_.options.compression = FileChannelOptions::Compression::zstd;
    if (below(2)) world_.options.encryption_key = std::string(64, 'a');
  }
  void run() {
    drill_.start();
    for (int step = 0; !drill_.through(); ++step) {
      ASSERT_LT(step, 100'000) << "it does not get through";
      random_step();
      if (::testing::Test::HasFailure()) return;
    }
  }

 private:
  uint64_t below(uint64_t limit) { return random_() % limit; }

  void random_step() {
    FileChannel& channel = *drill_.channel;
    auto& source = drill_.sources[below(drill_.sources.size())];
    auto& sink = drill_.sinks[below(drill_.sinks.size())];
    switch (below(24)) {
      case 0: sink.rewind(channel); break;
      case 1: channel.press(); break;
      case 2:
        if (below(4) == 0) drill_.crash(below(2) ? Lose::torn : Lose::unsynced);
        break;
      case 3:
        if (below(4) == 0) {
          drill_.channel.reset();
          drill_.start();
        }
        break;
      case 4: world_.files.set_free_bytes(below(3) ? 10'000'000 : below(8000)); break;
      case 5: world_.files.fail_call(static_cast<int64_t>(below(8) + 1), below(2) ? EIO : ENOSPC); break;
      case 6: world_.files.short_write_at(1); break;
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
    world_.clock.advance(std::chrono::milliseconds(below(200)));
  }

  std::mt19937_64 random_;
  ChannelWorld world_;
  Drill drill_{world_, 400};
};

TEST(FileChannelModel, gives_each_row_once_and_in_order_whatever_happens) {
  const char* given = std::getenv("LEVADA_SEED");
  const uint64_t first = given ? std::strtoull(given, nullptr, 10) : std::random_device()();
  for (uint64_t seed = first; seed < first + (given ? 1 : 60); ++seed) {
    Model(seed).run();
    if (::testing::Test::HasFailure()) FAIL() << "LEVADA_SEED=" << seed << " repeats it";
  }
}

}  // namespace
}  // namespace levada::agent
