// What the spool source does with files whose rows are stored downstream.
#include <algorithm>
#include <unordered_map>

#include "spool.h"

namespace levada::spool {

namespace {

using namespace std::chrono_literals;

constexpr auto kFirstPause = 1s;
constexpr auto kLongestPause = 60s;

}  // namespace

// True: it needs no other try.
bool Spool::complete_one(const FileId& id, bool counts) {
  const Known* known = registry_.find(id);
  if (!known || !known->acknowledged || !known->last.finished) return true;
  const auto path = full(known->last.file);
  std::string as;
  const auto outcome = completion_.complete(*known, as);
  if (!outcome) {
    if (!known->is_reported) {
      completions_failed_.add();
      host_.warning("cannot complete a file: " + outcome.error().message + "; it is tried again, and not read again");
      registry_.report(id);
    }
    return false;
  }
  using Outcome = Completion::Outcome;
  switch (*outcome) {
    case Outcome::done: files_completed_.add(); break;
    case Outcome::was_done: break;
    case Outcome::lost_rows:
      files_completed_.add();
      files_modified_.add();
      host_.warning(path + " got more rows while it was completed, and they are not read" +
                    (as.empty() ? "" : ": they are in " + as));
      break;
    case Outcome::kept:
      if (counts) files_completed_.add();
      return true;
    case Outcome::written:
      if (!known->is_reported) host_.info(path + " is completed when whoever has it open for writing closes it");
      registry_.report(id);
      return false;
    case Outcome::returned:
      host_.warning(path + " got more rows after it had been completed: it has its old name again, and is read on");
      waiting_->look_again();
      return true;
    // Whoever looks into the folder next sees to it.
    case Outcome::changed: waiting_->look_again(); return true;
    case Outcome::vanished:
    case Outcome::replaced: missing_.push_back({id, *outcome == Outcome::replaced}); return true;
  }
  const bool is_slow_writer_possible = *outcome == Outcome::done && !as.empty();
  const auto due = host_.monotonic() + (is_slow_writer_possible ? rules_.waiting.settle : 0s);
  completed_.push_back({id, known->last.number, due});
  registry_.completed_as(id, std::move(as));
  return true;
}

void Spool::complete(std::vector<FileId>& files, bool counts) {
  std::erase_if(files, [&](const FileId& id) { return complete_one(id, counts); });
}

// A file that is not under its name was perhaps given another.
void Spool::find_missing(bool counts) {
  const auto now = host_.monotonic();
  if (missing_.empty() || (missing_searched_at_ && now - *missing_searched_at_ < rules_.waiting.poll_interval)) return;
  const auto found = scan_folder(files_, folder_, rules_.waiting.names);
  if (!found) return;
  missing_searched_at_ = now;
  std::unordered_map<FileId, const Found*, FileIdHash> by_id;
  for (const auto& file : found->files) by_id[id_of(file.info)] = &file;
  for (const auto& [id, is_replaced] : std::exchange(missing_, {})) {
    const Known* known = registry_.find(id);
    if (!known) continue;
    const auto at = by_id.find(id);
    if (at != by_id.end() && !born_apart(known->last.identity, at->second->info)) {
      registry_.rename(id, at->second->path);
      if (!complete_one(id, counts)) to_complete_.push_back(id);
      continue;
    }
    if (counts) {
      (is_replaced ? files_replaced_ : files_vanished_).add();
      host_.info(full(known->last.file) + (is_replaced ? " was replaced by another file after it had been read"
                                                       : " vanished after it had been read"));
    }
    completion_.note_gone(*known);
    completed_.push_back({id, known->last.number, now});
  }
}

// Forgets what is completed, after another look at files whose writers may have been slow.
void Spool::finish_completed() {
  const auto now = host_.monotonic();
  std::erase_if(completed_, [&](const Finished& each) {
    if (each.due > now) return false;
    const Known* known = registry_.find(each.id);
    if (!known || known->last.number != each.number) return true;
    if (!known->completed_as.empty() && rules_.waiting.settle > 0s && !look_again(each.id, *known)) return true;
    registry_.forget(each.id);
    return true;
  });
}

// False: it is not completed any more.
bool Spool::look_again(const FileId& id, const Known& known) {
  const auto path = full(known.last.file);
  const auto outcome = completion_.look_again(known);
  if (outcome && *outcome == Completion::Outcome::returned) {
    files_completed_.add(-1);
    host_.warning(path + " got more rows after it had been completed: it has its old name again, and is read on");
    registry_.completed_as(id, {});
    waiting_->look_again();
    return false;
  }
  if (!outcome || *outcome == Completion::Outcome::lost_rows) {
    files_modified_.add();
    host_.warning(path + " got more rows after it had been completed, perhaps, and they are not read: they are in " +
                  known.completed_as + (outcome ? "" : " (" + outcome.error().message + ")"));
  }
  return true;
}

void Spool::complete_all(bool counts) {
  if (to_complete_.empty() && completed_.empty() && missing_.empty()) return;
  complete(to_complete_, counts);
  find_missing(counts);
  const auto synced = completion_.sync();
  if (synced) finish_completed();
  const auto now = host_.monotonic();
  if (synced && to_complete_.empty() && missing_.empty()) {
    complete_pause_ = 0s;
    complete_at_ = completed_.empty() ? now : completed_.front().due;
  } else {
    complete_pause_ = std::clamp<Time>(2 * complete_pause_, kFirstPause, kLongestPause);
    complete_at_ = now + complete_pause_;
  }
}

}  // namespace levada::spool
