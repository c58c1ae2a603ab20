// The agent's log: one line for each event, with level and component, on standard error; where that
// leads to systemd's journal, as an entry with fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/base/secrets.h"
#include "levada/plugin.h"

namespace levada::agent {

// Lines below this level are left out. LEVADA_DEBUG to LEVADA_ERROR.
void set_log_level(int32_t level);
// No line shows these from now on, nor those that were added before. [any thread]
void add_log_secrets(const Secrets& secrets);
// The text as a line of the log would show it. [any thread]
std::string without_secrets(std::string text);
void log(int32_t level, std::string_view component, std::string_view message);

inline void log_info(std::string_view component, std::string_view message) { log(LEVADA_INFO, component, message); }
inline void log_warning(std::string_view component, std::string_view message) {
  log(LEVADA_WARNING, component, message);
}
inline void log_error(std::string_view component, std::string_view message) { log(LEVADA_ERROR, component, message); }

// Every line begins with this from now on: what clears a line of the terminal.
void set_log_line_start(const std::string& start);

const levada_log* log_service();

}  // namespace levada::agent
