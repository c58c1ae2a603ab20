#include "agent/cli/reload/reloader.h"

#include <algorithm>
#include <utility>

#include "agent/observe/log.h"

namespace levada::agent {
namespace {

void log_answer(const ReloadAnswer& answer) {
  for (const auto& line : answer.lines()) {
    if (answer.outcome == ReloadAnswer::Outcome::stopped) log_info("reload", line);
    else if (!answer.is_good()) log_error("reload", line);
    else if (line.starts_with("warning: ")) log_warning("reload", line.substr(line.find(' ') + 1));
    else log_info("reload", line);
  }
}

}  // namespace

Reloader::Reloader(std::function<ReloadAnswer()> reload) : reload_(std::move(reload)), thread_([this] { run(); }) {}

void Reloader::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Reloader::request() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = begun_ + 1;
  }
  changed_.notify_all();
}

ReloadAnswer Reloader::reload() {
  std::unique_lock lock(mutex_);
  const auto mine = wanted_ = begun_ + 1;
  changed_.notify_all();
  changed_.wait(lock, [&] { return ended_ >= mine || is_stopping_; });
  return ended_ >= mine ? last_ : not_reloaded(ReloadAnswer::Outcome::stopped, {});
}

void Reloader::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return wanted_ > begun_ || is_stopping_; });
    if (is_stopping_) return;
    ++begun_;
    lock.unlock();
    auto answer = reload_();
    log_answer(answer);
    lock.lock();
    last_ = std::move(answer);
    ended_ = begun_;
    changed_.notify_all();
  }
}

}  // namespace levada::agent
