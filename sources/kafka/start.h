// Where a partition is to be read from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/result.h"

namespace levada::kafka_source {

// "bot-logs/3": how the host knows a partition.
inline std::string stream_of(std::string_view topic, int32_t partition) {
  return std::string(topic) + "/" + std::to_string(partition);
}

// For partitions of which nothing is known: the options `start` and `offsets`.
struct StartRule {
  enum class Kind { earliest, latest, time, offsets };
  Kind kind = Kind::earliest;
  int64_t milliseconds = 0;                // Since 1970 UTC, for Kind::time.
  std::map<std::string, int64_t> offsets;  // By stream, for Kind::offsets.

  static Result<StartRule> from(std::string_view start,
                                const std::vector<std::pair<std::string, std::string>>& offsets);
};

// What the group has committed.
struct Committed {
  int64_t offset = 0;
  std::string owner;  // The agent that did; empty: it was no levada.
};

// What is known of a partition that is to be read.
struct Known {
  std::optional<int64_t> checkpoint;   // Where the sinks stand.
  std::optional<Committed> committed;  // Where the group stands.
  bool shared = false;                 // A member of a group reads it now, and others may have in between.
  bool came_back = false;              // This process has read it before; `checkpoint` is what was acknowledged then.
};

// Where to go on; nothing where nothing is known. A checkpoint that is behind what this agent
// has committed is that of a sink that is behind: it wins. Where another agent has got further,
// its rows are delivered there.
inline std::optional<int64_t> known_start(const Known& known, std::string_view owner) {
  if (!known.checkpoint) return known.committed ? std::optional(known.committed->offset) : std::nullopt;
  if (!known.shared || !known.committed || known.committed->offset <= *known.checkpoint) return known.checkpoint;
  // Within one process, a sink that is behind has its rows in a channel, and reads them from there.
  if (known.came_back || known.committed->owner != owner) return known.committed->offset;
  return known.checkpoint;
}

}  // namespace levada::kafka_source
