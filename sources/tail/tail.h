// The tail source: follows files that grow, over their rotations; each path is a stream.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "follower.h"
#include "levada/sdk.h"
#include "rows/folder_watch.h"
#include "rows/row_buffer.h"

namespace levada::tail {

class Tail : public Source {
 public:
  enum class Start : uint8_t { end, beginning };
  struct Settings {
    std::vector<std::string> include, exclude;
    Start start = Start::end;
    std::chrono::nanoseconds poll_interval = std::chrono::milliseconds(250);
    std::chrono::nanoseconds rotate_wait = std::chrono::seconds(5);
    std::optional<std::string> multiline_start;
    std::chrono::nanoseconds multiline_timeout = std::chrono::seconds(5);
    int64_t max_open_files = 512;
    Size line_bytes, read_bytes;
    rows::LongLines long_lines = rows::LongLines::reject;
    rows::InvalidUtf8 invalid_utf8 = rows::InvalidUtf8::keep;
    std::string file_column, offset_column;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  static constexpr std::array options = {
      required<&Settings::include>("include",
                                   "Patterns of the paths to follow, [\"/var/log/app/*.log\"]; `**` is any number of "
                                   "folders, `{a,b}` one of both."),
      optional<&Settings::exclude>("exclude", R"(["*.tmp"])",
                                   "Patterns of what to leave alone; one without a `/` is about the name alone."),
      choice<&Settings::start>("start", "end|beginning", R"("end")",
                               "Where files begin that are there at the very first start; all that come later are "
                               "read from their beginning."),
      optional<&Settings::poll_interval>("poll_interval", R"("250ms")", "How often files are looked at."),
      optional<&Settings::rotate_wait>("rotate_wait", R"("5s")",
                                       "A file that was rotated is through when nothing was added for so long."),
      optional<&Settings::multiline_start>("multiline_start", nullptr,
                                           "What the first line of a row matches (RE2); other lines go on with the "
                                           "row before."),
      optional<&Settings::multiline_timeout>("multiline_timeout", R"("5s")",
                                             "A row is over when no line has come for so long."),
      optional<&Settings::max_open_files>("max_open_files", "512", "So many files are held open at once.").advanced(),
      optional<&Settings::line_bytes>("line_bytes", R"("1MiB")", "The longest row."),
      choice<&Settings::long_lines>("long_lines", "reject|truncate|split", R"("reject")",
                                    "A longer line goes to the dead letters, loses its end, or becomes several rows."),
      choice<&Settings::invalid_utf8>("invalid_utf8", "keep|reject", R"("keep")",
                                      "A row that is not UTF-8 passes, or goes to the dead letters."),
      optional<&Settings::file_column>("file_column", R"("file")", "The column for the path; empty: none."),
      optional<&Settings::offset_column>("offset_column", R"("offset")",
                                         "The column for the row's first byte in its file; empty: none."),
      optional<&Settings::headers>("headers", nullptr, "Columns with the same text in each row."),
      optional<&Settings::read_bytes>("read_bytes", R"("1MiB")", "How much is read for a batch.").advanced(),
  };
  static Result<std::unique_ptr<Tail>> create(Settings settings, Host host);

  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  // Nothing outside changes when rows are stored.
  Done acknowledge(std::string_view, std::string_view) override { return {}; }

 private:
  using Time = std::chrono::nanoseconds;

  Tail(Settings settings, FollowRules rules, Host host);
  Done scan();
  // Without the files that had another one's name before, and second names.
  void leave_out_rotated(std::map<std::string, levada_file_info>& found) const;
  void begin_new(const std::map<std::string, levada_file_info>& found);
  Done note_start();
  // Of the next follower that has rows; nothing where none has.
  Result<std::optional<Batch>> turn();
  Result<std::optional<Batch>> turn(Follower& follower);
  void close_some();
  Time next_due() const;
  bool is_through() const;

  const Settings settings_;
  const FollowRules rules_;
  const Host host_;
  FollowCounters counters_;
  Counter files_found_, files_failed_;
  rows::FolderWatch watch_;
  std::optional<rows::RowBuffer> rows_;
  std::map<std::string, std::unique_ptr<Follower>> followers_;
  std::string next_;            // The follower whose turn it is, or where it would stand.
  Follower* holder_ = nullptr;  // Of the buffer.
  bool is_first_start_ = false, is_started_ = false;
  std::optional<Time> scanned_at_;
  int scans_failed_ = 0;                         // In a row.
  std::map<std::string, std::string> problems_;  // That the log knows of, by path.
};

}  // namespace levada::tail
