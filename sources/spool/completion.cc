// Renames never replace: where the new name is taken, it gets a number.
#include "completion.h"

#include "levada/free_name.h"

namespace levada::spool {

namespace {

std::string parent_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

bool is_file(const Pass& last, const levada_file_info& info) {
  return info.inode == last.identity.inode && !born_apart(last.identity, info);
}
bool has_changed(const Pass& last, const levada_file_info& info) {
  return info.bytes != last.bytes || info.modified_ns != last.modified_ns;
}

}  // namespace

std::string Completion::target_of(const Known& known) const {
  const auto path = folder_ + "/" + known.last.file;
  // What may be wanted back is not deleted, and does not look like one that went through as it should.
  if (known.last.set_aside) return path + kChangedSuffix;
  if (rules_.completed == Completed::keep) return {};
  if (known.last.damaged) return path + kDamagedSuffix;
  if (rules_.completed == Completed::rename) return path + rules_.suffix;
  if (rules_.completed == Completed::move) return rules_.folder + "/" + known.last.file;
  return {};
}

// Rows came after the file was completed: it gets its old name again, unless another file has that by now.
Result<Completion::Outcome> Completion::give_back(const std::string& completed, const std::string& path) {
  auto linked = files_.link(completed, path);
  if (linked && !*linked) return Outcome::lost_rows;
  if (linked) {
    LEVADA_TRY(files_.remove(completed));
  } else {
    // Not every file system has links.
    levada_file_info info{};
    if (files_.stat(path, info) != -ENOENT) return std::move(linked).error();
    LEVADA_TRY(files_.rename(completed, path));
  }
  unsynced_.insert(parent_of(completed));
  unsynced_.insert(parent_of(path));
  return Outcome::returned;
}

Result<Completion::Outcome> Completion::complete(const Known& known, std::string& as) {
  const Pass& last = known.last;
  const auto path = folder_ + "/" + last.file;
  const auto target = target_of(known);
  levada_file_info info{};
  auto file = files_.open(path);
  if (!file) {
    const auto found = files_.stat(path, info);
    if (found >= 0) return std::move(file).error();
    if (found != -ENOENT) return file_error("stat", path, found);
    // It may have been done before a restart.
    if (target.empty() || files_.stat(target, info) != 0 || !is_file(last, info)) return Outcome::vanished;
    if (info.bytes > last.bytes) return give_back(target, path);
    unsynced_.insert(parent_of(target));
    unsynced_.insert(parent_of(path));
    return Outcome::was_done;
  }
  auto now = file->info();
  if (!now) return std::move(now).error();
  if (!is_file(last, *now)) return Outcome::replaced;
  if (has_changed(last, *now)) return Outcome::changed;
  if (target.empty() && rules_.completed == Completed::keep) return Outcome::kept;
  if (file->is_written()) return Outcome::written;

  if (target.empty()) {
    LEVADA_TRY(files_.remove(path));
    unsynced_.insert(parent_of(path));
  } else {
    if (rules_.completed == Completed::move) LEVADA_TRY(files_.make_folder(parent_of(target)));
    auto name = free_name(files_, target);
    if (!name) return std::move(name).error();
    LEVADA_TRY(files_.rename(path, *name));
    unsynced_.insert(parent_of(target));
    unsynced_.insert(parent_of(path));
    as = std::move(*name);
  }
  // Rows may have come between the look and the rename.
  now = file->info();
  if (!now || now->bytes <= last.bytes) return Outcome::done;
  return as.empty() ? Outcome::lost_rows : give_back(as, path);
}

Result<Completion::Outcome> Completion::look_again(const Known& known) {
  levada_file_info info{};
  const auto found = files_.stat(known.completed_as, info);
  if (found < 0 && found != -ENOENT) return file_error("stat", known.completed_as, found);
  if (found < 0 || !is_file(known.last, info)) return Outcome::vanished;
  if (info.bytes <= known.last.bytes) return Outcome::was_done;
  return give_back(known.completed_as, folder_ + "/" + known.last.file);
}

void Completion::note_gone(const Known& known) { unsynced_.insert(parent_of(folder_ + "/" + known.last.file)); }

Done Completion::sync() {
  while (!unsynced_.empty()) {
    // A folder that is gone needs none.
    levada_file_info info{};
    if (files_.stat(*unsynced_.begin(), info) != -ENOENT) LEVADA_TRY(files_.sync_folder(*unsynced_.begin()));
    unsynced_.erase(unsynced_.begin());
  }
  return {};
}

}  // namespace levada::spool
