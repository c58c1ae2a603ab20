#include "follower.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "levada/joined_rows.h"

namespace levada::tail {

namespace {

// The rows of both, one behind the other.
Batch joined_batches(const Batch& first, const Batch& second) {
  std::vector<RowOf> rows;
  for (const auto* batch : {&first, &second})
    for (int64_t row = 0; row < batch->rows(); ++row) rows.push_back({batch, row});
  return join_rows(rows);
}

}  // namespace

using rows::Compression;

Follower::Follower(std::string path, const FollowRules& rules, FollowCounters& counters, const Host& host)
    : path_(std::move(path)),
      rules_(rules),
      counters_(counters),
      host_(host),
      generations_(host.files(), path_, rules.exclude),
      grew_at_(host.monotonic()) {}

void Follower::start(const levada_file_info& info, bool at_end) {
  announces_ = true;
  at_.place.offset = at_end ? info.bytes : 0;
  after_.modified_ns = info.modified_ns;
}

void Follower::resume(FilePosition position) {
  at_ = position;
  is_known_ = true;
}

void Follower::look(const levada_file_info* info, Time now) {
  const bool same = info && info->inode == at_.identity.inode && info->device == at_.identity.device;
  if (expects_next_) {
    if (info && !(same && opened_)) due_ = now;
    return;
  }
  if (!is_known_) return;
  if (same && info->bytes == seen_.bytes && info->modified_ns == seen_.modified_ns) return;
  is_elsewhere_ = !same;
  due_ = std::min(due_, now);
}

// The file that has the name, or, where one was empty, whatever came after it. False: there is none
// now, or nothing in it.
Result<bool> Follower::open_first() {
  auto opened = announces_ ? generations_.open(path_) : generations_.next({}, after_);
  if (!opened) return std::move(opened).error();
  if (!*opened) return false;
  // It may have become shorter since it was seen first.
  const auto offset = std::min(at_.place.offset, (*opened)->info.bytes);
  const bool is_empty = (*opened)->info.bytes == 0;
  begin(*std::move(*opened));
  at_.place.offset = skip_ = offset;
  if (opened_->compression == Compression::none) extend(at_.identity, *opened_->file, offset);
  is_known_ = !is_empty;
  return true;
}

// False: there is none now.
Result<bool> Follower::open_file() {
  if (opened_) return true;
  if (!is_known_) return open_first();
  auto found = generations_.find(at_.identity);
  if (!found) return std::move(found).error();
  if (!*found) {
    counters_.lost.add();
    host_.warning(path_ + ": the file that was read up to byte " + std::to_string(at_.place.offset) +
                  " is gone; what stood behind it was not read");
    jumps_ = true;
    ++at_.generation;
    is_known_ = false;
    at_.place = {};
    at_.identity = {};
    auto opened = generations_.open(path_);
    if (!opened) return std::move(opened).error();
    if (!*opened || (*opened)->info.bytes == 0) return false;
    begin(*std::move(*opened));
    return true;
  }
  if ((*found)->info.bytes == 0 && (*found)->path == path_) {
    after_ = (*found)->info;
    is_known_ = false;
    return false;
  }
  // A copy of it, or the file itself: what was read of it stays known.
  const auto identity = at_.identity;
  const auto place = at_.place;
  begin(*std::move(*found));
  at_.identity.head = identity.head;
  at_.identity.head_bytes = identity.head_bytes;
  at_.identity.end = identity.end;
  at_.identity.tail = identity.tail;
  at_.place = place;
  skip_ = place.offset;
  return true;
}

void Follower::begin(Opened opened) {
  opened_ = std::move(opened);
  at_.identity = opened_->head.identity;
  at_.place = {};
  is_known_ = true;
  is_elsewhere_ = opened_->path != path_;
  expects_next_ = false;
  seen_ = opened_->info;
  skip_ = 0;
  grew_at_ = host_.monotonic();
}

// False: there is none yet.
Result<bool> Follower::next_generation() {
  auto next = generations_.next(at_.identity, opened_->info);
  if (!next) return std::move(next).error();
  if (!*next) {
    // It is closed when the next one comes: nobody can take its inode until then.
    expects_next_ = true;
    due_ = Time::max();
    return false;
  }
  ++at_.generation;
  counters_.rotated.add();
  begin(*std::move(*next));
  return true;
}

Result<std::optional<Batch>> Follower::turn(rows::RowBuffer& buffer, Time now) {
  using Rows = std::optional<Batch>;
  if (expects_next_ && opened_) {
    auto begun = next_generation();
    if (!begun) return std::move(begun).error();
    if (!*begun) return Rows();
  }
  auto open = open_file();
  if (!open) return std::move(open).error();
  if (!*open) {
    expects_next_ = true;
    due_ = Time::max();
    return Rows();
  }
  read_at_ = now;
  if (std::exchange(announces_, false)) {
    Batch empty = with_position(Batch(0));
    // Of an empty file nothing is known that a copy could be known by: it is opened with its first
    // byte.
    if (!is_known_) opened_.reset();
    return Rows(std::move(empty));
  }
  if (opened_->compression != Compression::none) return read_compressed(buffer);
  return read_plain(buffer, now);
}

// Of a line's first byte.
rows::Place Follower::place_of(const Batch& lines, int64_t line) const {
  rows::Place place;
  place.offset = static_cast<uint64_t>(lines.find(rules_.rows.offset_column)->values<int64_t>()[line]);
  return place;
}

void Follower::put_off(Time until, rows::RowBuffer& buffer) {
  due_ = until;
  if (!reading_) return;
  buffer.drop_rest();
  if (buffer.rows() > 0) (void)buffer.finish();
  stop_reading();
}

void Follower::stop_reading() {
  reading_.reset();
  carried_.reset();
  skip_ = at_.place.offset;
}

Batch Follower::with_position(Batch batch) {
  if (rules_.hides_offset) batch.remove(rules_.rows.offset_column);
  batch.stream = path_;
  batch.position = text_of(at_);
  batch.jump = std::exchange(jumps_, false);
  return batch;
}

Result<bool> Follower::is_intact() {
  if (opened_->info.bytes < at_.place.offset || opened_->info.bytes < at_.identity.end) return false;
  auto head = rows::read_head(*opened_->file, opened_->info);
  if (!head) return std::move(head).error();
  return rows::has_content_of(*opened_->file, opened_->info, *head, at_.identity);
}

// Whoever rotates by copying has made a copy first: what was not read stands there.
Done Follower::truncated() {
  auto copy = generations_.find(at_.identity);
  if (!copy) return std::move(copy).error();
  counters_.truncated.add();
  if (*copy && (*copy)->path != path_) {
    const auto before = at_;
    begin(*std::move(*copy));
    at_ = before;
    at_.identity.inode = opened_->info.inode;
    at_.identity.device = opened_->info.device;
    at_.identity.born_ns = opened_->info.born_ns;
    skip_ = at_.place.offset;
    return {};
  }
  host_.info(path_ + " was truncated; it is read from its beginning");
  auto opened = generations_.open(path_);
  if (!opened) return std::move(opened).error();
  ++at_.generation;
  if (*opened && (*opened)->info.bytes > 0) {
    begin(*std::move(*opened));
    return {};
  }
  after_ = opened_->info;
  opened_.reset();
  is_known_ = false;
  at_.place = {};
  at_.identity = {};
  return {};
}

Result<std::optional<Batch>> Follower::read_plain(rows::RowBuffer& buffer, Time now) {
  using Rows = std::optional<Batch>;
  const auto info = opened_->file->info();
  if (!info) return info.error();
  const bool changed = info->bytes != seen_.bytes || info->modified_ns != seen_.modified_ns;
  if (changed) grew_at_ = now;
  opened_->info = seen_ = *info;
  const auto intact = is_intact();
  if (!intact) return intact.error();
  if (!*intact) {
    LEVADA_TRY(truncated());
    due_ = now;
    return Rows();
  }
  buffer.start_file(path_, at_.place);
  uint64_t offset = at_.place.offset;
  while (!buffer.full() && offset < info->bytes) {
    const auto room = buffer.room(info->bytes - offset);
    auto got = opened_->file->read(room.data(), std::min<uint64_t>(room.size(), info->bytes - offset), offset);
    if (!got) {
      buffer.drop_rest();
      if (buffer.rows() > 0) (void)buffer.finish();
      return std::move(got).error();
    }
    if (*got == 0) break;
    offset += *got;
    buffer.filled(*got);
    buffer.split();
  }
  const bool full = buffer.full();
  const bool all = offset >= info->bytes && !full;
  // No writer has it any more: what is no whole line yet becomes none.
  const bool over = all && (rules_.to_the_end || (is_elsewhere_ && now - grew_at_ >= rules_.rotate_wait));
  if (over) buffer.end_file();
  Batch batch = buffer.rows() > 0 ? buffer.finish() : Batch(0);
  rows::Place place = buffer.place();
  buffer.drop_rest();
  // Truncated while it was read, it gave bytes that are no continuation.
  const auto after = opened_->file->info();
  if (!after) return after.error();
  opened_->info = *after;
  const auto still = is_intact();
  if (!still) return still.error();
  if (!*still || after->bytes < offset) {
    LEVADA_TRY(truncated());
    due_ = now;
    return Rows();
  }
  opened_->info = *info;
  counters_.bytes_read.add(static_cast<int64_t>(place.offset - std::min(place.offset, at_.place.offset)));

  due_ = all ? Time::max() : now;
  if (all && is_elsewhere_ && !over) due_ = grew_at_ + rules_.rotate_wait;
  if (rules_.joiner && batch.rows() > 0) {
    const bool quiet = now - grew_at_ >= rules_.multiline_timeout;
    auto joined = rules_.joiner->join(batch, over || (all && quiet));
    // One row that fills all that is read at once is given as far as it goes.
    if (joined.rows.rows() == 0 && full) joined = rules_.joiner->join(batch, true);
    if (joined.open_line) {
      place = place_of(batch, *joined.open_line);
      if (all) due_ = std::min(due_, grew_at_ + rules_.multiline_timeout);
    }
    batch = std::move(joined.rows);
  }
  at_.place = place;
  extend(at_.identity, *opened_->file, place.offset);
  if (batch.rows() > 0) {
    if (over) due_ = now;
    return Rows(with_position(std::move(batch)));
  }
  if (over) {
    auto begun = next_generation();
    if (!begun) return std::move(begun).error();
    if (*begun) due_ = now;
  }
  return Rows();
}

// It is complete: to its end in one go, batch by batch.
Result<std::optional<Batch>> Follower::read_compressed(rows::RowBuffer& buffer) {
  using Rows = std::optional<Batch>;
  if (!reading_) {
    reading_ = rows::make_decoder(opened_->compression, *opened_->file, 0);
    buffer.start_file(path_, at_.place);
  }
  bool at_end = false;
  if (!buffer.split_rest()) {
    while (!buffer.full() && !at_end) {
      if (skip_ > 0) {
        char skipped[65536];
        auto got = reading_->read(skipped, std::min<uint64_t>(sizeof skipped, skip_));
        if (!got) return std::move(got).error();
        skip_ -= *got;
        if (*got == 0 && !reading_->is_busy()) at_end = true;
        continue;
      }
      const auto room = buffer.room(rules_.rows.read_bytes);
      auto got = reading_->read(room.data(), room.size());
      if (!got) return std::move(got).error();
      if (*got == 0 && !reading_->is_busy()) at_end = true;
      counters_.bytes_read.add(static_cast<int64_t>(*got));
      buffer.filled(*got);
      buffer.split();
    }
  }
  if (at_end && reading_->damage().empty()) buffer.end_file();
  else if (at_end) buffer.drop_rest();
  if (buffer.rows() > 0 || (at_end && carried_)) {
    Batch batch = buffer.rows() > 0 ? buffer.finish() : Batch(0);
    rows::Place place = buffer.place();
    if (rules_.joiner) {
      if (carried_) batch = batch.rows() > 0 ? joined_batches(*carried_, batch) : *carried_;
      auto joined = rules_.joiner->join(batch, at_end);
      carried_.reset();
      if (joined.open_line) {
        place = place_of(batch, *joined.open_line);
        carried_ = batch.slice(*joined.open_line, batch.rows() - *joined.open_line);
      }
      batch = std::move(joined.rows);
    }
    if (batch.rows() == 0) return Rows();
    at_.place = place;
    return Rows(with_position(std::move(batch)));
  }
  if (!at_end) return Rows();
  if (!reading_->damage().empty()) {
    counters_.damaged.add();
    host_.warning(opened_->path + " is damaged: what is compressed in it " + std::string(reading_->damage()));
  }
  stop_reading();
  auto begun = next_generation();
  if (!begun) return std::move(begun).error();
  due_ = *begun ? host_.monotonic() : Time::max();
  return Rows();
}

}  // namespace levada::tail
