#include "agent/pipeline/pipeline.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kTurn = std::chrono::milliseconds(100);
// Sinks are woken when rows come, and when their channel is closed: a thousand that
// have nothing to do cost nothing.
constexpr nanoseconds kSinkTurn = std::chrono::seconds(1);
// In a pause it is to be known soon how far each is.
constexpr nanoseconds kPausedTurn = std::chrono::milliseconds(50);
// A sink that takes longer to open is named in the log as what the source waits for.
constexpr nanoseconds kOpenSoon = std::chrono::seconds(5);

void add_name(std::string& names, const std::string& name) { names += (names.empty() ? "" : ", ") + name; }

}  // namespace

Pipeline::Pipeline(Parts parts) : parts_(std::move(parts)) { parts_.stop->pause = true; }

Pipeline::~Pipeline() {
  stop_intake();
  parts_.stop->now = true;
  for (auto& thread : threads_) thread.join();
}

void Pipeline::start() {
  running_ = parts_.sources.size() + parts_.sinks.size();
  standings_.resize(running_);
  over_.resize(running_);
  threads_.emplace_back([this] {
    auto done = open_channels();
    if (!done) log_error("", done.error().message);
    const std::lock_guard lock(mutex_);
    channels_ = std::move(done);
    changed_.notify_all();
  });
  for (size_t number = 0; number < parts_.sinks.size(); ++number)
    threads_.emplace_back([this, number] {
      const MemoryScope scope(parts_.services.memory->table());
      if (are_channels_open()) run(*parts_.sinks[number], number, kSinkTurn);
      else ended(number, Turn::ended, {});
    });
  for (size_t number = 0; number < parts_.sources.size(); ++number)
    threads_.emplace_back([this, number] { run_source(number); });
}

Done Pipeline::open_channels() {
  LEVADA_TRY(open_when_possible([this] { return parts_.dead_letters->open(); }));
  for (auto& channel : parts_.channels) LEVADA_TRY(open_when_possible([&channel] { return channel->open(); }));
  return {};
}

// A disk that is full, or away, may come back.
template <class Open>
Done Pipeline::open_when_possible(Open open) {
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(10));
  bool warned = false;
  for (;;) {
    auto done = open();
    if (done.code() != Code::retry || parts_.stop->intake) return done;
    if (!std::exchange(warned, true)) log_warning("", done.error().message + "; trying again until it works");
    backoff.failed(now());
    std::unique_lock lock(mutex_);
    waits_for_ = done.error().message;
    changed_.wait_for(lock, backoff.left(now()), [&] { return parts_.stop->intake.load(); });
  }
}

bool Pipeline::are_channels_open() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return channels_.has_value(); });
  return channels_->ok();
}

Done Pipeline::wait_for_channels() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return channels_.has_value(); });
  return *channels_;
}

Done Pipeline::wait_until_opened(nanoseconds end) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (channels_ && !*channels_) return *channels_;
    if (!failure_.empty()) return fatal(failure_);
    bool all = channels_.has_value();
    for (size_t thread = 0; thread < standings_.size(); ++thread) {
      const auto& standing = standings_[thread];
      all = all && (over_[thread] || (standing && (standing->is_opened || standing->is_failing)));
    }
    if (all || parts_.stop->intake) return {};
    const auto left = end - now();
    if (left.count() <= 0) return channels_ ? Done() : retry(waits_for_);
    changed_.wait_for(lock, std::min(left, kTurn));
  }
}

template <class Runner>
void Pipeline::run(Runner& runner, size_t number, nanoseconds patience) {
  Turn turn = Turn::worked;
  while (turn == Turn::worked || turn == Turn::waited) {
    const uint64_t round = round_;
    turn = runner.turn(parts_.stop->pause ? kPausedTurn : patience);
    if (parts_.stop->pause) report(number, round, runner.standing());
  }
  ended(number, turn, runner.failure());
}

// A source goes to where its channels stand, or the sinks behind those that keep
// nothing: they have to be open.
bool Pipeline::find_start(size_t number, size_t thread) {
  auto& source = parts_.sources[number];
  std::vector<StreamStarts::Reader> readers;
  for (const auto& [name, channel] : source.durable) readers.push_back({name, channel->positions()});
  for (const auto sink : source.sinks) {
    auto recovered = wait_for_sink(sink, number, thread);
    if (!recovered) return false;
    readers.push_back({parts_.sinks[sink]->name(), *std::move(recovered)});
  }
  std::set<std::string> known;
  if (const auto confirmed = parts_.checkpoints->confirmed_streams()) {
    for (const auto& [reader, streams] : *confirmed) known.insert(streams.begin(), streams.end());
    for (auto& reader : readers)
      if (const auto own = confirmed->find(reader.name); own != confirmed->end()) reader.confirmed = own->second;
  } else {
    log_warning("", confirmed.error().message);
  }
  const auto start = [&] { return source.runner->start_from(readers, known); };
  auto started = open_when_possible(start);
  if (!started) log_error(source.runner->name(), started.error().message);
  return started.ok();
}

// Nothing where the agent is stopped first.
std::optional<Positions> Pipeline::wait_for_sink(size_t sink, size_t source, size_t thread) {
  const auto start = now();
  bool warned = false;
  const auto& runner = *parts_.sinks[sink];
  auto recovered = runner.recovered();
  while (!recovered && !parts_.stop->intake) {
    if (!warned && now() - start > kOpenSoon) {
      log_warning(parts_.sources[source].runner->name(),
                  "waits: where it goes on is known when " + runner.name() + " is open");
      warned = true;
    }
    std::unique_lock lock(mutex_);
    // It has read nothing, and gets no further than the sink does.
    const auto& its = standings_[sink];
    standings_[thread] = Standing{false, true, over_[sink] || (its && its->is_failing)};
    changed_.notify_all();
    changed_.wait_for(lock, kTurn / 10);
    lock.unlock();
    recovered = runner.recovered();
  }
  return recovered;
}

void Pipeline::run_source(size_t number) {
  const MemoryScope scope(parts_.services.memory->table());
  const size_t thread = parts_.sinks.size() + number;
  if (!are_channels_open()) return ended(thread, Turn::ended, {});
  auto& runner = *parts_.sources[number].runner;
  // Without a place to start from it must not be opened: it may only end.
  if (!find_start(number, thread) && !parts_.stop->intake) {
    runner.give_up();
    return ended(thread, Turn::failed, "where it goes on cannot be found out");
  }
  {
    const std::lock_guard lock(mutex_);
    standings_[thread].reset();
  }
  run(runner, thread, kTurn);
}

void Pipeline::report(size_t thread, uint64_t round, const Standing& standing) {
  const std::lock_guard lock(mutex_);
  if (round != round_) return;
  standings_[thread] = standing;
  changed_.notify_all();
}

void Pipeline::ended(size_t thread, Turn turn, const std::string& failure) {
  {
    const std::lock_guard lock(mutex_);
    --running_;
    over_[thread] = true;
    if (turn == Turn::failed) {
      if (failure_.empty()) failure_ = name_of(thread) + ": " + failure;
      // A run to the end would wait for ever for what this one cannot store.
      if (parts_.until_drained) parts_.stop->intake = true;
    }
    changed_.notify_all();
  }
  if (parts_.ended) parts_.ended->raise();
}

std::string Pipeline::name_of(size_t thread) const {
  const size_t sinks = parts_.sinks.size();
  return thread < sinks ? parts_.sinks[thread]->name() : parts_.sources[thread - sinks].runner->name();
}

void Pipeline::pause() {
  {
    const std::lock_guard lock(mutex_);
    ++round_;
    for (auto& standing : standings_) standing.reset();
  }
  parts_.stop->pause = true;
  for (auto& source : parts_.sources) source.runner->wake();
  for (auto& sink : parts_.sinks) sink->wake();
  for (auto& channel : parts_.channels) channel->apply_back_pressure();
}

void Pipeline::resume() {
  parts_.stop->pause = false;
  for (auto& source : parts_.sources) source.runner->wake();
  for (auto& sink : parts_.sinks) sink->wake();
}

Pipeline::Rest Pipeline::wait_for_rest(nanoseconds end, nanoseconds calls_end) {
  const size_t sinks = parts_.sinks.size();
  std::unique_lock lock(mutex_);
  for (;;) {
    std::string silent, busy, busy_sinks, unreadable;
    bool is_failing = !failure_.empty();
    for (size_t thread = 0; thread < standings_.size(); ++thread) {
      if (over_[thread]) continue;
      const auto& standing = standings_[thread];
      if (!standing) add_name(silent, name_of(thread));
      if (standing && standing->is_at_rest) continue;
      add_name(busy, name_of(thread));
      if (thread < sinks) add_name(busy_sinks, name_of(thread));
      is_failing = is_failing || (standing && standing->is_failing);
      if (thread >= sinks && !parts_.sources[thread - sinks].runner->replays()) add_name(unreadable, name_of(thread));
    }
    if (busy.empty() || parts_.stop->intake) return {};
    const bool is_late = now() >= (silent.empty() ? end : std::max(end, calls_end));
    if (is_late && !silent.empty()) return {busy, silent + " does not come back from a call"};
    if (is_late && !unreadable.empty())
      return {busy, unreadable + " cannot go back, and what it has read is not stored by " + busy_sinks};
    // Waiting on would not help: it is read again.
    if (is_late || (is_failing && silent.empty() && unreadable.empty())) return {busy, {}};
    changed_.wait_for(lock, kTurn);
  }
}

void Pipeline::stop_intake() {
  {
    // Whoever waits must not miss it.
    const std::lock_guard lock(mutex_);
    parts_.stop->intake = true;
  }
  for (auto& source : parts_.sources) source.runner->wake();
  for (auto& sink : parts_.sinks) sink->wake();
  changed_.notify_all();
}

Pipeline::Outcome Pipeline::wait(nanoseconds stop_timeout) {
  {
    std::unique_lock lock(mutex_);
    while (running_ > 0 && !parts_.stop->intake) changed_.wait_for(lock, kTurn);
  }
  return wait_until(now() + (has_failed() ? kTurn : stop_timeout));
}

Pipeline::Outcome Pipeline::wait_until(nanoseconds end) {
  std::unique_lock lock(mutex_);
  const bool is_stopped = parts_.stop->intake;
  const auto sinks = static_cast<std::ptrdiff_t>(parts_.sinks.size());
  while (running_ > 0 && now() < end) {
    // Nobody is left who could store what sources still wait for.
    if (parts_.stop->pause && std::all_of(over_.begin(), over_.begin() + sinks, std::identity())) break;
    changed_.wait_for(lock, std::clamp(end - now(), nanoseconds{0}, kTurn));
  }
  const bool in_time = running_ == 0;
  lock.unlock();
  parts_.stop->intake = parts_.stop->now = true;
  for (auto& sink : parts_.sinks) sink->wake();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  if (has_failed()) return Outcome::failed;
  if (!in_time) return Outcome::timed_out;
  return is_stopped ? Outcome::stopped : Outcome::drained;
}

bool Pipeline::is_over() const {
  const std::lock_guard lock(mutex_);
  return running_ == 0;
}

bool Pipeline::has_failed() const {
  const std::lock_guard lock(mutex_);
  return !failure_.empty();
}

bool Pipeline::close(nanoseconds end) {
  const MemoryScope scope(parts_.services.memory->table());
  bool good = true;
  for (auto& source : parts_.sources) good &= source.runner->close(end);
  for (auto& sink : parts_.sinks) good &= sink->close(end);
  parts_.sources.clear();
  parts_.sinks.clear();
  return good;
}

std::vector<std::string> Pipeline::exceptions() const {
  std::vector<std::string> all;
  for (const auto& source : parts_.sources)
    if (!source.runner->replays())
      all.push_back("may be lost: " + source.runner->name() +
                    ": it cannot go back, so rows that no channel or sink has stored are lost in a crash");
  for (const auto& sink : parts_.sinks)
    if (!sink->keeps_checkpoint())
      all.push_back("at least once: " + sink->name() +
                    ": it keeps no position with its rows, so rows since its last commit come again after a crash");
  return all;
}

}  // namespace levada::agent
