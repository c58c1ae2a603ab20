// Summaries of many values in little memory, which do not depend on the order of the values.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "levada/key_table.h"
#include "levada/saved_state.h"

namespace levada::window {

// About how many different values there are: HyperLogLog with 4096 registers, off by 1.6 % in the
// mean. Up to 256 values are counted exactly, by their hashes.
class HyperLogLog {
 public:
  void add(uint64_t hash) {
    if (!registers_.empty()) return note(hash);
    const auto at = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
    if (at != hashes_.end() && *at == hash) return;
    hashes_.insert(at, hash);
    if (hashes_.size() > kExact) make_registers();
  }
  void join(const HyperLogLog& other) {
    for (const uint64_t hash : other.hashes_) add(hash);
    if (other.registers_.empty()) return;
    if (registers_.empty()) make_registers();
    for (size_t at = 0; at < kRegisters; ++at) registers_[at] = std::max(registers_[at], other.registers_[at]);
  }
  int64_t estimate() const {
    if (registers_.empty()) return static_cast<int64_t>(hashes_.size());
    double sum = 0;
    int64_t empty = 0;
    for (const uint8_t each : registers_) {
      sum += std::ldexp(1.0, -each);
      empty += each == 0;
    }
    constexpr double kCount = kRegisters;
    const double raw = 0.7213 / (1 + 1.079 / kCount) * kCount * kCount / sum;
    if (raw <= 2.5 * kCount && empty > 0) return std::llround(kCount * std::log(kCount / static_cast<double>(empty)));
    return std::llround(raw);
  }
  size_t bytes() const { return sizeof *this + hashes_.capacity() * sizeof(uint64_t) + registers_.capacity(); }
  void save(StateWriter& to) const {
    to.value(static_cast<uint32_t>(hashes_.size()));
    to.bytes(hashes_.data(), hashes_.size() * sizeof(uint64_t));
    to.text({reinterpret_cast<const char*>(registers_.data()), registers_.size()});
  }
  void load(StateReader& from) {
    const auto count = from.value<uint32_t>();
    const auto hashes = from.bytes(uint64_t{count} * sizeof(uint64_t)), registers = from.text();
    if (count > kExact || (!registers.empty() && registers.size() != kRegisters)) from.fail();
    if (!from.good()) return;
    hashes_.resize(count);
    if (count > 0) std::memcpy(hashes_.data(), hashes.data(), hashes.size());
    registers_.assign(registers.begin(), registers.end());
  }

 private:
  static constexpr unsigned kBits = 12;
  static constexpr size_t kRegisters = size_t{1} << kBits, kExact = 256;

  void note(uint64_t hash) {
    const auto zeros = static_cast<uint8_t>(std::countl_zero(hash << kBits | uint64_t{1} << (kBits - 1)) + 1);
    auto& place = registers_[hash >> (64 - kBits)];
    place = std::max(place, zeros);
  }
  void make_registers() {
    registers_.assign(kRegisters, 0);
    for (const uint64_t hash : hashes_) note(hash);
    hashes_ = std::vector<uint64_t>();
  }
  std::vector<uint64_t> hashes_;  // In order; empty once there are registers.
  std::vector<uint8_t> registers_;
};

// Quantiles: how many values lie in ranges each 1 % wide, so that a quantile is off by half a
// percent of itself. A t-digest would depend on the order of the values and on where batches are
// cut, and give other numbers after a restart.
class Quantiles {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    if (std::abs(value) < kLeast) ++zeros_;
    else (value < 0 ? below_ : above_).add(range_of(std::abs(value)));
  }
  void join(const Quantiles& other) {
    zeros_ += other.zeros_;
    below_.join(other.below_);
    above_.join(other.above_);
  }
  uint64_t count() const { return zeros_ + below_.total + above_.total; }
  // Of at least one value; `share` from 0 to 1.
  double at(double share) const {
    auto left = static_cast<uint64_t>(share * static_cast<double>(count() - 1) + 0.5);
    if (left < below_.total) return -middle_of(below_.find(below_.total - 1 - left));
    left -= below_.total;
    if (left < zeros_) return 0;
    return middle_of(above_.find(left - zeros_));
  }
  size_t bytes() const {
    return sizeof *this + (below_.counts.capacity() + above_.counts.capacity()) * sizeof(uint64_t);
  }
  void save(StateWriter& to) const {
    to.value(zeros_);
    below_.save(to);
    above_.save(to);
  }
  void load(StateReader& from) {
    zeros_ = from.value<uint64_t>();
    below_.load(from);
    above_.load(from);
  }

 private:
  static constexpr double kLeast = 1e-9, kWidth = 1.01;
  static constexpr int32_t kRangeMax = 80'000;

  // Counts of ranges first .. first + counts.size() - 1.
  struct Ranges {
    int32_t first = 0;
    uint64_t total = 0;
    std::vector<uint64_t> counts;
    void add(int32_t range, uint64_t count = 1) {
      if (counts.empty()) first = range;
      if (range < first) {
        counts.insert(counts.begin(), static_cast<size_t>(first - range), 0);
        first = range;
      }
      const auto at = static_cast<size_t>(range - first);
      if (at >= counts.size()) counts.resize(at + 1, 0);
      counts[at] += count;
      total += count;
    }
    void join(const Ranges& other) {
      for (size_t at = 0; at < other.counts.size(); ++at)
        if (other.counts[at] > 0) add(other.first + static_cast<int32_t>(at), other.counts[at]);
    }
    int32_t find(uint64_t rank) const {
      size_t at = 0;
      for (; at + 1 < counts.size() && rank >= counts[at]; ++at) rank -= counts[at];
      return first + static_cast<int32_t>(at);
    }
    void save(StateWriter& to) const {
      to.value(first);
      to.value(static_cast<uint32_t>(counts.size()));
      to.bytes(counts.data(), counts.size() * sizeof(uint64_t));
    }
    void load(StateReader& from) {
      first = from.value<int32_t>();
      const auto size = from.value<uint32_t>();
      const auto bytes = from.bytes(uint64_t{size} * sizeof(uint64_t));
      if (!from.good()) return;
      counts.resize(size);
      if (size > 0) std::memcpy(counts.data(), bytes.data(), bytes.size());
      total = 0;
      for (const auto each : counts) total += each;
    }
  };
  static int32_t range_of(double value) {
    const double range = std::floor(std::log(value) / std::log(kWidth));
    return static_cast<int32_t>(std::min(range, double{kRangeMax}));
  }
  static double middle_of(int32_t range) { return std::pow(kWidth, range) * (1 + kWidth) / 2; }

  uint64_t zeros_ = 0;
  Ranges below_, above_;  // Of values below zero by their amount, and of those above.
};

// How often each value came.
class ValueCounts {
 public:
  void add(Key value, int64_t count = 1) { table_.state<int64_t>(table_.find_or_add(value)) += count; }
  void join(const ValueCounts& other) {
    for (KeyTable::Number number = 0; number < other.table_.size(); ++number)
      add(other.table_.key(number), other.table_.state<int64_t>(number));
  }
  const KeyTable& table() const { return table_; }
  size_t bytes() const { return sizeof *this + table_.bytes(); }
  void save(StateWriter& to) const { table_.save(to); }
  void load(StateReader& from) { table_.load(from, 1); }

 private:
  KeyTable table_{sizeof(int64_t)};
};

}  // namespace levada::window
