#include "agent/observe/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <utility>

#include "agent/observe/journal.h"
#include "agent/observe/problems.h"

namespace levada::agent {
namespace {

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v";

spdlog::logger& logger() {
  static const auto made = [] {
    auto fresh = spdlog::stderr_color_mt("levada");
    fresh->set_pattern(kPattern);
    fresh->flush_on(spdlog::level::debug);
    return fresh;
  }();
  return *made;
}

struct Hidden {
  std::mutex mutex;
  Secrets secrets;
};

Hidden& hidden() {
  static Hidden one;
  return one;
}

const Journal* journal() {
  static const auto found = Journal::of_standard_error();
  return found.get();
}

Problems& problems() {
  static Problems one;
  return one;
}

spdlog::level::level_enum level_of(int32_t level) {
  switch (level) {
    case LEVADA_DEBUG: return spdlog::level::debug;
    case LEVADA_INFO: return spdlog::level::info;
    case LEVADA_WARNING: return spdlog::level::warn;
    default: return spdlog::level::err;
  }
}

}  // namespace

void set_log_level(int32_t level) { logger().set_level(level_of(level)); }

void set_log_line_start(const std::string& start) { logger().set_pattern(start + kPattern); }

void add_log_secrets(const Secrets& secrets) {
  const std::lock_guard lock(hidden().mutex);
  hidden().secrets.add(secrets);
}

std::string without_secrets(std::string text) {
  const std::lock_guard lock(hidden().mutex);
  return hidden().secrets.hide(std::move(text));
}

void log(int32_t level, std::string_view component, std::string_view message) {
  if (!logger().should_log(level_of(level))) return;
  const auto text = without_secrets(std::string(message));
  if (level >= LEVADA_WARNING)
    problems().add((level >= LEVADA_ERROR ? "error " : "warning ") +
                   (component.empty() ? text : std::string(component) + ": " + text));
  if (journal() && journal()->write(level, component, text)) return;
  if (component.empty()) return logger().log(level_of(level), "{}", text);
  logger().log(level_of(level), "{}: {}", component, text);
}

const Problems& logged_problems() { return problems(); }

const levada_log* log_service() {
  static const levada_log table = {sizeof table, [](const levada_host* host, int32_t level, levada_bytes message) {
                                     log(level, {host->component.data, host->component.size},
                                         {message.data, message.size});
                                   }};
  return &table;
}

}  // namespace levada::agent
