#include "agent/pipeline/sink_group.h"

#include "agent/observe/log.h"

namespace levada::agent {

using std::chrono::nanoseconds;

SinkGroup::SinkGroup(SinkGroupConfig::Type type, std::vector<std::unique_ptr<SinkInstance>> sinks, nanoseconds penalty,
                     const levada_clock& clock)
    : type_(type), penalty_(penalty), clock_(clock) {
  for (auto& sink : sinks) members_.push_back({std::move(sink)});
}

Result<std::vector<Position>> SinkGroup::recover() {
  for (auto& member : members_) {
    member.written = false;
    if (!member.open) continue;
    if (auto positions = member.sink->recover(); !positions) (void)failed(member, positions.error());
  }
  return std::vector<Position>{};
}

// The member that takes the next rows; false where all of them are in their penalty.
bool SinkGroup::choose() {
  const nanoseconds now{clock_.monotonic(clock_.context)};
  const bool uncommitted = members_[current_].written;
  // While rows of the one in use are not committed, a better one that is back has to wait.
  if (type_ == SinkGroupConfig::Type::failover && uncommitted) return true;
  const size_t first = type_ == SinkGroupConfig::Type::failover ? 0 : current_ + 1;
  for (size_t k = 0; k < members_.size(); ++k) {
    const size_t at = (first + k) % members_.size();
    if (members_[at].penalty_until > now) continue;
    current_ = at;
    return true;
  }
  return false;
}

Done SinkGroup::prepare(Member& member) {
  if (member.open) return {};
  member.to_close = true;
  LEVADA_TRY(member.sink->open());
  if (auto positions = member.sink->recover(); !positions) return std::move(positions).error();
  member.open = true;
  return {};
}

Done SinkGroup::failed(Member& member, Error error) {
  member.open = false;
  member.penalty_until = nanoseconds{clock_.monotonic(clock_.context)} + penalty_;
  log_warning(member.sink->name(), error.message + "; the others of its group take over");
  return retry(std::move(error.message));
}

Done SinkGroup::write(const Batch& batch, nanoseconds timeout, CBatch& rejected) {
  // A balancing group asks each member in turn whether it has room.
  const size_t attempts = type_ == SinkGroupConfig::Type::failover ? 1 : members_.size();
  for (size_t attempt = 0; attempt < attempts; ++attempt) {
    if (!choose()) return retry("no sink of the group works");
    auto& member = members_[current_];
    if (auto done = prepare(member); !done) return failed(member, std::move(done).error());
    auto done = member.sink->write(batch, attempt + 1 == attempts ? timeout : nanoseconds{0}, rejected);
    if (done) member.written = true;
    if (done.code() == Code::retry || done.code() == Code::fatal) return failed(member, std::move(done).error());
    if (done.code() != Code::idle) return done;
  }
  return levada::idle();
}

Done SinkGroup::commit(const Checkpoint& checkpoint, nanoseconds timeout, CBatch& rejected) {
  for (size_t at = 0; at < members_.size(); ++at) {
    auto& member = members_[at];
    if (!member.written) continue;
    current_ = at;
    // One at a time hands rejected rows over: the others follow at the next call.
    auto done = member.sink->commit(checkpoint, timeout, rejected);
    if (done.code() == Code::retry || done.code() == Code::fatal) return failed(member, std::move(done).error());
    if (!done) return done;
    member.written = false;
    if (!rejected.empty()) break;
  }
  for (const auto& member : members_)
    if (member.written) return levada::idle();
  return {};
}

Done SinkGroup::idle() {
  for (auto& member : members_)
    if (member.open)
      if (auto done = member.sink->idle(); !done && done.code() != Code::idle)
        return failed(member, std::move(done).error());
  return {};
}

Done SinkGroup::close(nanoseconds timeout) {
  Done first;
  for (auto& member : members_) {
    if (!member.to_close) continue;
    auto done = member.sink->close(timeout);
    if (done.code() == Code::idle) return done;
    member.to_close = false;
    if (!done && first) first = std::move(done).error().at(member.sink->name());
  }
  return first;
}

}  // namespace levada::agent
