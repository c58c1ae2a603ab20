#include "agent/cli/exit_code.h"

namespace levada::agent {

ExitCode exit_code(Pipeline::Outcome outcome, bool until_drained, int64_t rejected, const Metrics& metrics) {
  if (outcome == Pipeline::Outcome::failed) return kFailed;
  if (!until_drained) return kOk;
  if (outcome != Pipeline::Outcome::drained || metrics.total("files_failed") > 0) return kNotDrained;
  const bool is_good = rejected == 0 && metrics.total("files_damaged") == 0 && metrics.total("rows_missing") == 0;
  return is_good ? kOk : kNotAllGood;
}

}  // namespace levada::agent
