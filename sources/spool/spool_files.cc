// The spool source's dealings with single files: taking, reading and completing them, whatever has happened to them.
#include <algorithm>

#include "spool.h"

namespace levada::spool {

namespace {

using namespace std::chrono_literals;

// So often a read that fails is repeated at once (the host backs off in between), before other files have their turn.
constexpr int kReadTries = 3;
// So many files may be known and not be there.
constexpr size_t kKnownSlack = 10'000;
constexpr auto kFirstPause = 1s;
constexpr auto kLongestPause = 60s;

bool unchanged(const Pass& last, const levada_file_info& info) {
  return last.identity.inode == info.inode && last.bytes == info.bytes && last.modified_ns == info.modified_ns;
}

}  // namespace

bool Spool::wanted(const Found& found) const {
  const Known* known = registry_.find(found.path);
  if (!known) return found.info.bytes > 0 || rules_.complete_empty;
  return !known->last.finished || !unchanged(known->last, found.info);
}

Done Spool::scan() {
  size_t seen = 0;
  LEVADA_TRY(waiting_->scan([&](const Found& found) {
    ++seen;
    return wanted(found);
  }));
  // Kept files that others have removed.
  if (rules_.completion.completed == Completed::keep && registry_.known() > seen + kKnownSlack) {
    to_complete_ = registry_.completable();
    complete_all(false);
  }
  return {};
}

Done Spool::begin_replay(Pass pass) {
  if (pass.to && pass.to->offset <= pass.from.offset) {
    registry_.replayed(pass.number);
    return {};
  }
  const auto path = full(pass.file);
  const auto lost = [&](Counter& counter, const std::string& what) {
    counter.add();
    host_.warning(path + what + " before all its rows were stored downstream; from byte " +
                  std::to_string(pass.from.offset) + " on they are lost");
    const Known* known = registry_.find(pass.file);
    if (known && known->last.identity.inode == pass.identity.inode && known->last.identity.head == pass.identity.head)
      registry_.forget(pass.file);
    registry_.replayed(pass.number);
  };
  auto file = files_.open(path);
  if (!file) {
    levada_file_info info{};
    if (files_.stat(path, info) != -ENOENT) return replay_failed(pass, std::move(file).error());
    lost(files_vanished_, " vanished");
    return {};
  }
  const auto info = file->info();
  if (!info) return replay_failed(pass, info.error());
  const auto head = read_head(*file, *info);
  if (!head) return replay_failed(pass, head.error());
  if (!is_same(*head, pass.identity)) {
    lost(files_replaced_, " was replaced");
    return {};
  }
  replay_failures_ = 0;
  if (!pass.to) pass.bytes = info->bytes;
  start(std::move(*file), std::move(pass), *head, true);
  return {};
}

Done Spool::replay_failed(const Pass& pass, Error why) {
  if (++replay_failures_ < kReadTries) return why;
  replay_failures_ = 0;
  registry_.break_off(pass, pass.from);
  registry_.replayed(pass.number);
  waiting_->put_off(pass.file, why);
  return {};
}

void Spool::begin_new(const Found& found) {
  const auto path = full(found.path);
  auto file = files_.open(path);
  if (!file) {
    levada_file_info info{};
    if (files_.stat(path, info) != -ENOENT) return waiting_->put_off(found.path, file.error());
    files_vanished_.add();
    return host_.info(path + " vanished before it was read");
  }
  const auto info = file->info();
  if (!info) return waiting_->put_off(found.path, info.error());
  const bool has_changed = info->bytes != found.info.bytes || info->modified_ns != found.info.modified_ns;
  if (has_changed && rules_.waiting.settle > 0s) return waiting_->unsettle(found.path);
  const auto head = read_head(*file, *info);
  if (!head) return waiting_->put_off(found.path, head.error());
  const auto from = start_of(found, *info, *head);
  if (!from) return;
  if (info->bytes == 0) {
    files_empty_.add();
    host_.debug(path + " is empty");
  }
  Pass pass;
  pass.file = found.path;
  pass.identity = head->identity;
  pass.from = *from;
  pass.bytes = info->bytes;
  pass.number = registry_.begin(pass);
  start(std::move(*file), std::move(pass), *head, false);
}

// Where to read from; nothing where there is nothing to read.
std::optional<Place> Spool::start_of(const Found& found, const levada_file_info& info, const Head& head) {
  if (!registry_.find(found.path) && follow_move(found, info, head) && unchanged(registry_.find(found.path)->last, info))
    return std::nullopt;
  const Known* known = registry_.find(found.path);
  if (!known) {
    files_taken_.add();
    return Place{};
  }
  const Pass& last = known->last;
  if (last.identity.inode != info.inode) {
    files_replaced_.add();
    host_.info(full(found.path) + " is a new file under the name of one that was read; it is read too");
    files_taken_.add();
    return Place{};
  }
  if (!is_same(head, last.identity)) {
    files_replaced_.add();
    host_.warning(full(found.path) + " was written anew after it had been read");
    return start_in_changed(*known, info);
  }
  if (!last.finished) return last.to.value_or(last.from);
  if (info.bytes < last.bytes) {
    files_shrunk_.add();
    host_.warning(full(found.path) + " shrank from " + std::to_string(last.bytes) + " to " +
                  std::to_string(info.bytes) + " bytes after it had been read");
    return start_in_changed(*known, info);
  }
  files_modified_.add();
  host_.warning(full(found.path) + " was changed after it had been read, by " +
                std::to_string(info.bytes - last.bytes) + " bytes");
  const auto from = start_in_changed(*known, info);
  if (!from || info.bytes > last.bytes) return from ? last.to : from;
  // Touched, or changed in place: there is nothing to read on.
  registry_.accept(found.path, info, false);
  if (known->acknowledged) to_complete_.push_back(found.path);
  return std::nullopt;
}

std::optional<Place> Spool::start_in_changed(const Known& known, const levada_file_info& info) {
  if (rules_.modified == Modified::reread_tail) return Place{};
  const auto file = known.last.file;
  registry_.accept(file, info, rules_.modified == Modified::quarantine);
  if (known.acknowledged) to_complete_.push_back(file);
  return std::nullopt;
}

// A file that was given another name is the same file.
bool Spool::follow_move(const Found& found, const levada_file_info& info, const Head& head) {
  const auto before = registry_.name_of(info);
  levada_file_info there{};
  if (before.empty() || files_.stat(full(before), there) != -ENOENT) return false;
  if (!is_same(head, registry_.find(before)->last.identity)) return false;
  registry_.move(before, found.path);
  if (registry_.find(found.path)->acknowledged) to_complete_.push_back(found.path);
  return true;
}

void Spool::start(File file, Pass pass, const Head& head, bool replayed) {
  const auto compression = rules_.decompress ? compression_of(head.bytes) : Compression::none;
  rows_->start_file(full(pass.file), pass.from);
  reading_.emplace(std::move(file), std::move(pass), compression, replayed);
}

Done Spool::read_on() {
  if (rows_->split_rest()) return {};
  if (!reading_->at_end()) {
    const bool more_wait = !waiting_->empty() || reading_->replayed;
    const auto left = reading_->bytes_left();
    // One byte more shows the end of the file without another buffer.
    const auto room = rows_->room(more_wait || left >= rules_.rows.read_bytes ? rules_.rows.read_bytes : left + 1);
    const auto got = reading_->read(room.data(), room.size());
    if (!got) return read_failed(got.error());
    reading_->failures = 0;
    if (*got > 0) {
      bytes_read_.add(static_cast<int64_t>(*got));
      rows_->filled(*got);
      rows_->split();
    }
  }
  if (reading_->at_end() && !rows_->full()) end_reading();
  return {};
}

Done Spool::read_failed(Error why) {
  if (++reading_->failures < kReadTries) return why;
  registry_.break_off(reading_->pass, rows_->place());
  if (reading_->replayed) registry_.replayed(reading_->pass.number);
  rows_->drop_rest();
  waiting_->put_off(reading_->pass.file, why);
  reading_.reset();
  return {};
}

void Spool::end_reading() {
  const Pass& pass = reading_->pass;
  // One that broke off amid a row when it was read first does so again; another pass has the rest.
  if (pass.to && !pass.finished)
    rows_->drop_rest();
  else
    rows_->end_file();
  if (!pass.to) {
    const Pass over = reading_->ended(rows_->place());
    registry_.end(over);
    if (over.damaged) {
      files_damaged_.add();
      host_.warning(full(pass.file) + " is damaged: what is compressed in it breaks off after " +
                    std::to_string(over.to->offset) + " bytes of content");
    }
  }
  if (reading_->replayed) registry_.replayed(pass.number);
  reading_.reset();
  waiting_->look_again();
}

bool Spool::complete_one(const std::string& file, bool count_kept) {
  const Known* known = registry_.find(file);
  if (!known || !known->acknowledged || !known->last.finished) return true;
  const auto number = known->last.number;
  const auto outcome = completion_.complete(*known);
  if (!outcome) {
    if (!known->is_reported) {
      completions_failed_.add();
      host_.warning("cannot complete a file: " + outcome.error().message + "; it is tried again, and not read again");
      registry_.report(file);
    }
    return false;
  }
  switch (*outcome) {
    case Completion::Outcome::done:
      files_completed_.add();
      break;
    case Completion::Outcome::was_done:
      break;
    case Completion::Outcome::kept:
      if (count_kept) files_completed_.add();
      return true;
    // Whoever looks into the folder next sees to it.
    case Completion::Outcome::changed:
      return true;
    case Completion::Outcome::vanished:
      files_vanished_.add();
      host_.info(full(file) + " vanished after it had been read");
      break;
    case Completion::Outcome::replaced:
      files_replaced_.add();
      host_.info(full(file) + " was replaced by another file after it had been read; that is read too");
      break;
  }
  completed_.emplace_back(file, number);
  return true;
}

void Spool::complete_all(bool count_kept) {
  std::erase_if(to_complete_, [&](const std::string& file) { return complete_one(file, count_kept); });
  const auto synced = completion_.sync();
  if (synced) {
    for (const auto& [file, number] : completed_)
      if (const Known* known = registry_.find(file); known && known->last.number == number) registry_.forget(file);
    completed_.clear();
  }
  if (synced && to_complete_.empty()) {
    complete_pause_ = 0s;
  } else {
    complete_pause_ = std::clamp<Time>(2 * complete_pause_, kFirstPause, kLongestPause);
    complete_at_ = host_.monotonic() + complete_pause_;
  }
}

}  // namespace levada::spool
