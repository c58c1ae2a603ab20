// The file `cursors` of a channel: how far each reader is, and what of the log is known to be synced. A hint: it may
// be older than the log, and missing.
#pragma once

#include <map>
#include <string>

#include "agent/channels/file/format.h"
#include "levada/host.h"

namespace levada::agent {

struct CursorFile {
  std::map<std::string, Place> readers;
  Place segment;               // The first place of the last segment,
  uint64_t durable_bytes = 0;  // how much of that segment is synced,
  Place durable_end;           // and where the records in it end.
  bool closed = false;         // Nothing was written behind that.

  // Empty where there is none, or it is damaged.
  static Result<CursorFile> load(const Files& files, const std::string& folder, uint64_t log_id);
  std::string text(uint64_t log_id) const;
};

constexpr const char* kCursorFileName = "/cursors";

}  // namespace levada::agent
