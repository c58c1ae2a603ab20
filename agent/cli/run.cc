// levada run: builds the flows, runs them, reloads, and stops on a signal or when all is drained.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <mutex>
#include <set>

#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/data_dir.h"
#include "agent/cli/file_limit.h"
#include "agent/cli/reload/reload.h"
#include "agent/cli/reload/reloader.h"
#include "agent/cli/report.h"
#include "agent/cli/run_control.h"
#include "agent/cli/run_status.h"
#include "agent/cli/status_log.h"
#include "agent/cli/supervision.h"
#include "agent/cli/terminal_progress.h"
#include "agent/env/system_clock.h"
#include "agent/observe/log.h"
#include "agent/observe/problems.h"
#include "agent/plugin_host/plugin_trials.h"
#include "agent/status/http_client.h"
#include "agent/status/row_filter.h"
#include "agent/status/status_server.h"

namespace levada::agent {
namespace {

void log_lines(const std::vector<StatusLog::Line>& lines) {
  for (const auto& line : lines) log_info(line.component, line.text);
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

std::shared_ptr<const TopologyView> view_of(const std::string& file, const Configuration& configuration) {
  return make_view(file, configuration.agent, configuration.topology, configuration.registry, configuration.secrets);
}

// `plugins`: held by whoever loads some.
Result<std::unique_ptr<StatusServer>> start_status_server(const std::string& file, const Configuration& configuration,
                                                          SystemServices& system, std::mutex& plugins) {
  const auto& agent = configuration.agent;
  Watched watched{LEVADA_VERSION,    system.metrics(), system.memory(),   system.taps(),
                  system.backlogs(), system.letters(), system.progress(), *system_clock()};
  const auto make_filter = [&system, &plugins, folders = agent.plugin_dirs,
                            data_dir = agent.data_dir](const std::string& condition) {
    const std::lock_guard lock(plugins);
    return make_row_filter(condition, folders, system.services(), data_dir);
  };
  return StatusServer::start(std::move(watched), view_of(file, configuration),
                             {status_socket(agent.data_dir), agent.status_listen, agent.status_token}, make_filter);
}

// Who watches over runs must not take one that did not write its end for a good one, nor the
// other way round: it is logged, and the run ends as it would have.
void write_end(RunStatus& status, RunState state, const std::string& counters, const std::string& details) {
  if (const Done done = status.ended(state, counters, details); !done)
    log_error("", "status_log has no end of this run: " + done.error().message);
}

int log_failure(const Error& error, RunStatus& status) {
  log_error("", error.message);
  write_end(status, RunState::failed, "", without_secrets(error.message));
  return kFailed;
}

// Positions and commits would go where nobody finds them, or into the folder of another agent.
void end_without(const std::string& data_dir, RunStatus& status) {
  log_failure(fatal(data_dir + " was removed, moved or replaced while the agent ran: it ends at once, as if it were "
                               "killed"),
              status);
  ::_exit(kFailed);
}

}  // namespace

int run_agent(const std::string& path, bool until_drained) {
  ignore_signals();
  Diagnostics diagnostics;
  const auto configuration = std::make_shared<const Configuration>(load_configuration(path, diagnostics));
  const AgentConfig& agent = configuration->agent;
  const Topology& topology = configuration->topology;
  SystemServices system;
  const auto services = system.services();
  const Metrics& metrics = system.metrics();
  SharedStores stores(services, agent);
  const auto& dead_letters = stores.dead_letters;
  RunningFlows flows(services, stores, until_drained);
  flows.build(configuration, diagnostics);
  RunStatus run_status(agent.settings.text("status_log"), Files(services.files), *services.clock);
  if (refused(diagnostics)) {
    write_end(run_status, RunState::failed, "", configuration->secrets.hide(diagnostics.text()));
    return kBadConfiguration;
  }
  const auto locked = DataDirLock::take(agent.data_dir);
  if (!locked) return log_failure(locked.error(), run_status);
  const DataDirLock& lock = **locked;
  if (lock.is_after_crash()) log_info("", "the last run was killed: this one goes on behind what is stored");
  if (const Done said = run_status.started(path, lock.is_after_crash()); !said)
    return log_failure(Error(said.error()).at("status_log"), run_status);

  raise_file_limit(topology);
  try_row_filter(agent.plugin_dirs);
  PluginTrials::of_process().stop_trying();
  std::mutex plugins;
  const auto started = start_status_server(path, *configuration, system, plugins);
  if (!started) return log_failure(started.error(), run_status);
  StatusServer& status_server = **started;

  Report report(topology, metrics, dead_letters);
  StatusLog status(metrics, dead_letters, *services.clock);
  const Notifier notifier;
  Supervision supervision(notifier, system.progress(), metrics, *services.clock, nanoseconds(agent.stop_timeout_ns));
  // A request for a reload may hold on to it until the status server ends.
  const auto reloader = std::make_shared<Reloader>([&] {
    const std::lock_guard lock(plugins);
    notifier.reloading(nanoseconds(services.clock->monotonic(services.clock->context)));
    auto answer = reload(path, flows);
    if (answer.is_good()) status_server.show(view_of(path, *flows.configuration()));
    if (!flows.is_stopping()) notifier.ready();
    return answer;
  });
  if (!until_drained)
    status_server.on_post("/api/reload", [reloader](const HttpRequest&) {
      const auto answer = reloader->reload();
      return HttpResponse{.status = answer.is_good() ? 200 : 409, .body = answer.json()};
    });
  Pipeline::Outcome outcome;
  {
    TerminalProgress progress(topology, system, until_drained);
    const RunControl control({
        .stop = [&] { flows.stop_intake(); },
        .reload =
            [&] {
              if (until_drained) log_info("", "SIGHUP is ignored: a run to the end reloads nothing");
              else reloader->request();
            },
        .every_second =
            [&] {
              if (!lock.holds()) end_without(agent.data_dir, run_status);
              log_lines(status.due());
              supervision.every_second(flows.is_stopping());
              progress.show();
            },
    });
    if (!flows.start()) {
      write_end(run_status, RunState::failed, "", logged_problems().text());
      return kFailed;
    }
    status_server.set_started();
    log_info("", "levada " LEVADA_VERSION " runs " + path);
    supervision.started();
    if (const auto at = status_server.address(); !at.empty()) log_info("", "status page: http://" + at + "/");
    if (lock.is_after_crash()) warn_of_missing(dead_letters.components(), topology);
    outcome = flows.wait();
  }
  reloader->stop();
  supervision.closing();
  if (!flows.close()) outcome = Pipeline::Outcome::failed;
  if (until_drained) std::fputs(configuration->secrets.hide(report.text()).c_str(), stdout);
  else log_lines(status.summary());
  if (outcome == Pipeline::Outcome::stopped) log_info("", "stopped");
  if (outcome == Pipeline::Outcome::timed_out)
    log_warning("", "stop_timeout is over: rows that are not stored are read again at the next start");
  const auto code = exit_code(outcome, until_drained, dead_letters.rows(), metrics);
  write_end(run_status, run_state(code, outcome, until_drained), run_counters(metrics, dead_letters.rows()),
            configuration->secrets.hide(report.text()) + logged_problems().text());
  return code;
}

}  // namespace levada::agent
