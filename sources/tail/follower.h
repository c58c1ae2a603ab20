// A path that is followed: the file that has its name, and those that had it before, one after the
// other.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "generations.h"
#include "line_joiner.h"
#include "position.h"
#include "rows/row_buffer.h"

namespace levada::tail {

struct FollowRules {
  rows::RowRules rows;
  std::optional<LineJoiner> joiner;
  std::chrono::nanoseconds multiline_timeout{0}, rotate_wait{0};
  std::vector<std::string> exclude;
  bool hides_offset = false;  // The column with offsets is for the joiner alone.
  bool to_the_end = false;    // Nothing will be added: what is there is all.
};

struct FollowCounters {
  explicit FollowCounters(const Host& host)
      : bytes_read(host.counter("file_bytes_read")),
        rotated(host.counter("files_rotated")),
        truncated(host.counter("files_truncated")),
        lost(host.counter("files_lost")),
        damaged(host.counter("files_damaged")) {}
  Counter bytes_read, rotated, truncated, lost, damaged;
};

class Follower {
 public:
  using Time = std::chrono::nanoseconds;

  Follower(std::string path, const FollowRules& rules, FollowCounters& counters, const Host& host);

  // From the beginning of the file that has the name, or its end; a batch without rows says so.
  void start(const levada_file_info& info, bool at_end);
  // From where it stood.
  void resume(FilePosition position);

  const std::string& path() const { return path_; }
  const Generations& generations() const { return generations_; }
  bool has_file() const { return opened_.has_value(); }
  Time read_at() const { return read_at_; }
  // What the path is now: another file, one that is longer or shorter, or none.
  void look(const levada_file_info* info, Time now);
  // When it is worth a turn; max where nothing is known to come.
  Time due() const { return due_; }
  // Rows, with their position; nothing where there are none now. `buffer` is the follower's until
  // `holds_buffer` says otherwise.
  Result<std::optional<Batch>> turn(rows::RowBuffer& buffer, Time now);
  bool holds_buffer() const { return reading_ != nullptr; }
  // Nothing is left to read, and nothing is expected.
  bool is_through() const { return due_ == Time::max() && !reading_; }
  // Whether its file can be closed meanwhile: it is opened again by its identity.
  bool can_close() const { return opened_ && !reading_ && !is_elsewhere_ && !expects_next_; }
  void close_file() { opened_.reset(); }
  // It could not be read: later. What is in the buffer comes again.
  void put_off(Time until, rows::RowBuffer& buffer);
  int failures = 0;  // In a row.

 private:
  Result<bool> open_file();
  Result<bool> open_first();
  void begin(Opened opened);
  Result<bool> next_generation();
  Result<std::optional<Batch>> read_plain(rows::RowBuffer& buffer, Time now);
  Result<std::optional<Batch>> read_compressed(rows::RowBuffer& buffer);
  // Whether what was read is still there.
  Result<bool> is_intact();
  Done truncated();
  rows::Place place_of(const Batch& lines, int64_t line) const;
  void stop_reading();
  Batch with_position(Batch batch);

  const std::string path_;
  const FollowRules& rules_;
  FollowCounters& counters_;
  const Host host_;
  const Generations generations_;

  FilePosition at_;
  bool is_known_ = false;      // at_ names a file.
  bool announces_ = false;     // A batch without rows says where the stream begins.
  levada_file_info after_{};   // While there is no file: what comes after this one is the next.
  bool jumps_ = false;         // Rows before the next batch are gone.
  bool is_elsewhere_ = false;  // The path names another file by now, or none.
  bool expects_next_ = false;  // The file is through, and the next one is not there yet.
  std::optional<Opened> opened_;
  std::unique_ptr<rows::Decoder> reading_;  // Of a compressed file.
  std::optional<Batch> carried_;            // Lines of it that others may go on.
  uint64_t skip_ = 0;                       // Bytes of it that were read before.
  levada_file_info seen_{};                 // The file, when it was looked at last.
  Time grew_at_{0}, read_at_{0}, due_{0};
};

}  // namespace levada::tail
