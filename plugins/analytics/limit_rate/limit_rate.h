// Tells, for each key, the rows that are more than so many in so long, by event time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analytics/block_pool.h"
#include "analytics/event_by_event.h"
#include "analytics/key_columns.h"
#include "analytics/key_numbers.h"
#include "analytics/runs.h"

namespace levada::limit_rate {

enum class Mode { observe, admit };
enum class Action { mark, drop };
enum class Emit { rows, intervals };

class LimitRate final : public analytics::EventByEvent {
 public:
  struct Settings : analytics::EventByEventSettings {
    std::vector<std::string> keys;
    int64_t limit = 0;
    std::chrono::nanoseconds window{0};
    Mode mode = Mode::observe;
    Action action = Action::mark;
    std::string as = "blocked";
    Emit emit = Emit::rows;
  };
  static constexpr auto options = join_options(
      analytics::event_by_event_options<Settings>(),
      std::array{
          required<&Settings::keys>("keys", "The columns that make up the key."),
          required<&Settings::limit>("limit", "How many rows of a key may come in the window."),
          required<&Settings::window>("window", "How long it is; it moves with each row."),
          choice<&Settings::mode>("mode", "observe|admit", R"("observe")",
                                  "Which rows count: all, or only those that were not blocked."),
          choice<&Settings::action>("action", "mark|drop", R"("mark")", "What becomes of rows that are blocked."),
          optional<&Settings::as>("as", R"("blocked")", "The boolean column that marks them."),
          choice<&Settings::emit>("emit", "rows|intervals", R"("rows")",
                                  "What comes out: the rows, or when each key was blocked."),
      });

  static Result<std::unique_ptr<LimitRate>> create(Settings settings, Host host);

 private:
  // A key's, in its record. Only rows of the last window are in it, at most `limit` of them.
  struct State {
    analytics::Ring<int64_t> times;
    analytics::Runs::Id run;
  };

  LimitRate(Settings settings, Host host);
  void see(Batch& batch, std::span<const int64_t> times) override;
  Batch end() override;
  void save_state(StateWriter& to) const override;
  void load_state(StateReader& from) override;
  void forget() override;
  void begin_changes() override;
  bool knows_changes() const override { return table_.knows_changes(); }
  void save_state_changes(StateWriter& to) override;
  void load_state_changes(StateReader& from) override;

  bool is_blocked(State& state, int64_t time);
  void mark(Batch& batch);
  void follow_run(KeyTable::Number key, int64_t time, bool blocked);
  void end_run(analytics::Runs::Id id);
  Batch intervals();
  void forget_keys(int64_t now);
  void load_runs(StateReader& from);

  const Settings settings_;
  const int64_t window_;  // Microseconds.
  const uint32_t limit_;
  Counter blocked_count_;
  KeyTable table_{sizeof(State)};
  analytics::BlockPool<int64_t> blocks_;
  analytics::KeyNumbers numbers_;
  analytics::Forgetting forgetting_;
  analytics::Runs runs_;
  std::vector<char> blocked_;  // For each row of the batch.
  // The intervals that come out next.
  analytics::KeyColumns keys_out_;
  std::vector<analytics::Run> runs_out_;
};

}  // namespace levada::limit_rate
