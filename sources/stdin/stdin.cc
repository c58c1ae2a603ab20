// Waits with poll(2), then takes all that is there.
#include "stdin.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace levada::stdin_source {

namespace {

constexpr int64_t kLeastReadBytes = 64;
constexpr int64_t kMostBytes = 512 << 20;

// Whether a read would give something, or the end; idle() where it would not within the time.
Done wait_for_input(int file, std::chrono::nanoseconds timeout) {
  pollfd waiting{file, POLLIN, 0};
  const timespec time{timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
  const int ready = ::ppoll(&waiting, 1, &time, nullptr);
  if (ready == 0 || (ready < 0 && errno == EINTR)) return idle();
  if (ready < 0) return retry(std::string("wait for standard input: ") + std::strerror(errno));
  if (waiting.revents & POLLNVAL) return fatal("standard input is closed: start the agent with something on it");
  return {};
}

uint64_t bytes_there(int file) {
  int bytes = 0;
  return ::ioctl(file, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<uint64_t>(bytes) : 0;
}

}  // namespace

Result<std::unique_ptr<Stdin>> Stdin::create(Settings settings, Host host, int file) {
  if (settings.line_bytes.bytes < 1 || settings.line_bytes.bytes > kMostBytes)
    return wrong("line_bytes", "must be 1 to 512MiB");
  if (settings.read_bytes.bytes < kLeastReadBytes || settings.read_bytes.bytes > kMostBytes)
    return wrong("read_bytes", "must be 64 to 512MiB");
  for (const auto& [name, value] : settings.headers)
    if (name.empty() || name == "body" || name == "reason" || name == "cut")
      return wrong("headers." + name, "a column needs a name of its own");
  rows::RowRules rules;
  rules.read_bytes = static_cast<size_t>(settings.read_bytes.bytes);
  rules.line_bytes = static_cast<size_t>(settings.line_bytes.bytes);
  rules.long_lines = settings.long_lines;
  rules.invalid_utf8 = settings.invalid_utf8;
  rules.file_column = rules.offset_column = "";
  rules.headers = std::move(settings.headers);
  return std::unique_ptr<Stdin>(new Stdin(std::move(rules), host, file));
}

Done Stdin::open(std::span<const Position> positions) {
  // Bytes are counted on, so that no position comes twice.
  rows::Place start;
  for (const auto& [stream, position, sequence] : positions)
    std::from_chars(position.data(), position.data() + position.size(), start.offset);
  rows_.start_file("", start);
  return {};
}

Result<Batch> Stdin::poll(std::chrono::nanoseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  if (rows_.split_rest()) return emit();
  while (rows_.rows() == 0) {
    if (is_at_end_) return end();
    const auto left = std::max(until - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0));
    LEVADA_TRY(wait_for_input(file_, left));
    LEVADA_TRY(read_what_is_there());
  }
  return emit();
}

Done Stdin::read_what_is_there() {
  do {
    const auto room = rows_.room(std::min<uint64_t>(bytes_there(file_), read_bytes_));
    const auto got = ::read(file_, room.data(), room.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (got < 0) return fatal(std::string("read standard input: ") + std::strerror(errno));
    if (got == 0) {
      is_at_end_ = true;
      rows_.end_file();
      return {};
    }
    rows_.filled(static_cast<size_t>(got));
    rows_.split();
  } while (!rows_.full() && wait_for_input(file_, std::chrono::nanoseconds(0)));
  return {};
}

Batch Stdin::emit() {
  Batch batch = rows_.finish();
  batch.position = std::to_string(rows_.place().offset);
  return batch;
}

}  // namespace levada::stdin_source
