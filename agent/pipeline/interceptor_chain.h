// A chain of interceptors that batches go through.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/flow/in_flight.h"
#include "agent/pipeline/saved_states.h"
#include "agent/plugin_host/instance.h"

namespace levada::agent {

// Counts what was rejected by kind of reason; gives the rows to `to` where they are kept.
void reject_rows(const std::string& component, OnReject on_reject, Batch rejected, std::vector<AuditCount>& counts,
                 std::vector<RejectedRows>& to);

class InterceptorChain {
 public:
  // tap: null where nobody looks at its rows.
  void add(InterceptorInstance instance, OnReject on_reject, Metrics& metrics, TapPoint* tap = nullptr);

  bool empty() const { return links_.empty(); }
  Done open();
  // Puts in place of the batch what becomes of it. RETRY: call again with the same batch, and it
  // goes on at the interceptor that failed. FATAL: that interceptor cannot go on.
  Done run(InFlight& in_flight);
  // When rows may be due that do not come out of a batch, by the monotonic time; the
  // maximum: at the end of intake only.
  nanoseconds deadline() const;
  // Rows that are due, or with `ended` all that the interceptors hold, as far as one of
  // them gives at once; they have gone through the rest of the chain. IDLE: there are
  // none. RETRY and FATAL: see run.
  Result<InFlight> advance(nanoseconds now, bool ended);
  // Forgets a batch that failed.
  void reset() {
    under_way_.reset();
    advanced_ = false;
  }
  // Those that have a state.
  std::vector<std::string> stateful() const;
  // Adds their states; whole, or what has changed since the last call where they know that.
  Done save(bool whole, SavedStates& to) const;
  Done load(const SavedStates& states);
  // Closes those that were opened, until `end`; whether all closed well.
  bool close(nanoseconds end, const levada_clock& clock);

 private:
  struct Link {
    InterceptorInstance instance;
    OnReject on_reject;
    Counter rows_in, rows_out, rows_rejected;
    TapPoint* tap;
    bool to_close = false;
    bool behind_held = false;  // One in front of it holds rows: what comes is of no single stream.
    // Rows that it gives later, or never, are no filtered ones.
    Outcome kept_back() const { return instance.advances() ? Outcome::aggregated : Outcome::filtered; }
  };
  Done run_under_way(InFlight& in_flight);
  Done pass(Link& link);
  Done tap(const Link& link, TapPoint::Way way);
  void count(Link& link, int64_t rows, int64_t rows_out, Batch rejected);

  std::vector<Link> links_;
  std::unique_ptr<CBatch> under_way_;   // The batch in the chain; null between two batches.
  size_t at_ = 0;                       // The link that it goes through next.
  bool advanced_ = false;               // An interceptor had held its rows, and gave them later.
  std::vector<AuditCount> counts_;      // Of its rows that are no longer in it.
  std::vector<RejectedRows> rejected_;  // Of its rows.
};

}  // namespace levada::agent
