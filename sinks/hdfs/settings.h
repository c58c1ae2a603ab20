// What a user can set for the hdfs sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "files/compressor.h"
#include "files/path_pattern.h"
#include "levada/options.h"

namespace levada::hdfs_sink {

struct HdfsSettings {
  enum class Format { body, json, avro };
  enum class FileType { text, sequence_text, sequence_bytes };

  std::string path;
  std::string prefix = "levada-";
  std::optional<std::string> suffix;
  std::string in_use_prefix;
  std::string in_use_suffix = ".tmp";
  std::optional<std::string> time_column;
  files::TimeZone time_zone = files::TimeZone::utc;
  std::chrono::nanoseconds round_time{0};
  Format format = Format::body;
  FileType file_type = FileType::text;
  files::Compressor::Kind compression = files::Compressor::Kind::none;
  Size roll_bytes = {int64_t{128} << 20};
  std::chrono::nanoseconds roll_interval = std::chrono::minutes(5);
  int64_t roll_rows = 0;
  std::chrono::nanoseconds idle_close = std::chrono::minutes(1);
  int64_t max_open_files = 128;
  Tree storage;  // Only while the sink is made.
  std::chrono::nanoseconds commit_interval{}, commit_idle{};
  Size commit_bytes;
};

}  // namespace levada::hdfs_sink
