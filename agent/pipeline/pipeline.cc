#include "agent/pipeline/pipeline.h"

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
      dead_letters_(Files(services.files), *services.clock, agent.dead_letters_dir),
      positions_(Files(services.files), agent.data_dir) {}

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

void Pipeline::start() {
  running_ = sources_.size() + sinks_.size();
  for (size_t number = 0; number < sinks_.size(); ++number) threads_.emplace_back([this, number] { run_sink(number); });
  for (size_t number = 0; number < sources_.size(); ++number)
    threads_.emplace_back([this, number] { run_source(number); });
}

void Pipeline::run_sink(size_t number) {
  Turn turn = Turn::worked;
  while (turn == Turn::worked || turn == Turn::waited) turn = sinks_[number]->turn(kTurn);
  ended(turn);
}

// A source goes to where its sinks stand: they have to be open.
bool Pipeline::wait_for_sinks(size_t number) {
  std::vector<Progress> progress;
  for (const auto sink : sources_[number].sinks) {
    auto recovered = sinks_[sink]->recovered();
    while (!recovered) {
      if (stop_.intake) return false;
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kTurn / 10);
      lock.unlock();
      recovered = sinks_[sink]->recovered();
    }
    progress.push_back(*std::move(recovered));
  }
  sources_[number].runner->start_from(progress);
  return true;
}

void Pipeline::run_source(size_t number) {
  (void)wait_for_sinks(number);
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

std::vector<std::string> Pipeline::at_least_once() const {
  std::vector<std::string> all;
  for (const auto& source : sources_)
    if (!source.runner->replays())
      all.push_back(source.runner->name() + ": it cannot go back, so what is under way in a crash is lost");
  for (const auto& sink : sinks_)
    if (!sink->keeps_token())
      all.push_back(sink->name() +
                    ": it keeps no position with its rows, so rows since its last commit come again after a crash");
  return all;
}

}  // namespace levada::agent
