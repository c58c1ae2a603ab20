// Checks the options of `window`, and makes the kind of windows that they mean.
#include "window_interceptor.h"

#include <set>

#include "aggregates.h"
#include "conditions/condition_parser.h"
#include "moving_windows.h"
#include "session_windows.h"
#include "window.h"

namespace levada::window {
namespace {

using Settings = WindowInterceptor::Settings;

constexpr auto kSpanMax = std::chrono::hours(24) * 366;

Done check_span(const char* option, std::chrono::nanoseconds span) {
  if (span < std::chrono::milliseconds(1) || span > kSpanMax) return wrong(option, "must be from 1ms to 366d");
  if (span.count() % 1000 != 0) return wrong(option, "must be whole microseconds");
  return {};
}

Done check_spans(const Settings& settings) {
  const int kinds = (settings.size ? 1 : 0) + (settings.gap ? 1 : 0) + (settings.moving ? 1 : 0);
  if (kinds != 1) return wrong("size", "one of `size`, `gap` (sessions) and `moving` must be set, and only one");
  if (settings.gap) LEVADA_TRY(check_span("gap", *settings.gap));
  if (settings.moving) LEVADA_TRY(check_span("moving", *settings.moving));
  if (settings.size) LEVADA_TRY(check_span("size", *settings.size));
  if (!settings.slide) return {};
  if (!settings.size) return wrong("slide", "belongs to `size`");
  LEVADA_TRY(check_span("slide", *settings.slide));
  if (*settings.slide > *settings.size) return wrong("slide", "must not be longer than a window");
  if (*settings.size / std::gcd(settings.size->count(), settings.slide->count()) > std::chrono::nanoseconds(10'000))
    return wrong("slide",
                 "a window would be made of more than 10000 panes: let `size` and `slide` have a larger common part");
  return {};
}

Done check_results(const Settings& settings) {
  if (settings.having && settings.has_kinds_of_results() && settings.result.empty())
    return wrong("result", "needs a name: a row that meets `having` no more is given again as \"removed\"");
  if (settings.late == Late::update) {
    if (settings.moving) return wrong("late", "\"update\" is not for `moving`: its rows are given one by one");
    LEVADA_TRY(check_span("keep", settings.keep));
  }
  if (!settings.early) return {};
  if (settings.moving) return wrong("early", "is not for `moving`: its rows are given one by one");
  if (*settings.early < std::chrono::milliseconds(10)) return wrong("early", "must be 10ms or more");
  return {};
}

Done check_columns(const Settings& settings) {
  std::set<std::string> names;
  const auto add = [&](const char* option, const std::string& name) -> Done {
    if (name.empty()) return wrong(option, "a column needs a name");
    if (!names.insert(name).second) return wrong(option, "two columns are called \"" + name + "\"");
    return {};
  };
  if (!settings.moving) {
    if (!settings.window_start.empty()) LEVADA_TRY(add("window_start", settings.window_start));
    if (!settings.window_end.empty()) LEVADA_TRY(add("window_end", settings.window_end));
    if (settings.has_kinds_of_results() && !settings.result.empty()) LEVADA_TRY(add("result", settings.result));
  }
  for (const auto& key : settings.keys) LEVADA_TRY(add("keys", key));
  for (const auto& [name, text] : settings.aggregates) LEVADA_TRY(add("aggregates", name));
  return {};
}

}  // namespace

Result<std::unique_ptr<WindowInterceptor>> WindowInterceptor::create(Settings settings, Host host) {
  LEVADA_TRY(check(settings));
  LEVADA_TRY(check_spans(settings));
  LEVADA_TRY(check_results(settings));
  LEVADA_TRY(check_columns(settings));
  if (settings.memory_bytes.bytes < 1 << 20) return wrong("memory_bytes", "must be 1MiB or more");
  Checked checked;
  const auto tell = [host](std::string_view remark) { host.warning(remark); };
  for (const auto& [name, text] : settings.aggregates) {
    auto made = make_aggregate(text, tell);
    if (!made) return wrong("aggregates." + name, made.error().message);
    if (settings.moving && !(*made)->is_small() && !(*made)->make_moving())
      return wrong("aggregates." + name, "is not for `moving`: distinct counts exactly there");
    checked.aggregates.push_back({name, *std::move(made)});
  }
  if (settings.having) {
    auto condition = conditions::parse_condition(*settings.having);
    if (!condition) return wrong("having", condition.error().message);
    checked.having = *std::move(condition);
  }
  checked.settings = std::move(settings);
  std::unique_ptr<WindowInterceptor> made;
  if (checked.settings.gap) made = std::make_unique<SessionWindows>(std::move(checked), host);
  else if (checked.settings.moving) made = std::make_unique<MovingWindows>(std::move(checked), host);
  else made = std::make_unique<Window>(std::move(checked), host);
  return made;
}

std::string WindowInterceptor::keys_and_aggregates(const Settings& settings) {
  std::string text = ", keys";
  for (const auto& key : settings.keys) text += " \"" + key + '"';
  text += ", aggregates";
  for (const auto& [name, aggregate] : settings.aggregates) text += " \"" + aggregate + '"';
  return text;
}

}  // namespace levada::window

LEVADA_PLUGIN("window", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::window::WindowInterceptor>("window",
                                                                     "Sums up rows by key and window of event time."))
