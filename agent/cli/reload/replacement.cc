#include "agent/cli/reload/replacement.h"

#include <algorithm>
#include <utility>

#include "agent/observe/log.h"

namespace levada::agent {
namespace {

using Reloaded = ReloadAnswer::Outcome;

// For what is at rest to end, where coming to rest took all the time that there was.
constexpr nanoseconds kEndSoon = std::chrono::seconds(1);

}  // namespace

bool RunningFlows::Replacement::run(FlowList entering) {
  std::vector<Pipeline*> leaving;
  for (const auto number : answer_.plan.leaving)
    if (auto* pipeline = all_.flows_[number]->pipeline.get()) leaving.push_back(pipeline);
  const auto until = all_.now() + all_.stop_timeout();
  if (!bring_to_rest(leaving)) return false;
  {
    const std::lock_guard lock(all_.mutex_);
    for (const auto number : answer_.plan.leaving) left_.push_back(std::move(all_.flows_[number]));
    std::erase(all_.flows_, nullptr);
  }
  for (const auto& each : left_) were_down_.push_back(each->is_down());
  end(left_, std::max(until, all_.now() + kEndSoon));
  if (stopped()) return false;
  if (is_unstored_) warn_of_letters();
  return start(std::move(entering));
}

// Until then nothing is lost but time: they can go on.
bool RunningFlows::Replacement::bring_to_rest(const std::vector<Pipeline*>& leaving) {
  const auto until = all_.now() + all_.stop_timeout(), calls_until = all_.now() + all_.call_patience_;
  for (auto* pipeline : leaving) pipeline->pause();
  for (auto* pipeline : leaving) {
    const auto rest = pipeline->wait_for_rest(until, calls_until);
    if (!rest.objection.empty()) {
      answer_.outcome = Reloaded::rolled_back;
      answer_.errors.push_back(rest.objection);
      break;
    }
    if (rest.unstored.empty()) continue;
    is_unstored_ = true;
    answer_.warnings.push_back("not all that was under way could be stored by " + rest.unstored + ": it is read again");
  }
  if (answer_.errors.empty() && !stopped()) return true;
  for (auto* pipeline : leaving) pipeline->resume();
  return false;
}

void RunningFlows::Replacement::end(FlowList& flows, nanoseconds until) {
  for (auto& each : flows)
    if (each->pipeline) each->pipeline->stop_intake();
  for (auto& each : flows) {
    if (!each->pipeline) continue;
    (void)each->pipeline->wait_until(until);
    if (!each->pipeline->close(all_.now() + all_.stop_timeout()))
      answer_.warnings.push_back("a component that ended did not close well: the log says which");
    each->pipeline.reset();
  }
}

// Rows come again; those that a component rejected then are known by its name.
void RunningFlows::Replacement::warn_of_letters() {
  const auto known = all_.stores_.dead_letters.components();
  for (const auto& path : answer_.plan.removed)
    if (known.contains(path))
      answer_.warnings.push_back(path +
                                 " is gone: rows that it rejected since the last commit may be rejected once "
                                 "more under another name");
}

bool RunningFlows::Replacement::start(FlowList entering) {
  std::vector<Pipeline*> started;
  {
    const std::lock_guard lock(all_.mutex_);
    for (auto& each : entering) {
      started.push_back(each->pipeline.get());
      all_.flows_.push_back(std::move(each));
    }
  }
  for (auto* pipeline : started) pipeline->start();
  const auto until = all_.now() + all_.stop_timeout();
  for (auto* pipeline : started)
    if (auto opened = pipeline->wait_until_opened(until); !opened) answer_.errors.push_back(opened.error().message);
  if (stopped()) return false;
  if (answer_.errors.empty()) {
    for (auto* pipeline : started) pipeline->resume();
    return true;
  }
  FlowList failed;
  {
    const std::lock_guard lock(all_.mutex_);
    for (auto& each : all_.flows_)
      if (std::ranges::find(started, each->pipeline.get()) != started.end()) failed.push_back(std::move(each));
    std::erase(all_.flows_, nullptr);
  }
  end(failed, all_.now());
  go_back();
  return false;
}

// They go on from the positions that they have stored.
void RunningFlows::Replacement::go_back() {
  answer_.outcome = Reloaded::rolled_back;
  struct Again {
    Pipeline* pipeline;
    bool was_down;
  };
  std::vector<Again> again;
  for (size_t at = 0; at < left_.size(); ++at) {
    auto& each = left_[at];
    Diagnostics diagnostics;
    each = all_.built(each->configuration, each->flow, diagnostics);
    if (!diagnostics.empty()) {
      answer_.outcome = Reloaded::broken;
      for (const auto& found : diagnostics.sorted()) answer_.errors.push_back(found.text());
      each->pipeline.reset();
      continue;
    }
    again.push_back({each->pipeline.get(), were_down_[at]});
  }
  {
    const std::lock_guard lock(all_.mutex_);
    for (auto& each : left_) all_.flows_.push_back(std::move(each));
  }
  for (const auto& each : again) each.pipeline->start();
  const auto until = all_.now() + all_.stop_timeout();
  for (const auto& [pipeline, was_down] : again) {
    const auto opened = pipeline->wait_until_opened(until);
    // What may pass is tried on.
    if (!opened && opened.code() != Code::retry && !was_down) {
      answer_.outcome = Reloaded::broken;
      answer_.errors.push_back(opened.error().message);
    }
    pipeline->resume();
  }
  (void)stopped();
}

// Whether the agent is being stopped: nothing more is to be started then, and what was is told so.
bool RunningFlows::Replacement::stopped() {
  if (!all_.is_stopping_) return false;
  const std::lock_guard lock(all_.mutex_);
  for (auto& each : all_.flows_)
    if (each->pipeline) each->pipeline->stop_intake();
  answer_.outcome = Reloaded::stopped;
  return true;
}

}  // namespace levada::agent
