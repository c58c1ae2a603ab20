// Random numbers that depend on a key and a row number only, so that any row can be
// made without those before it.
#pragma once

#include <cstdint>

namespace levada::generate {

inline constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

// The finalizer of splitmix64.
inline uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// The numbers of one row.
class Random {
 public:
  // Mixed before it is counted on: neighbouring rows would share all but
  // one of their numbers otherwise.
  Random(uint64_t key, uint64_t row) : state_(mix(key + row * kGolden)) {}

  uint64_t next() { return mix(state_ += kGolden); }
  // 0 .. bound - 1.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }
  // 0 <= unit < 1.
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(double probability) { return unit() < probability; }
  template <class T, uint32_t count>
  const T& one_of(const T (&values)[count]) {
    return values[below(count)];
  }

 private:
  uint64_t state_;
};

}  // namespace levada::generate
