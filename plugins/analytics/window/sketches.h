// Summaries of many values, which do not depend on the order of the values.
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
