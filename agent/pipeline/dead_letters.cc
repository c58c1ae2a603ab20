#include "agent/pipeline/dead_letters.h"

#include <algorithm>
#include <tuple>

#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr const char* kDeadLetterColumns[] = {DeadLetters::kReason, DeadLetters::kComponent, DeadLetters::kOwner,
                                              DeadLetters::kStream, DeadLetters::kPosition,  DeadLetters::kTime,
                                              DeadLetters::kCut};

// The channel's stream for the letters of a component about a stream: what is
// stored of it is known by its rows.
std::string mark_name(const DeadLetters::Origin& origin, const std::string& component) {
  return origin.owner + '\t' + component + '\t' + origin.stream;
}

Batch dead_letter_of(const DeadLetters::Origin& origin, const RejectedRows& rejected_rows, int64_t now_ns) {
  const Batch& rows = rejected_rows.rows;
  const int64_t count = rows.rows();
  Batch letter(count);
  const Column* reasons = rows.text(DeadLetters::kReason);
  letter.set(reasons ? *reasons : repeat(DeadLetters::kReason, "no reason was given", count));
  letter.set(repeat(DeadLetters::kComponent, rejected_rows.component, count));
  letter.set(repeat(DeadLetters::kOwner, origin.owner, count));
  letter.set(repeat(DeadLetters::kStream, origin.stream, count));
  letter.set(repeat(DeadLetters::kPosition, origin.position, count));
  ValueBuilder<int64_t> times(count);
  for (int64_t row = 0; row < count; ++row) times.append(now_ns / 1000);
  letter.set(std::move(times).finish(DeadLetters::kTime, Type::timestamp));
  const bool is_from_source = rejected_rows.component.starts_with("sources.");
  for (const auto& column : rows.columns()) {
    if (&column == reasons) continue;
    // A source says so of its own rows; elsewhere it is a column of the row.
    if (is_from_source && column.name() == DeadLetters::kCut && column.type() == Type::boolean) {
      letter.set(column);
      continue;
    }
    const bool taken = std::find(std::begin(kDeadLetterColumns), std::end(kDeadLetterColumns), column.name()) !=
                       std::end(kDeadLetterColumns);
    letter.set(taken ? column.renamed(DeadLetters::kRowPrefix + column.name()) : column);
  }
  return letter;
}

}  // namespace

FileChannelOptions DeadLetters::channel_options(const std::string& folder) {
  FileChannelOptions options;
  options.name = "dead_letters";
  options.folder = folder;
  return options;
}

DeadLetters::DeadLetters(const Services& services, std::string folder)
    : services_(services),
      folder_(std::move(folder)),
      channel_(channel_options(folder_), services, FileChannel::Drive::by_hand) {
  channel_.add_writer();
}

Done DeadLetters::open() {
  const std::lock_guard lock(mutex_);
  if (opened_ || (waiting_.empty() && !Files(services_.files).exists(folder_))) return {};
  LEVADA_TRY(channel_.open());
  opened_ = true;
  return {};
}

void DeadLetters::add(const Origin& origin, const RejectedRows& rows) {
  keep(mark_name(origin, rows.component), origin, rows);
}

void DeadLetters::add_late(const std::string& owner, const RejectedRows& rows) { keep({}, {owner, {}, {}, 0}, rows); }

void DeadLetters::keep(std::string stream, const Origin& origin, const RejectedRows& rows) {
  auto letter = compacted(dead_letter_of(origin, rows, services_.clock->now(services_.clock->context)));
  letter.stream = std::move(stream);
  letter.position = "-";  // Nobody goes on from it; it says that the batch is whole.
  if (services_.letters) {
    std::vector<LatestLetters::Reason> reasons;
    for (const auto& each : rows.reasons) reasons.push_back({each.component, each.reason, each.rows});
    services_.letters->add(reasons, letter);
  }
  InFlight in_flight;
  in_flight.bytes = held_bytes(letter);
  in_flight.end = origin.end;
  in_flight.acknowledgement = std::make_shared<Acknowledgement>(1, stored_);
  const std::lock_guard lock(mutex_);
  rows_ += letter.rows();
  for (const auto& each : rows.reasons) counts_[{each.component, each.reason}] += each.rows;
  in_flight.stream = letter.stream;
  in_flight.batch = std::move(letter);
  waiting_.push_back(std::move(in_flight));
}

Done DeadLetters::sync() {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() && appended_.empty()) return {};
  }
  LEVADA_TRY(open());
  const std::lock_guard lock(mutex_);
  for (;;) {
    const bool all = append_waiting();
    const auto unsynced = appended_.size();
    channel_.run_once();
    while (!appended_.empty() && appended_.front()->complete()) appended_.pop_front();
    if (all && appended_.empty()) return {};
    // The channel takes no more than it can sync at once: it is asked again as long as it gets on.
    if (appended_.size() == unsynced) return retry("dead letters: " + channel_.blocked_by());
  }
}

// Whether the channel took all of them.
bool DeadLetters::append_waiting() {
  for (; !waiting_.empty(); waiting_.pop_front()) {
    auto& next = waiting_.front();
    if (next.stream.empty() && next.end == 0) {
      // Its rows are numbered by the letters that are there, so that none counts as known.
      const auto known = channel_.positions();
      const auto at = known.find(next.stream);
      late_ = std::max(late_, at == known.end() ? 0 : at->second.sequence);
      next.end = late_ += static_cast<uint64_t>(next.batch.rows());
    }
    auto acknowledgement = next.acknowledgement;
    if (!channel_.append(std::move(next))) return false;
    appended_.push_back(std::move(acknowledgement));
  }
  return true;
}

std::vector<uint64_t> DeadLetters::marks(const std::string& stream) const {
  std::vector<uint64_t> all;
  const std::lock_guard lock(mutex_);
  if (!opened_) return all;
  for (const auto& [name, position] : channel_.positions())
    if (const auto parts = tab_separated(name); parts.size() >= 3 && parts[2] == stream)
      all.push_back(position.sequence);
  return all;
}

std::set<std::string> DeadLetters::components() const {
  std::set<std::string> all;
  const std::lock_guard lock(mutex_);
  if (!opened_) return all;
  for (const auto& [name, position] : channel_.positions())
    if (const auto parts = tab_separated(name); parts.size() >= 3) all.emplace(parts[1]);
  return all;
}

std::vector<DeadLetters::Count> DeadLetters::counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<Count> all;
  for (const auto& [kind, rows] : counts_) all.push_back({kind.first, kind.second, rows});
  std::sort(all.begin(), all.end(), [](const Count& a, const Count& b) {
    return std::tie(b.rows, a.component, a.reason) < std::tie(a.rows, b.component, b.reason);
  });
  return all;
}

int64_t DeadLetters::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

}  // namespace levada::agent
