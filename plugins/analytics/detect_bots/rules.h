// What makes a visitor a bot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace levada::detect_bots {

// What one visitor did in a window.
struct Statistic {
  int64_t requests = 0, clicks = 0, views = 0, categories = 0;
  int64_t rate = 0;  // Requests in the span of the rate.
};

struct Rules {
  static constexpr uint32_t kRate = 1, kClicks = 2, kCategories = 4;

  std::optional<int64_t> max_rate, max_clicks_over_views, max_categories;

  // Those that the visitor has broken.
  uint32_t broken(const Statistic& of) const {
    uint32_t rules = 0;
    if (max_rate && of.rate > *max_rate) rules |= kRate;
    if (max_clicks_over_views && of.clicks - of.views > *max_clicks_over_views) rules |= kClicks;
    if (max_categories && of.categories > *max_categories) rules |= kCategories;
    return rules;
  }
  // "rate+categories"
  static std::string names(uint32_t rules);
};

}  // namespace levada::detect_bots
