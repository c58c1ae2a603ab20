// The warnings and errors that were logged last: what went wrong in a run, in its own words.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace levada::agent {

class Problems {
 public:
  static constexpr size_t kMost = 50;

  // The oldest goes where there are more than kMost. [any thread]
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    ++count_;
    if (lines_.size() > kMost) lines_.pop_front();
  }
  // A line for each, the oldest first; before them, how many older ones there were. [any thread]
  std::string text() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    if (count_ > lines_.size()) text = std::to_string(count_ - lines_.size()) + " earlier warnings and errors\n";
    for (const auto& line : lines_) text += line + "\n";
    return text;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> lines_;
  size_t count_ = 0;
};

// Those of this process; see log.h.
const Problems& logged_problems();

}  // namespace levada::agent
