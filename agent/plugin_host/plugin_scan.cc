#include "agent/plugin_host/plugin_scan.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

namespace levada::agent {
namespace {

using Clock = std::chrono::steady_clock;

// The child: writes an answer for each, its length first.
[[noreturn]] void answer_all(int to, size_t first, size_t count, const std::function<std::string(size_t)>& attempt) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(number, SIG_DFL);
  if (const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC); nowhere >= 0)
    for (const int standard : {0, 1, 2}) ::dup2(nowhere, standard);
  for (size_t number = first; number < count; ++number) {
    const std::string text = attempt(number);
    const auto size = static_cast<uint32_t>(text.size());
    std::string answer(reinterpret_cast<const char*>(&size), sizeof size);
    answer += text;
    if (::write(to, answer.data(), answer.size()) != static_cast<ssize_t>(answer.size())) ::_exit(1);
  }
  ::_exit(0);
}

// All of it, or nothing where the other side ended or the time is up.
bool read_all(int from, char* to, size_t size, Clock::time_point deadline) {
  while (size > 0) {
    // Rounded up: a wait that ends before the deadline would take a child
    // that hangs for one that ended.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd ready{from, POLLIN, 0};
    const int found = ::poll(&ready, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (found < 0 && errno == EINTR) continue;
    if (found <= 0) return false;
    const ssize_t got = ::read(from, to, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

std::optional<std::string> read_answer(int from, Clock::time_point deadline) {
  uint32_t size = 0;
  if (!read_all(from, reinterpret_cast<char*>(&size), sizeof size, deadline)) return std::nullopt;
  std::string reason(size, '\0');
  if (!read_all(from, reason.data(), size, deadline)) return std::nullopt;
  return reason;
}

// How the child came to its end; it is ended where it does not come to one.
std::string end_of(pid_t child, bool is_late) {
  if (is_late) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (is_late) return "does not come back from being loaded";
  if (WIFSIGNALED(status)) return std::string("ends the process when it is loaded: ") + ::strsignal(WTERMSIG(status));
  return "ends the process when it is loaded: exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

std::vector<std::string> try_in_child(size_t count, const std::function<std::string(size_t)>& attempt,
                                      std::chrono::milliseconds patience) {
  std::vector<std::string> answers(count);
  for (size_t next = 0; next < count;) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return answers;
    const pid_t child = ::fork();
    if (child == 0) answer_all(ends[1], next, count, attempt);
    ::close(ends[1]);
    bool is_late = false;
    for (; child > 0 && next < count; ++next) {
      const auto deadline = Clock::now() + patience;
      auto answer = read_answer(ends[0], deadline);
      if (!answer) {
        is_late = Clock::now() >= deadline;
        break;
      }
      answers[next] = *std::move(answer);
    }
    ::close(ends[0]);
    // Without a child nothing can be tried.
    if (child < 0) return answers;
    std::string end = end_of(child, is_late);
    if (next < count) answers[next++] = std::move(end);
  }
  return answers;
}

}  // namespace levada::agent
