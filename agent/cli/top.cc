// levada top: an agent at work, refreshed each second.
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/cli/top_screen.h"

namespace levada::agent {
namespace {

volatile std::sig_atomic_t stopped = 0;

// The terminal without echo and in its other screen, until this goes.
class Terminal {
 public:
  Terminal() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, [](int) { stopped = 1; });
    has_keys_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (has_keys_) {
      auto keys = before_;
      keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    }
    std::fputs("\x1b[?1049h\x1b[?25l", stdout);
  }
  ~Terminal() {
    std::fputs("\x1b[?25h\x1b[?1049l", stdout);
    std::fflush(stdout);
    if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  static size_t columns() {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  }
  // Whether the user wants to leave, within that time.
  bool wait(int milliseconds) const {
    pollfd keys{has_keys_ ? STDIN_FILENO : -1, POLLIN, 0};
    if (::poll(&keys, 1, milliseconds) > 0) {
      char key = 0;
      if (::read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q' || key == '\x1b') return true;
    }
    return stopped != 0;
  }

 private:
  termios before_{};
  bool has_keys_ = false;
};

int fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return kFailed;
}

}  // namespace

int top(const std::string& config, bool once) {
  constexpr int kMilliseconds = 1000;
  const auto agent = AgentClient::of(config);
  if (!agent) return kBadConfiguration;
  auto status = agent->get("/api/status");
  if (!status) return fail(status.error());
  const bool is_terminal = !once && ::isatty(STDOUT_FILENO) != 0;
  if (!is_terminal) {
    for (;;) {
      std::fputs(top_screen(*status, 0, false).c_str(), stdout);
      if (std::fflush(stdout) != 0 || once) return kOk;
      ::poll(nullptr, 0, kMilliseconds);
      status = agent->get("/api/status");
      if (!status) return fail(status.error());
      std::fputc('\n', stdout);
    }
  }
  Error ended{Code::ok, ""};
  {
    const Terminal terminal;
    for (;;) {
      std::fputs(("\x1b[H\x1b[J" + top_screen(*status, Terminal::columns(), true)).c_str(), stdout);
      std::fflush(stdout);
      if (terminal.wait(kMilliseconds)) return kOk;
      status = agent->get("/api/status");
      if (status) continue;
      ended = status.error();
      break;
    }
  }
  return fail(ended);
}

}  // namespace levada::agent
