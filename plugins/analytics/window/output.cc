#include "output.h"

#include <algorithm>

#include "key_order.h"

namespace levada::window {
namespace {

Column times_of(const std::string& name, int64_t time, size_t rows) {
  ValueBuilder<int64_t> values(static_cast<int64_t>(rows));
  int64_t* const to = values.extend(static_cast<int64_t>(rows));
  std::fill(to, to + rows, time);
  values.filled(static_cast<int64_t>(rows));
  return std::move(values).finish(name, Type::timestamp);
}

}  // namespace

template <class Wanted>
Batch Output::chosen_columns(const AggregateTable& table, std::span<const Number> numbers, int64_t start, int64_t end,
                             Wanted wanted) const {
  Batch batch(static_cast<int64_t>(numbers.size()));
  for (const auto& [name, time] : {std::pair(columns_.window_start, start), std::pair(columns_.window_end, end)})
    if (!name.empty() && wanted(name)) batch.set(times_of(name, time, numbers.size()));
  if (std::any_of(columns_.keys.begin(), columns_.keys.end(), wanted)) {
    std::vector<Key> keys;
    keys.reserve(numbers.size());
    for (const Number number : numbers) keys.push_back(table.key(number));
    for (size_t part = 0; part < columns_.keys.size(); ++part)
      if (wanted(columns_.keys[part])) batch.set(key_column(columns_.keys[part], keys, part, columns_.keys.size()));
  }
  std::vector<const char*> records;
  records.reserve(numbers.size());
  for (const Number number : numbers) records.push_back(table.record(number));
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    if (!aggregates[at].name.empty() && wanted(aggregates[at].name))
      batch.set(aggregates[at].aggregate->finish(aggregates[at].name, records, table.shared(at)));
  return batch;
}

Batch Output::rows(const AggregateTable& table, std::span<const Number> numbers, int64_t start, int64_t end) const {
  return chosen_columns(table, numbers, start, end, [](const std::string&) { return true; });
}

std::vector<Output::Number> Output::choose(const AggregateTable& table, int64_t start, int64_t end) {
  constexpr size_t kAtOnce = 16'384;
  std::vector<Number> chosen;
  chosen.reserve(table.size());
  for (Number number = 0; number < table.size(); ++number)
    if (table.has_rows(number)) chosen.push_back(number);
  if (having_) {
    size_t kept = 0;
    for (size_t first = 0; first < chosen.size(); first += kAtOnce) {
      const auto part = std::span(chosen).subspan(first, std::min(kAtOnce, chosen.size() - first));
      mask_.reset(static_cast<int64_t>(part.size()), 1);
      // A name that stands in the condition may be a column of it.
      const auto is_named = [&](const std::string& name) { return having_text_.find(name) != std::string::npos; };
      having_->narrow(chosen_columns(table, part, start, end, is_named), mask_, remarks_);
      for (size_t at = 0; at < part.size(); ++at)
        if (mask_.data()[at]) chosen[kept++] = part[at];
    }
    chosen.resize(kept);
  }
  struct Ordered {
    uint64_t prefix;
    Number number;
  };
  std::vector<Ordered> order;
  order.reserve(chosen.size());
  for (const Number number : chosen) order.push_back({prefix_of(table.key(number)), number});
  std::sort(order.begin(), order.end(), [&](const Ordered& a, const Ordered& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return compare_keys(table.key(a.number), table.key(b.number)) < 0;
  });
  for (size_t at = 0; at < order.size(); ++at) chosen[at] = order[at].number;
  return chosen;
}

}  // namespace levada::window
