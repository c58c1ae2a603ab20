#include "upkeep.h"

#include "table_log.h"
#include "vacuum.h"

namespace levada::delta {

Upkeep::Upkeep(UpkeepSettings settings, std::unique_ptr<lake::FileStore> store, Host host)
    : settings_(std::move(settings)),
      store_(std::move(store)),
      host_(host),
      files_optimized_(host.counter("files_optimized")),
      files_vacuumed_(host.counter("files_vacuumed")) {
  settings_.optimize.stop = &stopping_;
}

Upkeep::~Upkeep() {
  stopping_ = true;
  wait();
}

bool Upkeep::is_due(std::chrono::nanoseconds interval, std::chrono::nanoseconds& last) const {
  if (interval.count() == 0) return false;
  const auto now = host_.monotonic();
  if (last.count() < 0) last = now;
  if (now - last < interval) return false;
  last = now;
  return true;
}

void Upkeep::turn() {
  if (running_ || stopping_) return;
  const bool optimizes = is_due(settings_.optimize_interval, optimized_);
  const bool vacuums = is_due(settings_.vacuum_interval, vacuumed_);
  if (!optimizes && !vacuums) return;
  wait();
  running_ = true;
  thread_ = std::thread([this, optimizes, vacuums] {
    run(optimizes, vacuums);
    running_ = false;
  });
}

bool Upkeep::stop() {
  stopping_ = true;
  return !running_;
}

void Upkeep::wait() {
  if (thread_.joinable()) thread_.join();
}

void Upkeep::run(bool optimizes, bool vacuums) {
  const auto scope = host_.memory_scope();
  // What fails is tried again when it is due the next time.
  const auto failed = [&](const char* what, const Error& error) {
    if (!stopping_) host_.warning(std::string(what) + " of " + store_->name() + ": " + error.message);
  };
  TableLog log(*store_, host_);
  if (optimizes) {
    auto done = optimize(log, settings_.optimize, host_);
    if (done) files_optimized_.add(done->files_before);
    else failed("optimize", done.error());
  }
  if (vacuums && !stopping_) {
    auto done = vacuum(log, {}, host_, {});
    if (done) files_vacuumed_.add(done->files);
    else failed("vacuum", done.error());
  }
}

}  // namespace levada::delta
