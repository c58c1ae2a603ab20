// The loop that finds lines fills Arrow views and offsets in blocks; nothing in it allocates.
#include "rows/row_buffer.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "rows/file_name.h"

namespace levada::rows {

namespace {

constexpr int64_t kMaxRows = 1 << 16;
constexpr int64_t kBlockRows = 1024;
// Less than this at the end of a buffer is not worth a read.
constexpr size_t kLeastRead = 64 << 10;
constexpr size_t kLeastBuffer = 4096;

// At most `limit` bytes, not ending amid a UTF-8 character.
size_t cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text.size();
  size_t at = limit;
  while (at > 0 && limit - at < 3 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at > 0 ? at : limit;
}

}  // namespace

RowBuffer::RowBuffer(RowRules rules, const Host& host)
    : rules_(std::move(rules)),
      lines_too_long_(host.counter("lines_too_long")),
      lines_invalid_utf8_(host.counter("lines_invalid_utf8")) {}

void RowBuffer::start_batch() {
  bodies_ = TextBuilder(usual_rows_);
  names_ = TextBuilder();
  offsets_ = ValueBuilder<int64_t>(usual_rows_);
  files_ = ValueBuilder<int32_t>(usual_rows_);
}

void RowBuffer::start_file(std::string name, Place from) {
  close_file_rows();
  file_ = std::move(name);
  place_ = from;
}

std::span<char> RowBuffer::room(uint64_t expected) {
  const size_t wanted = std::clamp<uint64_t>(expected, std::min(kLeastBuffer, rules_.read_bytes), rules_.read_bytes);
  const size_t left = is_sealed_ ? 0 : buffer_.capacity() - end_;
  if (left < std::min(wanted, kLeastRead)) {
    // Of the usual size where it can be, so that the host's pool has one. A row that fills half of it needs more room.
    const size_t carried = end_ - begin_;
    Buffer next(std::max(std::min(carried + wanted, rules_.read_bytes), 2 * carried));
    if (carried) std::memcpy(next.data(), buffer_.data() + begin_, carried);
    buffer_ = std::move(next);
    begin_ = 0;
    end_ = carried;
    is_sealed_ = false;
    held_number_ = -1;
  }
  return {buffer_.data() + end_, buffer_.capacity() - end_};
}

void RowBuffer::hold_buffer() {
  if (held_number_ < 0) {
    if (held_.empty()) start_batch();
    held_number_ = static_cast<int32_t>(held_.size());
    held_.emplace_back(buffer_, 0);
  }
  held_.back().second = end_;
}

bool RowBuffer::split_rest() {
  if (!is_unsplit_) return false;
  is_unsplit_ = false;
  split();
  return true;
}

void RowBuffer::split(bool at_end) {
  while (begin_ < end_) {
    if (rows_ >= kMaxRows && !at_end) {
      is_unsplit_ = true;
      return;
    }
    if (place_.in_long_row) {
      if (!skip_long_row()) return;
      continue;
    }
    hold_buffer();
    const int64_t room = at_end ? kBlockRows : std::min(kBlockRows, kMaxRows - rows_);
    View* views = bodies_.extend(room);
    const char* const begin = buffer_.data() + begin_;
    const int64_t found = split_block(views, offsets_.extend(room), room, at_end);
    if (found > 0) {
      if (rules_.invalid_utf8 == InvalidUtf8::reject)
        reject_invalid(views, rows_, found, begin, buffer_.data() + begin_);
      bodies_.filled(found);
      offsets_.filled(found);
      rows_ += found;
    } else if (!split_long_row(at_end)) {
      return;
    }
  }
}

int64_t RowBuffer::split_block(View* views, int64_t* offsets, int64_t room, bool at_end) {
  if (rules_.rows == Rows::lines) return split_lines(views, offsets, room);
  if (rules_.rows == Rows::json) return split_documents(views, offsets, room, at_end);
  return 0;
}

int64_t RowBuffer::split_lines(View* views, int64_t* offsets, int64_t room) {
  const char* const base = buffer_.data();
  const char* const end = base + end_;
  const auto number = held_number_;
  const auto before = static_cast<int64_t>(place_.offset - begin_);
  const char* at = base + begin_;
  int64_t rows = 0;
  while (rows < room) {
    const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
    if (!newline) break;
    auto size = static_cast<size_t>(newline - at);
    if (size > 0 && at[size - 1] == '\r') --size;
    if (size > rules_.line_bytes) break;
    views[rows] = View::of({at, size}, number, static_cast<int32_t>(at - base));
    offsets[rows++] = before + (at - base);
    at = newline + 1;
  }
  move_on(static_cast<size_t>(at - base) - begin_);
  return rows;
}

int64_t RowBuffer::split_documents(View* views, int64_t* offsets, int64_t room, bool at_end) {
  int64_t rows = 0;
  while (rows < room) {
    size_t begin = begin_;
    const size_t end = json_.next(buffer_.data(), begin, end_, at_end, place_.in_array);
    move_on(begin - begin_);
    if (end == 0 || end - begin > rules_.line_bytes) break;
    views[rows] = View::of({buffer_.data() + begin, end - begin}, held_number_, static_cast<int32_t>(begin));
    offsets[rows++] = static_cast<int64_t>(place_.offset);
    move_on(end - begin);
  }
  return rows;
}

// A row that is longer than allowed, or the last one of a file; false where neither is there as yet.
bool RowBuffer::split_long_row(bool at_end) {
  std::string_view row = rest();
  if (rules_.rows == Rows::lines) {
    const auto newline = row.find('\n');
    // A return that ends the line may be the one byte too many.
    if (newline == row.npos && !at_end && row.size() < rules_.line_bytes + 2) return false;
    row = row.substr(0, newline);
    if ((newline != row.npos || at_end) && row.ends_with('\r')) row.remove_suffix(1);
  }
  if (row.empty() && rules_.rows != Rows::lines) return false;
  if (row.size() <= rules_.line_bytes && !at_end) return false;
  const size_t size = cut(row, rules_.line_bytes);
  const bool is_long = size < row.size();
  if (is_long) {
    lines_too_long_.add();
    if (rules_.long_lines == LongLines::reject)
      rejected_.push_back(
          {rows_,
           "the row is longer than line_bytes = " + std::to_string(rules_.line_bytes) + "; only its beginning is kept",
           true});
    place_.in_long_row = rules_.long_lines != LongLines::split;
  } else if (rules_.invalid_utf8 == InvalidUtf8::reject) {
    const View view = View::of(row, held_number_, static_cast<int32_t>(begin_));
    reject_invalid(&view, rows_, 1, row.data(), row.data() + row.size());
  }
  *bodies_.extend(1) = View::of(row.substr(0, size), held_number_, static_cast<int32_t>(begin_));
  *offsets_.extend(1) = static_cast<int64_t>(place_.offset);
  bodies_.filled(1);
  offsets_.filled(1);
  ++rows_;
  move_on(is_long ? size : end_ - begin_);
  return true;
}

bool RowBuffer::skip_long_row() {
  const auto newline = rules_.rows == Rows::whole ? std::string_view::npos : rest().find('\n');
  if (newline == std::string_view::npos) {
    move_on(end_ - begin_);
    return false;
  }
  move_on(newline + 1);
  place_.in_long_row = false;
  return true;
}

void RowBuffer::reject_invalid(const View* views, int64_t first_row, int64_t count, const char* begin,
                               const char* end) {
  if (simdjson::validate_utf8(begin, static_cast<size_t>(end - begin))) return;
  for (int64_t row = 0; row < count; ++row) {
    const View& view = views[row];
    const char* text = view.is_inline() ? view.inlined : buffer_.data() + view.outside.offset;
    if (simdjson::validate_utf8(text, static_cast<size_t>(view.size))) continue;
    lines_invalid_utf8_.add();
    rejected_.push_back({first_row + row, "the row is not valid UTF-8", false});
  }
}

void RowBuffer::end_file() {
  split(true);
  close_file_rows();
  begin_ = end_;
}

void RowBuffer::drop_rest() {
  close_file_rows();
  begin_ = end_;
}

void RowBuffer::close_file_rows() {
  const int64_t rows = rows_ - files_.rows();
  if (rows <= 0) return;
  std::fill_n(files_.extend(rows), rows, static_cast<int32_t>(names_.rows()));
  files_.filled(rows);
  names_.append(to_display(file_));
}

void RowBuffer::add_rejected(Batch& batch) const {
  TextBuilder reasons(rows_);
  BooleanBuilder cut;
  for (const auto& each : rejected_) {
    for (; reasons.rows() < each.row; cut.append(false)) reasons.append_null();
    reasons.append(each.reason);
    cut.append(each.is_cut);
  }
  for (; reasons.rows() < rows_; cut.append(false)) reasons.append_null();
  batch.set(std::move(reasons).finish("reason", Type::text));
  const auto is_cut = [](const Rejected& each) { return each.is_cut; };
  if (std::any_of(rejected_.begin(), rejected_.end(), is_cut)) batch.set(std::move(cut).finish("cut"));
}

Batch RowBuffer::finish() {
  close_file_rows();
  if (held_.empty()) start_batch();
  for (const auto& [buffer, used] : held_) bodies_.lend(buffer, used);
  Batch batch(rows_);
  batch.set(std::move(bodies_).finish("body", Type::bytes));
  if (!rules_.file_column.empty())
    batch.set(std::move(files_).finish(rules_.file_column, std::move(names_).finish("", Type::text)));
  if (!rules_.offset_column.empty()) batch.set(std::move(offsets_).finish(rules_.offset_column, Type::int64));
  for (const auto& [name, value] : rules_.headers) batch.set(repeat(name, value, rows_));
  if (!rejected_.empty()) add_rejected(batch);

  is_sealed_ = !held_.empty();
  held_.clear();
  held_number_ = -1;
  rejected_.clear();
  usual_rows_ = std::clamp<int64_t>(rows_ + rows_ / 8, 64, kMaxRows);
  rows_ = 0;
  batch_bytes_ = 0;
  files_ = ValueBuilder<int32_t>();
  return batch;
}

}  // namespace levada::rows
