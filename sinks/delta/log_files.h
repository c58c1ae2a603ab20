// The names of the files in a table's log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/stores/file_store.h"
#include "levada/result.h"

namespace levada::delta {

inline constexpr const char* kLogFolder = "_delta_log";
inline constexpr const char* kLastCheckpoint = "_delta_log/_last_checkpoint";
inline constexpr const char* kSidecarFolder = "_delta_log/_sidecars";

std::string commit_path(int64_t version);      // "_delta_log/00000000000000000012.json"
std::string checkpoint_path(int64_t version);  // "_delta_log/00000000000000000012.checkpoint.parquet"

// What a file in the log is, by its name.
struct LogFile {
  enum class Kind {
    commit,
    checkpoint,          // All of it in one Parquet file,
    checkpoint_part,     // or in some,
    checkpoint_with_id,  // or of the second kind, in JSON or Parquet, with sidecars.
    checksum,
  };
  Kind kind;
  int64_t version;
  int64_t part = 1, parts = 1;
  static std::optional<LogFile> of(std::string_view path);
};

// A complete checkpoint.
struct CheckpointFiles {
  int64_t version = -1;
  std::vector<std::string> paths;
  bool operator==(const CheckpointFiles&) const = default;
};

// The complete checkpoints among these files, by their version; of several of one version, the
// classic one comes last.
std::vector<CheckpointFiles> checkpoints_among(const std::vector<lake::StoredFile>& files);

// What _last_checkpoint names; nothing where there is none, or it is damaged.
Result<std::optional<CheckpointFiles>> last_checkpoint(lake::FileStore& store);

}  // namespace levada::delta
