#include "agent/pipeline/pipeline.h"

#include <utility>

#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kTurn = std::chrono::milliseconds(100);
// Sinks are woken when rows come, and when their channel is closed: a thousand that
// have nothing to do cost nothing.
constexpr nanoseconds kSinkTurn = std::chrono::seconds(1);
// A sink that takes longer to open is named in the log as what the source waits for.
constexpr nanoseconds kOpenSoon = std::chrono::seconds(5);

}  // namespace

Pipeline::Pipeline(Parts parts) : parts_(std::move(parts)) {}

Pipeline::~Pipeline() {
  parts_.stop->intake = parts_.stop->now = true;
  for (auto& thread : threads_) thread.join();
}

Done Pipeline::start() {
  LEVADA_TRY(open_when_possible([this] { return parts_.dead_letters->open(); }));
  for (auto& channel : parts_.channels) LEVADA_TRY(open_when_possible([&channel] { return channel->open(); }));
  running_ = parts_.sources.size() + parts_.sinks.size();
  for (size_t number = 0; number < parts_.sinks.size(); ++number)
    threads_.emplace_back([this, number] { run_sink(number); });
  for (size_t number = 0; number < parts_.sources.size(); ++number)
    threads_.emplace_back([this, number] { run_source(number); });
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
    const nanoseconds now{parts_.services.clock->monotonic(parts_.services.clock->context)};
    backoff.failed(now);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, backoff.left(now), [&] { return parts_.stop->intake.load(); });
  }
}

void Pipeline::run_sink(size_t number) {
  const MemoryScope scope(parts_.services.memory->table());
  Turn turn = Turn::worked;
  while (turn == Turn::worked || turn == Turn::waited) turn = parts_.sinks[number]->turn(kSinkTurn);
  ended(turn);
}

// A source goes to where its channels stand, or the sinks behind those that keep
// nothing: they have to be open.
bool Pipeline::find_start(size_t number) {
  auto& source = parts_.sources[number];
  std::vector<StreamStarts::Reader> readers;
  for (const auto& [name, channel] : source.durable) readers.push_back({name, channel->positions()});
  for (const auto sink : source.sinks) {
    auto recovered = wait_for_sink(sink, source.runner->name());
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
std::optional<Positions> Pipeline::wait_for_sink(size_t sink, const std::string& source) {
  const auto now = [this] { return nanoseconds{parts_.services.clock->monotonic(parts_.services.clock->context)}; };
  const auto start = now();
  bool warned = false;
  auto recovered = parts_.sinks[sink]->recovered();
  while (!recovered && !parts_.stop->intake) {
    if (!warned && now() - start > kOpenSoon) {
      log_warning(source, "waits: where it goes on is known when " + parts_.sinks[sink]->name() + " is open");
      warned = true;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kTurn / 10);
    lock.unlock();
    recovered = parts_.sinks[sink]->recovered();
  }
  return recovered;
}

void Pipeline::run_source(size_t number) {
  const MemoryScope scope(parts_.services.memory->table());
  auto& runner = *parts_.sources[number].runner;
  Turn turn = Turn::worked;
  // Without a place to start from it must not be opened: it may only end.
  if (!find_start(number) && !parts_.stop->intake) {
    runner.give_up();
    turn = Turn::failed;
  }
  while (turn == Turn::worked || turn == Turn::waited) turn = runner.turn(kTurn);
  ended(turn);
}

void Pipeline::ended(Turn turn) {
  const std::lock_guard lock(mutex_);
  --running_;
  if (turn == Turn::failed) {
    failed_ = true;
    // A run to the end would wait for ever for what this one cannot store.
    if (parts_.until_drained) parts_.stop->intake = true;
  }
  changed_.notify_all();
}

void Pipeline::stop_intake() {
  parts_.stop->intake = true;
  for (auto& source : parts_.sources) source.runner->wake();
  changed_.notify_all();
}

Pipeline::Outcome Pipeline::wait() {
  std::unique_lock lock(mutex_);
  while (running_ > 0 && !parts_.stop->intake) changed_.wait_for(lock, kTurn);
  const bool stopped = parts_.stop->intake;
  const bool in_time = changed_.wait_for(lock, failed_ ? kTurn : parts_.stop_timeout, [&] { return running_ == 0; });
  lock.unlock();
  parts_.stop->intake = parts_.stop->now = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  if (failed_) return Outcome::failed;
  if (!in_time) return Outcome::timed_out;
  return stopped ? Outcome::stopped : Outcome::drained;
}

bool Pipeline::close() {
  const MemoryScope scope(parts_.services.memory->table());
  const auto& clock = *parts_.services.clock;
  const auto end = nanoseconds{clock.monotonic(clock.context)} + parts_.stop_timeout;
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
