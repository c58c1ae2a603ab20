#include "agent/cli/reload/check_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "agent/plugin_host/plugin_trials.h"

namespace levada::agent {
namespace {

using Clock = std::chrono::steady_clock;

// Longer than any one plugin may take.
constexpr std::chrono::seconds kPatience{120};
constexpr int kAskEvery = 50;  // Milliseconds.
constexpr int kAnswers = 3;    // The descriptor that the child writes to.
constexpr char kEnd = '\n';    // Its last word: all has been created.

// `levada check`, with the write end of a pipe in place of its descriptor kAnswers; 0 where it
// cannot be started.
pid_t spawn_check(const std::string& config, int answers) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (::posix_spawn_file_actions_init(&actions) != 0) return 0;
  ::posix_spawnattr_init(&attributes);
  // What the agent ignores or blocks is no business of the child.
  sigset_t all, none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  for (const int standard : {0, 1, 2}) ::posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&actions, answers, kAnswers);
  std::string program = "levada", command = "check", option = "--config", path = config, told = "--for-an-agent";
  char* const arguments[] = {program.data(), command.data(), option.data(), path.data(), told.data(), nullptr};
  pid_t child = 0;
  // The program that runs, though another may be at its path by now.
  if (::posix_spawn(&child, "/proc/self/exe", &actions, &attributes, arguments, environ) != 0) child = 0;
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return child;
}

enum class Reading { all, late, stopping };

Reading read_answers(int from, std::string& answers, const std::function<bool()>& is_stopping) {
  const auto deadline = Clock::now() + kPatience;
  char block[1 << 16];
  for (;;) {
    if (is_stopping()) return Reading::stopping;
    if (Clock::now() > deadline) return Reading::late;
    pollfd ready{from, POLLIN, 0};
    if (::poll(&ready, 1, kAskEvery) <= 0) continue;
    const ssize_t got = ::read(from, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Reading::all;
    answers.append(block, static_cast<size_t>(got));
  }
}

}  // namespace

ProcessCheck check_in_process(const std::string& config, const std::function<bool()>& is_stopping) {
  const std::string failed = "the configuration cannot be checked: ";
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return {{}, failed + std::strerror(errno)};
  const pid_t child = spawn_check(config, ends[1]);
  ::close(ends[1]);
  std::string answers;
  const auto reading = child > 0 ? read_answers(ends[0], answers, is_stopping) : Reading::all;
  ::close(ends[0]);
  if (child <= 0) return {{}, failed + "no process can be started for it"};
  if (reading != Reading::all) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (reading == Reading::stopping) return {{}, "the agent is stopping"};
  if (reading == Reading::late) return {{}, failed + "a component does not come back from being created"};
  if (WIFSIGNALED(status))
    return {{}, failed + "a component ends the process when it is created: " + ::strsignal(WTERMSIG(status))};
  const int code = WEXITSTATUS(status);
  const bool is_whole = answers.ends_with(kEnd);
  if (is_whole) answers.pop_back();
  if ((code == kOk || code == kBadConfiguration) && !is_whole)
    return {{}, failed + "a component ends the process when it is created, with the exit code " + std::to_string(code)};
  if ((code != kOk && code != kBadConfiguration) || !PluginTrials::of_process().add(answers))
    return {{}, failed + "`levada check` ends with the exit code " + std::to_string(code)};
  return {static_cast<ExitCode>(code), {}};
}

void tell_of_plugins() {
  const auto text = PluginTrials::of_process().text() + kEnd;
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(kAnswers, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    at += static_cast<size_t>(written);
  }
}

}  // namespace levada::agent
