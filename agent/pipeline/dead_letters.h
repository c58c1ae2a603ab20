// Rows that a component turned down: a file of JSON lines with reason, component, and the row as it was.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "levada/host.h"

namespace levada::agent {

class DeadLetters {
 public:
  // Rows go to `folder`/dead_letters.ndjson; the folder is made when the first row comes.
  DeadLetters(Files files, const levada_clock& clock, std::string folder)
      : files_(files), clock_(clock), folder_(std::move(folder)) {}

  // Rows with a text column "reason". They are kept in memory until sync. [any thread]
  void add(const std::string& component, const Batch& rejected);
  // Makes what was added durable: before the rows' position is stored or acknowledged. [any thread]
  Done sync();

  struct Count {
    std::string component, reason;  // Numbers in reasons are left out, so that like ones count together.
    int64_t rows;
  };
  // The most frequent first.
  std::vector<Count> counts() const;
  int64_t rows() const;
  std::string path() const { return folder_ + "/dead_letters.ndjson"; }

 private:
  char* room(size_t bytes);
  Done write();

  const Files files_;
  const levada_clock& clock_;
  const std::string folder_;
  mutable std::mutex mutex_;
  std::string waiting_;  // Its first used_ bytes are lines that are not in the file yet.
  size_t used_ = 0;
  File file_;
  uint64_t file_bytes_ = 0;  // Whole lines only.
  int64_t rows_ = 0;
  std::map<std::string, std::unordered_map<std::string, int64_t>> counts_;  // By component and kind of reason.
};

}  // namespace levada::agent
