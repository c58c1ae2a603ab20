// Sorts the rows of a batch by the file that they belong in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "files/path_pattern.h"
#include "levada/batch.h"
#include "row_source.h"

namespace levada::hdfs_sink {

class RowGroups {
 public:
  // By what the paths of their files begin with.
  using Groups = std::map<std::string, std::vector<int64_t>, std::less<>>;

  // `time_column`: whose rows without a value are rejected where paths have time in them.
  RowGroups(files::PathPattern pattern, std::optional<std::string> time_column)
      : pattern_(std::move(pattern)), time_column_(std::move(time_column)) {}

  // Valid until the next call. Rejects rows that have no path.
  const Groups& group(Batch& batch, const RowSource& source);

 private:
  // The row's group; null: it was rejected.
  std::vector<int64_t>* find(Batch& batch, int64_t row, int64_t time);

  files::PathPattern pattern_;
  const std::optional<std::string> time_column_;
  Groups groups_;
  std::string path_;
};

}  // namespace levada::hdfs_sink
