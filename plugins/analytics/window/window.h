// Sums up rows by key and window of event time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "levada/event_order.h"
#include "levada/sdk.h"
#include "output.h"
#include "pane_windows.h"

namespace levada::window {

class Window : public StatefulInterceptor {
 public:
  struct Settings : EventTimeSettings {
    std::chrono::nanoseconds size{0};
    std::optional<std::chrono::nanoseconds> slide;
    std::vector<std::string> keys;
    std::vector<std::pair<std::string, std::string>> aggregates;
    std::optional<std::string> having;
    OnLate late = OnLate::reject;
    std::string window_start = "window_start", window_end = "window_end";
    Size memory_bytes{256 << 20};
  };
  static constexpr auto options = join_options(
      event_time_options<Settings>(),
      std::array{
          required<&Settings::size>("size", "How long a window is."),
          optional<&Settings::slide>("slide", nullptr,
                                     "How long after each other windows begin; without it each begins where the one "
                                     "before ends."),
          optional<&Settings::keys>("keys", "[]", "The columns that make up the key; none: all rows are of one."),
          optional<&Settings::aggregates>("aggregates", nullptr,
                                          "A column for each: { views = \"count\", bytes = \"sum(bytes_sent)\" }."),
          optional<&Settings::having>("having", nullptr,
                                      "A condition that a row must meet to be given: \"views > 100\"."),
          choice<&Settings::late>("late", "reject|drop", R"("reject")", "What becomes of rows whose window is over."),
          optional<&Settings::window_start>("window_start", R"("window_start")",
                                            "The column with the beginning of the window; empty: none."),
          optional<&Settings::window_end>("window_end", R"("window_end")",
                                          "The column with the end of the window; empty: none."),
          optional<&Settings::memory_bytes>("memory_bytes", R"("256MiB")",
                                            "What windows may hold; rows with a key that has no room are rejected."),
      });

  static Result<std::unique_ptr<Window>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;
  std::chrono::nanoseconds deadline() override;
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override;
  Done save(std::string& to) override;
  Done load(std::string_view state) override;

 private:
  // The window that is being given.
  struct Giving {
    int64_t end = 0;
    std::vector<Output::Number> order;
    size_t given = 0;
  };
  Window(Settings settings, std::vector<NamedAggregate> aggregates, conditions::ConditionPtr having, Host host);
  std::string options_of_state() const;
  // What is over up to that time, as much as goes into a batch.
  Batch give(int64_t limit);
  void begin(int64_t end);
  void forget();

  const Settings settings_;
  const Host host_;
  const Shape shape_;
  const Layout layout_;
  EventTimes times_;
  Watermarks marks_;
  RowKeys keys_;
  PaneWindows windows_;
  Output output_;
  std::optional<Giving> giving_;
  Counter late_count_, ahead_count_, full_count_;
  int64_t rows_ahead_ = 0;  // That were counted.
  std::vector<int64_t> rows_, left_out_;
};

}  // namespace levada::window
