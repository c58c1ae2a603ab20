// Optimizes and vacuums a table now and then, in a thread of its own beside the appends.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "lake/stores/file_store.h"
#include "levada/host.h"
#include "optimize.h"

namespace levada::delta {

struct UpkeepSettings {
  std::chrono::nanoseconds optimize_interval{0};  // 0: never.
  std::chrono::nanoseconds vacuum_interval{0};    // 0: never.
  OptimizeSettings optimize;
};

class Upkeep {
 public:
  // `store`: one of its own, as it is used beside another one of the same table.
  Upkeep(UpkeepSettings settings, std::unique_ptr<lake::FileStore> store, Host host);
  ~Upkeep();
  // Starts what is due, unless something is under way. The first time comes an interval after the
  // first call.
  void turn();
  // Whether nothing is under way; what is hears that it is to end, and leaves nothing behind.
  bool stop();
  // Until what is under way is done.
  void wait();

 private:
  void run(bool optimizes, bool vacuums);
  bool is_due(std::chrono::nanoseconds interval, std::chrono::nanoseconds& last) const;

  UpkeepSettings settings_;
  const std::unique_ptr<lake::FileStore> store_;
  const Host host_;
  std::chrono::nanoseconds optimized_{-1}, vacuumed_{-1};
  std::thread thread_;
  std::atomic<bool> running_ = false, stopping_ = false;
  Counter files_optimized_, files_vacuumed_;
};

}  // namespace levada::delta
