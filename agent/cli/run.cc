// levada run: builds the pipeline, runs it, and stops it on a signal or when it is drained.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/report.h"
#include "agent/env/system_files.h"
#include "agent/observe/log.h"
#include "agent/pipeline/pipeline.h"

namespace levada::agent {
namespace {

// Two agents on one data folder would overwrite each other's positions. Held until the process ends.
Done lock_data_dir(const std::string& data_dir) {
  LEVADA_TRY(Files(system_files()).make_folder(data_dir));
  const std::string path = data_dir + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return fatal("open " + path + ": " + std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
  ::close(fd);
  return fatal("another agent runs on " + data_dir + ": stop it, or give this one a data_dir of its own");
}

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
  Metrics metrics;
  const auto services = system_services(metrics);
  const auto pipeline = Pipeline::create(loaded.agent, loaded.topology, services, until_drained, diagnostics);
  if (!diagnostics.empty()) {
    std::fputs(diagnostics.text().c_str(), stderr);
    return kBadConfiguration;
  }
  if (auto locked = lock_data_dir(loaded.agent.data_dir); !locked) {
    log_error("", locked.error().message);
    return kFailed;
  }

  Report report(loaded.topology, metrics, pipeline->dead_letters());
  Pipeline::Outcome outcome;
  {
    const Signals signals(*pipeline);
    pipeline->start();
    log_info("", "levada " LEVADA_VERSION " runs " + path);
    outcome = pipeline->wait();
  }
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
