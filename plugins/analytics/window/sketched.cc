#include "sketched.h"

#include <algorithm>
#include <numeric>

#include "key_order.h"
#include "top_text.h"

namespace levada::window {
namespace {

// The same in every process, as it is saved.
uint64_t lasting_hash(Key key) {
  return detail::hash_of(key.bytes, 0x2d358dccaa6c78a5 + static_cast<uint8_t>(key.kind));
}

}  // namespace

void DistinctApproximate::add(std::span<const int64_t> rows, char* const* records, Shared*) {
  for (size_t at = 0; at < rows.size(); ++at)
    if (const Key key = keys_[rows[at]]; key.kind != Key::kNull)
      change(records[at], [&](HyperLogLog& sketch) { sketch.add(lasting_hash(key)); });
}
Column DistinctApproximate::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  ValueBuilder<int64_t> values(static_cast<int64_t>(records.size()));
  for (const char* record : records) {
    const auto* sketch = in<HyperLogLog*>(record);
    values.append(sketch ? sketch->estimate() : 0);
  }
  return std::move(values).finish(std::move(name), Type::int64);
}

void Quantile::add(std::span<const int64_t> rows, char* const* records, Shared*) {
  if (numbers_.kind() == Numbers::Kind::none) return;
  const bool real = numbers_.kind() == Numbers::Kind::reals;
  for (size_t at = 0; at < rows.size(); ++at) {
    if (!numbers_.valid(rows[at])) continue;
    const double value = real ? numbers_.real(rows[at]) : static_cast<double>(numbers_.integer(rows[at]));
    change(records[at], [&](TDigest& sketch) { sketch.add(value); });
  }
}
Column Quantile::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  ValueBuilder<double> values(static_cast<int64_t>(records.size()));
  std::vector<TDigest::Centroid> room;
  for (const char* record : records) {
    const auto* sketch = in<TDigest*>(record);
    sketch && sketch->count() > 0 ? values.append(sketch->at(share_, room)) : values.append_null();
  }
  return std::move(values).finish(std::move(name), Type::float64);
}

void Top::add(std::span<const int64_t> rows, char* const* records, Shared*) {
  for (size_t at = 0; at < rows.size(); ++at)
    if (const Key key = keys_[rows[at]]; key.kind != Key::kNull)
      change(records[at], [&](ValueCounts& counts) { counts.add(key); });
}
Column Top::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  TextBuilder texts(static_cast<int64_t>(records.size()));
  TopText text;
  std::vector<KeyTable::Number> order;
  for (const char* record : records) {
    const auto* counts = in<ValueCounts*>(record);
    if (!counts) {
      texts.append("[]");
      continue;
    }
    const auto& table = counts->table();
    order.resize(table.size());
    std::iota(order.begin(), order.end(), KeyTable::Number{0});
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(values_, order.size()));
    std::partial_sort(order.begin(), end, order.end(), [&](auto a, auto b) {
      const auto of_a = table.state<int64_t>(a), of_b = table.state<int64_t>(b);
      return of_a != of_b ? of_a > of_b : compare_keys(table.key(a), table.key(b)) < 0;
    });
    text.begin();
    for (auto number = order.begin(); number != end; ++number)
      text.add(table.key(*number), table.state<int64_t>(*number));
    texts.append(text.end());
  }
  return std::move(texts).finish(std::move(name), Type::text);
}

}  // namespace levada::window
