// The interceptor `window`: its options, and which kind of windows they mean.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregate.h"
#include "conditions/condition.h"
#include "levada/sdk.h"
#include "levada/watermarks.h"

namespace levada::window {

// What becomes of rows whose window was given.
enum class Late { reject, drop, update };

class WindowInterceptor : public StatefulInterceptor {
 public:
  struct Settings : EventTimeSettings {
    std::optional<std::chrono::nanoseconds> size, slide, gap, moving;
    std::vector<std::string> keys;
    std::vector<std::pair<std::string, std::string>> aggregates;
    std::optional<std::string> having;
    Late late = Late::reject;
    std::chrono::nanoseconds keep = std::chrono::hours(1);
    std::optional<std::chrono::nanoseconds> early;
    std::string window_start = "window_start", window_end = "window_end", result = "result";
    Size memory_bytes{256 << 20};

    // How long windows that were given are kept: 0 where they are not.
    std::chrono::nanoseconds kept() const { return late == Late::update ? keep : std::chrono::nanoseconds(0); }
    // Whether rows say what kind of a result they are.
    bool has_kinds_of_results() const { return early || late == Late::update; }
  };
  static constexpr auto options = join_options(
      event_time_options<Settings>(),
      std::array{
          optional<&Settings::size>("size", nullptr, "How long a window is; this, `gap` or `moving`."),
          optional<&Settings::slide>("slide", nullptr,
                                     "How long after each other windows begin; without it each begins where the one "
                                     "before ends."),
          optional<&Settings::gap>("gap", nullptr,
                                   "Sessions: a window of a key is over when no row has come for so long."),
          optional<&Settings::moving>("moving", nullptr,
                                      "Each row is given, with the aggregates of its key's rows of so long before."),
          optional<&Settings::keys>("keys", "[]", "The columns that make up the key; none: all rows are of one."),
          optional<&Settings::aggregates>("aggregates", nullptr,
                                          "A column for each: { views = \"count\", bytes = \"sum(bytes_sent)\" }."),
          optional<&Settings::having>("having", nullptr,
                                      "A condition that a row must meet to be given: \"views > 100\"."),
          choice<&Settings::late>("late", "reject|drop|update", R"("reject")",
                                  "What becomes of rows whose window is over; update: the window is given again."),
          optional<&Settings::keep>("keep", R"("1h")",
                                    "With late = \"update\": how long after its end a window can be given again."),
          optional<&Settings::early>("early", nullptr,
                                     "Gives what windows hold so far every so often, by the machine's clock."),
          optional<&Settings::window_start>("window_start", R"("window_start")",
                                            "The column with the beginning of the window; empty: none."),
          optional<&Settings::window_end>("window_end", R"("window_end")",
                                          "The column with the end of the window; empty: none."),
          optional<&Settings::result>("result", R"("result")",
                                      "The column that says early, final, updated or removed, where `early` or "
                                      "`late = \"update\"` is set; empty: none."),
          optional<&Settings::memory_bytes>("memory_bytes", R"("256MiB")",
                                            "What windows may hold; rows with a key that has no room are rejected."),
      });

  // One of the kinds below.
  static Result<std::unique_ptr<WindowInterceptor>> create(Settings settings, Host host);

  Done save(std::string& to) override = 0;
  Done load(std::string_view state) override = 0;
  // Those that do not know what has changed are saved whole.
  Done save_changes(std::string& /*to*/) override { return idle(); }
  Done load_changes(std::string_view /*changes*/) override { return fatal("windows of this kind save no changes"); }
  std::chrono::nanoseconds deadline() override = 0;
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override = 0;

 protected:
  static constexpr size_t kRowsMax = 65'536;  // That are given at once.
  static constexpr std::string_view kStateKind = "window 2", kChangesKind = "window 2 changes";

  static int64_t microseconds(std::chrono::nanoseconds span) {
    return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  }
  // Settings that were checked, and what was made of their texts.
  struct Checked {
    Settings settings;
    std::vector<NamedAggregate> aggregates;
    conditions::ConditionPtr having;
  };
  // Of the options, what a state depends on beside the shape of its windows.
  static std::string keys_and_aggregates(const Settings& settings);
};

}  // namespace levada::window
