// Lines are gathered and printed by the block; a reader that is slow makes
// the sink wait, and never hang.
#include "console.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "json/json_writer.h"

namespace levada::console {

using std::chrono::nanoseconds;

namespace {

bool is_for_colors(int descriptor) {
  const char* no = std::getenv("NO_COLOR");
  return ::isatty(descriptor) == 1 && (!no || !*no);
}

}  // namespace

Result<std::unique_ptr<Console>> Console::create(Settings settings, Host host) {
  auto highlighter = Highlighter::create(settings.highlight);
  if (!highlighter) return std::move(highlighter).error();
  const bool colors = settings.color == Settings::Color::always ||
                      (settings.color == Settings::Color::automatic && is_for_colors(STDOUT_FILENO));
  return std::make_unique<Console>(std::move(settings), host, STDOUT_FILENO,
                                   colors ? *std::move(highlighter) : Highlighter());
}

Console::Console(Settings settings, Host host, int descriptor, Highlighter highlighter)
    : settings_(std::move(settings)),
      descriptor_(descriptor),
      highlighter_(std::move(highlighter)),
      values_replaced_(host.counter("values_replaced")) {}

Result<std::vector<Position>> Console::recover() {
  waiting_.clear();
  printed_ = 0;
  return std::vector<Position>();
}

Done Console::write(Batch& batch, nanoseconds timeout) {
  LEVADA_TRY(flush(timeout));
  if (settings_.format == Settings::Format::json) return print_json(batch);
  const Column* body = batch.body();
  if (!body)
    return fatal(
        "the rows have no body column, an interceptor has dropped it: set format = \"json\" to print the other "
        "columns");
  for (int64_t row = 0; row < batch.rows(); ++row) {
    highlighter_.append(body->text(row), waiting_);
    waiting_ += '\n';
  }
  return {};
}

Done Console::print_json(const Batch& batch) {
  const std::string body = "body";
  JsonWriter writer(choose_columns(batch, {}, {&body, 1}), JsonStyle{});
  std::string line;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    line.resize(writer.bound(row));
    line.resize(static_cast<size_t>(writer.write(row, line.data()) - line.data()));
    highlighter_.append(line, waiting_);
    waiting_ += '\n';
  }
  if (writer.replaced() > 0) values_replaced_.add(writer.replaced());
  return {};
}

Done Console::commit(const Checkpoint&, nanoseconds timeout, Batch&) { return flush(timeout); }

Done Console::flush(nanoseconds timeout) {
  // Only as much as a pipe that has room takes at once: more would block.
  constexpr size_t kAtOnce = PIPE_BUF;
  // A person or a program is waited for, so the time is real.
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (printed_ < waiting_.size()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd output{descriptor_, POLLOUT, 0};
    if (::poll(&output, 1, static_cast<int>(std::max<int64_t>(left.count(), 0))) == 0) return levada::idle();
    const auto written =
        ::write(descriptor_, waiting_.data() + printed_, std::min(waiting_.size() - printed_, kAtOnce));
    if (written >= 0) {
      printed_ += static_cast<size_t>(written);
    } else if (errno == EPIPE) {
      return fatal("nobody reads the standard output any more");
    } else if (errno != EINTR && errno != EAGAIN) {
      return retry(std::string("the standard output cannot be written to: ") + std::strerror(errno));
    }
  }
  waiting_.clear();
  printed_ = 0;
  return {};
}

}  // namespace levada::console

LEVADA_PLUGIN("console", "0.1.0", "Apache-2.0",
              levada::sink<levada::console::Console>("console", "Prints rows to the standard output."))
