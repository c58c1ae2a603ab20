// Sessions: a window of a key that is over when no row has come for a while.
#pragma once

#include "early_clock.h"
#include "intake.h"
#include "levada/sdk.h"
#include "session_table.h"
#include "window_interceptor.h"

namespace levada::window {

class SessionWindows final : public WindowInterceptor {
 public:
  SessionWindows(Checked checked, Host host);

  Done intercept(Batch& batch) override;
  std::chrono::nanoseconds deadline() override;
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override;
  Done save(std::string& to) override;
  Done load(std::string_view state) override;
  Done save_changes(std::string& to) override;
  Done load_changes(std::string_view changes) override;

 private:
  std::string options_of_state() const;
  Batch give(int64_t limit);
  Batch give_early(std::chrono::nanoseconds now);
  void forget();

  const Settings settings_;
  const Host host_;
  const int64_t gap_, keep_;  // Microseconds.
  const Layout layout_;
  Intake intake_;
  Watermarks marks_;
  RowKeys keys_;
  SessionTable sessions_;
  Output output_;
  EarlyClock early_;
  Counter full_count_, updated_count_;
};

}  // namespace levada::window
