// What a reload says of itself: to the log, and to whoever asked for it.
#pragma once

#include <string>
#include <vector>

#include "agent/cli/reload/reload_plan.h"

namespace levada::agent {

struct ReloadAnswer {
  enum class Outcome {
    unchanged,    // Nothing was to be done.
    done,         // The agent runs what the configuration says.
    refused,      // The configuration is no good. Nothing was touched.
    rolled_back,  // Something failed on the way. The agent runs what it ran before.
    broken,       // It failed, and so did the way back: flows are down.
    stopped,      // The agent was told to stop.
  };

  Outcome outcome = Outcome::unchanged;
  ReloadPlan plan;                    // Of what was done; `kept` of an unchanged one, too.
  std::vector<std::string> options;   // Of [agent] that were taken over: "log_level".
  std::vector<std::string> warnings;  // What was done, and may not be as expected.
  std::vector<std::string> errors;    // Why it was not done: findings with file, line and column, or sentences.

  // Whether the agent runs what the configuration says.
  bool is_good() const { return outcome == Outcome::unchanged || outcome == Outcome::done; }
  // For people, a line each, without secrets.
  std::vector<std::string> lines() const;
  // {"outcome":"done","changed":["sinks.out"],...,"text":"reloaded\n..."} without secrets.
  std::string json() const;
};

ReloadAnswer refused_for(const Diagnostics& findings);
ReloadAnswer not_reloaded(ReloadAnswer::Outcome outcome, std::vector<std::string> errors);

}  // namespace levada::agent
