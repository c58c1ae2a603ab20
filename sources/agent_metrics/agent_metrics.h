// The agent's own counters as rows, read at an interval.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "levada/sdk.h"

namespace levada::agent_metrics {

class AgentMetrics final : public Source {
 public:
  struct Settings {
    std::chrono::nanoseconds interval = std::chrono::seconds(10);
  };
  static constexpr std::array options = {
      optional<&Settings::interval>("interval", R"("10s")", "How often the counters are read."),
  };
  static Result<std::unique_ptr<AgentMetrics>> create(Settings settings, Host host);

  // What was counted then is gone.
  bool replays() const override { return false; }
  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view, std::string_view) override { return {}; }
  void wake() override;

 private:
  AgentMetrics(Settings settings, Host host)
      : settings_(settings), host_(host), readings_count_(host.counter("readings")) {}
  // Until the next reading is due; false where the time is up before, or somebody wakes it.
  bool wait(std::chrono::nanoseconds timeout);
  Result<Batch> read();

  const Settings settings_;
  const Host host_;
  Counter readings_count_;
  int64_t readings_ = 0;                    // Since the source was made first: its position.
  bool has_read_ = false;                   // Since this start.
  std::chrono::nanoseconds last_{0};        // When, monotonic.
  std::map<std::string, int64_t> counted_;  // What it read then, by "component name".
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;
};

}  // namespace levada::agent_metrics
