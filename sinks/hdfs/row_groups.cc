// A path is made again only where it may be another than the row before has.
#include "row_groups.h"

namespace levada::hdfs_sink {
namespace {

// HDFS, and the disks that it lies on, take 255; the rest is for what the sink adds.
constexpr size_t kLongestName = 180;

bool has_long_name(std::string_view path) {
  for (size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    if (end - at > kLongestName) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

const RowGroups::Groups& RowGroups::group(Batch& batch, const RowSource& source) {
  groups_.clear();
  pattern_.bind(batch);
  std::vector<int64_t>* last = nullptr;
  int64_t last_unit = 0;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    int64_t time = 0;
    if (pattern_.uses_time()) {
      const bool has_time = !time_column_ || (source.times() && !source.times()->null(row));
      if (!has_time) {
        batch.reject(row, "column \"" + *time_column_ + "\", which the path is made of, has no value");
        continue;
      }
      time = source.time(row);
    }
    const auto unit = pattern_.unit(time);
    if (pattern_.uses_columns() || !last || unit != last_unit) last = find(batch, row, time);
    last_unit = unit;
    if (last) last->push_back(row);
  }
  return groups_;
}

std::vector<int64_t>* RowGroups::find(Batch& batch, int64_t row, int64_t time) {
  path_.clear();
  if (const auto* missing = pattern_.append(row, time, path_)) {
    batch.reject(row, "column \"" + *missing + "\", which the path is made of, has no value");
    return nullptr;
  }
  const auto found = groups_.find(path_);
  if (found != groups_.end()) return &found->second;
  if (has_long_name(path_)) {
    batch.reject(row, "its path \"" + path_ + "\" has a part of more than " + std::to_string(kLongestName) + " bytes");
    return nullptr;
  }
  return &groups_[path_];
}

}  // namespace levada::hdfs_sink
