// When a channel asks its disk for the free bytes: not with every batch, and not while the disk
// rests after a failure. Not locked: the channel guards it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace levada::agent {

class SpaceWatch {
 public:
  // A disk that failed or was full is left alone for that long.
  static constexpr std::chrono::nanoseconds kRest = std::chrono::milliseconds(100);
  // Free bytes are asked for at least as often as so much is written.
  static constexpr uint64_t kCheckedEvery = 64u << 20;

  bool rests(std::chrono::nanoseconds now) const { return rests_until_ > now; }
  void rest(std::chrono::nanoseconds now) { rests_until_ = now + kRest; }

  bool due() const { return unchecked_bytes_ >= check_after_bytes_; }
  void written(uint64_t bytes) { unchecked_bytes_ += bytes; }
  // The disk has been asked: it has so many free bytes more than the channel leaves to it.
  void checked(uint64_t bytes_to_spare) {
    unchecked_bytes_ = 0;
    check_after_bytes_ = std::min(kCheckedEvery, bytes_to_spare / 2);
  }

 private:
  std::chrono::nanoseconds rests_until_{};
  uint64_t unchecked_bytes_ = 0;  // Written since the disk was asked.
  uint64_t check_after_bytes_ = 0;
};

}  // namespace levada::agent
