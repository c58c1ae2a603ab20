// What a turn of a runner says, and how runners are told to stop or to pause.
#pragma once

#include <atomic>

namespace levada::agent {

enum class Turn {
  worked,  // Something was done, or may be done at once.
  waited,  // There was nothing to do.
  ended,   // There will be nothing to do any more.
  failed,  // The runner cannot go on.
};

// How far a runner is with a pause, after a turn of it.
struct Standing {
  bool is_opened = false;   // Its component could be opened.
  bool is_at_rest = false;  // Nothing that it was given is under way any more.
  bool is_failing = false;  // What it calls fails, or takes nothing: waiting may not help.
};

struct Stop {
  // Sources read no more, readers of durable channels take no more; what is under way is stored.
  // All of it may go on again. With `intake`, the flow ends to be replaced: what cannot be stored
  // now is read again by whoever comes next, and durable channels keep what they have.
  std::atomic<bool> pause{false};
  std::atomic<bool> intake{false};  // Sources read no more; what is under way is brought home.
  std::atomic<bool> now{false};     // Runners end at once.
  std::atomic<bool> failed{false};  // A source cannot go on: its channels are closed, though more rows would have come.
  // Sources have given all that there is: nothing is to come after a restart.
  bool at_end() const { return !intake && !failed; }
};

}  // namespace levada::agent
