#include "layout.h"

#include <algorithm>
#include <utility>

#include "sums.h"

namespace levada::window {

Layout::Layout(std::vector<NamedAggregate> aggregates, bool counts_rows) : aggregates_(std::move(aggregates)) {
  const auto find_count = [&] {
    for (const auto& each : aggregates_)
      if (each.aggregate->counts_rows()) count_ = each.aggregate.get();
  };
  if (counts_rows) find_count();
  if (counts_rows && !count_) {
    aggregates_.push_back({"", std::make_unique<Count>()});
    find_count();
  }
  for (auto& each : aggregates_) {
    each.aggregate->offset = state_bytes_;
    state_bytes_ += each.aggregate->state_bytes();
  }
}

void Layout::bind(const Batch& batch, const int64_t* times) const {
  for (const auto& each : aggregates_) each.aggregate->bind(batch, times);
}

bool Layout::can_take_away() const {
  return count_ && std::all_of(aggregates_.begin(), aggregates_.end(),
                               [](auto& each) { return each.aggregate->can_take_away(); });
}

bool Layout::holds_memory() const {
  return std::any_of(aggregates_.begin(), aggregates_.end(), [](auto& each) { return each.aggregate->holds_memory(); });
}

std::vector<std::unique_ptr<Aggregate::Shared>> Layout::make_shared() const {
  std::vector<std::unique_ptr<Aggregate::Shared>> all;
  for (const auto& each : aggregates_) all.push_back(each.aggregate->make_shared());
  return all;
}

size_t Layout::take_growth() const {
  int64_t all = 0;
  for (const auto& each : aggregates_) all += std::exchange(each.aggregate->growth, 0);
  return static_cast<size_t>(all);
}

}  // namespace levada::window
