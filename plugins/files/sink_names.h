// The names of the files that a sink makes: an id, by which sinks that write into one folder are
// told apart, and a number that the sink never gives twice.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

#include "levada/host.h"
#include "levada/positions.h"

namespace levada::files {

// No other sink has it: not one of another agent on the same machine, nor on another, nor one
// before this.
inline std::string new_sink_id(Host host) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(host.random()));
  return std::string(digits, 12);
}

// 20260131T235959, for names that sort by time.
inline std::string compact_time(std::chrono::nanoseconds since_1970) {
  const auto seconds = static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(since_1970).count());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%S", &parts)};
}

// "000007": names of one second sort in the order in which their files were made.
inline std::string padded(uint64_t number) {
  char digits[24];
  const auto length = std::snprintf(digits, sizeof digits, "%06llu", static_cast<unsigned long long>(number));
  return {digits, static_cast<size_t>(length)};
}

// Names to try where one is taken: "part-1.ndjson", "part-1.1.ndjson", "part-1.2.ndjson", ...
inline std::string numbered_name(const std::string& name, int number) {
  if (number == 0) return name;
  const auto dot = std::min(name.find('.', name.find_last_of('/') + 1), name.size());
  return name.substr(0, dot) + "." + std::to_string(number) + name.substr(dot);
}

// Names are a sink's own by its id; a data_dir that was copied has the id, too. RETRY where another
// agent has it in the folder, which must be there.
inline Result<File> lock_sink_id(const Files& files, const std::string& folder, const std::string& id) {
  const auto path = (folder == "/" ? "" : folder) + "/.levada-" + id + ".lock";
  auto lock = files.lock(path);
  if (lock && !*lock)
    return retry("another agent has " + path +
                 ": it runs on a copy of this one's data_dir, and would write files of the same names; stop one of the "
                 "two for good");
  return lock;
}

// A line of a manifest: "names", the id, and the next number.
inline constexpr std::string_view kNamesLine = "names\t";
inline void append_names(std::string& to, const std::string& id, uint64_t next_number) {
  to += kNamesLine;
  append_escaped(to, id);
  to += '\t' + std::to_string(next_number) + '\n';
}
// Of what stands behind kNamesLine; false where it is damaged.
inline bool read_names(std::string_view rest, std::string& id, uint64_t& next_number) {
  const auto parts = tab_separated(rest);
  if (parts.size() != 2 || parts[1].empty()) return false;
  id = unescaped(parts[0]);
  const char* const end = parts[1].data() + parts[1].size();
  return std::from_chars(parts[1].data(), end, next_number).ptr == end;
}

}  // namespace levada::files
