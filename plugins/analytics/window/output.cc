#include "output.h"

#include <algorithm>
#include <numeric>

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

std::vector<Output::Number> Output::choose(const AggregateTable& table, int64_t start, int64_t end) {
  constexpr size_t kAtOnce = 16'384;
  std::vector<Number> chosen(table.size());
  std::iota(chosen.begin(), chosen.end(), Number{0});
  if (having_) {
    size_t kept = 0;
    for (size_t first = 0; first < chosen.size(); first += kAtOnce) {
      const auto part = std::span(chosen).subspan(first, std::min(kAtOnce, chosen.size() - first));
      mask_.reset(static_cast<int64_t>(part.size()), 1);
      having_->narrow(rows(table, part, start, end), mask_, remarks_);
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

Batch Output::rows(const AggregateTable& table, std::span<const Number> numbers, int64_t start, int64_t end) const {
  Batch batch(static_cast<int64_t>(numbers.size()));
  if (!columns_.window_start.empty()) batch.set(times_of(columns_.window_start, start, numbers.size()));
  if (!columns_.window_end.empty()) batch.set(times_of(columns_.window_end, end, numbers.size()));
  if (!columns_.keys.empty()) {
    std::vector<Key> keys;
    keys.reserve(numbers.size());
    for (const Number number : numbers) keys.push_back(table.key(number));
    for (size_t part = 0; part < columns_.keys.size(); ++part)
      batch.set(key_column(columns_.keys[part], keys, part, columns_.keys.size()));
  }
  std::vector<const char*> records;
  records.reserve(numbers.size());
  for (const Number number : numbers) records.push_back(table.record(number));
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    batch.set(aggregates[at].aggregate->finish(aggregates[at].name, records, table.shared(at)));
  return batch;
}

}  // namespace levada::window
