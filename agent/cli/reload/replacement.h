// One reload's way from the flows that run to those that are wanted, and back.
#pragma once

#include <string>
#include <vector>

#include "agent/cli/reload/running_flows.h"

namespace levada::agent {

// Flows that share a name never run at once: those that leave have ended before those that enter
// are opened.
class RunningFlows::Replacement {
 public:
  Replacement(RunningFlows& all, ReloadAnswer& answer) : all_(all), answer_(answer) {}

  // `entering` are created and not started. Whether it was done; the answer says what was not.
  bool run(FlowList entering);

 private:
  bool bring_to_rest(const std::vector<Pipeline*>& leaving);
  void end(FlowList& flows, nanoseconds until);
  void warn_of_letters();
  bool start(FlowList entering);
  void go_back();
  bool stopped();

  RunningFlows& all_;
  ReloadAnswer& answer_;
  FlowList left_;                // That have ended, for the way back.
  std::vector<bool> were_down_;  // Which of them had been down.
  bool is_unstored_ = false;     // They have left rows that are read again.
};

}  // namespace levada::agent
