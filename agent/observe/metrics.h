// Counters and gauges of the agent and of its components, by component and name.
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

// A value that goes up and down. One that was not given by Metrics is nobody's: setting it does
// nothing. One thread at a time sets it.
class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(int64_t* cell) : cell_(cell) {}
  void set(int64_t value) const {
    if (cell_) __atomic_store_n(cell_, value, __ATOMIC_RELAXED);
  }

 private:
  int64_t* cell_ = nullptr;
};

// One for an agent; counters and gauges live as long as it does.
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

  // Made with 0 on first use. Not among the counters.
  Gauge gauge(std::string_view component, std::string_view name);
  int64_t gauge_value(std::string_view component, std::string_view name) const;

  struct Value {
    std::string component, name;
    int64_t value;
  };
  // All of them, also those that are 0; by component and name.
  std::vector<Value> counters() const { return values(cells_); }
  std::vector<Value> gauges() const { return values(gauges_); }

 private:
  using Cells = std::map<std::pair<std::string, std::string>, int64_t>;  // Nodes stay where they are.
  int64_t* cell_in(Cells& cells, std::string_view component, std::string_view name);
  int64_t value_in(const Cells& cells, std::string_view component, std::string_view name) const;
  std::vector<Value> values(const Cells& cells) const;

  mutable std::mutex mutex_;
  Cells cells_, gauges_;
};

}  // namespace levada::agent
