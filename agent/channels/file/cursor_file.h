// The file `cursors` of a channel: how far each reader is, and what of the log is
// known to be synced. It may be older than the log, and missing; a log that holds
// less than it says has lost rows.
#pragma once

#include <map>
#include <string>

#include "agent/channels/file/cipher.h"
#include "agent/channels/file/format.h"
#include "agent/flow/in_flight.h"
#include "levada/host.h"

namespace levada::agent {

struct CursorFile {
  std::map<std::string, LogOffset> readers;
  Positions sources;           // How far each source's stream had got in what was synced.
  LogOffset segment;           // The first offset of the last segment.
  uint64_t durable_bytes = 0;  // How much of that segment is synced.
  LogOffset durable_end;       // Where the synced records end.
  bool closed = false;         // Nothing was written behind that.

  // Empty where there is none, or it is damaged.
  static Result<CursorFile> load(const Files& files, const std::string& folder, uint64_t log_id, const KeyRing& keys);
  // Its lines; the sources are sealed where there is a cipher. Each
  // time the sealed text is another.
  Result<std::string> text(uint64_t log_id, const Cipher* cipher) const;
  // Durable when it returns.
  static Done save(const Files& files, const std::string& folder, std::string_view text);
};

}  // namespace levada::agent
