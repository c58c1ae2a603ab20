// The file `status_log`: how each run began and how it ended, for whoever watches over runs that
// others start. A run adds two records, each with a line "TIME SERVICE STATUS: ...".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "agent/cli/exit_code.h"
#include "levada/host.h"
#include "levada/result.h"

namespace levada::agent {

enum class RunState { completed, completed_with_errors, failed, stopped };

// `code` and what led to it: an agent without --until-drained has stopped where it did not fail.
RunState run_state(ExitCode code, Pipeline::Outcome outcome, bool until_drained);

class RunStatus {
 public:
  // Without a path nothing is written.
  RunStatus(std::string path, Files files, const levada_clock& clock);

  // That the run has begun; before it, that the one before was killed, if it was.
  Done started(const std::string& config, bool is_after_crash);
  // How it ended, with its counters ("rows_read=5 rows_rejected=0"), and lines of details below.
  Done ended(RunState state, const std::string& counters, const std::string& details);

 private:
  Done add(const std::string& status, const std::string& details);

  const std::string path_, service_;
  const Files files_;
  const levada_clock& clock_;
  const std::chrono::nanoseconds start_;
};

// "fetch" of "/var/log/levada/fetch_status.log".
std::string service_of(const std::string& path);
// Of the whole run, over all components. `rejected`: rows that went to the dead letters.
std::string run_counters(const Metrics& metrics, int64_t rejected);

}  // namespace levada::agent
