#include "agent/pipeline/source_runner.h"

#include <algorithm>
#include <utility>

#include "agent/env/memory_pool.h"
#include "agent/observe/log.h"
#include "agent/observe/outcomes.h"
#include "agent/pipeline/closing.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kShortWait = std::chrono::milliseconds(5);
constexpr nanoseconds kShowEvery = std::chrono::seconds(1);
constexpr nanoseconds kLogWaitAfter = std::chrono::seconds(5);

int64_t body_bytes(const Batch& batch) {
  const Column* body = batch.body();
  if (!body || body->type() == Type::dictionary) return 0;
  int64_t bytes = 0;
  const auto views = body->views();
  for (int64_t row = 0; row < batch.rows(); ++row) bytes += views.data()[row].size;
  return bytes;
}

}  // namespace

SourceRunner::SourceRunner(Parts parts, DeadLetters& dead_letters, const Services& services, Stop& stop)
    : source_(std::move(parts.source)),
      workers_(std::move(parts.workers)),
      selector_(std::move(parts.selector)),
      channels_(std::move(parts.channels)),
      backoff_(parts.backoff),
      memory_bytes_(parts.memory_bytes),
      on_reject_(parts.on_reject),
      dead_letters_(dead_letters),
      clock_(*services.clock),
      memory_(*services.memory),
      stop_(stop),
      numbering_(source_.name().substr(source_.name().find('.') + 1),
                 selector_.cuts_blocks() ? Selector::kBlockRows : 0),
      owner_(parts.owner.empty() ? source_.name() : std::move(parts.owner)),
      turns_(services.progress, source_.name()),
      starts_(std::move(parts.starts)),
      rows_read_(services.metrics->counter(source_.name(), "rows_read")),
      rows_rejected_(services.metrics->counter(source_.name(), "rows_rejected")),
      bytes_read_(services.metrics->counter(source_.name(), "bytes_read")),
      polls_failed_(services.metrics->counter(source_.name(), "calls_failed")),
      milliseconds_waited_(services.metrics->counter(source_.name(), "milliseconds_waited")),
      oldest_unacknowledged_(services.metrics->gauge(source_.name(), "oldest_unacknowledged_since")),
      open_(*services.metrics, source_.name()),
      tap_(services.taps ? &services.taps->point(source_.name()) : nullptr),
      backlogs_(services.backlogs) {}

Done SourceRunner::start_from(std::vector<StreamStarts::Reader> readers, const std::set<std::string>& known) {
  const auto is_other = [this](const auto& name) { return !numbering_.is_own(name); };
  for (auto& reader : readers) {
    std::erase_if(reader.positions, [&](const auto& each) { return is_other(each.first); });
    std::erase_if(reader.confirmed, is_other);
  }
  auto own = known;
  std::erase_if(own, is_other);
  LEVADA_TRY(starts_.load());
  // Nobody knows any more where a stream of that number was: it has other rows now than those
  // that its dead letters are of.
  const auto first_number = [this](const std::string& stream) {
    const auto marks = dead_letters_.marks(stream);
    return marks.empty() ? 0 : *std::ranges::max_element(marks);
  };
  std::map<std::string, std::vector<Position>> by_stream;
  for (const auto& positions : starts_.complete(readers, own, first_number))
    for (const auto& [stream, position] : positions) by_stream[stream].push_back(position);
  LEVADA_TRY(starts_.save());
  // Rows that are in the dead letters already are not put there again.
  for (auto& [stream, positions] : by_stream) {
    auto start = numbering_.start(stream, std::move(positions), dead_letters_.marks(stream));
    if (!start.position.empty()) start_.push_back(std::move(start));
  }
  return {};
}

Turn SourceRunner::turn(nanoseconds timeout) {
  const nanoseconds now{clock_.monotonic(clock_.context)};
  turns_.begin(now);
  const Turn turn = take_turn(now, timeout);
  if (turn == Turn::ended) turns_.pause();
  if (turn == Turn::failed) turns_.fail();
  return turn;
}

Turn SourceRunner::take_turn(nanoseconds now, nanoseconds timeout) {
  if (stop_.now) return Turn::ended;
  if (now - shown_ >= kShowEvery) show(now);
  if (const auto left = backoff_.left(now); left.count() > 0 && !stop_.intake) {
    signal_->wait(std::min(left, timeout));
    return Turn::waited;
  }
  if (!opened_) {
    if (stop_.intake) return finish(timeout);
    if (auto done = open(); !done) return failed(done.error(), "open");
    opened_ = true;
    open_.works();
  }
  if (auto done = acknowledge(); !done) {
    if (stop_.intake && done.code() == Code::retry) log_warning(name(), "acknowledge: " + done.error().message);
    if (auto turn = failed(done.error(), "acknowledge"); turn == Turn::failed) return turn;
  }
  if (is_start_unsaved_) {
    if (auto saved = starts_.save(); !saved) return failed(saved.error(), "save");
    is_start_unsaved_ = false;
  }
  if (!hand_on(timeout)) {
    // What the channel has no room for is read again by the source that comes next.
    if (!stop_.intake || !stop_.pause) return Turn::waited;
    close_channels();
    return Turn::ended;
  }
  if (!blocked_.empty() && !stop_.intake) {
    wait(blocked_);
    signal_->wait(timeout);
    return Turn::waited;
  }
  auto through = workers_->next(workers_->has_room() ? nanoseconds{0} : timeout);
  if (through) {
    send(*std::move(through));
    return Turn::worked;
  }
  if (through.code() == Code::fatal) return failed(through.error(), "interceptor");
  if (!cut_.empty() && blocked_.empty()) {
    if (!workers_->has_room()) return Turn::waited;
    workers_->submit(std::move(cut_.front()));
    cut_.pop_front();
    return Turn::worked;
  }
  if (ended_ || stop_.intake) return finish(timeout);
  if (stop_.pause) {
    signal_->wait(workers_->empty() ? timeout : std::min(timeout, kShortWait));
    return Turn::waited;
  }
  if (!workers_->has_room()) return Turn::waited;
  return poll(workers_->empty() ? timeout : nanoseconds{0});
}

void SourceRunner::show(nanoseconds now) {
  shown_ = now;
  oldest_unacknowledged_.set(pending_.oldest().count());
  if (backlogs_ && opened_) backlogs_->show(name(), source_.backlog());
  const auto* outcomes = static_cast<const levada_outcomes*>(source_.instance().extension(LEVADA_OUTCOMES));
  if (outcomes && opened_) show_outcomes(name(), ask_for_outcomes(outcomes, source_.instance().self()));
}

Done SourceRunner::open() {
  LEVADA_TRY(workers_->open());
  to_close_ = true;
  return source_.open(start_);
}

bool SourceRunner::close(nanoseconds end) {
  const bool good = !to_close_ || close_until(source_, end, clock_);
  return workers_->close(end) && good;
}

Turn SourceRunner::finish(nanoseconds timeout) {
  if (!workers_->empty()) {
    signal_->wait(std::min(timeout, kShortWait));
    return Turn::worked;
  }
  close_channels();
  if (pending_.empty()) return Turn::ended;
  signal_->wait(timeout);
  return Turn::waited;
}

void SourceRunner::close_channels() {
  if (std::exchange(closed_, true)) return;
  for (auto* channel : channels_) channel->close();
}

Standing SourceRunner::standing() const {
  const nanoseconds now{clock_.monotonic(clock_.context)};
  return {opened_, unsent_.empty() && cut_.empty() && workers_->empty() && pending_.empty(),
          backoff_.left(now).count() > 0 || !blocked_.empty()};
}

// Nothing that it gave is on its way, and nothing lies in its channels: to wait
// would give no memory back. One row may need more than there is, and what a source
// has read of it is in use, too.
bool SourceRunner::is_alone() const {
  return pending_.empty() && workers_->empty() &&
         std::ranges::all_of(channels_, [](const Channel* channel) { return channel->holder().empty(); });
}

Turn SourceRunner::poll(nanoseconds timeout) {
  if (memory_.in_use() > memory_bytes_ && !is_alone()) {
    std::string blocked_by = std::to_string(memory_bytes_ >> 20) + " MiB of memory_bytes are used up";
    for (auto* channel : channels_) {
      channel->apply_back_pressure();
      if (const auto holder = channel->holder(); !holder.empty()) blocked_by += "; " + holder;
    }
    wait(blocked_by);
    signal_->wait(std::min(timeout, kShortWait));
    return Turn::waited;
  }
  wait({});
  const nanoseconds before{clock_.monotonic(clock_.context)};
  const auto poll = [&] {
    // What is stored meanwhile is acknowledged at once.
    const Signal::Elsewhere polling(*signal_, [this] { source_.wake(); });
    return source_.poll(polling.raised() ? nanoseconds{0} : timeout);
  };
  auto batch = poll();
  if (batch) {
    backoff_.succeeded();
    failures_.succeeded();
    open_.works();
    take_in(*std::move(batch));
    return Turn::worked;
  }
  switch (batch.code()) {
    case Code::idle:
      open_.works();
      if (!workers_->empty()) signal_->wait(kShortWait / 5);
      // A source that has no way to wait gives IDLE at once.
      if (timeout.count() > 0 && nanoseconds{clock_.monotonic(clock_.context)} - before < kShortWait / 5)
        signal_->wait(kShortWait);
      return Turn::waited;
    case Code::end:
      ended_ = true;
      show(nanoseconds{clock_.monotonic(clock_.context)});
      return Turn::worked;
    default: return failed(batch.error(), "poll");
  }
}

void SourceRunner::take_in(Batch batch) {
  // The source says first where a stream begins that could be another place after a restart.
  if (batch.rows() == 0 && !batch.position.empty() && numbering_.is_new(batch.stream)) {
    starts_.begin({numbering_.full_name(batch.stream), batch.position, 0});
    is_start_unsaved_ = true;
  }
  rows_read_.add(batch.rows());
  bytes_read_.add(body_bytes(batch));
  if (tap_ && tap_->wanted()) tap_->give(TapPoint::Way::out, batch);
  for (auto& part : numbering_.number(std::move(batch))) {
    reject_rows(part);
    cut_.push_back(std::move(part));
  }
}

// Rows with a reason are those that the source itself rejects.
void SourceRunner::reject_rows(InFlight& in_flight) {
  Batch& batch = in_flight.batch;
  const Column* reasons = batch.text("reason");
  if (!reasons) return;
  std::vector<int64_t> kept, rejected;
  for (int64_t row = 0; row < batch.rows(); ++row) (reasons->null(row) ? kept : rejected).push_back(row);
  Batch out = batch;
  out.take(rejected);
  rows_rejected_.add(out.rows());
  if (on_reject_ == OnReject::block && out.rows() > 0)
    blocked_ = "rejects rows, and on_reject is \"block\": " + std::string(out.text("reason")->text(0));
  agent::reject_rows(name(), on_reject_, std::move(out), in_flight.account.counts, in_flight.rejected_rows);
  batch.take(kept);
  batch.remove("reason");
  batch.remove(DeadLetters::kCut);
}

void SourceRunner::send(InFlight in_flight) {
  const DeadLetters::Origin origin{owner_, in_flight.stream, in_flight.batch.position, in_flight.end};
  for (auto& each : in_flight.rejected_rows) dead_letters_.add(origin, each);
  auto acknowledgement = std::make_shared<Acknowledgement>(static_cast<int>(channels_.size()), signal_);
  auto routed = selector_.route(in_flight.batch);
  for (size_t at = 0; at < channels_.size(); ++at) {
    InFlight out{.batch = compacted(std::move(routed[at])),
                 .stream = in_flight.stream,
                 .end = in_flight.end,
                 .account = in_flight.account,
                 .acknowledgement = acknowledgement};
    out.bytes = held_bytes(out.batch);
    if (const auto others = in_flight.batch.rows() - out.batch.rows(); others != 0)
      add_to_counts(out.account.counts, Outcome::elsewhere, name(), "", others);
    unsent_.push_back({std::move(out), channels_[at]});
  }
  pending_.add(in_flight.stream, std::move(in_flight.batch.position), std::move(acknowledgement),
               nanoseconds{clock_.monotonic(clock_.context)});
}

bool SourceRunner::hand_on(nanoseconds timeout) {
  while (!unsent_.empty()) {
    auto& next = unsent_.front();
    // Rows that are not in the batch any more must not be lost once a durable
    // channel has what is left of it.
    if (next.channel->durable()) {
      if (auto synced = dead_letters_.sync(); !synced) {
        wait(synced.error().message);
        signal_->wait(std::min(timeout, kShortWait));
        return false;
      }
    }
    if (!next.channel->append(std::move(next.in_flight))) {
      wait(next.channel->blocked_by());
      next.channel->wait_for_room(timeout);
      return false;
    }
    unsent_.pop_front();
    wait({});
  }
  return true;
}

// Says what it waits for, once it has waited for long; an empty blocked_by: it waits no more.
void SourceRunner::wait(const std::string& blocked_by) {
  if (blocked_by.empty() && waits_since_.count() == 0) return;
  const nanoseconds now{clock_.monotonic(clock_.context)};
  if (waits_since_.count() == 0) {
    waits_since_ = now;
    source_.back_pressure(true);
  }
  if (blocked_by.empty()) {
    milliseconds_waited_.add((now - waits_since_) / std::chrono::milliseconds(1));
    if (wait_logged_) log_info(name(), "reads on");
    waits_since_ = {};
    wait_logged_ = false;
    source_.back_pressure(false);
  } else if (!wait_logged_ && now - waits_since_ >= kLogWaitAfter) {
    log_warning(name(), "waits: " + blocked_by);
    wait_logged_ = true;
  }
}

Done SourceRunner::acknowledge() {
  if (!pending_.collect()) return {};
  LEVADA_TRY(dead_letters_.sync());
  return pending_.acknowledge([this](const std::string& stream, const std::string& position) {
    return source_.acknowledge(numbering_.own_name(stream), position);
  });
}

Turn SourceRunner::failed(const Error& error, const char* what) {
  polls_failed_.add();
  if (error.code == Code::retry) {
    const nanoseconds now{clock_.monotonic(clock_.context)};
    backoff_.failed(now);
    open_.fails(now);
    failures_.warn(name(), std::string(what) + ": " + error.message, now);
    return Turn::waited;
  }
  failure_ = std::string(what) + ": " + error.message;
  log_error(name(), failure_);
  stop_.failed = true;
  close_channels();
  return Turn::failed;
}

}  // namespace levada::agent
