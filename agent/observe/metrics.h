// Counters of the agent and of its components, by component and name.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/host.h"

namespace levada::agent {

// One for an agent; counters live as long as it does.
class Metrics {
 public:
  // Made with 0 on first use.
  Counter counter(std::string_view component, std::string_view name) { return Counter(cell(component, name)); }
  int64_t* cell(std::string_view component, std::string_view name);
  int64_t value(std::string_view component, std::string_view name) const;
  // All counters of a component that are not 0, by name.
  std::map<std::string, int64_t> of(std::string_view component) const;
  // The sum of the counters of that name, over all components.
  int64_t total(std::string_view name) const;
  // Calls see(component, name, value) with each counter, in the order of components and names.
  template <class See>
  void each(See&& see) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, value] : cells_) see(key.first, key.second, __atomic_load_n(&value, __ATOMIC_RELAXED));
  }
  // The components that have counters, in the order of their names.
  std::vector<std::string> components() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, int64_t> cells_;  // Nodes stay where they are.
};

}  // namespace levada::agent
