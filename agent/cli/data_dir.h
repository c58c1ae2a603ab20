// The folder of an agent belongs to one process at a time.
#pragma once

#include <memory>
#include <string>

#include "levada/result.h"

namespace levada::agent {

// Two agents on one data folder would overwrite each other's positions. Held until it is
// destroyed or the process ends.
class DataDirLock {
 public:
  // Makes the folder. Fails where another process has it, and for root where it is another user's.
  static Result<std::unique_ptr<DataDirLock>> take(const std::string& data_dir);
  // The process comes to a proper end: the next one is told so.
  ~DataDirLock();
  DataDirLock(const DataDirLock&) = delete;
  DataDirLock& operator=(const DataDirLock&) = delete;

  // The process that had it last was killed, or the machine stopped under it.
  bool is_after_crash() const { return is_after_crash_; }
  // The path still leads to the folder that is locked. If not, somebody removed, moved or replaced
  // it: another agent may have started there, and nothing that this one writes can be found again.
  bool holds() const;

 private:
  explicit DataDirLock(std::string data_dir) : data_dir_(std::move(data_dir)) {}
  Done lock();

  const std::string data_dir_;
  int folder_ = -1, file_ = -1;
  bool is_after_crash_ = false;
};

// For root, before it writes there: the process is the owner of the folder from then on, whose
// agent can so read it.
Done become_owner(const std::string& data_dir);

// Fails where no agent has ever run on it, so that there is nothing to look at.
Done check_used(const std::string& data_dir);

}  // namespace levada::agent
