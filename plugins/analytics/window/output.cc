#include "output.h"

#include <algorithm>

#include "key_order.h"

namespace levada::window {
namespace {

Column times_of(const std::string& name, const std::vector<int64_t>& times) {
  const auto rows = static_cast<int64_t>(times.size());
  ValueBuilder<int64_t> values(rows);
  std::copy(times.begin(), times.end(), values.extend(rows));
  values.filled(rows);
  return std::move(values).finish(name, Type::timestamp);
}

Column kinds_of(const std::string& name, const std::vector<Kind>& kinds) {
  TextBuilder words(4);
  for (const auto* word : {"early", "final", "updated", "removed"}) words.append(word);
  const auto rows = static_cast<int64_t>(kinds.size());
  ValueBuilder<int32_t> indices(rows);
  std::transform(kinds.begin(), kinds.end(), indices.extend(rows),
                 [](Kind kind) { return static_cast<int32_t>(kind); });
  indices.filled(rows);
  return std::move(indices).finish(name, std::move(words).finish("", Type::text));
}

}  // namespace

template <class Wanted>
Given Output::of(const WindowTable& table, std::span<const Number> numbers, int64_t start, int64_t end, Kind kind,
                 Wanted wanted) const {
  Given given;
  if (std::any_of(columns_.keys.begin(), columns_.keys.end(), wanted)) {
    given.keys.resize(numbers.size());
    table.keys(numbers, given.keys.data());
  }
  if (wanted(columns_.window_start)) given.starts.assign(numbers.size(), start);
  if (wanted(columns_.window_end)) given.ends.assign(numbers.size(), end);
  if (wanted(columns_.result)) given.kinds.assign(numbers.size(), kind);
  for (size_t at = 0; at < layout_.aggregates().size(); ++at) given.shared.push_back(table.shared(at));
  return given;
}

template <class Wanted>
Batch Output::chosen_columns(const Given& given, Wanted wanted) const {
  Batch batch(static_cast<int64_t>(given.rows()));
  const auto is_wanted = [&](const std::string& name) { return !name.empty() && wanted(name); };
  if (is_wanted(columns_.window_start)) batch.set(times_of(columns_.window_start, given.starts));
  if (is_wanted(columns_.window_end)) batch.set(times_of(columns_.window_end, given.ends));
  if (is_wanted(columns_.result)) batch.set(kinds_of(columns_.result, given.kinds));
  for (size_t part = 0; part < columns_.keys.size(); ++part)
    if (wanted(columns_.keys[part])) batch.set(key_column(columns_.keys[part], given.keys, part, columns_.keys.size()));
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    if (is_wanted(aggregates[at].name))
      batch.set(aggregates[at].aggregate->finish(aggregates[at].name, given.records, given.shared[at]));
  return batch;
}

Batch Output::rows(const Given& given) const {
  return chosen_columns(given, [](const std::string&) { return true; });
}
Batch Output::rows(const WindowTable& table, std::span<const Number> numbers, int64_t start, int64_t end,
                   Kind kind) const {
  Given given = of(table, numbers, start, end, kind, [](const std::string&) { return true; });
  given.records.resize(numbers.size());
  table.records(numbers, given.records.data());
  return rows(given);
}

void Output::ask(const Given& given) {
  mask_.reset(static_cast<int64_t>(given.rows()), 1);
  having_->narrow(chosen_columns(given, [&](const std::string& name) { return is_asked(name); }), mask_, remarks_);
}

size_t Output::narrow(const WindowTable& table, std::span<Number> numbers, std::span<const char* const> records,
                      int64_t start, int64_t end, Kind kind) {
  Given given =
      of(table, numbers, start, end, kind, [&](const std::string& name) { return !name.empty() && is_asked(name); });
  given.records.assign(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(numbers.size()));
  ask(given);
  size_t kept = 0;
  for (size_t at = 0; at < numbers.size(); ++at) {
    numbers[kept] = numbers[at];
    kept += mask_.data()[at];
  }
  return kept;
}

void Output::narrow(Given& given) {
  if (!having_ || given.rows() == 0) return;
  ask(given);
  size_t kept = 0;
  for (size_t at = 0; at < given.rows(); ++at) {
    if (!mask_.data()[at] && given.kinds[at] != Kind::removed) continue;
    given.keys[kept] = given.keys[at];
    given.records[kept] = given.records[at];
    given.starts[kept] = given.starts[at];
    given.ends[kept] = given.ends[at];
    given.kinds[kept++] = given.kinds[at];
  }
  given.keys.resize(kept);
  given.records.resize(kept);
  given.starts.resize(kept);
  given.ends.resize(kept);
  given.kinds.resize(kept);
}

std::vector<Output::Number> Output::choose(const WindowTable& table, int64_t start, int64_t end, Kind kind) {
  constexpr size_t kAtOnce = 4096;
  std::vector<Number> chosen;
  std::vector<const char*> records(std::min(kAtOnce, table.size()));
  for (size_t first = 0; first < table.size(); first += kAtOnce) {
    const size_t before = chosen.size(), most = std::min(kAtOnce, table.size() - first);
    chosen.resize(before + most);
    const std::span part(chosen.data() + before,
                         table.with_rows(static_cast<Number>(first), most, chosen.data() + before, records.data()));
    const auto kept = having_ ? narrow(table, part, records, start, end, kind) : part.size();
    chosen.resize(before + kept);
  }
  struct Ordered {
    uint64_t prefix;
    Number number;
  };
  std::vector<Ordered> order;
  order.reserve(chosen.size());
  std::vector<Key> keys(std::min(kAtOnce, chosen.size()));
  for (size_t first = 0; first < chosen.size(); first += kAtOnce) {
    const auto part = std::span(chosen).subspan(first, std::min(kAtOnce, chosen.size() - first));
    table.keys(part, keys.data());
    for (size_t at = 0; at < part.size(); ++at) order.push_back({prefix_of(keys[at]), part[at]});
  }
  std::sort(order.begin(), order.end(), [&](const Ordered& a, const Ordered& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return compare_keys(table.key(a.number), table.key(b.number)) < 0;
  });
  for (size_t at = 0; at < order.size(); ++at) chosen[at] = order[at].number;
  return chosen;
}

std::vector<uint8_t> Output::meets(const Given& given) {
  if (!having_ || given.rows() == 0) return std::vector<uint8_t>(given.rows(), 1);
  ask(given);
  return {mask_.data(), mask_.data() + given.rows()};
}

}  // namespace levada::window
