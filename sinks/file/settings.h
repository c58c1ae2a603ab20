// What a user can set for the file sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "files/compressor.h"
#include "files/path_pattern.h"
#include "levada/options.h"

namespace levada::file_sink {

struct FileSettings {
  enum class Format { body, json, avro };

  std::string path;
  std::string prefix = "levada-";
  std::optional<std::string> suffix;
  std::string in_use_suffix = ".tmp";
  std::optional<std::string> time_column;
  files::TimeZone time_zone = files::TimeZone::utc;
  Size roll_bytes = {int64_t{128} << 20};
  std::chrono::nanoseconds roll_interval = std::chrono::minutes(5);
  int64_t roll_rows = 0;
  std::chrono::nanoseconds idle_close = std::chrono::minutes(1);
  files::Compressor::Kind compression = files::Compressor::Kind::none;
  Format format = Format::body;
  std::string begin;
  std::string separator = "\n";
  std::string end = "\n";
  std::string group;
  int64_t max_open_files = 64;
};

}  // namespace levada::file_sink
