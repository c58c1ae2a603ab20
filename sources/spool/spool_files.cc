// The spool source's dealings with single files: taking and reading them,
// whatever has happened to them.
#include <algorithm>

#include "spool.h"

namespace levada::spool {

namespace {

using namespace std::chrono_literals;

// So often a read that fails is repeated at once (the host backs off in between), before
// other files have their turn.
constexpr int kReadTries = 3;
// So many files may be known and not be there.
constexpr size_t kKnownSlack = 10'000;

bool unchanged(const Pass& last, const levada_file_info& info) {
  return last.bytes == info.bytes && last.modified_ns == info.modified_ns;
}

}  // namespace

// Says of a second name that it is one: the file has its first one still.
bool Spool::wanted(Found& found) {
  found.link = link_of(found.path);
  const Known* known = registry_.find(id_of(found.info, found.link));
  if (!known) {
    const auto id = id_of(found.info);
    known = registry_.find(id);
    const bool is_first = !known || born_apart(known->last.identity, found.info) || follow(id, found.path);
    if (is_first) found.link = 0;
    else known = nullptr;
  }
  if (!known || born_apart(known->last.identity, found.info)) return found.info.bytes > 0 || rules_.complete_empty;
  return !known->last.finished || !unchanged(known->last, found.info);
}

// The file may have been given this name; false: it has the one by which it is known, too.
bool Spool::follow(const FileId& id, const std::string& name) {
  const Known& known = *registry_.find(id);
  if (known.last.file == name) return true;
  levada_file_info there{};
  const auto before = known.completed_as.empty() ? full(known.last.file) : known.completed_as;
  if (files_.stat(before, there) == 0 && there.inode == id.inode && there.device == id.device) return false;
  registry_.rename(id, name);
  return true;
}

Done Spool::scan() {
  size_t seen = 0;
  LEVADA_TRY(waiting_->scan([&](Found& found) {
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

Result<std::optional<Spool::Opened>> Spool::open_as(const std::string& name, const Identity& identity) {
  const auto path = full(name);
  auto file = files_.open(path);
  if (!file) {
    levada_file_info info{};
    if (files_.stat(path, info) != -ENOENT) return std::move(file).error();
    return std::optional<Opened>();
  }
  const auto info = file->info();
  if (!info) return info.error();
  if (info->inode != identity.inode || born_apart(identity, *info)) return std::optional<Opened>();
  auto head = read_head(*file, *info);
  if (!head) return std::move(head).error();
  return std::optional<Opened>(Opened{std::move(*file), *info, std::move(*head)});
}

// The file of a pass, whatever its name is now.
Result<std::optional<Spool::Opened>> Spool::open_again(const Pass& pass) {
  const auto id = id_of(pass.identity);
  const Known* known = registry_.find(id);
  auto opened = open_as(known ? known->last.file : pass.file, pass.identity);
  if (!opened || *opened) return opened;
  // One search finds all that were renamed.
  const auto now = host_.monotonic();
  if (!searched_at_ || now - *searched_at_ >= rules_.waiting.poll_interval) {
    NameRules all;
    all.include = {"*"};
    all.recursive = rules_.waiting.names.recursive;
    auto found = scan_folder(files_, folder_, all);
    if (!found) return std::move(found).error();
    searched_at_ = now;
    for (const auto& file : found->files)
      if (const Known* other = registry_.find(id_of(file.info)); other && !other->acknowledged)
        follow(id_of(file.info), file.path);
    known = registry_.find(id);
    if (known) return open_as(known->last.file, pass.identity);
  }
  return opened;
}

Done Spool::begin_replay(Pass pass) {
  if (pass.to && pass.to->offset <= pass.from.offset) {
    registry_.replayed(pass.number);
    return {};
  }
  const auto path = full(pass.file);
  auto opened = open_again(pass);
  if (!opened) return replay_failed(pass, std::move(opened).error());
  bool is_there = opened->has_value();
  if (is_there) {
    Opened& found = **opened;
    const auto same = is_same(found.file, found.info, found.head, pass.identity);
    if (!same) return replay_failed(pass, same.error());
    is_there = *same;
  }
  if (!is_there) {
    const bool is_replaced = opened->has_value() || files_.exists(path);
    (is_replaced ? files_replaced_ : files_vanished_).add();
    host_.warning(path + (is_replaced ? " was replaced" : " vanished") +
                  " before all its rows were stored downstream; from byte " + std::to_string(pass.from.offset) +
                  " on they are lost");
    const auto id = id_of(pass.identity);
    const Known* known = registry_.find(id);
    const bool is_it = known && known->last.identity.head == pass.identity.head &&
                       known->last.identity.born_ns == pass.identity.born_ns;
    if (is_it) registry_.forget(id);
    registry_.replayed(pass.number);
    return {};
  }
  replay_failures_ = 0;
  if ((*opened)->info.born_ns == 0 || pass.identity.born_ns == 0) note_not_told_apart(path);
  if (!pass.to) pass.bytes = (*opened)->info.bytes;
  start(std::move(**opened), std::move(pass), true);
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

void Spool::begin_new(Found found) {
  // It may be another name of a file that was begun since the scan.
  if (!wanted(found)) return;
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
  auto head = read_head(*file, *info);
  if (!head) return waiting_->put_off(found.path, head.error());
  head->identity.link = found.link;
  Opened opened{std::move(*file), *info, std::move(*head)};
  const auto from = start_of(found, opened);
  if (!from) return waiting_->put_off(found.path, from.error());
  if (!*from) return;
  if (info->bytes == 0) {
    files_empty_.add();
    host_.info(path + " is empty");
  }
  Pass pass;
  pass.file = found.path;
  pass.identity = opened.head.identity;
  pass.from = **from;
  pass.bytes = info->bytes;
  pass.number = registry_.begin(pass);
  start(std::move(opened), std::move(pass), false);
}

// Where to read from; nothing where there is nothing to read.
Result<std::optional<Place>> Spool::start_of(const Found& found, Opened& opened) {
  using Start = std::optional<Place>;
  const auto& info = opened.info;
  const auto path = full(found.path);
  const auto id = id_of(info, found.link);
  const Known* known = registry_.find(id);
  if (!known || born_apart(known->last.identity, info)) {
    note_reused_name(found.path);
    if (known) registry_.forget(id);
    files_taken_.add();
    return Start(Place{});
  }
  const Pass& last = known->last;
  const auto same = is_same(opened.file, info, opened.head, last.identity);
  if (!same) return same.error();
  if (!*same) {
    files_replaced_.add();
    host_.warning(path + " was written anew after it had been read");
    return start_in_changed(*known, info);
  }
  if (info.born_ns == 0 || last.identity.born_ns == 0) note_not_told_apart(path);
  if (!last.finished) return Start(last.to.value_or(last.from));
  if (info.bytes < last.bytes) {
    files_shrunk_.add();
    host_.warning(path + " shrank from " + std::to_string(last.bytes) + " to " + std::to_string(info.bytes) +
                  " bytes after it had been read");
    return start_in_changed(*known, info);
  }
  files_modified_.add();
  host_.warning(path + " was changed after it had been read, by " + std::to_string(info.bytes - last.bytes) + " bytes");
  const auto from = start_in_changed(*known, info);
  if (!from || info.bytes > last.bytes) return from ? last.to : from;
  // Touched, or changed in place: there is nothing to read on.
  registry_.accept(id, info, false);
  if (known->acknowledged) to_complete_.push_back(id);
  return Start();
}

std::optional<Place> Spool::start_in_changed(const Known& known, const levada_file_info& info) {
  if (rules_.modified == Modified::reread_tail) return Place{};
  const auto id = id_of(known.last.identity);
  registry_.accept(id, info, rules_.modified == Modified::quarantine);
  if (known.acknowledged) to_complete_.push_back(id);
  return std::nullopt;
}

void Spool::note_reused_name(const std::string& path) {
  const Known* before = registry_.find(path);
  if (!before || !before->completed_as.empty()) return;
  files_replaced_.add();
  host_.info(full(path) + " is a new file under the name of one that was read; it is read too");
}

void Spool::note_not_told_apart(const std::string& path) {
  files_not_told_apart_.add();
  if (std::exchange(is_doubt_reported_, true)) return;
  host_.warning(path +
                " is taken for the file that was read before, as it begins alike: the file system does not say " +
                "when files are made");
}

void Spool::start(Opened opened, Pass pass, bool replayed) {
  const auto compression = rules_.decompress ? rows::compression_of(opened.head.bytes) : Compression::none;
  rows_->start_file(full(pass.file), pass.from);
  reading_.emplace(std::move(opened.file), std::move(pass), compression, replayed);
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
  // Half a row of a damaged file is none.
  if ((pass.to && !pass.finished) || pass.damaged || !reading_->damage().empty()) rows_->drop_rest();
  else rows_->end_file();
  if (!pass.to) {
    const Pass over = reading_->ended(rows_->place());
    registry_.end(over);
    if (over.damaged) {
      files_damaged_.add();
      host_.warning(full(pass.file) + " is damaged: what is compressed in it " + std::string(reading_->damage()) +
                    "; what follows " + std::to_string(over.to->offset) + " bytes of content is not read");
    }
  }
  if (reading_->replayed) registry_.replayed(pass.number);
  reading_.reset();
  waiting_->look_again();
}

}  // namespace levada::spool
