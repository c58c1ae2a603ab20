// Writes batches to Parquet files: one open file for each combination of partition values. What it
// hands over when they are complete is what a table's log needs to know of a file. [worker]
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lake/schema.h"
#include "lake/stores/file_store.h"
#include "levada/batch.h"
#include "levada/host.h"
#include "levada/result.h"

namespace levada::lake {

enum class Compression : uint8_t { none, snappy, gzip, zstd };

struct WriterSettings {
  std::vector<std::string> partition_by = {};  // Names of fields; their values stand in paths and not in files.
  std::vector<std::string> sort_by = {};       // Names of fields: rows stand in their order within each row group.
  Compression compression = Compression::zstd;
  std::optional<int> compression_level = {};  // None: 1 for zstd, the codec's own for gzip.
  int64_t roll_bytes = int64_t{128} << 20;    // Of a file, more or less; 0: no limit.
  int64_t roll_rows = 0;                      // Of a file, at most; 0: no limit.
  int64_t max_open_files = 1000;              // Past that, the one used least lately is completed.
  // What all open files together may hold in memory, about: past that, the row groups that hold the
  // most are ended early.
  int64_t memory_bytes = int64_t{192} << 20;
  int64_t row_group_rows = int64_t{1} << 20;
  bool reject_unknown = false;  // Rows of a batch with columns that the schema does not have; else these are ignored.
};

// A bound of values: boolean, integers (a date in days since 1970, a timestamp in its unit since
// 1970), floats, and text, bytes and decimals ("12.30") as text.
using Bound = std::variant<bool, int64_t, double, std::string>;

struct ColumnStatistics {
  std::string column;
  FieldType type;
  int64_t nulls = 0;
  // Nothing where all rows are null, where the values are too long, or of a kind that has no order.
  std::optional<Bound> min, max;
  // A text longer than 64 bytes is cut between two characters: no value is less than the min, and
  // none that begins otherwise than the max is greater than it.
  bool min_truncated = false, max_truncated = false;
};

struct WrittenFile {
  std::string path;                                          // In the store, as it was named.
  std::string folder;                                        // "a=x/b=y/", escaped; empty without partitions.
  std::vector<std::optional<std::string>> partition_values;  // One for each of partition_by, not escaped; none: null.
  int64_t rows = 0;
  int64_t bytes = 0;
  std::vector<ColumnStatistics> columns;  // One for each field that stands in files, in order.
};

class PartitionedWriter {
 public:
  // Gives a new file's path in the store; `folder` is as in WrittenFile.
  using NameFile = std::function<std::string(const std::string& folder)>;

  // Of the schema's fields those of partition_by do not stand in the files. The store outlives it.
  // What is wrong with the settings is said of the option of that name.
  static Result<std::unique_ptr<PartitionedWriter>> create(LakeSchema schema, WriterSettings settings, FileStore& store,
                                                           Host host, NameFile name_file);
  ~PartitionedWriter();

  // Takes the rows that fit the schema, and rejects those that do not (Batch::reject, with a reason
  // that names column, value and type). After a call that failed, abandon is next.
  Done write(Batch& batch);
  // Completes one of the open files, durably; false where none is left. With many files it is for
  // who may not wait for finish. After a call that failed, abandon is next.
  Result<bool> complete_one();
  // Completes all files, durably; gives those that were completed since it last gave some. After a
  // call that failed, abandon is next.
  Result<std::vector<WrittenFile>> finish();
  // Gives up all that finish has not given. Files may be left under the paths that it returns,
  // complete or not; nobody needs them.
  std::vector<std::string> abandon();

  const LakeSchema& schema() const;
  int64_t rows() const;        // That finish has not given.
  int64_t open_files() const;  // That are open now.

 private:
  class Impl;
  explicit PartitionedWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// "a=x/b=y/" with what Hive, Spark and Delta escape in it; a null is __HIVE_DEFAULT_PARTITION__.
std::string partition_folder(const std::vector<std::string>& columns,
                             const std::vector<std::optional<std::string>>& values);

}  // namespace levada::lake
