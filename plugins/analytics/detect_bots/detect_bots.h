// Tells who asks too fast, clicks without viewing, or goes through everything, by event time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analytics/event_by_event.h"
#include "windows.h"

namespace levada::detect_bots {

enum class WindowKind { sliding, tumbling };

class DetectBots final : public analytics::EventByEvent {
 public:
  struct Settings : analytics::EventByEventSettings {
    std::vector<std::string> keys;
    std::chrono::nanoseconds window = std::chrono::minutes(10);
    WindowKind windows = WindowKind::sliding;
    std::string event = "type", click = "click", view = "view";
    std::string category, category_after;
    std::optional<int64_t> max_rate, max_clicks_over_views, max_categories;
    std::chrono::nanoseconds rate_window = std::chrono::seconds(10);
    std::chrono::nanoseconds ttl = std::chrono::minutes(10);
    std::chrono::nanoseconds refresh = std::chrono::seconds(10);
    Emit emit = Emit::all;
  };
  static constexpr auto options = join_options(
      analytics::event_by_event_options<Settings>(),
      std::array{
          optional<&Settings::keys>("keys", R"(["ip"])", "The columns that say who a visitor is."),
          optional<&Settings::window>("window", R"("10m")", "What a statistic goes over."),
          choice<&Settings::windows>("windows", "sliding|tumbling", R"("sliding")",
                                     "Windows that end with each request, or lie one behind the other."),
          optional<&Settings::event>("event", R"("type")", "The column that says whether it is a click or a view."),
          optional<&Settings::click>("click", R"("click")", "What it says of a click."),
          optional<&Settings::view>("view", R"("view")", "What it says of a view."),
          optional<&Settings::category>("category", R"("")", "The column that says the category; none without it."),
          optional<&Settings::category_after>(
              "category_after", R"("")",
              "The category is what stands behind this segment of a path: of /c/shoes/7 it is shoes with \"c\"."),
          optional<&Settings::max_rate>("max_rate", nullptr, "Who makes more requests in `rate_window` is a bot."),
          optional<&Settings::rate_window>("rate_window", R"("10s")", "The time for that."),
          optional<&Settings::max_clicks_over_views>("max_clicks_over_views", nullptr,
                                                     "Who has more clicks than views, by more than that, is a bot."),
          optional<&Settings::max_categories>("max_categories", nullptr, "Who is in more categories is a bot."),
          optional<&Settings::ttl>("ttl", R"("10m")", "For how long one stays a bot after the last such request."),
          optional<&Settings::refresh>("refresh", R"("10s")",
                                       "A statistic, or a bot, comes out again after so long at the earliest."),
          choice<&Settings::emit>("emit", "all|statistics|bots", R"("all")", "Which rows come out."),
      });

  static Result<std::unique_ptr<DetectBots>> create(Settings settings, Host host);

 private:
  DetectBots(Settings settings, Host host);
  void see(Batch& batch, std::span<const int64_t> times) override;
  Batch end() override;
  void save_state(StateWriter& to) const override;
  void load_state(StateReader& from) override;
  void forget() override;
  void begin_changes() override;
  bool knows_changes() const override;
  void save_state_changes(StateWriter& to) override;
  void load_state_changes(StateReader& from) override;

  const Settings settings_;
  uint64_t seed_;  // Of the fingerprints of categories: nobody outside can make two the same.
  analytics::KeyNumbers keys_;
  Requests requests_;
  BotRows out_;
  const std::unique_ptr<Windows> windows_;
};

}  // namespace levada::detect_bots
