// Randomness that is the same in each run, or what a test says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <random>

#include "levada/plugin.h"

namespace levada::testkit {

class ManualRandom {
 public:
  ManualRandom() = default;
  ManualRandom(const ManualRandom&) = delete;
  ManualRandom& operator=(const ManualRandom&) = delete;

  // The next numbers, before it goes on by itself.
  void give(std::initializer_list<uint64_t> numbers) {
    const std::lock_guard lock(mutex_);
    given_.insert(given_.end(), numbers);
  }
  // As a service of a host.
  const levada_random* table() const { return &table_; }

 private:
  uint64_t next() {
    if (given_.empty()) return generator_();
    const auto number = given_.front();
    given_.pop_front();
    return number;
  }
  void fill(char* to, size_t bytes) {
    const std::lock_guard lock(mutex_);
    for (size_t at = 0; at < bytes; at += sizeof(uint64_t)) {
      const auto number = next();
      std::memcpy(to + at, &number, bytes - at < sizeof number ? bytes - at : sizeof number);
    }
  }

  std::mutex mutex_;
  std::deque<uint64_t> given_;
  std::mt19937_64 generator_;  // Seeded with the same number each time.
  const levada_random table_{sizeof table_, this, [](void* random, void* to, size_t bytes) {
                               static_cast<ManualRandom*>(random)->fill(static_cast<char*>(to), bytes);
                             }};
};

}  // namespace levada::testkit
