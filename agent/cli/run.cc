// levada run: builds the pipeline, runs it, and stops it on a signal or when it is drained.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "agent/base/numbers.h"
#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/data_dir.h"
#include "agent/cli/progress_line.h"
#include "agent/cli/report.h"
#include "agent/cli/run_control.h"
#include "agent/cli/status_log.h"
#include "agent/cli/supervision.h"
#include "agent/env/system_clock.h"
#include "agent/observe/log.h"
#include "agent/pipeline/pipeline_builder.h"
#include "agent/status/http_client.h"
#include "agent/status/row_filter.h"
#include "agent/status/status_server.h"

namespace levada::agent {
namespace {

void log_lines(const std::vector<StatusLog::Line>& lines) {
  for (const auto& line : lines) log_info(line.component, line.text);
}

// Positions and commits would go where nobody finds them, or into the folder of another agent.
void end_without(const std::string& data_dir) {
  log_error("",
            data_dir + " was removed, moved or replaced while the agent ran: it ends at once, as if it were killed");
  ::_exit(kFailed);
}

// What is open at a time, at most: a file that is written and one that is read for each reader of a
// file channel, and what a component may need.
rlim_t files_needed(const Topology& topology) {
  constexpr size_t kOfEachComponent = 4, kOfTheProcess = 64;
  size_t components = topology.sources.size() + topology.sinks.size();
  for (const auto& channel : topology.channels) components += channel.type == ChannelConfig::Type::file;
  return components * kOfEachComponent + kOfTheProcess;
}

// The soft limit is there for programs that cannot do with more than
// 1,024 descriptors; this one can.
void raise_file_limit(const Topology& topology) {
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  const rlim_t needed = files_needed(topology);
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, std::max<rlim_t>(needed, 65536)));
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed) return;
  log_warning("", "the process may have " + grouped(static_cast<int64_t>(limit.rlim_cur)) +
                      " open files, and this configuration needs up to " + grouped(static_cast<int64_t>(needed)) +
                      ": raise the limit (ulimit -n, LimitNOFILE)");
}

// After a kill, rows since the last commit come again. Those that a component
// rejected then are known by its name.
void warn_of_missing(const std::set<std::string>& components, const Topology& topology) {
  const auto configured = component_paths(topology);
  for (const auto& component : components)
    if (!configured.contains(component))
      log_warning("", "the last run was killed, and the configuration has no " + component +
                          " any more: rows that it rejected since the last commit may be rejected once more under "
                          "another name");
}

// Of a run to the end, on a terminal: one line at its bottom, below the log.
class TerminalProgress {
 public:
  TerminalProgress(const Topology& topology, const SystemServices& system, bool until_drained)
      : line_(system.metrics(), system.backlogs(), paths_of(topology.sources), monotonic()),
        is_shown_(until_drained && ::isatty(STDERR_FILENO) != 0) {
    if (is_shown_) set_log_line_start(kClear);
  }
  ~TerminalProgress() {
    if (!is_shown_) return;
    set_log_line_start("");
    std::fputs(kClear, stderr);
  }
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  void show() {
    if (is_shown_) std::fputs((kClear + line_.text(monotonic())).c_str(), stderr);
  }

 private:
  static constexpr const char* kClear = "\r\x1b[K";
  static nanoseconds monotonic() { return nanoseconds(system_clock()->monotonic(nullptr)); }
  static std::vector<std::string> paths_of(const std::vector<SourceConfig>& sources) {
    std::vector<std::string> paths;
    for (const auto& source : sources) paths.push_back(source.path);
    return paths;
  }

  ProgressLine line_;
  const bool is_shown_;
};

Result<std::unique_ptr<StatusServer>> start_status_server(const std::string& file, const Configuration& loaded,
                                                          SystemServices& system) {
  const auto& agent = loaded.agent;
  Watched watched{LEVADA_VERSION,    system.metrics(), system.memory(),   system.taps(),
                  system.backlogs(), system.letters(), system.progress(), *system_clock()};
  const auto make_filter = [&system, folders = agent.plugin_dirs, data_dir = agent.data_dir](const auto& condition) {
    return make_row_filter(condition, folders, system.services(), data_dir);
  };
  return StatusServer::start(std::move(watched),
                             make_view(file, agent, loaded.topology, loaded.registry, loaded.secrets),
                             {status_socket(agent.data_dir), agent.status_listen, agent.status_token}, make_filter);
}

int log_failure(const Error& error) {
  log_error("", error.message);
  return kFailed;
}

}  // namespace

int run_agent(const std::string& path, bool until_drained) {
  ignore_signals();
  Diagnostics diagnostics;
  const auto loaded = load_configuration(path, diagnostics);
  SystemServices system;
  const auto services = system.services();
  const Metrics& metrics = system.metrics();
  const auto pipeline = PipelineBuilder(loaded.agent, loaded.topology, services, until_drained, diagnostics).build();
  if (refused(diagnostics)) return kBadConfiguration;
  const auto locked = DataDirLock::take(loaded.agent.data_dir);
  if (!locked) return log_failure(locked.error());
  const DataDirLock& lock = **locked;
  if (lock.is_after_crash()) log_info("", "the last run was killed: this one goes on behind what is stored");

  auto status_server = start_status_server(path, loaded, system);
  if (!status_server) return log_failure(status_server.error());
  raise_file_limit(loaded.topology);

  const auto& dead_letters = pipeline->dead_letters();
  Report report(loaded.topology, metrics, dead_letters);
  StatusLog status(metrics, dead_letters, *services.clock);
  const Notifier notifier;
  Supervision supervision(notifier, system.progress(), metrics, *services.clock,
                          nanoseconds(loaded.agent.stop_timeout_ns));
  Pipeline::Outcome outcome;
  {
    TerminalProgress progress(loaded.topology, system, until_drained);
    const RunControl control(*pipeline, [&] {
      if (!lock.holds()) end_without(loaded.agent.data_dir);
      log_lines(status.due());
      supervision.every_second(pipeline->is_stopping());
      progress.show();
    });
    if (auto started = pipeline->start(); !started) return log_failure(started.error());
    (*status_server)->set_started();
    log_info("", "levada " LEVADA_VERSION " runs " + path);
    supervision.started();
    if (const auto at = (*status_server)->address(); !at.empty()) log_info("", "status page: http://" + at + "/");
    if (lock.is_after_crash()) warn_of_missing(dead_letters.components(), loaded.topology);
    outcome = pipeline->wait();
  }
  supervision.closing();
  if (!pipeline->close()) outcome = Pipeline::Outcome::failed;
  if (until_drained) std::fputs(loaded.secrets.hide(report.text()).c_str(), stdout);
  else log_lines(status.summary());
  if (outcome == Pipeline::Outcome::stopped) log_info("", "stopped");
  if (outcome == Pipeline::Outcome::timed_out)
    log_warning("", "stop_timeout is over: rows that are not stored are read again at the next start");
  return exit_code(outcome, until_drained, dead_letters.rows(), metrics);
}

}  // namespace levada::agent
