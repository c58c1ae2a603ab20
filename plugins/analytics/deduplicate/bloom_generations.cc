// Blocked filters: a key costs one line of the cache in each.
#include "bloom_generations.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "analytics/event_by_event.h"

namespace levada::deduplicate {
namespace {

constexpr int64_t kNever = EventTimes::kNone;

}  // namespace

BloomGenerations::BloomGenerations(int64_t ttl, int64_t keys, double error)
    : span_(std::max<int64_t>(1, (ttl + kQuarters - 1) / kQuarters)),
      keys_(static_cast<uint64_t>((keys + kQuarters - 1) / kQuarters)),
      quarter_(kNever) {
  // A key that is new is asked for in each filter. Keys are not spread evenly over blocks: half as
  // many bits again make up for it.
  const double each = error / kFilters;
  const double bits = 1.5 * -std::log(each) / (std::log(2) * std::log(2)) * static_cast<double>(keys_);
  words_ = std::bit_ceil(std::max<size_t>(kBlock, static_cast<size_t>(bits / 64)));
  probes_ = std::clamp(static_cast<int>(std::lround(-std::log2(each))), 1, 20);
  for (auto& filter : filters_) filter.resize(words_);
}

void BloomGenerations::pass(int64_t time) {
  const int64_t quarter = analytics::span_of(time, span_);
  if (quarter_ == kNever) quarter_ = quarter;
  if (quarter == quarter_) return;
  for (int64_t each = std::max(quarter_ + 1, quarter - kQuarters); each <= quarter; ++each) {
    auto& filter = filter_of(each);
    std::fill(filter.begin(), filter.end(), 0);
  }
  quarter_ = quarter;
  added_ = 0;
}

size_t BloomGenerations::block_of(uint64_t hash) const { return (hash & (words_ / kBlock - 1)) * kBlock; }

BloomGenerations::Bits BloomGenerations::bits_of(uint64_t hash) const {
  Bits bits{block_of(hash), {}};
  // Nine bits for each probe, from words that are mixed anew.
  uint64_t word = hash;
  for (int probe = 0; probe < probes_; ++probe) {
    word = word * 0x9e3779b97f4a7c15 + 0xa0761d6478bd642f;
    const auto bit = word >> 55;
    bits.masks[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  return bits;
}

bool BloomGenerations::knows_or_adds(uint64_t hash) {
  const Bits bits = bits_of(hash);
  for (const auto& filter : filters_) {
    bool all = true;
    for (size_t word = 0; word < kBlock; ++word)
      all = all && (filter[bits.block + word] & bits.masks[word]) == bits.masks[word];
    if (all) return true;
  }
  auto& filter = filter_of(quarter_);
  for (size_t word = 0; word < kBlock; ++word) filter[bits.block + word] |= bits.masks[word];
  ++added_;
  return false;
}

void BloomGenerations::prefetch(uint64_t hash) const {
  for (const auto& filter : filters_) __builtin_prefetch(&filter[block_of(hash)]);
}

void BloomGenerations::save(StateWriter& to) const {
  to.value(quarter_);
  to.value(added_);
  for (const auto& filter : filters_) to.bytes(filter.data(), words_ * sizeof(uint64_t));
}

void BloomGenerations::load(StateReader& from) {
  knows_changes_ = false;
  quarter_ = from.value<int64_t>();
  added_ = from.value<uint64_t>();
  for (auto& filter : filters_) {
    const auto words = from.bytes(words_ * sizeof(uint64_t));
    if (from.good()) std::memcpy(filter.data(), words.data(), words.size());
  }
}

void BloomGenerations::begin_changes() {
  is_changed_ = {};
  knows_changes_ = true;
}

void BloomGenerations::save_changes(StateWriter& to) {
  to.value(quarter_);
  to.value(added_);
  for (size_t at = 0; at < kFilters; ++at) {
    to.value(is_changed_[at]);
    if (is_changed_[at]) to.bytes(filters_[at].data(), words_ * sizeof(uint64_t));
  }
  begin_changes();
}

void BloomGenerations::load_changes(StateReader& from) {
  knows_changes_ = false;
  quarter_ = from.value<int64_t>();
  added_ = from.value<uint64_t>();
  for (auto& filter : filters_) {
    if (!from.value<bool>()) continue;
    const auto words = from.bytes(words_ * sizeof(uint64_t));
    if (from.good()) std::memcpy(filter.data(), words.data(), words.size());
  }
}

void BloomGenerations::forget() {
  knows_changes_ = false;
  quarter_ = kNever;
  added_ = 0;
  for (auto& filter : filters_) std::fill(filter.begin(), filter.end(), 0);
}

}  // namespace levada::deduplicate
