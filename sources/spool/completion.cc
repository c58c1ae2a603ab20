// Renames never replace: where the new name is taken, it gets a number.
#include "completion.h"

namespace levada::spool {

namespace {

std::string parent_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

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

Result<Completion::Outcome> Completion::complete(const Known& known) {
  const Pass& last = known.last;
  const auto path = folder_ + "/" + last.file;
  const auto target = target_of(known);
  levada_file_info info{};
  const auto found = files_.stat(path, info);
  if (found < 0 && found != -ENOENT) return file_error("stat", path, found);
  if (found == -ENOENT) {
    // It may have been done before a restart.
    levada_file_info there{};
    const bool is_done = rules_.completed == Completed::remove ||
                         (!target.empty() && files_.stat(target, there) == 0 && there.inode == last.identity.inode);
    if (!is_done) return Outcome::vanished;
    unsynced_.insert(parent_of(path));
    return Outcome::was_done;
  }
  if (info.inode != last.identity.inode) return Outcome::replaced;
  if (info.bytes != last.bytes || info.modified_ns != last.modified_ns) return Outcome::changed;
  if (target.empty() && rules_.completed == Completed::keep) return Outcome::kept;

  if (target.empty()) {
    LEVADA_TRY(files_.remove(path));
  } else {
    if (rules_.completed == Completed::move) LEVADA_TRY(files_.make_folder(parent_of(target)));
    auto free_name = target;
    for (int number = 1;; ++number) {
      const auto taken = files_.stat(free_name, info);
      if (taken == -ENOENT) break;
      if (taken < 0) return file_error("stat", free_name, taken);
      free_name = target + "." + std::to_string(number);
    }
    LEVADA_TRY(files_.rename(path, free_name));
    unsynced_.insert(parent_of(target));
  }
  unsynced_.insert(parent_of(path));
  return Outcome::done;
}

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
