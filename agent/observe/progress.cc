#include "agent/observe/progress.h"

#include <algorithm>
#include <utility>

namespace levada::agent {

Progress::Turns::Turns(Progress* progress, std::string name) : progress_(progress), name_(std::move(name)) {
  if (!progress_) return;
  const std::lock_guard lock(progress_->mutex_);
  progress_->all_.push_back(this);
}

Progress::Turns::~Turns() {
  if (!progress_) return;
  const std::lock_guard lock(progress_->mutex_);
  std::erase(progress_->all_, this);
}

std::vector<Progress::Stuck> Progress::stuck(nanoseconds now, nanoseconds longer_than) const {
  std::vector<Stuck> all;
  const std::lock_guard lock(mutex_);
  for (const auto* turns : all_) {
    const auto since = turns->since_.load(std::memory_order_relaxed);
    if (since >= 0 && now - nanoseconds{since} > longer_than) all.push_back({turns->name_, now - nanoseconds{since}});
  }
  std::ranges::sort(all, std::greater(), &Stuck::duration);
  return all;
}

std::vector<std::string> Progress::failed() const {
  std::vector<std::string> all;
  const std::lock_guard lock(mutex_);
  for (const auto* turns : all_)
    if (turns->since_.load(std::memory_order_relaxed) == Turns::kFailed) all.push_back(turns->name_);
  std::ranges::sort(all);
  return all;
}

}  // namespace levada::agent
