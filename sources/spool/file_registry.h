// The book of what has been taken, read, acknowledged and completed; what it says is in the journal before anyone acts
// on it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "journal.h"
#include "record.h"

namespace levada::spool {

// A file that has been taken and is not completed.
struct Known {
  Pass last;                  // Over it, or in progress; with the name that it has now.
  bool acknowledged = false;  // All rows of it, up to the end of the last pass, are stored downstream.
  bool is_reported = false;   // Why it could not be completed is in the log.
  std::string completed_as;   // Where it is since it was renamed or moved.
};

class FileRegistry {
 public:
  FileRegistry(Journal journal, std::string folder) : journal_(std::move(journal)), folder_(std::move(folder)) {}

  // Reads the journal; `folder`: the one that is read now. Gives how many of its lines made no sense.
  Result<int64_t> load(const FileId& folder);
  // Goes to where downstream stands; without one, to what was last acknowledged. False: it lies before what was
  // acknowledged, and what is in between does not come again.
  bool resume(const std::optional<SpoolPosition>& position);

  // The next pass that has to come again as it came before the restart, from where it goes on; nothing once all have
  // come.
  std::optional<Pass> next_replay() const;
  // It has come, or can not.
  void replayed(uint64_t pass) { replay_ = pass + 1; }

  // A new pass begins: `pass` but for its number, which it gives.
  uint64_t begin(Pass pass);
  // A new pass, or one that had not come to its end before the restart, is over.
  void end(const Pass& pass);
  // Reading failed for good: a later pass begins at that place, and those that should have come again after this one do
  // not.
  void break_off(const Pass& pass, Place at);
  // Where the rows end that have been read.
  uint64_t next() const { return next_; }

  const Known* find(const FileId& id) const;
  // The file that had this name last; nothing where none had.
  const Known* find(const std::string& name) const;
  // Someone gave the file another name.
  void rename(const FileId& id, const std::string& name);
  // The file changed after it was read, and what has changed is not read.
  void accept(const FileId& id, const levada_file_info& info, bool set_aside);
  void report(const FileId& id) { known_.at(id).is_reported = true; }
  void completed_as(const FileId& id, std::string path) { known_.at(id).completed_as = std::move(path); }
  // The file is completed, or gone: whatever has its inode is new.
  void forget(const FileId& id);

  // Downstream has the rows of all passes before this one. Gives the files that can be completed now.
  std::vector<FileId> acknowledge(uint64_t pass);
  uint64_t acknowledged() const { return acknowledged_; }
  // Files that are acknowledged and not completed, by name.
  std::vector<FileId> completable() const;
  size_t unacknowledged() const { return passes_.size(); }
  size_t known() const { return known_.size(); }

  // Puts on disk what was changed. After a failure the same can be tried again.
  Done save();

 private:
  void read(Record record);
  void read_pass(Pass pass);
  Known& remember(const Pass& pass);
  void forget_name(const FileId& id, const std::string& name);
  void renumber(FileId& id) const;
  void renumber(Identity& identity) const;
  std::string compacted() const;

  Journal journal_;
  const std::string folder_;
  FileId folder_id_;
  uint64_t journal_device_ = 0;  // The number that the folder's device had when the lines were written.
  bool is_foreign_ = false;      // What is being loaded is about another folder.
  uint64_t next_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t replay_ = 0;             // Number of the next pass to come again.
  uint64_t replay_end_ = 0;         // What is not before this one is new.
  std::optional<Place> resume_at_;  // Where the pass with the next number goes on.
  uint64_t resume_pass_ = 0;
  Identity resume_identity_;         // Of its file, as the position has it.
  std::map<uint64_t, Pass> passes_;  // Not acknowledged.
  std::unordered_map<FileId, Known, FileIdHash> known_;
  std::unordered_map<std::string, FileId> by_name_;
  std::set<uint64_t> unsaved_passes_;
  std::string unsaved_;
};

}  // namespace levada::spool
