// The keys with the most rows, or the greatest weights, of each window of event time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analytics/event_by_event.h"
#include "analytics/key_columns.h"
#include "space_saving.h"

namespace levada::top_k {

class TopK final : public analytics::EventByEvent {
 public:
  struct Settings : analytics::EventByEventSettings {
    std::vector<std::string> keys;
    int64_t k = 10;
    std::string weight;
    std::chrono::nanoseconds window = std::chrono::minutes(1);
    int64_t counters = 1000;
  };
  static constexpr auto options = join_options(
      analytics::event_by_event_options<Settings>(),
      std::array{
          required<&Settings::keys>("keys", "The columns that make up the key."),
          optional<&Settings::k>("k", "10", "How many keys come out of each window."),
          optional<&Settings::weight>("weight", R"("")",
                                      "The column of numbers to add up; without it rows are counted."),
          optional<&Settings::window>("window", R"("1m")", "How long a window is; they lie one behind the other."),
          optional<&Settings::counters>("counters", "1000",
                                        "How many keys have a counter at a time: with no more keys in a window the "
                                        "result is exact."),
      });

  static Result<std::unique_ptr<TopK>> create(Settings settings, Host host);

 private:
  TopK(Settings settings, Host host);
  void see(Batch& batch, std::span<const int64_t> times) override;
  Batch end() override;
  void save_state(StateWriter& to) const override;
  void load_state(StateReader& from) override;
  void forget() override;

  void close();
  Batch rows();

  const Settings settings_;
  const int64_t length_;  // Microseconds.
  RowKeys keys_;
  SpaceSaving counters_;
  int64_t window_ = 0;  // The number of the one that is open.

  // The rows that come out next.
  struct Row {
    int64_t window, rank;
    double weight, error;
  };
  analytics::KeyColumns keys_out_;
  std::vector<Row> rows_;
};

}  // namespace levada::top_k
