#include "agent/observe/tap.h"

#include <algorithm>
#include <utility>

#include "agent/base/json_text.h"
#include "agent/base/row_json.h"

namespace levada::agent {

void TapPoint::give(Way way, const Batch& batch) {
  if (taps_ && batch.rows() > 0) taps_->give(*this, way, batch);
}

TapPoint& Taps::point(std::string_view component) {
  const std::lock_guard lock(mutex_);
  auto found = points_.find(component);
  if (found == points_.end()) {
    found = points_.try_emplace(std::string(component)).first;
    found->second.taps_ = this;
    found->second.component_ = component;
  }
  return found->second;
}

void Taps::update(TapPoint& point) {
  const bool wanted = std::ranges::any_of(taps_, [&](const auto& tap) { return tap.second.point == &point; });
  point.wanted_.store(wanted, std::memory_order_relaxed);
}

Result<uint64_t> Taps::open(const std::string& component, Filter filter, nanoseconds now) {
  auto& of_component = point(component);
  const std::lock_guard lock(mutex_);
  if (taps_.size() >= kMostTaps) return fatal("there are " + std::to_string(kMostTaps) + " taps open already");
  const auto number = next_++;
  taps_.emplace(number, Tap{&of_component, std::move(filter), now, {}, 0});
  update(of_component);
  return number;
}

Result<Taps::Rows> Taps::read(uint64_t tap, nanoseconds now) {
  const std::lock_guard lock(mutex_);
  const auto found = taps_.find(tap);
  if (found == taps_.end()) return fatal("there is no tap " + std::to_string(tap) + " (any more)");
  found->second.read_at = now;
  found->second.bytes = 0;
  return std::exchange(found->second.rows, {});
}

void Taps::close(uint64_t tap) {
  const std::lock_guard lock(mutex_);
  const auto found = taps_.find(tap);
  if (found == taps_.end()) return;
  auto& of_component = *found->second.point;
  taps_.erase(found);
  update(of_component);
}

void Taps::close_forgotten(nanoseconds now) {
  const std::lock_guard lock(mutex_);
  for (auto at = taps_.begin(); at != taps_.end();) {
    auto& of_component = *at->second.point;
    const bool is_forgotten = now - at->second.read_at > kPatience;
    at = is_forgotten ? taps_.erase(at) : std::next(at);
    if (is_forgotten) update(of_component);
  }
}

void Taps::give(TapPoint& point, TapPoint::Way way, const Batch& batch) {
  const std::lock_guard lock(mutex_);
  for (auto& [number, tap] : taps_) {
    if (tap.point != &point || !tap.rows.failure.empty()) continue;
    if (tap.rows.lines.size() >= kRowsWaiting || tap.bytes >= kBytesWaiting) continue;
    if (!tap.filter) {
      add(tap, way, batch);
      continue;
    }
    auto wanted = tap.filter(batch);
    if (wanted) add(tap, way, *wanted);
    else tap.rows.failure = wanted.error().message;
  }
}

void Taps::add(Tap& tap, TapPoint::Way way, const Batch& batch) {
  const auto rows = batch.rows();
  if (rows == 0) return;
  const RowJson json(batch);
  const auto count = std::min<int64_t>(rows, kRowsOfBatch);
  for (int64_t number = 0; number < count; ++number) {
    std::string row;
    json.append(row, number * rows / count);
    std::string line = way == TapPoint::Way::in ? R"({"way":"in","component":)" : R"({"way":"out","component":)";
    append_json_text(line, tap.point->component_);
    if (row.size() > kRowBytes) line += ",\"row_bytes\":" + std::to_string(row.size()) + "}";
    else line += ",\"row\":{" + row.substr(std::min<size_t>(row.size(), 1)) + "}}";
    tap.bytes += line.size();
    tap.rows.lines.push_back(std::move(line));
    if (tap.rows.lines.size() >= kRowsWaiting || tap.bytes >= kBytesWaiting) return;
  }
}

}  // namespace levada::agent
