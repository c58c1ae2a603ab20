// Drops rows whose key came before, within a time to live by event time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analytics/event_by_event.h"
#include "analytics/key_numbers.h"
#include "bloom_generations.h"

namespace levada::deduplicate {

enum class Method { exact, bloom };

class Deduplicate final : public analytics::EventByEvent {
 public:
  struct Settings : analytics::EventByEventSettings {
    std::vector<std::string> keys;
    std::chrono::nanoseconds ttl{0};
    Method method = Method::exact;
    int64_t expected_keys = 1'000'000;
    double error = 0.001;
  };
  static constexpr auto options = join_options(
      analytics::event_by_event_options<Settings>(),
      std::array{
          required<&Settings::keys>("keys", "The columns that make up the key."),
          required<&Settings::ttl>("ttl", "A row whose key came through less than that before it is a duplicate."),
          choice<&Settings::method>("method", "exact|bloom", R"("exact")",
                                    "How keys are kept: each one, or in Bloom filters, which take less memory and "
                                    "drop a few rows too many."),
          optional<&Settings::expected_keys>("expected_keys", "1000000",
                                             "With `bloom`: how many different keys come within `ttl`."),
          optional<&Settings::error>("error", "0.001",
                                     "With `bloom`: the share of new keys that may be taken for known."),
      });

  static Result<std::unique_ptr<Deduplicate>> create(Settings settings, Host host);

 private:
  Deduplicate(Settings settings, Host host);
  void see(Batch& batch, std::span<const int64_t> times) override;
  void save_state(StateWriter& to) const override;
  void load_state(StateReader& from) override;
  void forget() override;
  void begin_changes() override;
  bool knows_changes() const override { return filters_ ? filters_->knows_changes() : table_.knows_changes(); }
  void save_state_changes(StateWriter& to) override;
  void load_state_changes(StateReader& from) override;

  void see_exactly(const Batch& batch, std::span<const int64_t> times);
  void see_by_filters(const Batch& batch, std::span<const int64_t> times);

  // A key's, in its record.
  struct State {
    int64_t time;  // When its last row came through.
    bool is_known;
  };

  const Settings settings_;
  const int64_t ttl_;  // Microseconds.
  Counter duplicates_, overfull_;
  KeyTable table_{sizeof(State)};
  analytics::KeyNumbers numbers_;
  analytics::Forgetting forgetting_;
  uint64_t seed_;  // Of the hashes in the filters.
  std::optional<BloomGenerations> filters_;
  RowKeys keys_;
  std::vector<uint64_t> hashes_;
  std::vector<int64_t> kept_;
};

}  // namespace levada::deduplicate
