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

  enum class Outcome { done, was_done, kept, vanished, replaced, changed };
  // Finds out whether the file is still as it was read, and only then completes it.
  Result<Outcome> complete(const Known& known);
  // Makes all that was completed durable. After a failure the same can be tried again.
  Done sync();

 private:
  std::string target_of(const Known& known) const;

  const CompletionRules rules_;
  const std::string folder_;
  const Files files_;
  std::set<std::string> unsynced_;  // Folders.
};

}  // namespace levada::spool
