// The interceptor `detect_bots`.
#include "detect_bots.h"

namespace levada::detect_bots {
namespace {

using analytics::microseconds;

// What a state depends on.
std::string options_of(const DetectBots::Settings& settings) {
  std::string text = "keys:";
  for (const auto& key : settings.keys) text += ' ' + key;
  text += settings.windows == WindowKind::sliding ? "; sliding" : "; tumbling";
  text += "; window: " + std::to_string(microseconds(settings.window)) + " us";
  text += "; rate_window: " + std::to_string(microseconds(settings.rate_window)) + " us";
  text += "; category: " + settings.category + ' ' + settings.category_after;
  return text + "; ttl: " + std::to_string(microseconds(settings.ttl)) + " us";
}

Spans spans_of(const DetectBots::Settings& settings) {
  return {microseconds(settings.window), microseconds(settings.rate_window), microseconds(settings.ttl),
          microseconds(settings.refresh)};
}

}  // namespace

Result<std::unique_ptr<DetectBots>> DetectBots::create(Settings settings, Host host) {
  LEVADA_TRY(analytics::check(settings));
  LEVADA_TRY(analytics::check_keys(settings.keys));
  LEVADA_TRY(analytics::check_free(settings.keys, BotRows::kColumns, "keys"));
  const Spans spans = spans_of(settings);
  if (spans.window < 1) return wrong("window", "must be 1us or more");
  if (spans.rate_window < 1 || spans.rate_window > spans.window)
    return wrong("rate_window", "must be 1us or more, and not longer than `window`");
  if (spans.ttl < 0) return wrong("ttl", "must not be negative");
  if (spans.refresh < 0 || spans.refresh > spans.window)
    return wrong("refresh", "must not be negative, nor longer than `window`");
  if (settings.max_categories && settings.category.empty())
    return wrong("max_categories", "needs `category`, which says where categories are");
  if (!settings.category_after.empty() && settings.category.empty())
    return wrong("category_after", "needs `category`, the column that it is in");
  if (settings.emit != Emit::statistics && !settings.max_rate && !settings.max_clicks_over_views &&
      !settings.max_categories)
    return wrong("emit", "without a rule, as `max_rate`, there are no bots: emit = \"statistics\"");
  return std::unique_ptr<DetectBots>(new DetectBots(std::move(settings), host));
}

DetectBots::DetectBots(Settings settings, Host host)
    : EventByEvent(settings, "detect_bots 3", options_of(settings), host),
      settings_(std::move(settings)),
      seed_(host.random()),
      keys_(settings_.keys),
      requests_({settings_.event, settings_.click, settings_.view, settings_.category, settings_.category_after}),
      out_(settings_.keys, settings_.emit),
      windows_((settings_.windows == WindowKind::sliding ? make_sliding_windows : make_tumbling_windows)(
          spans_of(settings_), {settings_.max_rate, settings_.max_clicks_over_views, settings_.max_categories})) {}

void DetectBots::see(Batch& batch, std::span<const int64_t> times) {
  keys_.read(batch);
  requests_.read(batch, seed_);
  windows_->see(keys_, requests_, times, out_);
  analytics::replace_rows(batch, out_.take());
}

Batch DetectBots::end() {
  windows_->end(out_);
  return out_.take();
}

void DetectBots::save_state(StateWriter& to) const {
  to.value(seed_);
  windows_->save(to);
}

void DetectBots::load_state(StateReader& from) {
  seed_ = from.value<uint64_t>();
  windows_->load(from, settings_.keys.size());
}

void DetectBots::forget() { windows_->forget(); }

void DetectBots::begin_changes() { windows_->begin_changes(); }

bool DetectBots::knows_changes() const { return windows_->knows_changes(); }

void DetectBots::save_state_changes(StateWriter& to) { windows_->save_changes(to); }

void DetectBots::load_state_changes(StateReader& from) { windows_->load_changes(from, settings_.keys.size()); }

}  // namespace levada::detect_bots

LEVADA_PLUGIN("detect_bots", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::detect_bots::DetectBots>(
                  "detect_bots", "Tells who asks too fast, clicks without viewing, or goes through everything."))
