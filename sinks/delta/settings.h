// What a user can set for the delta sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lake/partitioned_writer.h"
#include "levada/options.h"
#include "schema_change.h"

namespace levada::delta {

struct DeltaSettings {
  std::string path;
  std::vector<std::pair<std::string, std::string>> columns;
  std::vector<std::string> partition_by;
  SchemaMode schema_mode = SchemaMode::strict;
  std::vector<std::pair<std::string, std::string>> properties;
  lake::Compression compression = lake::Compression::zstd;
  Size roll_bytes = {int64_t{128} << 20};
  int64_t max_open_files = 1000;
  int64_t checkpoint_interval = 0;
  std::chrono::nanoseconds optimize_interval{0};
  std::chrono::nanoseconds vacuum_interval{0};
  Tree storage;  // Only while the sink is made.
  // The agent's; it looks at them.
  std::chrono::nanoseconds commit_interval = std::chrono::minutes(1);
  Size commit_bytes = {int64_t{1} << 30};
};

}  // namespace levada::delta
