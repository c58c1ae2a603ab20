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
  Pass last;                  // Over it, or in progress.
  bool acknowledged = false;  // All rows of it, up to the end of the last pass, are stored downstream.
  bool is_reported = false;   // That it could not be completed is in the log.
};

class FileRegistry {
 public:
  FileRegistry(Journal journal, std::string folder) : journal_(std::move(journal)), folder_(std::move(folder)) {}

  // Reads the journal. Gives how many of its lines made no sense.
  Result<int64_t> load();
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

  const Known* find(const std::string& file) const;
  // Another name under which a file was known that has this inode; empty where there is none.
  std::string name_of(const levada_file_info& info) const;
  void move(const std::string& from, const std::string& to);
  // The file changed after it was read, and what has changed is not read.
  void accept(const std::string& file, const levada_file_info& info, bool set_aside);
  void report(const std::string& file) { known_.at(file).is_reported = true; }
  // The file is completed, or gone: whatever comes under its name is new.
  void forget(const std::string& file);

  // Downstream has the rows of all passes before this one. Gives the files that can be completed now.
  std::vector<std::string> acknowledge(uint64_t pass);
  uint64_t acknowledged() const { return acknowledged_; }
  // Files that are acknowledged and not completed.
  std::vector<std::string> completable() const;
  size_t unacknowledged() const { return passes_.size(); }
  size_t known() const { return known_.size(); }

  // Puts on disk what was changed. After a failure the same can be tried again.
  Done save();

 private:
  void read(Record record);
  void read_pass(Pass pass);
  Known& remember(const Pass& pass);
  void forget_inode(const Pass& pass);
  std::string compacted() const;

  Journal journal_;
  std::string folder_;
  bool is_foreign_ = false;  // What is being loaded is about another folder.
  uint64_t next_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t replay_ = 0;             // Number of the next pass to come again.
  uint64_t replay_end_ = 0;         // What is not before this one is new.
  std::optional<Place> resume_at_;  // Where the pass with this number goes on.
  uint64_t resume_pass_ = 0;
  std::map<uint64_t, Pass> passes_;  // Not acknowledged.
  std::unordered_map<std::string, Known> known_;
  std::unordered_map<uint64_t, std::string> by_inode_;
  std::set<uint64_t> unsaved_passes_;
  std::string unsaved_;
};

}  // namespace levada::spool
