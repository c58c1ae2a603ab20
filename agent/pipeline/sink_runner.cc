#include "agent/pipeline/sink_runner.h"

#include <algorithm>

#include "agent/observe/log.h"
#include "agent/pipeline/closing.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kIdleEvery = std::chrono::seconds(1);
// The stream of a checkpoint that numbers the commits: what the agent
// keeps of a commit is found by it.
constexpr const char* kEpochStream = "@epoch";
constexpr const char* kAudit = "audit";
// An interceptor that names a deadline and has nothing to give then is asked again after that time.
constexpr nanoseconds kAdvanceAgain = std::chrono::milliseconds(100);
// Where interceptors have states, the time between two commits is at least so many times that which
// saving took: large states make commits rare, by themselves.
constexpr int64_t kTimesSaving = 10;

}  // namespace

SinkRunner::SinkRunner(Parts parts, DeadLetters& dead_letters, const CheckpointStore& checkpoint_store,
                       const Services& services, Stop& stop)
    : name_(std::move(parts.name)),
      target_(std::move(parts.target)),
      workers_(std::move(parts.workers)),
      channel_(*parts.channel),
      cursor_(channel_.add_cursor(name_)),
      uncommitted_(parts.commit),
      backoff_(parts.backoff),
      on_reject_(std::move(parts.on_reject)),
      dead_letters_(dead_letters),
      checkpoint_store_(checkpoint_store),
      clock_(*services.clock),
      stop_(stop),
      turns_(services.progress, name_),
      rows_written_(services.metrics->counter(name_, "rows_written")),
      rows_rejected_(services.metrics->counter(name_, "rows_rejected")),
      commits_(services.metrics->counter(name_, "commits")),
      calls_failed_(services.metrics->counter(name_, "calls_failed")),
      open_(*services.metrics, name_),
      tap_(services.taps ? &services.taps->point(name_) : nullptr) {}

std::optional<Positions> SinkRunner::recovered() const {
  const std::lock_guard lock(recovered_mutex_);
  return recovered_;
}

Turn SinkRunner::turn(nanoseconds timeout) {
  const auto begun = now();
  turns_.begin(begun);
  const Turn turn = take_turn(begun, timeout);
  if (turn == Turn::ended) turns_.pause();
  if (turn == Turn::failed) turns_.fail();
  return turn;
}

Turn SinkRunner::take_turn(nanoseconds begun, nanoseconds timeout) {
  if (stop_.now) return Turn::ended;
  if (const auto left = backoff_.left(begun); left.count() > 0) {
    // Sources wait for the positions of a sink that cannot be opened: with intake stopped
    // there is nothing to bring home. What comes next goes on behind the last commit.
    if (stop_.intake && (!recovered_once_ || stop_.pause)) return Turn::ended;
    pause_.wait(std::min(left, timeout));
    return Turn::waited;
  }
  if (needs_recover_) {
    if (auto done = open(); !done) return failed(done.error(), opened_ ? "recover" : "open");
    if (stop_.pause) return Turn::worked;
  }
  if (checkpoint_) return commit(timeout);
  if (pending_) return write(timeout);
  if (uncommitted_.is_due(now()) && workers_->empty()) {
    if (auto done = start_commit(); !done) return failed(done.error(), "save");
    return commit(timeout);
  }
  return read(timeout);
}

Done SinkRunner::open() {
  if (!opened_) {
    LEVADA_TRY(workers_->open());
    to_close_ = true;
    LEVADA_TRY(target_->open());
    opened_ = true;
  }
  LEVADA_TRY(recover());
  needs_recover_ = false;
  channel_.resume(cursor_, committed_);
  if (recovered_once_) return {};
  open_.works();
  const std::lock_guard lock(recovered_mutex_);
  recovered_ = committed_;
  recovered_once_ = true;
  return {};
}

Standing SinkRunner::standing() const {
  return {opened_, drained_ && !uncommitted_.any() && !pending_ && !checkpoint_ && workers_->empty() && !needs_recover_,
          backoff_.left(now()).count() > 0};
}

bool SinkRunner::close(nanoseconds end) {
  const bool good = !to_close_ || close_until(*target_, end, clock_);
  return workers_->close(end) && good;
}

Done SinkRunner::recover() {
  auto positions = target_->recover();
  if (!positions) return std::move(positions).error();
  uint64_t epoch = 0;
  const auto begun = now();
  Result<std::optional<StoredCheckpoint>> stored = std::optional<StoredCheckpoint>();
  if (target_->keeps_checkpoint()) {
    for (const auto& position : *positions)
      if (position.stream == kEpochStream) epoch = position.sequence;
    if (epoch > 0) stored = checkpoint_store_.load(name_, epoch);
  } else {
    stored = checkpoint_store_.load_last(name_);
    if (stored && *stored) {
      epoch = (*stored)->epoch;
      positions = (*stored)->positions;
    }
  }
  if (!stored) return std::move(stored).error();
  committed_.clear();
  for (auto& position : *positions)
    if (position.stream != kEpochStream) committed_[position.stream] = position;
  reached_ = committed_;
  size_t bytes = 0;
  if (*stored)
    for (const auto& [name, state] : (*stored)->states) bytes += state.bytes();
  LEVADA_TRY(load(epoch, *std::move(stored)));
  if (epoch > 0 && !workers_->stateful().empty())
    log_info(name_, "goes on behind commit " + std::to_string(epoch) + ": " + std::to_string(bytes) +
                        " bytes of states were loaded in " + std::to_string((now() - begun).count() / 1'000'000) +
                        " ms");
  return {};
}

// Goes back to the state of that commit.
Done SinkRunner::load(uint64_t epoch, std::optional<StoredCheckpoint> stored) {
  epoch_ = epoch;
  if (epoch > 0 && !stored) {
    if (!workers_->stateful().empty())
      return fatal(
          "the sink goes on behind commit " + std::to_string(epoch) +
          ", and the state of the interceptors for it is not in data_dir: put it back, or start the sink anew");
    if (!recovered_once_) log_warning(name_, "data_dir has nothing of the commits so far: the audit starts again here");
  }
  if (stored) checkpoint_store_.confirm(name_, epoch);
  else stored.emplace();
  audit_ = AuditTotals::decode(stored->states[kAudit].whole.value_or(std::string())).value_or(AuditTotals());
  saving_plan_.forget();
  LEVADA_TRY(workers_->load(stored->states));
  // Interceptors may have been taken out of the chain for a while.
  unused_states_ = std::move(stored->states);
  unused_states_.erase(kAudit);
  for (const auto& name : workers_->stateful()) unused_states_.erase(name);
  return {};
}

// Takes rows that the interceptors have held until now. Nothing where none are due.
std::optional<Turn> SinkRunner::advance(bool ended, nanoseconds timeout) {
  if (!workers_->empty()) return std::nullopt;
  const auto due = std::max(workers_->deadline(), advance_after_);
  if (!ended && due > now()) return std::nullopt;
  auto given = workers_->advance(now(), ended);
  if (given) {
    pending_ = *std::move(given);
    return write(timeout);
  }
  if (given.code() == Code::idle) {
    advance_after_ = now() + kAdvanceAgain;
    return std::nullopt;
  }
  if (given.code() != Code::retry) return failed(given.error(), "interceptor");
  pause_.wait(std::min(timeout, kAdvanceAgain));
  return Turn::waited;
}

Turn SinkRunner::read(nanoseconds timeout) {
  if (const auto turn = advance(false, timeout)) return *turn;
  if (uncommitted_.any()) timeout = std::clamp(uncommitted_.deadline() - now(), nanoseconds{0}, timeout);
  if (const auto due = workers_->deadline(); due != nanoseconds::max())
    timeout = std::clamp(std::max(due, advance_after_) - now(), nanoseconds{0}, timeout);
  // A durable channel keeps the rest for whoever reads on.
  const bool reads_on = !stop_.pause || !channel_.durable() || !uncommitted_.at_position() || !workers_->empty();
  if (stop_.pause && uncommitted_.any()) timeout = nanoseconds{0};
  drained_ = !reads_on;
  while (reads_on && workers_->has_room() && !uncommitted_.is_due(now())) {
    auto in_flight = channel_.read(cursor_, workers_->empty() ? timeout : nanoseconds{0});
    drained_ = !in_flight;
    if (!in_flight) break;
    // What the sink had before a crash or a failed call comes once more; a durable channel
    // knows itself where to go on.
    const auto known = channel_.durable() ? committed_.end() : committed_.find(in_flight->stream);
    const bool empty = in_flight->batch.rows() == 0;
    uncommitted_.add_bytes(static_cast<int64_t>(in_flight->bytes));
    if (known != committed_.end() && in_flight->end + (empty ? 1 : 0) <= known->second.sequence) {
      Batch skipped(0);
      skipped.stream = in_flight->batch.stream;
      skipped.position = known->second.position;
      *in_flight = {.batch = std::move(skipped), .stream = in_flight->stream, .end = known->second.sequence};
    }
    workers_->submit(*std::move(in_flight));
  }
  auto through = workers_->next(timeout);
  if (through) {
    pending_ = *std::move(through);
    return write(timeout);
  }
  if (through.code() == Code::fatal) return failed(through.error(), "interceptor");
  if (!workers_->empty()) return Turn::waited;
  const bool ended = channel_.ended(cursor_) || (!reads_on && stop_.intake);
  if (ended && stop_.at_end())
    if (const auto turn = advance(true, timeout)) return *turn;
  if (ended && !uncommitted_.any()) return Turn::ended;
  if (ended ||
      (uncommitted_.any() && uncommitted_.at_position() && (stop_.pause || channel_.under_back_pressure(cursor_)))) {
    if (auto done = start_commit(); !done) return failed(done.error(), "save");
    return Turn::worked;
  }
  if (now() - last_idle_ >= kIdleEvery) {
    last_idle_ = now();
    if (auto done = target_->idle(); !done && done.code() != Code::idle) return failed(done.error(), "idle");
    open_.works();
  }
  if (!reads_on) pause_.wait(timeout);
  return Turn::waited;
}

Turn SinkRunner::write(nanoseconds timeout) {
  const Batch& batch = pending_->batch;
  int64_t rows = batch.rows();
  if (rows > 0) {
    CBatch rejected;
    auto done = target_->write(batch, timeout, rejected);
    if (done.code() == Code::idle) return Turn::waited;
    if (done.code() == Code::reject) {
      Batch whole = batch;
      whole.set(repeat("reason", done.error().message, whole.rows()));
      whole.share(*rejected.get());
    } else if (!done) {
      return failed(done.error(), "write");
    }
    auto rejected_rows = reject_written(rejected, *pending_);
    if (!rejected_rows) return failed(rejected_rows.error(), "write");
    rows -= *rejected_rows;
  }
  if (tap_ && tap_->wanted()) tap_->give(TapPoint::Way::in, batch);
  uncommitted_.add_rows(rows, now());
  if (pending_->stream.empty()) {
    for (auto& each : pending_->rejected_rows) dead_letters_.add_late(name_, each);
    audit_.add_held(rows, pending_->account.counts);
  } else {
    const DeadLetters::Origin origin{name_, pending_->stream, batch.position, pending_->end};
    for (auto& each : pending_->rejected_rows) dead_letters_.add(origin, each);
    if (!pending_->account.stream.empty()) audit_.add(pending_->account, rows);
    uncommitted_.add_part(pending_->stream, !batch.position.empty());
    if (!batch.position.empty()) reached_[pending_->stream] = {pending_->stream, batch.position, pending_->end};
  }
  pending_.reset();
  return Turn::worked;
}

Done SinkRunner::start_commit() {
  stored_checkpoint_.emplace();
  stored_checkpoint_->epoch = epoch_ + 1;
  const bool whole = saving_plan_.is_whole_due();
  // Nothing changes in those that are not used.
  for (const auto& [name, state] : unused_states_) stored_checkpoint_->states[name] = whole ? state : SavedState();
  for (const auto& [stream, position] : reached_) stored_checkpoint_->positions.push_back(position);
  const auto begun = now();
  LEVADA_TRY(workers_->save(whole, stored_checkpoint_->states));
  saving_ = now() - begun;
  checkpoint_.emplace();
  checkpoint_->epoch = stored_checkpoint_->epoch;
  checkpoint_->positions = stored_checkpoint_->positions;
  checkpoint_->positions.push_back({kEpochStream, std::to_string(checkpoint_->epoch), checkpoint_->epoch});
  saved_ = sink_committed_ = false;
  return {};
}

// What the agent keeps of the commit: before it, where the sink says which commit
// was its last; else behind it.
Done SinkRunner::save() {
  if (saved_) return {};
  stored_checkpoint_->states[kAudit].whole = audit_.encoded();
  const auto begun = now();
  LEVADA_TRY(checkpoint_store_.save(name_, *stored_checkpoint_));
  saving_ += now() - begun;
  saved_ = true;
  return {};
}

Turn SinkRunner::commit(nanoseconds timeout) {
  // Before anything says that the rows are dealt with.
  if (auto done = dead_letters_.sync(); !done) return retry_commit(done.error());
  if (!sink_committed_) {
    if (target_->keeps_checkpoint())
      if (auto done = save(); !done) return retry_commit(done.error());
    CBatch rejected;
    auto done = target_->commit(*checkpoint_, timeout, rejected);
    if (!rejected.empty()) reject_late(rejected);
    if (done.code() == Code::idle) return Turn::waited;
    if (!done) return failed(done.error(), "commit");
    sink_committed_ = true;
    if (auto synced = dead_letters_.sync(); !synced) return retry_commit(synced.error());
  }
  if (!target_->keeps_checkpoint())
    if (auto done = save(); !done) return retry_commit(done.error());
  committed();
  return Turn::worked;
}

// The agent's own disk fails: the commit stays under way, no rows are written twice.
Turn SinkRunner::retry_commit(const Error& error) {
  backoff_.failed(now());
  failures_.warn(name_, "commit: " + error.message, now());
  return Turn::waited;
}

void SinkRunner::committed() {
  committed_ = reached_;
  epoch_ = checkpoint_->epoch;
  checkpoint_store_.confirm(name_, epoch_);
  saving_plan_.saved(stored_checkpoint_->states);
  rows_written_.add(uncommitted_.rows());
  commits_.add();
  open_.works();
  if (!workers_->stateful().empty()) uncommitted_.put_off(now() + kTimesSaving * saving_);
  uncommitted_.clear();
  sink_committed_ = false;
  checkpoint_.reset();
  stored_checkpoint_.reset();
  backoff_.succeeded();
  failures_.succeeded();
  channel_.commit(cursor_);
}

Turn SinkRunner::failed(const Error& error, const char* what) {
  calls_failed_.add();
  open_.fails(now());
  checkpoint_.reset();
  stored_checkpoint_.reset();
  pending_.reset();
  workers_->clear();
  channel_.rewind(cursor_);
  uncommitted_.clear();
  sink_committed_ = false;
  needs_recover_ = true;
  if (error.code != Code::retry) {
    failure_ = std::string(what) + ": " + error.message;
    log_error(name_, failure_);
    return Turn::failed;
  }
  backoff_.failed(now());
  failures_.warn(name_, std::string(what) + ": " + error.message, now());
  return Turn::waited;
}

// Rows that the sink rejected when they were written; how many there were.
Result<int64_t> SinkRunner::reject_written(CBatch& rejected, InFlight& in_flight) {
  if (rejected.empty()) return 0;
  auto rows = rejected.open_rows();
  if (!rows) return fatal("rejected rows cannot be read: " + rows.error().message);
  const int64_t count = rows->rows();
  const auto policy = on_reject_.at(target_->name());
  if (policy == OnReject::block && count > 0) {
    const Column* reasons = rows->text("reason");
    return retry("rejects rows, and on_reject is \"block\": " +
                 std::string(reasons ? reasons->text(0) : "no reason was given"));
  }
  rows_rejected_.add(count);
  reject_rows(target_->name(), policy, *std::move(rows), in_flight.account.counts, in_flight.rejected_rows);
  return count;
}

// Rows that turned out to be unwritable when they were committed: of which batch
// they were is no longer known.
void SinkRunner::reject_late(CBatch& rejected) {
  auto rows = rejected.open_rows();
  if (!rows) return log_error(name_, "rejected rows are lost: " + rows.error().message);
  const int64_t count = rows->rows();
  rows_rejected_.add(count);
  uncommitted_.take_back(count);
  saved_ = false;
  std::vector<AuditCount> counts;
  std::vector<RejectedRows> rejected_rows;
  agent::reject_rows(target_->name(), on_reject_.at(target_->name()), *std::move(rows), counts, rejected_rows);
  audit_.take_back(count, counts);
  for (auto& each : rejected_rows) dead_letters_.add_late(name_, each);
}

}  // namespace levada::agent
