// The states of interceptors, as they are kept with the commits of a reader.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace levada::agent {

// A state, and what has changed in it since, in order. Without the whole: the changes are those of
// the state that was kept with the commit before.
struct SavedState {
  std::optional<std::string> whole;
  std::vector<std::string> changes;

  size_t bytes() const {
    size_t all = whole ? whole->size() : 0;
    for (const auto& each : changes) all += each.size();
    return all;
  }
  bool operator==(const SavedState&) const = default;
};

// By whose it is: the path of an interceptor.
using SavedStates = std::map<std::string, SavedState>;

// Says when states are saved whole: at first, and when their changes have outgrown them.
class SavingPlan {
 public:
  bool is_whole_due() const {
    return whole_bytes_ <= kSmall || changes_bytes_ >= whole_bytes_ || changes_ >= kChangesMax;
  }
  void saved(const SavedStates& states) {
    size_t bytes = 0;
    bool whole = true;
    for (const auto& [name, state] : states) {
      bytes += state.bytes();
      whole &= state.whole.has_value();
    }
    if (whole) *this = {};
    (whole ? whole_bytes_ : changes_bytes_) += bytes;
    changes_ += !whole;
  }
  // Nothing is known of what was saved.
  void forget() { *this = {}; }

 private:
  // What fits in a block of the disk is saved whole.
  static constexpr size_t kSmall = 4096;
  // Commits behind a whole state whose changes a restart has to read, each from a file of its own.
  static constexpr int kChangesMax = 100;

  size_t whole_bytes_ = 0, changes_bytes_ = 0;
  int changes_ = 0;
};

}  // namespace levada::agent
