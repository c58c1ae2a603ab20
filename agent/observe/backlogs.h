// What sources have before them, as they said last: see levada/backlog.h.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "levada/backlog.h"

namespace levada::agent {

// One for an agent. [any thread]
class Backlogs {
 public:
  void show(const std::string& component, std::vector<BacklogItem> items) {
    const std::lock_guard lock(mutex_);
    items_[component] = std::move(items);
  }
  std::vector<BacklogItem> of(const std::string& component) const {
    const std::lock_guard lock(mutex_);
    const auto found = items_.find(component);
    return found == items_.end() ? std::vector<BacklogItem>() : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<BacklogItem>> items_;
};

}  // namespace levada::agent
