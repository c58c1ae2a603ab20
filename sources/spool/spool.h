// The spool source: files that are dropped into a folder become rows, each once, and are completed
// when their rows are stored downstream.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "completion.h"
#include "file_reader.h"
#include "file_registry.h"
#include "levada/backlog.h"
#include "levada/sdk.h"
#include "rows/folder_watch.h"
#include "rows/row_buffer.h"
#include "waiting_files.h"

namespace levada::spool {

using rows::FolderWatch;
using rows::InvalidUtf8;
using rows::LongLines;
using rows::RowBuffer;
using rows::RowRules;
using rows::Rows;

enum class Modified : uint8_t { reread_tail, quarantine, ignore };

class Spool : public Source {
 public:
  struct Settings {
    std::string path;
    std::vector<std::string> include, ignore;
    bool recursive = false;
    bool wait_for_folder = false;
    Order order = Order::oldest;
    std::chrono::nanoseconds settle{}, poll_interval{};
    Completed completed = Completed::rename;
    std::string completed_suffix, completed_dir;
    Modified modified = Modified::reread_tail;
    bool complete_empty = true;
    Rows rows = Rows::lines;
    Size line_bytes, read_bytes;
    LongLines long_lines = LongLines::reject;
    InvalidUtf8 invalid_utf8 = InvalidUtf8::keep;
    bool decompress = true;
    std::string file_column, offset_column;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  static constexpr std::array options = {
      required<&Settings::path>("path", "The folder whose files are read.").reads_folder(),
      optional<&Settings::include>("include", R"(["*"])",
                                   "Patterns of the names to take; one with a `/` is about the path below the folder."),
      optional<&Settings::ignore>("ignore", R"(["*.tmp", ".*"])",
                                  "Patterns of the names to leave alone, of folders too; they win over `include`."),
      optional<&Settings::recursive>("recursive", "false", "Whether folders inside the folder are read too.")
          .reads_folder(),
      optional<&Settings::wait_for_folder>(
          "wait_for_folder", "false",
          "Whether a folder that is missing at the start is waited for, instead of an error."),
      choice<&Settings::order>("order", "oldest|youngest|name", R"("oldest")",
                               "Which of the files that wait is read first."),
      optional<&Settings::settle>("settle", R"("1s")",
                                  "How long size and time of change of a file must stand still before it is taken."),
      optional<&Settings::poll_interval>(
          "poll_interval", R"("500ms")",
          "How often the folder is looked into where the system gives no notice of changes."),
      choice<&Settings::completed>("completed", "rename|move|delete|keep", R"("rename")",
                                   "What happens to a file once all its rows are stored downstream."),
      optional<&Settings::completed_suffix>("completed_suffix", R"(".COMPLETED")",
                                            "With `rename`: what is added to the name."),
      optional<&Settings::completed_dir>(
          "completed_dir", R"("")",
          "With `move`: the folder, on the same file system; a relative path is below `path`."),
      choice<&Settings::modified>(
          "modified", "reread_tail|quarantine|ignore", R"("reread_tail")",
          "A file changed after it was read: read on what was added (or all of it, where it was "
          "written anew), set it aside as `.MODIFIED`, or complete it as if it had not."),
      optional<&Settings::complete_empty>(
          "complete_empty", "true", "Whether an empty file is completed; if not, it is left until something is in it."),
      choice<&Settings::rows>(
          "rows", "lines|whole|json", R"("lines")",
          "What becomes a row: a line, a whole file, or a JSON document (an element of an outermost array)."),
      optional<&Settings::line_bytes>("line_bytes", R"("1MiB")", "The longest row."),
      choice<&Settings::long_lines>("long_lines", "reject|truncate|split", R"("reject")",
                                    "A longer row goes to the dead letters, loses its end, or becomes several rows."),
      choice<&Settings::invalid_utf8>("invalid_utf8", "keep|reject", R"("keep")",
                                      "A row that is not UTF-8 passes, or goes to the dead letters."),
      optional<&Settings::decompress>("decompress", "true",
                                      "Whether files that begin like gzip or zstd are read decompressed.")
          .advanced(),
      optional<&Settings::file_column>("file_column", R"("file")", "The column for the file's path; empty: none."),
      optional<&Settings::offset_column>("offset_column", R"("offset")",
                                         "The column for the row's first byte in what the file holds; empty: none."),
      optional<&Settings::headers>("headers", nullptr, "Columns with the same text in each row."),
      optional<&Settings::read_bytes>("read_bytes", R"("2MiB")", "How much is read for a batch.").advanced(),
  };
  static Result<std::unique_ptr<Spool>> create(Settings settings, Host host);

  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view stream, std::string_view position) override;

  const void* extension(std::string_view id);
  // The file that is read, and those that wait.
  std::vector<BacklogItem> backlog() const;

 private:
  using Time = std::chrono::nanoseconds;
  struct Rules {
    WaitingRules waiting;
    RowRules rows;
    CompletionRules completion;
    Modified modified;
    bool complete_empty;
    bool decompress;
    bool wait_for_folder;
  };
  Spool(std::string folder, Rules rules, Host host);

  // What to do about the next file, and about the one at hand.
  Done scan();
  Result<bool> begin_next();
  Done begin_replay(Pass pass);
  Done replay_failed(const Pass& pass, Error why);
  void begin_new(Found found);
  struct Opened {
    File file;
    levada_file_info info{};
    Head head;
  };
  Result<std::optional<Opened>> open_again(const Pass& pass);
  Result<std::optional<Opened>> open_as(const std::string& name, const Identity& identity);
  Result<std::optional<Place>> start_of(const Found& found, Opened& opened);
  std::optional<Place> start_in_changed(const Known& known, const levada_file_info& info);
  void note_reused_name(const std::string& path);
  void note_not_told_apart(const std::string& path);
  bool wanted(Found& found);
  bool follow(const FileId& id, const std::string& name);
  void start(Opened opened, Pass pass, bool replayed);
  Done read_on();
  Done read_failed(Error why);
  void end_reading();

  // What becomes of a file that is acknowledged.
  void complete_all(bool counts = true);
  void complete(std::vector<FileId>& files, bool counts);
  bool complete_one(const FileId& id, bool counts);
  void find_missing(bool counts);
  void finish_completed();
  bool look_again(const FileId& id, const Known& known);

  SpoolPosition position() const;
  Result<Batch> emit();
  Result<Batch> hand_over();
  std::string full(const std::string& path) const { return folder_ + "/" + path; }

  const std::string folder_;
  const Rules rules_;
  const Host host_;
  const Files files_;
  Counter files_taken_, files_completed_, files_empty_, files_vanished_, files_modified_, files_replaced_,
      files_shrunk_, files_damaged_, files_failed_, files_not_told_apart_, completions_failed_, bytes_read_;
  bool is_doubt_reported_ = false;  // The log says that files cannot be told apart for sure.

  FileRegistry registry_;
  Completion completion_;
  FolderWatch watch_;
  std::optional<WaitingFiles> waiting_;
  std::optional<RowBuffer> rows_;
  std::optional<FileReader> reading_;
  int replay_failures_ = 0;
  std::optional<Batch> pending_;  // Made, and not handed over as the journal could not be written.
  uint64_t announced_ = 0;        // The pass in the last position that was handed over.

  struct Finished {
    FileId id;
    uint64_t number;  // Of its last pass.
    Time due;         // When it can be forgotten: writers may have been slow.
  };
  struct Missing {
    FileId id;
    bool is_replaced;  // Another file has its name.
  };
  File lock_;  // Of the folder.
  std::vector<FileId> to_complete_;
  std::vector<Finished> completed_;          // And not yet forgotten.
  std::vector<Missing> missing_;             // Acknowledged, and not under their names when they were to be completed.
  std::optional<Time> searched_at_;          // When the folder was last searched for files that are to come again.
  std::optional<Time> missing_searched_at_;  // When it was last searched for missing_.
  Time complete_at_{};                       // When what failed is tried again.
  Time complete_pause_{};
};

}  // namespace levada::spool
