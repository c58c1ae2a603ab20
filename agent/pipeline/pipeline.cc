#include "agent/pipeline/pipeline.h"

#include <utility>

#include "agent/observe/log.h"
#include "agent/pipeline/pipeline_builder.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kTurn = std::chrono::milliseconds(100);

}  // namespace

Pipeline::Pipeline(const AgentConfig& agent, const Services& services, bool until_drained)
    : stop_timeout_(agent.stop_timeout_ns),
      until_drained_(until_drained),
      services_(services),
      dead_letters_(services, agent.dead_letters_dir),
      commits_(Files(services.files), agent.data_dir) {}

std::unique_ptr<Pipeline> Pipeline::create(const AgentConfig& agent, const Topology& topology, const Services& services,
                                           bool until_drained, Diagnostics& diagnostics) {
  std::unique_ptr<Pipeline> made(new Pipeline(agent, services, until_drained));
  PipelineBuilder(*made, agent, topology, diagnostics).build();
  return made;
}

Pipeline::~Pipeline() {
  stop_.intake = stop_.now = true;
  for (auto& thread : threads_) thread.join();
}

Done Pipeline::start() {
  LEVADA_TRY(open_when_possible([this] { return dead_letters_.open(); }));
  for (auto& channel : channels_) LEVADA_TRY(open_when_possible([&channel] { return channel->open(); }));
  running_ = sources_.size() + sinks_.size();
  for (size_t number = 0; number < sinks_.size(); ++number) threads_.emplace_back([this, number] { run_sink(number); });
  for (size_t number = 0; number < sources_.size(); ++number)
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
    if (done.code() != Code::retry || stop_.intake) return done;
    if (!std::exchange(warned, true)) log_warning("", done.error().message + "; trying again until it works");
    const nanoseconds now{services_.clock->monotonic(services_.clock->context)};
    backoff.failed(now);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, backoff.left(now), [&] { return stop_.intake.load(); });
  }
}

void Pipeline::run_sink(size_t number) {
  const MemoryScope scope(services_.memory->table());
  Turn turn = Turn::worked;
  while (turn == Turn::worked || turn == Turn::waited) turn = sinks_[number]->turn(kTurn);
  ended(turn);
}

// A source goes to where its channels stand, or the sinks behind those that keep nothing: they have to be open.
bool Pipeline::find_start(size_t number) {
  std::vector<Positions> positions;
  for (const auto* channel : sources_[number].durable) positions.push_back(channel->positions());
  for (const auto sink : sources_[number].sinks) {
    auto recovered = wait_for_sink(sink);
    if (!recovered) return false;
    positions.push_back(*std::move(recovered));
  }
  sources_[number].runner->start_from(positions);
  return true;
}

// Nothing where the agent is stopped first.
std::optional<Positions> Pipeline::wait_for_sink(size_t sink) {
  auto recovered = sinks_[sink]->recovered();
  while (!recovered && !stop_.intake) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kTurn / 10);
    lock.unlock();
    recovered = sinks_[sink]->recovered();
  }
  return recovered;
}

void Pipeline::run_source(size_t number) {
  const MemoryScope scope(services_.memory->table());
  (void)find_start(number);
  auto& runner = *sources_[number].runner;
  Turn turn = Turn::worked;
  while (turn == Turn::worked || turn == Turn::waited) turn = runner.turn(kTurn);
  ended(turn);
}

void Pipeline::ended(Turn turn) {
  const std::lock_guard lock(mutex_);
  --running_;
  if (turn == Turn::failed) {
    failed_ = true;
    // A run to the end would wait for ever for what this one cannot store.
    if (until_drained_) stop_.intake = true;
  }
  changed_.notify_all();
}

void Pipeline::stop_intake() {
  stop_.intake = true;
  for (auto& source : sources_) source.runner->wake();
  changed_.notify_all();
}

Pipeline::Outcome Pipeline::wait() {
  std::unique_lock lock(mutex_);
  while (running_ > 0 && !stop_.intake) changed_.wait_for(lock, kTurn);
  const bool stopped = stop_.intake;
  const bool in_time = changed_.wait_for(lock, failed_ ? kTurn : stop_timeout_, [&] { return running_ == 0; });
  lock.unlock();
  stop_.intake = stop_.now = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  if (failed_) return Outcome::failed;
  if (!in_time) return Outcome::timed_out;
  return stopped ? Outcome::stopped : Outcome::drained;
}

void Pipeline::close() {
  sources_.clear();
  sinks_.clear();
}

std::vector<std::string> Pipeline::exceptions() const {
  std::vector<std::string> all;
  for (const auto& source : sources_)
    if (!source.runner->replays())
      all.push_back("may be lost: " + source.runner->name() +
                    ": it cannot go back, so rows that no channel or sink has stored are lost in a crash");
  for (const auto& sink : sinks_)
    if (!sink->keeps_checkpoint())
      all.push_back("at least once: " + sink->name() +
                    ": it keeps no position with its rows, so rows since its last commit come again after a crash");
  return all;
}

}  // namespace levada::agent
