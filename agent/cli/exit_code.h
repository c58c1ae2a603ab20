// What the end of a run says to whoever started it; docs/guides/delivery.md has the table.
#pragma once

#include <cstdint>

#include "agent/observe/metrics.h"
#include "agent/pipeline/pipeline.h"

namespace levada::agent {

enum ExitCode {
  kOk = 0,                // All is delivered, or an agent that runs for ever was told to stop.
  kFailed = 1,            // A component cannot go on.
  kBadConfiguration = 2,  // Nothing was started.
  kNotAllGood = 3,        // All was read, and some of it was rejected, damaged or missing.
  kNotDrained = 4,        // A run to the end stopped before it, or left a file out.
};

constexpr const char* kExitCodes =
    "Exit codes: 0 all delivered, or told to stop without --until-drained; 1 failed; 2 bad configuration.\n"
    "With --until-drained also: 3 rows went to the dead letters, or were damaged or missing;\n"
    "4 not drained: told to stop before the end, or a file or folder could not be read.";

// `rejected`: rows that went to the dead letters in this run.
ExitCode exit_code(Pipeline::Outcome outcome, bool until_drained, int64_t rejected, const Metrics& metrics);

}  // namespace levada::agent
