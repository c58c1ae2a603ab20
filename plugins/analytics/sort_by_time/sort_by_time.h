// Brings rows into the order of their event times.
#pragma once

#include <memory>

#include "analytics/event_by_event.h"

namespace levada::sort_by_time {

class SortByTime final : public analytics::EventByEvent {
 public:
  using Settings = analytics::EventByEventSettings;
  static constexpr auto options = analytics::event_by_event_options<Settings>();

  static Result<std::unique_ptr<SortByTime>> create(const Settings& settings, Host host);

 private:
  SortByTime(const Settings& settings, Host host);
  // The base has sorted them; beside the rows that wait there is no state.
  void see(Batch&, std::span<const int64_t>) override {}
  void save_state(StateWriter&) const override {}
  void load_state(StateReader&) override {}
  void forget() override {}
};

}  // namespace levada::sort_by_time
