#include "agent/pipeline/sink_runner.h"

#include <algorithm>

#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kIdleEvery = std::chrono::seconds(1);

}  // namespace

SinkRunner::SinkRunner(Parts parts, DeadLetters& dead_letters, const PositionStore& positions, const Services& services,
                       Stop& stop)
    : name_(std::move(parts.name)),
      target_(std::move(parts.target)),
      workers_(std::move(parts.workers)),
      channel_(*parts.channel),
      cursor_(channel_.add_cursor()),
      policy_(parts.commit),
      backoff_(parts.backoff),
      on_reject_(std::move(parts.on_reject)),
      dead_letters_(dead_letters),
      positions_(positions),
      clock_(*services.clock),
      stop_(stop),
      rows_written_(services.metrics->counter(name_, "rows_written")),
      rows_rejected_(services.metrics->counter(name_, "rows_rejected")),
      commits_(services.metrics->counter(name_, "commits")),
      calls_failed_(services.metrics->counter(name_, "calls_failed")) {}

std::optional<Progress> SinkRunner::recovered() const {
  const std::lock_guard lock(recovered_mutex_);
  return recovered_;
}

Turn SinkRunner::turn(nanoseconds timeout) {
  if (stop_.now) return Turn::ended;
  if (const auto left = backoff_.left(now()); left.count() > 0) {
    // Sources wait for the positions of a sink that cannot be opened: with intake stopped there is nothing to bring
    // home.
    if (stop_.intake && !recovered_once_) return Turn::ended;
    pause_.wait(std::min(left, timeout));
    return Turn::waited;
  }
  if (needs_recover_)
    if (auto done = open(); !done) return failed(done.error(), opened_ ? "recover" : "open");
  if (token_) return commit(timeout);
  if (pending_) return write(timeout);
  if (commit_due() && workers_->empty()) {
    start_commit();
    return commit(timeout);
  }
  return read(timeout);
}

Done SinkRunner::open() {
  if (!opened_) {
    LEVADA_TRY(workers_->open());
    LEVADA_TRY(target_->open());
    opened_ = true;
  }
  auto positions = target_->recover();
  if (!positions) return std::move(positions).error();
  if (!target_->keeps_token() && !recovered_once_) {
    positions = positions_.load(name_);
    if (!positions) return std::move(positions).error();
  }
  if (target_->keeps_token() || !recovered_once_) {
    committed_.clear();
    for (auto& position : *positions) committed_[position.stream] = position;
  }
  reached_ = committed_;
  needs_recover_ = false;
  if (!recovered_once_) {
    const std::lock_guard lock(recovered_mutex_);
    recovered_ = committed_;
    recovered_once_ = true;
  }
  return {};
}

Turn SinkRunner::read(nanoseconds timeout) {
  if (uncommitted_) timeout = std::clamp(first_ + policy_.interval - now(), nanoseconds{0}, timeout);
  while (workers_->has_room() && !commit_due()) {
    auto delivery = channel_.read(cursor_, workers_->empty() ? timeout : nanoseconds{0});
    if (!delivery) break;
    // What the sink had before a crash or a failed call comes once more.
    const auto known = committed_.find(delivery->batch->stream);
    Numbered numbered{*delivery->batch, delivery->end};
    const bool empty = delivery->batch->rows() == 0;
    if (known != committed_.end() && delivery->end + (empty ? 1 : 0) <= known->second.sequence) {
      Batch skipped(0);
      skipped.stream = numbered.batch.stream;
      skipped.position = known->second.position;
      numbered = {std::move(skipped), known->second.sequence};
    }
    bytes_ += static_cast<int64_t>(delivery->bytes);
    workers_->submit(std::move(numbered));
  }
  auto through = workers_->next(timeout);
  if (through) {
    pending_ = *std::move(through);
    return write(timeout);
  }
  if (through.code() == Code::fatal) return failed(through.error(), "interceptor");
  if (!workers_->empty()) return Turn::waited;
  if (channel_.ended(cursor_)) {
    if (!uncommitted_) return Turn::ended;
    start_commit();
    return Turn::worked;
  }
  if (uncommitted_ && at_position_ && channel_.pressed(cursor_)) {
    start_commit();
    return Turn::worked;
  }
  if (now() - last_idle_ >= kIdleEvery) {
    last_idle_ = now();
    if (auto done = target_->idle(); !done && done.code() != Code::idle) return failed(done.error(), "idle");
  }
  return Turn::waited;
}

Turn SinkRunner::write(nanoseconds timeout) {
  const Batch& batch = pending_->batch;
  if (batch.rows() > 0) {
    Parcel rejected;
    auto done = target_->write(batch, timeout, rejected);
    if (done.code() == Code::idle) return Turn::waited;
    if (done.code() == Code::reject) {
      Batch whole = batch;
      whole.set(repeat("reason", done.error().message, whole.rows()));
      whole.share(*rejected.get());
    } else if (!done) {
      return failed(done.error(), "write");
    }
    turn_down(rejected, batch.stream);
    rows_ += batch.rows();
  }
  at_position_ = !batch.position.empty();
  if (at_position_) reached_[batch.stream] = {batch.stream, batch.position, pending_->end};
  if (!uncommitted_) first_ = now();
  uncommitted_ = true;
  pending_.reset();
  return Turn::worked;
}

// A commit never falls on a part of a batch behind which the source cannot go on.
bool SinkRunner::commit_due() const {
  if (!uncommitted_ || !at_position_) return false;
  return (policy_.rows > 0 && rows_ >= policy_.rows) || bytes_ >= policy_.bytes || now() - first_ >= policy_.interval;
}

void SinkRunner::start_commit() {
  token_.emplace();
  token_->epoch = ++epoch_;
  for (const auto& [stream, position] : reached_) token_->positions.push_back(position);
}

Turn SinkRunner::commit(nanoseconds timeout) {
  // Before anything says that the rows are dealt with.
  if (auto done = dead_letters_.sync(); !done) return held_up(done.error());
  if (!delivered_) {
    Parcel rejected;
    auto done = target_->commit(*token_, timeout, rejected);
    // Of which stream each of them was is no longer known where there are several.
    turn_down(rejected, reached_.size() == 1 ? reached_.begin()->first : std::string());
    if (done.code() == Code::idle) return Turn::waited;
    if (!done) return failed(done.error(), "commit");
    delivered_ = true;
    if (auto synced = dead_letters_.sync(); !synced) return held_up(synced.error());
  }
  if (!target_->keeps_token())
    if (auto saved = positions_.save(name_, token_->positions); !saved) return held_up(saved.error());
  committed();
  return Turn::worked;
}

// The agent's own disk fails: the commit stays under way, no rows are written twice.
Turn SinkRunner::held_up(const Error& error) {
  backoff_.failed(now());
  log_warning(name_, "commit: " + error.message + "; trying again");
  return Turn::waited;
}

void SinkRunner::committed() {
  committed_ = reached_;
  rows_written_.add(rows_);
  commits_.add();
  rows_ = bytes_ = 0;
  uncommitted_ = delivered_ = false;
  token_.reset();
  backoff_.succeeded();
  channel_.commit(cursor_);
}

Turn SinkRunner::failed(const Error& error, const char* what) {
  calls_failed_.add();
  token_.reset();
  pending_.reset();
  workers_->clear();
  channel_.rewind(cursor_);
  rows_ = bytes_ = 0;
  uncommitted_ = delivered_ = false;
  at_position_ = needs_recover_ = true;
  if (error.code != Code::retry) {
    log_error(name_, std::string(what) + ": " + error.message);
    return Turn::failed;
  }
  backoff_.failed(now());
  log_warning(name_, std::string(what) + ": " + error.message + "; trying again");
  return Turn::waited;
}

void SinkRunner::turn_down(Parcel& rejected, const std::string& stream) {
  if (rejected.empty()) return;
  auto batch = rejected.open_rows();
  if (!batch) return log_error(name_, "rejected rows are lost: " + batch.error().message);
  batch->stream = stream;
  rows_rejected_.add(batch->rows());
  rows_ -= batch->rows();
  const auto policy = on_reject_.find(target_->name());
  if (policy != on_reject_.end() && policy->second == OnReject::drop) return;
  dead_letters_.add(target_->name(), *batch);
}

}  // namespace levada::agent
