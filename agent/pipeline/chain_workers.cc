#include "agent/pipeline/chain_workers.h"

#include "agent/observe/log.h"

namespace levada::agent {

ChainWorkers::ChainWorkers(std::vector<InterceptorChain> chains, Backoff backoff, const levada_clock& clock,
                           std::string owner, Progress* progress)
    : chains_(std::move(chains)),
      backoff_(backoff),
      clock_(clock),
      threaded_(chains_.size() > 1 && !chains_[0].empty()) {
  if (!threaded_) return;
  for (size_t number = 1; number <= chains_.size(); ++number)
    turns_.emplace_back(progress, owner + ", worker " + std::to_string(number));
}

// The threads use what stands below them in the class: they end first.
ChainWorkers::~ChainWorkers() { threads_.clear(); }

Done ChainWorkers::open() {
  for (auto& chain : chains_) LEVADA_TRY(chain.open());
  if (!threaded_ || !threads_.empty()) return {};
  for (size_t at = 0; at < chains_.size(); ++at)
    threads_.emplace_back([this, at, memory = MemoryScope::current()](std::stop_token stopped) {
      const MemoryScope scope(memory);
      work(stopped, chains_[at], turns_[at]);
    });
  return {};
}

bool ChainWorkers::has_room() const {
  const std::lock_guard lock(mutex_);
  return slots_.size() < (threaded_ ? 2 * chains_.size() : 1);
}

void ChainWorkers::submit(InFlight batch) {
  auto slot = std::make_shared<Slot>();
  slot->in_flight = std::move(batch);
  {
    const std::lock_guard lock(mutex_);
    slots_.push_back(slot);
    if (threaded_) waiting_.push_back(std::move(slot));
  }
  work_.notify_one();
}

bool ChainWorkers::empty() const {
  const std::lock_guard lock(mutex_);
  return slots_.empty();
}

void ChainWorkers::clear() {
  const std::lock_guard lock(mutex_);
  slots_.clear();
  waiting_.clear();
  if (!threaded_) chains_[0].reset();
}

Result<InFlight> ChainWorkers::next(nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  if (slots_.empty()) return idle();
  auto slot = slots_.front();
  if (threaded_) {
    if (!finished_.wait_for(lock, timeout, [&] { return slot->done.has_value(); })) return idle();
  } else {
    const nanoseconds now{clock_.monotonic(clock_.context)};
    if (backoff_.left(now).count() > 0) return idle();
    lock.unlock();
    slot->done = chains_[0].run(slot->in_flight);
    lock.lock();
    if (slot->done->code() == Code::retry) {
      backoff_.failed(now);
      log_warning("", slot->done->error().message);
      return idle();
    }
    backoff_.succeeded();
  }
  slots_.pop_front();
  if (!*slot->done) return std::move(*slot->done).error();
  return std::move(slot->in_flight);
}

bool ChainWorkers::close(nanoseconds end) {
  threads_.clear();
  bool good = true;
  for (auto& chain : chains_) good &= chain.close(end, clock_);
  return good;
}

Result<InFlight> ChainWorkers::advance(nanoseconds now, bool ended) {
  if (backoff_.left(now).count() > 0) return retry("it failed a short while ago");
  auto given = chains_[0].advance(now, ended);
  if (given.code() == Code::retry) {
    backoff_.failed(now);
    log_warning("", given.error().message);
  } else {
    backoff_.succeeded();
  }
  return given;
}

void ChainWorkers::work(std::stop_token stopped, InterceptorChain& chain, Progress::Turns& turns) {
  Backoff backoff = backoff_;
  const auto now = [this] { return nanoseconds{clock_.monotonic(clock_.context)}; };
  const auto run = [&](InFlight& in_flight) {
    turns.begin(now());
    auto done = chain.run(in_flight);
    turns.pause();
    return done;
  };
  std::unique_lock lock(mutex_);
  while (work_.wait(lock, stopped, [&] { return !waiting_.empty(); })) {
    auto slot = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    auto done = run(slot->in_flight);
    while (done.code() == Code::retry && !stopped.stop_requested()) {
      log_warning("", done.error().message);
      const auto failed_at = now();
      backoff.failed(failed_at);
      lock.lock();
      work_.wait_for(lock, stopped, backoff.left(failed_at), [] { return false; });
      lock.unlock();
      done = run(slot->in_flight);
    }
    backoff.succeeded();
    lock.lock();
    slot->done = std::move(done);
    finished_.notify_one();
  }
}

}  // namespace levada::agent
