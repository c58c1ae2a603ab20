// What a sink was given since its last commit, and when the next one is due.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

namespace levada::agent {

using std::chrono::nanoseconds;

struct CommitPolicy {
  int64_t rows = 0;  // 0: no limit
  int64_t bytes = 0;
  nanoseconds interval{};
  nanoseconds idle{};  // 0: no limit
};

// All times are of the monotonic clock.
class Uncommitted {
 public:
  explicit Uncommitted(const CommitPolicy& policy) : policy_(policy) {}

  // Bytes were read that are to be written.
  void add_bytes(int64_t bytes) { bytes_ += bytes; }
  // Rows were written; also none, where a batch has a position only.
  void add_rows(int64_t rows, nanoseconds now);
  // Rows that were written were rejected by the commit.
  void take_back(int64_t rows) { rows_ -= rows; }
  // A part of a batch of that stream was written, and whether it was the last one.
  void add_part(const std::string& stream, bool last);
  // After a commit, or when all is written again.
  void clear();
  // The next commit has time until then, unless the rows or bytes of it become many.
  void put_off(nanoseconds until) { not_before_ = until; }

  bool any() const { return any_; }
  int64_t rows() const { return rows_; }
  // A commit never falls between parts of a batch: its source cannot go on there.
  bool at_position() const { return unfinished_.empty(); }
  bool is_due(nanoseconds now) const;
  // When a commit is due if nothing more comes.
  nanoseconds deadline() const;

 private:
  const CommitPolicy policy_;
  int64_t rows_ = 0, bytes_ = 0;
  bool any_ = false;
  std::set<std::string> unfinished_;  // Streams of which parts of a batch were written, and not the last one.
  nanoseconds first_{}, last_{};      // When the first and the last rows came.
  nanoseconds not_before_{};
};

}  // namespace levada::agent
