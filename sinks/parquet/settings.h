// What a user can set for the parquet sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lake/partitioned_writer.h"
#include "levada/options.h"

namespace levada::parquet_sink {

struct ParquetSettings {
  enum class Unknown { ignore, reject };

  std::string path;
  std::string prefix = "levada-";
  std::vector<std::pair<std::string, std::string>> columns;
  Unknown unknown_columns = Unknown::ignore;
  std::vector<std::string> partition_by;
  std::vector<std::string> sort_by;
  lake::Compression compression = lake::Compression::zstd;
  std::optional<int64_t> compression_level;
  Size roll_bytes = {int64_t{128} << 20};
  int64_t roll_rows = 0;
  int64_t max_open_files = 1000;
  Size memory_bytes = {int64_t{192} << 20};
  Tree storage;  // Only while the sink is made.
  std::chrono::nanoseconds commit_interval{}, commit_idle{};
  Size commit_bytes;
};

}  // namespace levada::parquet_sink
