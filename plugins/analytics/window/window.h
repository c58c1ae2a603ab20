// Windows of one length, tumbling or sliding: sums up rows by key and window of event time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "early_clock.h"
#include "intake.h"
#include "levada/sdk.h"
#include "output.h"
#include "pane_windows.h"
#include "window_interceptor.h"

namespace levada::window {

class Window final : public WindowInterceptor {
 public:
  Window(Checked checked, Host host);

  Done intercept(Batch& batch) override;
  std::chrono::nanoseconds deadline() override;
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override;
  Done save(std::string& to) override;
  Done load(std::string_view state) override;
  Done save_changes(std::string& to) override;
  Done load_changes(std::string_view changes) override;

 private:
  // The window that is being given.
  struct Giving {
    Kind kind = Kind::final;
    int64_t end = 0;
    const WindowTable* table = nullptr;
    std::vector<Output::Number> order;
    size_t given = 0;
    std::vector<Output::Number> removed = {};  // Comes first.
  };
  // Records of sliding windows are others than those that were saved as kStateKind.
  bool slides() const { return shape_.slide < shape_.size; }
  std::string_view state_kind() const { return slides() ? "sliding window 1" : kStateKind; }
  std::string_view changes_kind() const { return slides() ? "sliding window 1 changes" : kChangesKind; }
  std::string options_of_state() const;
  bool takes_back() const { return settings_.having && settings_.has_kinds_of_results(); }
  // What was shown of a window and meets the condition no more.
  std::vector<Output::Number> taken_back(const Giving& giving) const;
  void show(const Giving& giving);
  void forget_shown(const Giving& giving);
  void save_shown(StateWriter& to) const;
  void load_shown(StateReader& from);
  void save_giving(StateWriter& to) const;
  Done load_giving(StateReader& from);
  // What is over up to that time, as much as goes into a batch.
  Batch give(int64_t limit);
  bool begin_next(int64_t limit);
  void begin(Kind kind, int64_t end);
  // Rows of what was begun, until there are so many.
  bool give_rows(Giving& giving, std::vector<Batch>& parts, size_t& rows);
  // What open windows hold so far.
  Batch give_early(std::chrono::nanoseconds now);
  void forget();

  const Settings settings_;
  const Host host_;
  const Shape shape_;
  const Layout layout_;
  Intake intake_;
  Watermarks marks_;
  RowKeys keys_;
  PaneWindows windows_;
  Output output_;
  std::optional<Giving> giving_, giving_early_;
  std::vector<int64_t> early_ends_;  // Of windows that are to be given early, the last first.
  EarlyClock early_;
  // The keys that are shown of each window that may be given again, by its end; where the condition
  // may take them back.
  std::map<int64_t, KeyTable> shown_;
  Counter full_count_, updated_count_;
};

}  // namespace levada::window
