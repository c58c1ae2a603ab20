// The sink that appends rows to a Delta table. A commit of the table's log is where a commit of the
// sink happens: it adds the files that were written, and names the positions that belong to them.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "committer.h"
#include "lake/partitioned_writer.h"
#include "lake/schema.h"
#include "lake/stores/file_store.h"
#include "levada/sdk.h"
#include "settings.h"
#include "sink_state.h"
#include "snapshot.h"
#include "table_log.h"
#include "upkeep.h"

namespace levada::delta {

class DeltaSink : public Sink {
 public:
  using Settings = DeltaSettings;
  static constexpr std::array options = {
      required<&Settings::path>("path", "Where the table is: a folder, or file:///FOLDER.").writes_folder(),
      optional<&Settings::columns>("columns", nullptr,
                                   "The columns that are written, by name, with their types, and no others; without "
                                   "them all that rows have."),
      optional<&Settings::partition_by>("partition_by", nullptr, "Columns that a new table is partitioned by."),
      choice<&Settings::schema_mode>("schema_mode", "strict|add_columns|widen", "\"strict\"",
                                     "What becomes of columns that the table does not have: rows are rejected, or the "
                                     "table gets them; or gets wider types, too."),
      optional<&Settings::properties>("properties", nullptr, "Properties of a new table, as \"delta.appendOnly\"."),
      choice<&Settings::compression>("compression", "none|snappy|gzip|zstd", "\"zstd\"",
                                     "How data files are compressed."),
      optional<&Settings::roll_bytes>("roll_bytes", "\"128MiB\"",
                                      "A file is complete when it has about this many bytes; 0: no limit."),
      optional<&Settings::max_open_files>(
          "max_open_files", "1000", "How many files may be open; past that, the one used least lately is complete.")
          .advanced(),
      optional<&Settings::checkpoint_interval>("checkpoint_interval", "0",
                                               "A checkpoint is written after so many commits; 0: as many as "
                                               "delta.checkpointInterval of the table says.")
          .advanced(),
      optional<&Settings::optimize_interval>("optimize_interval", "\"0s\"",
                                             "How often small files are put together, up to roll_bytes; 0: never."),
      optional<&Settings::vacuum_interval>("vacuum_interval", "\"0s\"",
                                           "How often files go that no version of the table's retention needs; 0: "
                                           "never.")
          .advanced(),
      optional<&Settings::storage>("storage", nullptr,
                                   "What a store of this kind needs; for a local folder group = \"NAME\", whose "
                                   "members may read files and folders too (0640, 0750).")
          .advanced(),
      optional<&Settings::commit_interval>("commit_interval", "\"1m\"",
                                           "Each commit makes a version of the table, and a file for each partition.")
          .of_agent(),
      optional<&Settings::commit_bytes>("commit_bytes", "\"1GiB\"", "Files hold the rows of one commit.").of_agent(),
  };
  static Result<std::unique_ptr<DeltaSink>> create(Settings settings, Host host);

  bool keeps_checkpoint() const override { return true; }
  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;
  Done idle() override;
  Done close(std::chrono::nanoseconds timeout) override;

  const void* extension(std::string_view id);
  // See commands.h; the sink is not open.
  Done command(std::span<const std::string_view> arguments, const std::function<void(std::string_view)>& write);

 private:
  DeltaSink(Settings settings, Host host, std::unique_ptr<lake::FileStore> store, lake::LakeSchema columns,
            std::unique_ptr<Upkeep> upkeep);

  // Makes the table, or the columns of it that rows of this schema need. Several may try at once.
  Done prepare_table(const lake::LakeSchema& rows);
  Done change_table(Change change);
  // The table has the columns that were declared, with their types.
  Done check_columns() const;
  Done open_writer();
  // Gives up what was written and is not committed.
  Done drop_files();
  Done load_state();
  Result<std::vector<Position>> stored_positions();
  Result<int64_t> commit_files(std::vector<lake::WrittenFile> files, int64_t number);
  Done judge(const Rival& rival) const;
  // Whether files that were written for the snapshot are still right for this one.
  Done check_unchanged(const Snapshot& now) const;
  // Keeps that the commit with this number is made: what those before it needed goes.
  Done confirm(int64_t number);
  void keep_log();
  std::string application() const { return "levada/" + state_.id; }

  const Settings settings_;
  const Host host_;
  const std::unique_ptr<lake::FileStore> store_;
  const lake::LakeSchema columns_;  // As declared; may be empty.
  TableLog log_;
  Committer committer_;
  LocalStateFile state_file_;
  LocalState state_;
  std::optional<PositionFiles> positions_;
  int64_t committed_ = 0;    // The number of the last commit.
  int64_t next_number_ = 1;  // Nothing has this number, or one above it.
  std::optional<Snapshot> snapshot_;

  std::unique_ptr<lake::PartitionedWriter> writer_;
  Metadata written_;                         // Of the table when the writer was made.
  Protocol written_protocol_;                // The same.
  std::vector<lake::WrittenFile> complete_;  // For the next commit.
  std::vector<std::string> left_over_;       // Files that nobody will ever add.
  int64_t file_number_ = 0;
  const std::unique_ptr<Upkeep> upkeep_;  // Null: nobody asked for it.
  Counter files_added_, bytes_added_, checkpoints_written_, commits_rebased_;
};

}  // namespace levada::delta
