#include "agent/observe/metrics.h"

namespace levada::agent {

int64_t* Metrics::cell_in(Cells& cells, std::string_view component, std::string_view name) {
  const std::lock_guard lock(mutex_);
  return &cells[{std::string(component), std::string(name)}];
}

int64_t Metrics::value_in(const Cells& cells, std::string_view component, std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = cells.find({std::string(component), std::string(name)});
  return found == cells.end() ? 0 : __atomic_load_n(&found->second, __ATOMIC_RELAXED);
}

std::vector<Metrics::Value> Metrics::values(const Cells& cells) const {
  const std::lock_guard lock(mutex_);
  std::vector<Value> all;
  all.reserve(cells.size());
  for (const auto& [key, value] : cells)
    all.push_back({key.first, key.second, __atomic_load_n(&value, __ATOMIC_RELAXED)});
  return all;
}

int64_t* Metrics::cell(std::string_view component, std::string_view name) { return cell_in(cells_, component, name); }

int64_t Metrics::value(std::string_view component, std::string_view name) const {
  return value_in(cells_, component, name);
}

Gauge Metrics::gauge(std::string_view component, std::string_view name) {
  return Gauge(cell_in(gauges_, component, name));
}

int64_t Metrics::gauge_value(std::string_view component, std::string_view name) const {
  return value_in(gauges_, component, name);
}

std::map<std::string, int64_t> Metrics::of(std::string_view component) const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, int64_t> all;
  for (auto at = cells_.lower_bound({std::string(component), ""}); at != cells_.end() && at->first.first == component;
       ++at)
    if (const auto value = __atomic_load_n(&at->second, __ATOMIC_RELAXED)) all[at->first.second] = value;
  return all;
}

int64_t Metrics::total(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  int64_t sum = 0;
  for (const auto& [key, value] : cells_)
    if (key.second == name) sum += __atomic_load_n(&value, __ATOMIC_RELAXED);
  return sum;
}

std::vector<std::string> Metrics::components() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [key, value] : cells_)
    if (all.empty() || all.back() != key.first) all.push_back(key.first);
  return all;
}

}  // namespace levada::agent
