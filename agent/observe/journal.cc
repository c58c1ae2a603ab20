#include "agent/observe/journal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "levada/plugin.h"

namespace levada::agent {
namespace {

constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

// As in syslog(3).
const char* priority(int32_t level) {
  switch (level) {
    case LEVADA_DEBUG: return "7";
    case LEVADA_INFO: return "6";
    case LEVADA_WARNING: return "4";
    default: return "3";
  }
}

// A value with a line end in it has its size in front, as eight bytes, the lowest first.
void add_field(std::string& to, std::string_view name, std::string_view value) {
  to += name;
  if (value.find('\n') == value.npos) {
    to += '=';
  } else {
    to += '\n';
    for (int byte = 0; byte < 8; ++byte) to += static_cast<char>(value.size() >> (8 * byte));
  }
  to += value;
  to += '\n';
}

}  // namespace

std::unique_ptr<Journal> Journal::of_standard_error() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat opened;
  if (!stream || ::fstat(STDERR_FILENO, &opened) != 0) return nullptr;
  if (std::to_string(opened.st_dev) + ":" + std::to_string(opened.st_ino) != stream) return nullptr;
  return std::make_unique<Journal>(kJournalSocket);
}

bool Journal::write(int32_t level, std::string_view component, std::string_view message) const {
  std::string fields;
  add_field(fields, "PRIORITY", priority(level));
  add_field(fields, "SYSLOG_IDENTIFIER", "levada");
  if (!component.empty()) add_field(fields, "LEVADA_COMPONENT", component);
  add_field(fields, "MESSAGE", component.empty() ? message : std::string(component) + ": " + std::string(message));
  return socket_.send(fields);
}

}  // namespace levada::agent
