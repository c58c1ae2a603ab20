#include "agent/pipeline/source_runner.h"

#include <algorithm>

#include "agent/env/memory_pool.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kShortWait = std::chrono::milliseconds(5);
constexpr nanoseconds kLogWaitAfter = std::chrono::seconds(5);
constexpr std::string_view kFileColumn = "file";

// The file that the first rows are of, where the source says so,
std::string file_of(const Batch& batch) {
  const Column* files = batch.text(kFileColumn);
  return files && batch.rows() > 0 ? std::string(files->text(0)) : std::string();
}

// and how many of them, from row `first` on, are of the same. Files come one after the other.
int64_t rows_of_file(const Batch& batch, int64_t first) {
  const Column* files = batch.text(kFileColumn);
  const int64_t rows = batch.rows();
  if (!files || first == rows) return rows - first;
  const auto file = files->text(first);
  if (files->text(rows - 1) == file) return rows - first;
  int64_t end = first + 1;
  while (files->text(end) == file) ++end;
  return end - first;
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
      label_(source_.name().substr(source_.name().find('.') + 1)),
      owner_(parts.owner.empty() ? source_.name() : std::move(parts.owner)),
      rows_read_(services.metrics->counter(source_.name(), "rows_read")),
      rows_rejected_(services.metrics->counter(source_.name(), "rows_rejected")),
      bytes_read_(services.metrics->counter(source_.name(), "bytes_read")),
      polls_failed_(services.metrics->counter(source_.name(), "calls_failed")),
      milliseconds_waited_(services.metrics->counter(source_.name(), "milliseconds_waited")) {}

void SourceRunner::start_from(const std::vector<Positions>& downstream) {
  std::map<std::string, std::vector<Position>> by_stream;
  for (const auto& positions : downstream)
    for (const auto& [stream, position] : positions)
      if (stream == label_ || stream.starts_with(label_ + "/")) by_stream[stream].push_back(position);
  for (auto& [stream, positions] : by_stream) {
    // The one furthest behind decides. One without a position for the stream is new: it joins there.
    const auto lowest = std::min_element(positions.begin(), positions.end(),
                                         [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    const Position start = *lowest;
    // Rows that are in the dead letters already are not put there again.
    for (const auto sequence : dead_letters_.marks(stream)) positions.push_back({stream, "", sequence});
    std::stable_sort(positions.begin(), positions.end(),
                     [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    const std::string own = stream == label_ ? "" : stream.substr(label_.size() + 1);
    start_.push_back({own, start.position, start.sequence});
    sequence_[own] = start.sequence;
    for (const auto& position : positions)
      if (position.sequence > start.sequence) cuts_[own].push_back(position);
  }
}

Turn SourceRunner::turn(nanoseconds timeout) {
  if (stop_.now) return Turn::ended;
  const nanoseconds now{clock_.monotonic(clock_.context)};
  if (const auto left = backoff_.left(now); left.count() > 0 && !stop_.intake) {
    signal_->wait(std::min(left, timeout));
    return Turn::waited;
  }
  if (!opened_) {
    if (stop_.intake) return finish(timeout);
    if (auto done = open(); !done) return failed(done.error(), "open");
    opened_ = true;
  }
  if (auto done = acknowledge(); !done) {
    if (stop_.intake && done.code() == Code::retry) log_warning(name(), "acknowledge: " + done.error().message);
    if (auto turn = failed(done.error(), "acknowledge"); turn == Turn::failed) return turn;
  }
  if (!hand_on(timeout)) return Turn::waited;
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
  if (!workers_->has_room()) return Turn::waited;
  return poll(workers_->empty() ? timeout : nanoseconds{0});
}

Done SourceRunner::open() {
  LEVADA_TRY(workers_->open());
  return source_.open(start_);
}

Turn SourceRunner::finish(nanoseconds timeout) {
  if (!workers_->empty()) {
    signal_->wait(std::min(timeout, kShortWait));
    return Turn::worked;
  }
  if (!closed_) {
    for (auto* channel : channels_) channel->close();
    closed_ = true;
  }
  if (unacknowledged_.empty()) return Turn::ended;
  signal_->wait(timeout);
  return Turn::waited;
}

Turn SourceRunner::poll(nanoseconds timeout) {
  if (memory_.in_use() > memory_bytes_) {
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
  auto batch = source_.poll(timeout);
  if (batch) {
    backoff_.succeeded();
    failures_.succeeded();
    take_in(*std::move(batch));
    return Turn::worked;
  }
  switch (batch.code()) {
    case Code::idle:
      if (!workers_->empty()) signal_->wait(kShortWait / 5);
      // A source that has no way to wait gives IDLE at once.
      if (timeout.count() > 0 && nanoseconds{clock_.monotonic(clock_.context)} - before < kShortWait / 5)
        signal_->wait(kShortWait);
      return Turn::waited;
    case Code::end: ended_ = true; return Turn::worked;
    default: return failed(batch.error(), "poll");
  }
}

void SourceRunner::take_in(Batch batch) {
  const auto rows = static_cast<uint64_t>(batch.rows());
  uint64_t& next = sequence_[batch.stream];
  auto& cuts = cuts_[batch.stream];
  if (batch.jump && !cuts.empty()) {
    // Their numbers must be none that a sink has seen.
    next = std::max(next, cuts.back().sequence);
    cuts.clear();
  }
  batch.sequence = next;
  next += rows;
  rows_read_.add(batch.rows());
  for (int64_t first = 0;;) {
    const uint64_t begin = next - static_cast<uint64_t>(batch.rows() - first);
    while (!cuts.empty() && cuts.front().sequence <= begin) cuts.pop_front();
    uint64_t end = next;
    if (!cuts.empty()) end = std::min(end, cuts.front().sequence);
    if (selector_.cuts_blocks()) end = std::min(end, (begin / Selector::kBlockRows + 1) * Selector::kBlockRows);
    // Each file has an account of its own.
    end = std::min(end, begin + static_cast<uint64_t>(rows_of_file(batch, first)));
    const auto count = static_cast<int64_t>(end - begin);
    if (count == batch.rows()) return submit(std::move(batch), end);
    Batch part = batch.slice(first, count);
    part.sequence = begin;
    part.jump = batch.jump && first == 0;
    // At another cut than a sink's the source cannot go on: no commit falls there, see SinkRunner.
    if (end != next)
      part.position = !cuts.empty() && end == cuts.front().sequence ? cuts.front().position : std::string();
    submit(std::move(part), end);
    if (end == next) return;
    first += count;
  }
}

// Rows with a reason are those that the source itself turned down.
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
    blocked_ = "turns rows down, and on_reject is \"block\": " + std::string(out.text("reason")->text(0));
  agent::reject_rows(name(), on_reject_, std::move(out), in_flight.account.counts, in_flight.rejected_rows);
  batch.take(kept);
  batch.remove("reason");
}

void SourceRunner::submit(Batch batch, uint64_t end) {
  InFlight in_flight{.batch = std::move(batch), .end = end};
  auto& account = in_flight.account;
  account.stream = in_flight.stream = full_name(in_flight.batch.stream);
  account.end = end;
  account.read = in_flight.batch.rows();
  account.jump = in_flight.batch.jump;
  account.file = file_of(in_flight.batch);
  reject_rows(in_flight);
  cut_.push_back(std::move(in_flight));
}

void SourceRunner::send(InFlight in_flight) {
  std::string stream = std::move(in_flight.batch.stream);
  in_flight.batch.stream = in_flight.stream;
  const DeadLetters::Origin origin{owner_, in_flight.stream, in_flight.batch.position, in_flight.end};
  for (auto& each : in_flight.rejected_rows) dead_letters_.add(origin, each);
  auto acknowledgement = std::make_shared<Acknowledgement>(static_cast<int>(channels_.size()), signal_);
  auto routed = selector_.route(in_flight.batch);
  for (size_t at = 0; at < channels_.size(); ++at) {
    InFlight out{.batch = std::move(routed[at]), .stream = in_flight.stream, .end = in_flight.end,
                 .account = in_flight.account, .acknowledgement = acknowledgement};
    out.bytes = held_bytes(out.batch);
    if (const auto others = in_flight.batch.rows() - out.batch.rows(); others != 0)
      add_to_counts(out.account.counts, Outcome::elsewhere, name(), "", others);
    outgoing_.push_back({std::move(out), channels_[at]});
  }
  unacknowledged_.push_back({std::move(acknowledgement), std::move(stream), std::move(in_flight.batch.position)});
}

bool SourceRunner::hand_on(nanoseconds timeout) {
  while (!outgoing_.empty()) {
    auto& next = outgoing_.front();
    // Rows that are not in the batch any more must not be lost once a durable channel has what is left of it.
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
    outgoing_.pop_front();
    wait({});
  }
  return true;
}

// Says what it waits for, once it has waited for long; an empty blocked_by: it waits no more.
void SourceRunner::wait(const std::string& blocked_by) {
  if (blocked_by.empty() && waits_since_.count() == 0) return;
  const nanoseconds now{clock_.monotonic(clock_.context)};
  if (waits_since_.count() == 0) waits_since_ = now;
  if (blocked_by.empty()) {
    milliseconds_waited_.add((now - waits_since_) / std::chrono::milliseconds(1));
    if (wait_logged_) log_info(name(), "reads on");
    waits_since_ = {};
    wait_logged_ = false;
  } else if (!wait_logged_ && now - waits_since_ >= kLogWaitAfter) {
    log_warning(name(), "waits: " + blocked_by);
    wait_logged_ = true;
  }
}

Done SourceRunner::acknowledge() {
  // The last position of each stream stands for all before it.
  std::map<std::string, std::string> stored;
  size_t complete = 0;
  for (; complete < unacknowledged_.size() && unacknowledged_[complete].acknowledgement->complete(); ++complete)
    if (!unacknowledged_[complete].position.empty())
      stored[unacknowledged_[complete].stream] = unacknowledged_[complete].position;
  if (complete == 0) return {};
  LEVADA_TRY(dead_letters_.sync());
  for (const auto& [stream, position] : stored) LEVADA_TRY(source_.acknowledge(stream, position));
  unacknowledged_.erase(unacknowledged_.begin(), unacknowledged_.begin() + static_cast<std::ptrdiff_t>(complete));
  return {};
}

Turn SourceRunner::failed(const Error& error, const char* what) {
  polls_failed_.add();
  if (error.code == Code::retry) {
    const nanoseconds now{clock_.monotonic(clock_.context)};
    backoff_.failed(now);
    failures_.warn(name(), std::string(what) + ": " + error.message, now);
    return Turn::waited;
  }
  log_error(name(), std::string(what) + ": " + error.message);
  if (!closed_)
    for (auto* channel : channels_) channel->close();
  closed_ = true;
  return Turn::failed;
}

}  // namespace levada::agent
