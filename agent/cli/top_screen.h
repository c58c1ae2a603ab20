// What `levada top` shows of an agent.
#pragma once

#include <cstdint>
#include <string>

#include "agent/config/node.h"

namespace levada::agent {

// 1234567 as "1.23 M", 12 as "12": at most three digits count.
std::string short_number(double number);
// Bytes as "1.5 GiB".
std::string short_bytes(double bytes);
// Seconds as "2 d 3 h", "4 min 5 s".
std::string short_time(double seconds);

// A screen of lines, of the answer of /api/status. No line is wider than `columns`; 0: as it comes.
std::string top_screen(const Node& status, size_t columns, bool colors);

}  // namespace levada::agent
