#include "agent/cli/run_control.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "agent/observe/log.h"

namespace levada::agent {
namespace {

std::string signal_name(int number) { return std::string("SIG") + ::sigabbrev_np(number); }

}  // namespace

void ignore_signals() {
  for (const int number : {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
}

RunControl::RunControl(Actions actions)
    : actions_(std::move(actions)),
      stop_(context_, SIGTERM, SIGINT),
      reload_(context_, SIGHUP),
      ignored_(context_, SIGUSR1, SIGUSR2),
      timer_(context_) {
  wait_for_stop();
  wait_for_reload();
  wait_for_ignored();
  wait_for_second();
  thread_ = std::thread([this] { context_.run(); });
}

RunControl::~RunControl() {
  context_.stop();
  thread_.join();
  reload_.clear();
  ignored_.clear();
  ignore_signals();
}

void RunControl::wait_for_stop() {
  stop_.async_wait([this](const auto& failed, int number) {
    if (failed) return;
    log_info("", signal_name(number) + ": stopping; what is under way is stored; a second signal ends at once");
    actions_.stop();
    stop_.async_wait([](const auto& again, int second) {
      if (!again) ::_exit(128 + second);
    });
  });
}

void RunControl::wait_for_reload() {
  reload_.async_wait([this](const auto& failed, int) {
    if (failed) return;
    actions_.reload();
    wait_for_reload();
  });
}

void RunControl::wait_for_ignored() {
  ignored_.async_wait([this](const auto& failed, int number) {
    if (failed) return;
    log_info("", signal_name(number) + " is ignored");
    wait_for_ignored();
  });
}

void RunControl::wait_for_second() {
  timer_.expires_after(std::chrono::seconds(1));
  timer_.async_wait([this](const auto& failed) {
    if (failed) return;
    actions_.every_second();
    wait_for_second();
  });
}

}  // namespace levada::agent
