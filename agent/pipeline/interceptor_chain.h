// A chain of interceptors that batches go through.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/flow/in_flight.h"
#include "agent/plugin_host/instance.h"

namespace levada::agent {

// The states of interceptors, by their paths.
using States = std::map<std::string, std::string>;

// Counts what was turned down by kind of reason; gives the rows to `to` where they are kept.
void reject_rows(const std::string& component, OnReject on_reject, Batch rejected, std::vector<AuditCount>& counts,
               std::vector<RejectedRows>& to);

class InterceptorChain {
 public:
  void add(InterceptorInstance instance, OnReject on_reject, Metrics& metrics);

  bool empty() const { return links_.empty(); }
  Done open();
  // Puts in place of the batch what becomes of it. RETRY: call again with the same batch, and it goes on at the
  // interceptor that failed. FATAL: that interceptor cannot go on.
  Done run(InFlight& in_flight);
  // Forgets a batch that failed.
  void reset() { under_way_.reset(); }
  // Those that have a state.
  std::vector<std::string> stateful() const;
  Done save(States& to) const;
  Done load(const States& states);

 private:
  struct Link {
    InterceptorInstance instance;
    OnReject on_reject;
    Counter rows_in, rows_out, rows_rejected;
  };
  Done pass(Link& link);
  void count(Link& link, int64_t rows, int64_t rows_out, Batch rejected);

  std::vector<Link> links_;
  std::unique_ptr<Parcel> under_way_;  // The batch, as far as it has come,
  size_t at_ = 0;                      // where it goes on,
  std::vector<AuditCount> counts_;           // and what became of other rows on the way.
  std::vector<RejectedRows> rejected_;
};

}  // namespace levada::agent
