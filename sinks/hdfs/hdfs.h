// The sink that writes rows to files in HDFS, in folders made of time and columns. What is written
// between two commits is a part of its own of each file, in a hidden folder; when a file is
// complete its parts are put together, and it gets its name.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "files/compressor.h"
#include "files/file_key.h"
#include "lake/stores/committed_output.h"
#include "lake/stores/file_store.h"
#include "levada/sdk.h"
#include "open_file.h"
#include "row_groups.h"
#include "row_source.h"
#include "settings.h"

namespace levada::hdfs_sink {

class HdfsSink : public Sink {
 public:
  using Settings = HdfsSettings;
  static constexpr std::array options = {
      required<&Settings::path>("path",
                                "The folder, \"webhdfs://namenode:9870/logs/{host}/%Y/%m/%d\": with columns and time, "
                                "each row goes to its own; also of the machine, or of S3.")
          .writes_folder(),
      optional<&Settings::prefix>("prefix", "\"levada-\"",
                                  "How file names begin; may have columns and time in it too."),
      optional<&Settings::suffix>(
          "suffix", nullptr,
          "How file names end; \".ndjson\" without it, \".avro\" for Avro, and \".seq\" for sequence "
          "files; .gz, .zst or .snappy is added to compressed text."),
      optional<&Settings::in_use_prefix>("in_use_prefix", "\"\"",
                                         "How names of parts begin, in the hidden folder of files in use.")
          .advanced(),
      optional<&Settings::in_use_suffix>("in_use_suffix", "\".tmp\"", "How names of parts end.").advanced(),
      optional<&Settings::time_column>("time_column", nullptr,
                                       "The timestamp column for the time in paths, and for the keys of sequence "
                                       "files; else it is the time of writing."),
      choice<&Settings::time_zone>("time_zone", "utc|local", "\"utc\"", "The time zone for the time in paths."),
      optional<&Settings::round_time>("round_time", "\"0s\"",
                                      "The time in paths is rounded down to a multiple of it, \"10m\"; 0: as it is."),
      choice<&Settings::format>("format", "body|json|avro", "\"body\"",
                                "What is written of a row: the body; all other columns as a JSON object; or all "
                                "columns as a record of an Avro file."),
      choice<&Settings::file_type>("file_type", "text|sequence_text|sequence_bytes", "\"text\"",
                                   "A line for each row; or a SequenceFile with the time as key, and as value a Text "
                                   "or a BytesWritable."),
      choice<&Settings::compression>("compression", "none|gzip|zstd|snappy", "\"none\"",
                                     "How files are compressed; Avro and sequence files by blocks."),
      optional<&Settings::roll_bytes>("roll_bytes", "\"128MiB\"",
                                      "A file is complete when it has this many bytes; 0: no limit."),
      optional<&Settings::roll_interval>("roll_interval", "\"5m\"",
                                         "A file is complete when it is this old; 0: no limit."),
      optional<&Settings::roll_rows>("roll_rows", "0", "A file is complete when it has this many rows; 0: no limit."),
      optional<&Settings::idle_close>("idle_close", "\"1m\"",
                                      "A file is complete when no row has come for so long; 0: no limit."),
      optional<&Settings::max_open_files>(
          "max_open_files", "128", "How many files may be open; past that, the one used least lately is complete.")
          .advanced(),
      optional<&Settings::storage>("storage", nullptr,
                                   "What a store of this kind needs: user = \"NAME\" for an HDFS without Kerberos.")
          .advanced(),
      optional<&Settings::commit_interval>("commit_interval", "\"1m\"",
                                           "Commits at least this often: each makes a part, and so a block, of each "
                                           "file that rows were written to.")
          .of_agent(),
      optional<&Settings::commit_idle>("commit_idle", "\"10s\"", "Commits when no row has come for so long.")
          .of_agent(),
      optional<&Settings::commit_bytes>("commit_bytes", "\"256MiB\"", "Commits after so many bytes of rows.")
          .of_agent(),
  };
  static Result<std::unique_ptr<HdfsSink>> create(Settings settings, Host host);
  // Of a store that the test has made, with the path's root as its root.
  static Result<std::unique_ptr<HdfsSink>> create_in(Settings settings, Host host,
                                                     std::unique_ptr<lake::FileStore> store);

  bool keeps_checkpoint() const override { return true; }
  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;
  Done idle() override;
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  using OpenFiles = std::map<files::FileKey, OpenFile>;

  HdfsSink(Settings settings, Host host, files::PathPattern pattern, std::unique_ptr<lake::FileStore> store);
  // Adds rows to the files of their path, one after the other where they get full.
  Done append(const std::string& path, std::span<const int64_t> rows);
  Result<OpenFiles::iterator> file_for(const std::string& path);
  std::string suffix() const;
  std::unique_ptr<FileEncoder> make_encoder();
  std::string new_part();
  bool is_full(const OpenFile& file) const;
  bool is_due(const OpenFile& file) const;
  // The file takes no more rows, and is complete with the next commit.
  Done finish(OpenFiles::iterator file);
  Done store(const Checkpoint& checkpoint);

  const Settings settings_;
  const Host host_;
  const std::unique_ptr<lake::FileStore> store_;
  lake::CommittedOutput output_;
  RowGroups groups_;
  RowSource source_;
  files::Compressor compressor_;
  std::string run_;  // In the names of parts: no other run gives the same.

  OpenFiles open_;
  std::vector<OpenFile> finished_;   // Complete with the next commit.
  std::chrono::nanoseconds now_{0};  // Of the call.
  Counter bytes_written_, values_replaced_;
};

}  // namespace levada::hdfs_sink
