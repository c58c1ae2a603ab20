#include "agent/cli/reload/running_flows.h"

#include <algorithm>

#include "agent/cli/reload/replacement.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kTurn = std::chrono::milliseconds(100);

}  // namespace

RunningFlows::~RunningFlows() = default;

std::unique_ptr<RunningFlows::RunningFlow> RunningFlows::built(std::shared_ptr<const Configuration> configuration,
                                                               const Flow& flow, Diagnostics& diagnostics) const {
  auto made = std::make_unique<RunningFlow>();
  made->pipeline = PipelineBuilder(configuration->agent, configuration->topology, services_, stores_, until_drained_,
                                   diagnostics, changed_)
                       .build(flow);
  made->configuration = std::move(configuration);
  made->flow = flow;
  return made;
}

void RunningFlows::build(std::shared_ptr<const Configuration> configuration, Diagnostics& diagnostics) {
  configuration_ = std::move(configuration);
  stop_timeout_ns_ = configuration_->agent.stop_timeout_ns;
  // Flows are of topologies without findings.
  if (!diagnostics.empty()) return try_out(*configuration_, diagnostics);
  for (const auto& flow : flows_of(configuration_->topology))
    flows_.push_back(built(configuration_, flow, diagnostics));
}

void RunningFlows::try_out(const Configuration& wanted, Diagnostics& diagnostics) const {
  PipelineBuilder(wanted.agent, wanted.topology, services_, stores_, until_drained_, diagnostics)
      .build(whole_of(wanted.topology));
}

Done RunningFlows::start() {
  for (auto& each : flows_) each->pipeline->start();
  Done done;
  for (auto& each : flows_)
    if (auto opened = each->pipeline->wait_for_channels(); !opened) done = std::move(opened);
  if (done)
    for (auto& each : flows_) each->pipeline->resume();
  {
    const std::lock_guard lock(mutex_);
    is_started_ = true;
    is_over_ = !done;
  }
  replaced_.notify_all();
  return done;
}

bool RunningFlows::are_over() const {
  return std::ranges::all_of(flows_, [](const auto& each) { return !each->pipeline || each->pipeline->is_over(); });
}

bool RunningFlows::has_failed() const {
  return std::ranges::any_of(flows_, [](const auto& each) { return each->is_down(); });
}

void RunningFlows::stop_intake() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for (auto& each : flows_)
      if (each->pipeline) each->pipeline->stop_intake();
  }
  replaced_.notify_all();
  changed_->raise();
}

Pipeline::Outcome RunningFlows::wait() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (is_stopping_ || (!is_replacing_ && are_over())) {
        replaced_.wait(lock, [&] { return !is_replacing_; });
        is_over_ = true;
        break;
      }
    }
    // What one flow cannot store would keep a run to the end from coming to it. Nothing replaces
    // the flows of one.
    if (until_drained_ && has_failed()) stop_intake();
    changed_->wait(kTurn);
  }
  const auto end = now() + stop_timeout();
  auto all = Pipeline::Outcome::drained;
  for (auto& each : flows_) {
    const auto outcome = !each->pipeline                ? Pipeline::Outcome::failed
                         : each->pipeline->has_failed() ? each->pipeline->wait_until(now() + kTurn)
                                                        : each->pipeline->wait_until(end);
    all = std::max(all, outcome);
  }
  return all;
}

bool RunningFlows::close() {
  const auto end = now() + stop_timeout();
  bool good = true;
  for (auto& each : flows_)
    if (each->pipeline) good &= each->pipeline->close(end);
  flows_.clear();
  return good;
}

bool RunningFlows::begin_replacing() {
  std::unique_lock lock(mutex_);
  replaced_.wait(lock, [&] { return is_started_ || is_stopping_; });
  if (is_over_ || is_stopping_) return false;
  return is_replacing_ = true;
}

void RunningFlows::end_replacing() {
  {
    const std::lock_guard lock(mutex_);
    is_replacing_ = false;
  }
  replaced_.notify_all();
  changed_->raise();
}

ReloadPlan RunningFlows::plan(const std::vector<Flow>& wanted, const Topology& topology) const {
  std::vector<RunningTables> running;
  for (const auto& each : flows_)
    running.push_back({tables_of(each->configuration->topology, each->flow), each->is_down()});
  std::vector<FlowTables> tables;
  for (const auto& flow : wanted) tables.push_back(tables_of(topology, flow));
  return plan_reload(running, tables);
}

ReloadAnswer RunningFlows::replace(std::shared_ptr<const Configuration> wanted) {
  using Reloaded = ReloadAnswer::Outcome;
  const auto flows = flows_of(wanted->topology);
  ReloadAnswer answer;
  answer.plan = plan(flows, wanted->topology);
  Diagnostics diagnostics;
  FlowList entering;
  for (const auto number : answer.plan.entering) entering.push_back(built(wanted, flows[number], diagnostics));
  if (!diagnostics.empty()) return refused_for(diagnostics);
  if (!begin_replacing()) return not_reloaded(Reloaded::stopped, {});
  if (!answer.plan.is_empty()) {
    answer.outcome = Reloaded::done;
    if (!Replacement(*this, answer).run(std::move(entering))) {
      end_replacing();
      return answer;
    }
  }
  stop_timeout_ns_ = wanted->agent.stop_timeout_ns;
  configuration_ = std::move(wanted);
  end_replacing();
  return answer;
}

}  // namespace levada::agent
