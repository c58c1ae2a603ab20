// What happens to a file once all its rows are stored downstream: another name, another folder, or nothing.
#pragma once

#include <set>
#include <string>

#include "file_registry.h"

namespace levada::spool {

enum class Completed : uint8_t { rename, move, remove, keep };

inline constexpr const char* kChangedSuffix = ".MODIFIED";
inline constexpr const char* kDamagedSuffix = ".DAMAGED";

struct CompletionRules {
  Completed completed = Completed::rename;
  std::string suffix;
  std::string folder;  // For move.
};

class Completion {
 public:
  Completion(CompletionRules rules, std::string folder, const Files& files)
      : rules_(std::move(rules)), folder_(std::move(folder)), files_(files) {}

  enum class Outcome : uint8_t {
    done,
    was_done,  // Before a restart.
    kept,
    vanished,
    replaced,
    changed,   // After it was read.
    returned,  // It was completed, has grown since, and has its old name again.
    written,   // Someone has it open for writing: it is not completed yet.
    lost_rows  // It has grown since it was completed, and nothing can be done about it.
  };
  // Finds out whether the file is still as it was read, and only then completes it. `as`: where it is then.
  Result<Outcome> complete(const Known& known, std::string& as);
  // Looks at it once more when writers that were slow have had their time: was_done, returned, lost_rows or vanished.
  Result<Outcome> look_again(const Known& known);
  // It is not there any more, perhaps since an earlier run completed it.
  void note_gone(const Known& known);
  // Makes all that was completed durable. After a failure the same can be tried again.
  Done sync();

 private:
  std::string target_of(const Known& known) const;
  Result<Outcome> give_back(const std::string& completed, const std::string& path);

  const CompletionRules rules_;
  const std::string folder_;
  const Files files_;
  std::set<std::string> unsynced_;  // Folders.
};

}  // namespace levada::spool
