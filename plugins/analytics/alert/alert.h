// Tells when rules over columns begin to be broken and when that is over: limits, movements,
// silences; for each key.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "alert_rows.h"
#include "conditions/condition.h"
#include "levada/event_order.h"
#include "levada/key_table.h"
#include "levada/sdk.h"
#include "level.h"
#include "rule.h"
#include "silence.h"

namespace levada::alert {

class Alert final : public StatefulInterceptor {
 public:
  struct Settings : EventTimeSettings {
    std::vector<std::string> keys;
    Tree rules;
    int64_t max_keys = 1'000'000;
  };
  static constexpr auto options = join_options(
      event_time_options<Settings>(),
      std::array{
          optional<&Settings::keys>("keys", "[]", "The columns that make up the key; none: all rows are of one."),
          required<&Settings::rules>("rules",
                                     "The rules by their names: { disk_full = { where = \"...\", column = \"used\", "
                                     "above = 90 } }."),
          optional<&Settings::max_keys>("max_keys", "1000000",
                                        "So many keys are watched; rows with others are passed over and counted."),
      });

  static Result<std::unique_ptr<Alert>> create(Settings settings, Host host);

  Done open() override;
  Done intercept(Batch& batch) override;
  std::chrono::nanoseconds deadline() override;
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override;
  Done save(std::string& to) override;
  Done load(std::string_view state) override;

 private:
  struct Watched {
    Rule rule;
    std::vector<Level> levels;  // By the number of the key.
    Silence silence;
    conditions::Mask mask;
    const Column* column = nullptr;  // Of the batch; null where it has none that can be looked at.
  };

  Alert(Settings settings, std::vector<Rule> rules, std::string state_options, Host host);
  // Rows in the order of their times.
  void see(const Batch& batch);
  void see(Watched& watched, int64_t row, int64_t time, KeyTable::Number key);
  void tell(const Watched& watched, KeyTable::Number key, const Level::Change& change, int64_t time);
  // What nobody has to come for: the rule's only key is waited for from the beginning.
  void expect_single_key();
  void begin_anew();
  int64_t now_us() const;

  const Settings settings_;
  const std::string state_options_;
  const Host host_;
  EventOrder order_;
  RowKeys keys_;
  KeyTable table_{0};
  std::vector<Watched> watched_;
  AlertRows rows_;
  conditions::Remarks remarks_;
  Counter begun_, ended_count_, without_value_, without_room_;
  std::chrono::nanoseconds now_{0};  // Monotonic, of the call.
  std::string text_;                 // Of a value.
  bool has_ended_ = false;
};

}  // namespace levada::alert
