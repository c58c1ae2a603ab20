// The sink that writes rows to Parquet files. While a file is written it has a name in a hidden
// folder; it appears under its own, complete and durable, with a commit, which completes all files
// that are open.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "lake/partitioned_writer.h"
#include "lake/schema.h"
#include "lake/stores/committed_output.h"
#include "lake/stores/file_store.h"
#include "levada/sdk.h"
#include "settings.h"

namespace levada::parquet_sink {

class ParquetSink : public Sink {
 public:
  using Settings = ParquetSettings;
  static constexpr std::array options = {
      required<&Settings::path>("path", "The folder.").writes_folder(),
      optional<&Settings::prefix>("prefix", "\"levada-\"", "How file names begin."),
      optional<&Settings::columns>(
          "columns", nullptr,
          "The columns of the files, name = \"type\"; without them, those of the rows with the types that they have."),
      choice<&Settings::unknown_columns>("unknown_columns", "ignore|reject", "\"ignore\"",
                                         "What becomes of rows with columns that are not declared: the columns are "
                                         "left out, or the rows are rejected."),
      optional<&Settings::partition_by>("partition_by", "[]",
                                        "Columns whose values make folders, \"day=2026-01-31/host=web1\"."),
      optional<&Settings::sort_by>("sort_by", "[]", "Columns by which rows are sorted within each row group."),
      choice<&Settings::compression>("compression", "none|snappy|gzip|zstd", "\"zstd\"", "How pages are compressed."),
      optional<&Settings::compression_level>("compression_level", nullptr,
                                             "How hard; for zstd 1 to 22, and 1 without it.")
          .advanced(),
      optional<&Settings::roll_bytes>("roll_bytes", "\"128MiB\"",
                                      "A file is complete when it has about this many bytes; 0: no limit."),
      optional<&Settings::roll_rows>("roll_rows", "0", "A file is complete when it has this many rows; 0: no limit."),
      optional<&Settings::max_open_files>(
          "max_open_files", "1000", "How many files may be open; past that, the one used least lately is complete.")
          .advanced(),
      optional<&Settings::memory_bytes>("memory_bytes", "\"192MiB\"",
                                        "What all open files may hold in memory; past that, row groups become smaller.")
          .advanced(),
      optional<&Settings::storage>(
          "storage", nullptr,
          "What a store of this kind needs; for a local folder group = \"NAME\", whose members "
          "may read files and folders too (0640, 0750).")
          .advanced(),
      optional<&Settings::commit_interval>("commit_interval", "\"5m\"",
                                           "Commits, and so completes all files, at least this often.")
          .of_agent(),
      optional<&Settings::commit_idle>("commit_idle", "\"1m\"",
                                       "Commits, and so completes all files, when no row has come for so long.")
          .of_agent(),
      optional<&Settings::commit_bytes>("commit_bytes", "\"1GiB\"",
                                        "Commits, and so completes all files, after so many bytes of rows.")
          .of_agent(),
  };
  static Result<std::unique_ptr<ParquetSink>> create(Settings settings, Host host);

  bool keeps_checkpoint() const override { return true; }
  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;
  Done idle() override;
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  ParquetSink(Settings settings, Host host, lake::LakeSchema declared, std::unique_ptr<lake::FileStore> store);
  Result<std::unique_ptr<lake::PartitionedWriter>> make_writer(lake::LakeSchema schema);
  // Sees to it that there is a writer for rows such as these.
  Done prepare_writer(const Batch& batch);
  lake::LakeSchema schema_for(const Batch& batch) const;
  // Completes the writer's files; they wait for the next commit.
  Done finish_writer();
  std::string final_name(const lake::WrittenFile& file) const;
  void abandon();
  Done store(const Checkpoint& checkpoint);

  const Settings settings_;
  const Host host_;
  const lake::LakeSchema declared_;
  const std::unique_ptr<lake::FileStore> store_;
  lake::CommittedOutput output_;

  std::unique_ptr<lake::PartitionedWriter> writer_;
  std::vector<lake::WrittenFile> finished_;  // Complete, and named with the next commit.
  Counter bytes_written_;
};

}  // namespace levada::parquet_sink
