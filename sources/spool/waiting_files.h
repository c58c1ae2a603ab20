// The files that wait to be taken: which of them have settled, which is next, and which
// are to be tried again later.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "folder_scan.h"
#include "levada/sdk.h"

namespace levada::spool {

enum class Order : uint8_t { oldest, youngest, name };

struct WaitingRules {
  NameRules names;
  Order order = Order::oldest;
  std::chrono::nanoseconds settle{};
  std::chrono::nanoseconds poll_interval{};
};

class WaitingFiles {
 public:
  WaitingFiles(WaitingRules rules, std::string folder, const Host& host);

  // Looks into the folder. `is_wanted` says of each file whether it has anything to read.
  template <class IsWanted>
  Done scan(const IsWanted& is_wanted) {
    auto found = look();
    if (!found) return std::move(found).error();
    std::erase_if(found->files, [&](Found& file) { return !is_wanted(file); });
    sort_in(std::move(*found));
    return {};
  }
  bool scan_due() const;
  // How long until then, or until the next file has settled or is to be tried again.
  std::chrono::nanoseconds due_in() const;

  bool empty() const { return ready_.empty(); }
  // Those that can be taken, the next one first.
  const std::deque<Found>& ready() const { return ready_; }
  uint64_t ready_bytes() const { return ready_bytes_; }
  Found take();
  // It could not be read: it is tried again later, each time after a longer pause. Logs
  // the first failure of a file.
  void put_off(const std::string& path, const Error& why);
  // It changed although it seemed to have settled: it has to settle once more.
  void unsettle(const std::string& path);
  // Something has changed, perhaps: what the last scan saw is not all any more.
  void look_again() { is_stale_ = true; }
  // Whether the last scan was after the last look_again, and left nothing behind that will become
  // ready by itself. Of a file that is written to all the time, or can never be read, nothing is
  // expected any more after a while.
  bool nothing_expected() const;
  // How many files and folders could not be read when last tried.
  int64_t failed() const;

 private:
  using Time = std::chrono::nanoseconds;
  struct Seen {
    levada_file_info info{};
    Time first_at{}, unchanged_since{};
    Time try_at{};
    int failures = 0;
    uint64_t scan = 0;
  };

  struct Problem {
    int scans = 0;  // In a row.
    uint64_t last_scan = 0;
  };

  Result<Scan> look();
  void wake_at(Time at) { next_at_ = next_at_ ? std::min(*next_at_, at) : at; }
  void sort_in(Scan found);
  // Whether it has not been written to for long enough.
  bool settled(const Found& file, Seen& seen) const;

  const WaitingRules rules_;
  const std::string folder_;
  const Host host_;
  Counter files_unreadable_;
  std::deque<Found> ready_;
  uint64_t ready_bytes_ = 0;  // Of all of them.
  std::unordered_map<std::string, Seen> seen_;
  std::unordered_map<std::string, Problem> problems_;  // By what they say.
  uint64_t scans_ = 0;
  std::optional<Time> scanned_at_;
  Time pause_{};                 // Scans of a large folder take no more than a small part of the time.
  std::optional<Time> next_at_;  // When the first of seen_ becomes ready.
  bool is_expecting_ = false;
  bool is_stale_ = false;
};

}  // namespace levada::spool
