// Tells when a value of a column comes much more often than it should, or than it did, by event
// time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analytics/event_by_event.h"
#include "analytics/key_columns.h"
#include "analytics/key_numbers.h"
#include "surge.h"

namespace levada::detect_surge {

class DetectSurge final : public analytics::EventByEvent {
 public:
  struct Settings : analytics::EventByEventSettings {
    std::string column;
    std::vector<std::string> values;
    std::chrono::nanoseconds window = std::chrono::minutes(1);
    std::optional<int64_t> threshold;
    std::optional<double> factor;
    std::chrono::nanoseconds baseline = std::chrono::minutes(10);
    int64_t minimum = 1;
    std::chrono::nanoseconds every = std::chrono::seconds(1);
  };
  static constexpr auto options = join_options(
      analytics::event_by_event_options<Settings>(),
      std::array{
          required<&Settings::column>("column", "The column whose values are counted."),
          optional<&Settings::values>("values", nullptr,
                                      "Values that are counted together, as [\"404\", \"500\"], and no others; "
                                      "without it each value is counted for itself."),
          optional<&Settings::window>("window", R"("1m")", "The moving window that rows are counted in."),
          optional<&Settings::threshold>("threshold", nullptr, "More rows in the window are a surge."),
          optional<&Settings::factor>("factor", nullptr,
                                      "More than so many times the mean of the windows before are a surge."),
          optional<&Settings::baseline>("baseline", R"("10m")", "How far back that mean goes."),
          optional<&Settings::minimum>("minimum", "1", "By the factor, fewer rows than that are no surge."),
          optional<&Settings::every>("every", R"("1s")",
                                     "How often windows are looked at, and so how exact times are."),
      });

  static Result<std::unique_ptr<DetectSurge>> create(Settings settings, Host host);

 private:
  DetectSurge(Settings settings, Host host);
  void see(Batch& batch, std::span<const int64_t> times) override;
  Batch end() override;
  void save_state(StateWriter& to) const override;
  void load_state(StateReader& from) override;
  void forget() override;

  bool counts(const Column* column, int64_t row) const;
  void pass(int64_t tick);
  void look_at(KeyTable::Number value);
  void look_at(KeyTable::Number value, Surge& surge, bool is_on, int64_t rows);
  void tell(KeyTable::Number value, const Surge& surge, bool begins);
  void forget_values();
  Batch told();

  const Settings settings_;
  const std::string together_;  // "404,500"
  const int64_t every_;         // Microseconds.
  const Limits limits_;
  KeyTable table_{sizeof(Counts)};
  analytics::BlockPool<Count> blocks_;
  analytics::KeyNumbers numbers_;
  analytics::Forgetting forgetting_;
  int64_t first_ = EventTimes::kNone;      // The first tick of all,
  int64_t tick_ = 0;                       // and the one that goes on.
  std::vector<KeyTable::Number> watched_;  // Values with enough rows to be a surge, since when they have.

  // The rows that come out next.
  struct Told {
    Surge surge;
    bool begins, is_relative;
  };
  analytics::KeyColumns values_out_;
  std::vector<Told> told_;
};

}  // namespace levada::detect_surge
