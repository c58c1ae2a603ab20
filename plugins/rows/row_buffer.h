// Where the bytes of files become the rows of a batch: read into place once, then only views of them move.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "levada/batch.h"
#include "levada/host.h"
#include "rows/json_rows.h"
#include "rows/place.h"

namespace levada::rows {

enum class Rows : uint8_t { lines, whole, json };
enum class LongLines : uint8_t { reject, truncate, split };
enum class InvalidUtf8 : uint8_t { keep, reject };

struct RowRules {
  Rows rows = Rows::lines;
  size_t read_bytes = 1 << 20;
  size_t line_bytes = 1 << 20;
  LongLines long_lines = LongLines::reject;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::keep;
  std::string file_column = "file";      // Empty: none.
  std::string offset_column = "offset";  // Empty: none.
  std::vector<std::pair<std::string, std::string>> headers;
};

class RowBuffer {
 public:
  RowBuffer(RowRules rules, const Host& host);

  // What is read from now on is of that file, from that place on.
  void start_file(std::string name, Place from);
  // Where to read into; `expected`: as many bytes as there probably are to read before long.
  std::span<char> room(uint64_t expected);
  void filled(size_t bytes) {
    end_ += bytes;
    batch_bytes_ += bytes;
  }
  // Makes rows of what is there; what is left then is a part of a row.
  void split() { split(false); }
  // The file ends here: what is left is a row.
  void end_file();
  // What is left will be read again.
  void drop_rest();

  // The start of what is no row yet.
  const Place& place() const { return place_; }
  int64_t rows() const { return rows_; }
  // Hand the batch out before reading on.
  bool full() const { return rows_ > 0 && (is_unsplit_ || batch_bytes_ >= rules_.read_bytes - rules_.read_bytes / 8); }
  // Goes on with what the last batch had no more room for; false: there is no such.
  bool split_rest();
  // The rows so far, with a column "reason" where some of them are rejected, and "cut" where some are cut.
  Batch finish();

 private:
  struct Rejected {
    int64_t row;
    std::string reason;
    bool is_cut;  // The batch has only the beginning of the row.
  };

  void start_batch();
  void split(bool at_end);
  int64_t split_block(View* views, int64_t* offsets, int64_t room, bool at_end);
  int64_t split_lines(View* views, int64_t* offsets, int64_t room);
  int64_t split_documents(View* views, int64_t* offsets, int64_t room, bool at_end);
  bool split_long_row(bool at_end);
  bool skip_long_row();
  void reject_invalid(const View* views, int64_t first_row, int64_t count, const char* begin, const char* end);
  void close_file_rows();
  void add_rejected(Batch& batch) const;

  std::string_view rest() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void move_on(size_t bytes) {
    begin_ += bytes;
    place_.offset += bytes;
  }
  void hold_buffer();

  const RowRules rules_;
  JsonRows json_;
  Counter lines_too_long_, lines_invalid_utf8_;

  Buffer buffer_;
  size_t begin_ = 0, end_ = 0;  // Of what is no row yet.
  bool is_sealed_ = false;      // A batch that is gone has views into it: nothing may be written there.
  bool is_unsplit_ = false;     // The batch has too many rows for more.
  Place place_;                 // Of begin_.
  std::string file_;

  // The batch that is being made.
  std::vector<std::pair<Buffer, size_t>> held_;  // Buffers with rows of it, and how much of them is in use.
  int32_t held_number_ = -1;                     // Of buffer_ in there; -1: it is not.
  TextBuilder bodies_, names_;
  ValueBuilder<int64_t> offsets_;
  ValueBuilder<int32_t> files_;
  std::vector<Rejected> rejected_;
  int64_t rows_ = 0;
  size_t batch_bytes_ = 0;
  int64_t usual_rows_ = 1024;
};

}  // namespace levada::rows
