// The sink that writes rows to files in folders. A file has another name while it is written; it
// appears under its own, complete and durable, with a commit. The manifest is where a commit
// happens: it says how far the streams have got, and which bytes of which files belong to that.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "completion.h"
#include "files/avro_rows.h"
#include "files/compressor.h"
#include "files/file_key.h"
#include "files/path_pattern.h"
#include "json/json_writer.h"
#include "levada/sdk.h"
#include "manifest.h"
#include "output_file.h"
#include "settings.h"

namespace levada::file_sink {

using files::PathPattern;

class FileSink : public Sink {
 public:
  using Settings = FileSettings;
  static constexpr std::array options = {
      required<&Settings::path>(
          "path", "The folder; with columns and time, \"/data/{host}/%Y-%m-%d\", each row goes to its own.")
          .writes_folder(),
      optional<&Settings::prefix>("prefix", "\"levada-\"",
                                  "How file names begin; may have columns and time in it too."),
      optional<&Settings::suffix>("suffix", nullptr,
                                  "How file names end; \".ndjson\" without it, and \".avro\" for Avro; .gz, .zst or "
                                  ".snappy is added to compressed text."),
      optional<&Settings::in_use_suffix>("in_use_suffix", "\".tmp\"",
                                         "What a file's name has behind it until it is complete."),
      optional<&Settings::time_column>("time_column", nullptr,
                                       "The timestamp column for the time in paths; else it is the time of writing."),
      choice<&Settings::time_zone>("time_zone", "utc|local", "\"utc\"", "The time zone for the time in paths."),
      optional<&Settings::roll_bytes>("roll_bytes", "\"128MiB\"",
                                      "A file is complete when it has this many bytes; 0: no limit."),
      optional<&Settings::roll_interval>("roll_interval", "\"5m\"",
                                         "A file is complete when it is this old; 0: no limit."),
      optional<&Settings::roll_rows>("roll_rows", "0", "A file is complete when it has this many rows; 0: no limit."),
      optional<&Settings::idle_close>("idle_close", "\"1m\"",
                                      "A file is complete when no row has come for so long; 0: no limit."),
      choice<&Settings::compression>("compression", "none|gzip|zstd|snappy", "\"none\"",
                                     "How files are compressed; Avro by blocks."),
      choice<&Settings::format>("format", "body|json|avro", "\"body\"",
                                "What is written of a row: the body; all other columns as a JSON object; or all "
                                "columns as a record of an Avro file."),
      optional<&Settings::begin>("begin", "\"\"", "What stands before the first row of a file of text."),
      optional<&Settings::separator>("separator", "\"\\n\"", "What stands between rows of text."),
      optional<&Settings::end>("end", "\"\\n\"", "What stands behind the last row of a file of text."),
      optional<&Settings::group>("group", "\"\"",
                                 "Whose members may read files and folders too (0640, 0750); else the agent's user "
                                 "alone (0600, 0700)."),
      optional<&Settings::max_open_files>(
          "max_open_files", "64", "How many files may be open; past that, the one used least lately is complete.")
          .advanced(),
  };
  static Result<std::unique_ptr<FileSink>> create(Settings settings, Host host);

  bool keeps_checkpoint() const override { return true; }
  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;
  Done idle() override;
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  using OpenFiles = std::map<files::FileKey, OutputFile>;

  FileSink(Settings settings, Host host, PathPattern pattern);
  Done bind(const Batch& batch);
  // The open file for a row, opened if there is none; null: the row was rejected.
  Result<OutputFile*> file_for(Batch& batch, int64_t row);
  Result<OpenFiles::iterator> open_file();
  Result<File> create_file(Unfinished& entry);
  std::string suffix() const;
  Done make_folder(const std::string& folder);
  Done append(OutputFile& file, const Batch& batch, int64_t row);
  bool is_full(const OutputFile& file) const;
  bool is_due(const OutputFile& file) const;
  // The file takes no more rows, and is complete once it is synced and closed.
  Done end(OpenFiles::iterator file);
  Done finish(OpenFiles::iterator file);
  Done sync_files();
  // The folder that all of its files are in or below.
  std::string root() const;
  // Fails with RETRY where another agent has the same names.
  Done lock_names();
  // All files that are not under their final names, as the last commit left them.
  std::vector<Unfinished> unfinished() const;
  // Brings the manifest to the last commit, with what has become of its files since.
  Done restate();
  // Makes a commit of what the files hold now.
  Done store(const Checkpoint& checkpoint);
  // Drops what is not committed, and completes what is.
  Done settle_all();
  // Ends the files that are not open any more as they were committed, and gives them their names.
  Done complete();

  const Settings settings_;
  const Host host_;
  const Files files_;
  PathPattern pattern_;
  Compressor compressor_;
  OutputFile::Style style_;
  Manifest manifest_;
  Completion completion_;
  std::vector<Position> positions_;  // Of the last commit.

  OpenFiles open_;
  std::vector<OutputFile> finished_;   // Complete with the next commit.
  std::set<std::string> new_entries_;  // Folders that a file was made in since the last commit.
  bool loaded_ = false;
  std::string id_;  // In the names of its files: no other sink gives the same.
  uint64_t next_number_ = 0;
  File lock_;  // On its id, in the folder.

  // The row before, and the file that it went to.
  OpenFiles::iterator current_ = open_.end();
  int64_t current_unit_ = 0;
  files::FileKey key_;
  // Of the batch, where the columns are written.
  std::optional<JsonWriter> json_;
  std::optional<files::AvroRows> avro_;
  std::chrono::nanoseconds now_{0};  // Of the call.
  int64_t arrival_ = 0;              // The time of day then, in microseconds.
  Counter bytes_written_, files_recovered_, values_replaced_;
};

}  // namespace levada::file_sink
