// What the two kinds of windows have in common.
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "analytics/key_numbers.h"
#include "bot_rows.h"
#include "levada/saved_state.h"
#include "requests.h"
#include "rules.h"

namespace levada::detect_bots {

// In microseconds.
struct Spans {
  int64_t window, rate_window, ttl, refresh;
};

class Windows {
 public:
  virtual ~Windows() = default;
  // Rows in the order of their times.
  virtual void see(analytics::KeyNumbers& keys, const Requests& requests, std::span<const int64_t> times,
                   BotRows& out) = 0;
  // No row will come any more.
  virtual void end(BotRows& out) = 0;
  virtual void save(StateWriter& to) const = 0;
  virtual void load(StateReader& from, size_t key_columns) = 0;
  virtual void forget() = 0;
  // See EventByEvent.
  virtual void begin_changes() = 0;
  virtual bool knows_changes() const = 0;
  virtual void save_changes(StateWriter& to) = 0;
  virtual void load_changes(StateReader& from, size_t key_columns) = 0;
};

std::unique_ptr<Windows> make_sliding_windows(const Spans& spans, const Rules& rules);
std::unique_ptr<Windows> make_tumbling_windows(const Spans& spans, const Rules& rules);

}  // namespace levada::detect_bots
