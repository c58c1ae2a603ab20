// What a turn of a runner says, and how runners are told to stop.
#pragma once

#include <atomic>

namespace levada::agent {

enum class Turn {
  worked,  // Something was done, or may be done at once.
  waited,  // There was nothing to do.
  ended,   // There will be nothing to do any more.
  failed,  // The runner cannot go on.
};

struct Stop {
  std::atomic<bool> intake{false};  // Sources read no more; what is under way is brought home.
  std::atomic<bool> now{false};     // Runners end at once.
  std::atomic<bool> failed{false};  // A source cannot go on: its channels are closed, though more rows would have come.
  // Sources have given all that there is: nothing is to come after a restart.
  bool at_end() const { return !intake && !failed; }
};

}  // namespace levada::agent
