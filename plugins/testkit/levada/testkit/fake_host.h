// A host for tests: its clock, disk, log and counters are in the test's
// hands, its memory is watched.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "levada/host.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/manual_clock.h"
#include "levada/testkit/manual_random.h"
#include "levada/testkit/memory_files.h"

namespace levada::testkit {

// Bytes that are held of the memory of all fake hosts of this program; 0 when all batches are gone.
size_t memory_in_use();

// The thread that makes one has a MemoryScope of it: components that a test calls without the
// contract, and batches of the test itself, lie in the host's memory.
class FakeHost {
 public:
  explicit FakeHost(std::string component = "components.test");
  // On the machine of the other, which outlives it: with its clock, its disk and its randomness.
  FakeHost(std::string component, FakeHost& other);
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  Host host() const { return Host(&shown_.host); }
  const levada_host* table() const { return &shown_.host; }

  ManualClock& clock() { return *clock_; }
  ManualRandom& random() { return *random_; }
  MemoryFiles& files() { return *files_; }
  std::string data_dir() const { return data_dir_; }
  void set_until_drained(bool drained) { shown_.host.until_drained = drained; }
  // From now on the host answers that it has no such service.
  void take_away(std::string service) { missing_.push_back(std::move(service)); }

  // Bytes of this host's memory that are held.
  size_t memory_in_use() const;
  // The value of a counter; 0 where nobody has made it.
  int64_t count(std::string_view name) const;
  // Sets a counter of another component, for who watches over the agent.
  void set_counter(const std::string& component, const std::string& name, int64_t value);
  // What was logged, as "WARNING text".
  std::vector<std::string> log() const;
  bool logged(std::string_view part) const;

 private:
  // The host as a component sees it, and the way back from there.
  struct Shown {
    levada_host host{};
    FakeHost* self = nullptr;
  };
  static FakeHost& of(const levada_host* host) { return *reinterpret_cast<const Shown*>(host)->self; }
  const void* service(std::string_view id) const;

  std::string component_;
  std::string data_dir_;
  const levada_memory* const memory_;
  const MemoryScope scope_;
  ManualClock own_clock_;
  ManualRandom own_random_;
  MemoryFiles own_files_{own_clock_};
  ManualClock* clock_ = &own_clock_;
  ManualRandom* random_ = &own_random_;
  MemoryFiles* files_ = &own_files_;
  levada_log log_service_{};
  levada_metrics metrics_service_{};
  levada_observe observe_service_{};
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<int64_t>, std::less<>> counters_;
  std::map<std::pair<std::string, std::string>, int64_t> others_;  // Counters of other components.
  std::vector<std::string> log_;
  std::vector<std::string> missing_;
  Shown shown_;
};

}  // namespace levada::testkit
