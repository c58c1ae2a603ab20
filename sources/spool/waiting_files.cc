// A file is taken once nobody writes to it any more, as far as size and time of change can tell.
#include "waiting_files.h"

#include <algorithm>

namespace levada::spool {

namespace {

using namespace std::chrono_literals;

constexpr auto kLongestPause = 60s;
// Of the time that passes, scans take no more than one part in this many.
constexpr int kScanShare = 20;
// So often a file is tried before the agent, when it is to stop, does without it.
constexpr int kEnoughFailures = 3;

bool same(const levada_file_info& a, const levada_file_info& b) {
  return a.bytes == b.bytes && a.modified_ns == b.modified_ns && a.inode == b.inode;
}

}  // namespace

WaitingFiles::WaitingFiles(WaitingRules rules, std::string folder, const Host& host)
    : rules_(std::move(rules)),
      folder_(std::move(folder)),
      host_(host),
      files_unreadable_(host.counter("files_unreadable")) {}

Result<Scan> WaitingFiles::look() {
  const auto begun = host_.monotonic();
  auto found = scan_folder(host_.files(), folder_, rules_.names);
  const auto now = host_.monotonic();
  pause_ = (now - begun) * (kScanShare - 1);
  if (!found) {
    scanned_at_.reset();
    return found;
  }
  scanned_at_ = now;
  is_stale_ = false;
  return found;
}

bool WaitingFiles::settled(const Found& file, Seen& seen) const {
  const auto now = host_.monotonic();
  if (seen.scan == 0) seen.first_at = now;
  if (seen.scan == 0 || !same(seen.info, file.info)) seen.unchanged_since = now;
  seen.info = file.info;
  const auto age = host_.now() - Time(file.info.modified_ns);
  return age >= rules_.settle || now - seen.unchanged_since >= rules_.settle;
}

void WaitingFiles::sort_in(Scan found) {
  ++scans_;
  ready_.clear();
  ready_bytes_ = 0;
  next_at_.reset();
  is_expecting_ = false;
  const auto now = host_.monotonic();
  for (const auto& problem : found.problems) {
    auto& known = problems_[problem.message];
    if (known.scans++ == 0) {
      files_unreadable_.add();
      host_.warning(problem.message + "; it is left out until that is mended");
    }
    known.last_scan = scans_;
    is_expecting_ |= known.scans < kEnoughFailures;
  }
  std::erase_if(problems_, [&](const auto& each) { return each.second.last_scan != scans_; });

  for (auto& file : found.files) {
    Seen& seen = seen_[file.path];
    const bool is_settled = settled(file, seen);
    seen.scan = scans_;
    if (is_settled && seen.try_at <= now) {
      ready_bytes_ += file.info.bytes;
      ready_.push_back(std::move(file));
      continue;
    }
    const auto at = is_settled ? seen.try_at : std::max(seen.try_at, seen.unchanged_since + rules_.settle);
    wake_at(at);
    is_expecting_ |= is_settled ? seen.failures < kEnoughFailures : now - seen.first_at < rules_.settle;
  }
  std::erase_if(seen_, [&](const auto& each) { return each.second.scan != scans_; });

  const auto by_path = [](const Found& a, const Found& b) { return a.path < b.path; };
  const auto before = [&](const Found& a, const Found& b) {
    if (rules_.order == Order::name || a.info.modified_ns == b.info.modified_ns) return by_path(a, b);
    return (a.info.modified_ns < b.info.modified_ns) == (rules_.order == Order::oldest);
  };
  std::sort(ready_.begin(), ready_.end(), before);
}

bool WaitingFiles::scan_due() const {
  if (!scanned_at_) return true;
  const auto now = host_.monotonic();
  if (next_at_ && *next_at_ <= now) return true;
  const bool is_urgent = is_stale_ && ready_.empty();
  return now - *scanned_at_ >= (is_urgent ? pause_ : std::max(rules_.poll_interval, pause_));
}

std::chrono::nanoseconds WaitingFiles::due_in() const {
  if (!scanned_at_) return 0ns;
  const auto now = host_.monotonic();
  auto at = *scanned_at_ + (is_stale_ ? pause_ : std::max(rules_.poll_interval, pause_));
  if (next_at_) at = std::min(at, *next_at_);
  return std::max(at - now, Time(0));
}

Found WaitingFiles::take() {
  Found next = std::move(ready_.front());
  ready_.pop_front();
  ready_bytes_ -= next.info.bytes;
  return next;
}

void WaitingFiles::put_off(const std::string& path, const Error& why) {
  Seen& seen = seen_[path];
  if (seen.failures++ == 0) {
    files_unreadable_.add();
    host_.warning(why.message + "; the file is tried again later");
  }
  const auto pause =
      std::min<Time>(rules_.poll_interval * (int64_t{1} << std::min(seen.failures - 1, 16)), kLongestPause);
  seen.try_at = host_.monotonic() + pause;
  wake_at(seen.try_at);
  is_expecting_ |= seen.failures < kEnoughFailures;
}

void WaitingFiles::unsettle(const std::string& path) {
  Seen& seen = seen_[path];
  seen.try_at = host_.monotonic() + rules_.settle;
  wake_at(seen.try_at);
  is_expecting_ = true;
}

int64_t WaitingFiles::failed() const {
  const auto has_failed = [](const auto& each) { return each.second.failures > 0; };
  const auto files = std::count_if(seen_.begin(), seen_.end(), has_failed);
  return files + static_cast<int64_t>(problems_.size());
}

bool WaitingFiles::nothing_expected() const { return scanned_at_ && !is_stale_ && ready_.empty() && !is_expecting_; }

}  // namespace levada::spool
