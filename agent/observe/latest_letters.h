// The dead letters of this run as people look at them: how many for which reason; the last ones.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/batch.h"

namespace levada::agent {

// One for an agent. What it keeps is bounded, whatever is rejected. [any thread]
class LatestLetters {
 public:
  static constexpr size_t kRows = 50;        // That it keeps,
  static constexpr size_t kRowsOfBatch = 3;  // of each batch so many,
  static constexpr size_t kRowBytes = 4096;  // and of longer ones all but the texts.
  static constexpr size_t kReasons = 64;     // Of a component that are told apart.

  struct Reason {
    std::string component, reason;
    int64_t rows;
  };
  // Rows that a component rejected: how many for each kind of reason, and the letter with them.
  void add(const std::vector<Reason>& reasons, const Batch& letter);

  int64_t rows() const;
  // The most frequent first.
  std::vector<Reason> reasons() const;
  // Objects of JSON with the columns of the letters, the newest first.
  std::vector<std::string> latest() const;

 private:
  mutable std::mutex mutex_;
  int64_t rows_ = 0;
  std::map<std::string, std::map<std::string, int64_t>> counts_;  // By component and reason.
  std::deque<std::string> latest_;
};

}  // namespace levada::agent
