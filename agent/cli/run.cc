// levada run: builds the pipeline, runs it, and stops it on a signal or when it is drained.
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <thread>

#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/data_dir.h"
#include "agent/cli/report.h"
#include "agent/observe/log.h"
#include "agent/pipeline/pipeline_builder.h"

namespace levada::agent {
namespace {

// The first SIGTERM or SIGINT stops the intake, the second ends the process.
class Signals {
 public:
  explicit Signals(Pipeline& pipeline) : pipeline_(pipeline), set_(context_, SIGTERM, SIGINT) {
    set_.async_wait([this](const auto& failed, int) {
      if (failed) return;
      log_info("", "stopping: what is under way is stored; a second signal ends at once");
      pipeline_.stop_intake();
      set_.async_wait([](const auto& again, int number) {
        if (!again) ::_exit(128 + number);
      });
    });
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Signals() {
    context_.stop();
    thread_.join();
  }

 private:
  Pipeline& pipeline_;
  boost::asio::io_context context_{1};
  boost::asio::signal_set set_;
  std::thread thread_;
};

}  // namespace

int run_agent(const std::string& path, bool until_drained) {
  std::signal(SIGPIPE, SIG_IGN);
  Diagnostics diagnostics;
  const auto loaded = load_configuration(path, diagnostics);
  SystemServices system;
  const auto services = system.services();
  const auto pipeline = PipelineBuilder(loaded.agent, loaded.topology, services, until_drained, diagnostics).build();
  if (refused(diagnostics)) return kBadConfiguration;
  if (auto locked = lock_data_dir(loaded.agent.data_dir); !locked) {
    log_error("", locked.error().message);
    return kFailed;
  }

  Report report(loaded.topology, system.metrics(), pipeline->dead_letters());
  Pipeline::Outcome outcome;
  {
    const Signals signals(*pipeline);
    if (auto started = pipeline->start(); !started) {
      log_error("", started.error().message);
      return kFailed;
    }
    log_info("", "levada " LEVADA_VERSION " runs " + path);
    outcome = pipeline->wait();
  }
  pipeline->close();
  if (until_drained) std::fputs(report.text().c_str(), stdout);
  switch (outcome) {
    case Pipeline::Outcome::drained: return pipeline->dead_letters().rows() > 0 ? kDeadLetters : kOk;
    case Pipeline::Outcome::stopped: log_info("", "stopped"); return kOk;
    case Pipeline::Outcome::timed_out:
      log_warning("", "stop_timeout is over: rows that are not stored are read again at the next start");
      return kOk;
    case Pipeline::Outcome::failed: break;
  }
  return kFailed;
}

}  // namespace levada::agent
