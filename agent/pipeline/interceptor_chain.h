// A chain of interceptors that batches go through; what they turn down goes to the dead letters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/pipeline/dead_letters.h"
#include "agent/plugin_host/instance.h"

namespace levada::agent {

class InterceptorChain {
 public:
  explicit InterceptorChain(DeadLetters& dead_letters) : dead_letters_(&dead_letters) {}
  void add(InterceptorInstance instance, OnReject on_reject, Metrics& metrics);

  bool empty() const { return links_.empty(); }
  Done open();
  // Puts in place of the batch what becomes of it. RETRY: call again with the same batch, and it goes on at the
  // interceptor that failed. FATAL: that interceptor cannot go on.
  Done run(Batch& batch);
  // Forgets a batch that failed.
  void reset() { under_way_.reset(); }

 private:
  struct Link {
    InterceptorInstance instance;
    OnReject on_reject;
    Counter rows_in, rows_out, rows_rejected;
  };
  Done pass(Link& link, Parcel& parcel, const Batch& origin);
  void turn_down(Link& link, Batch rejected, const Batch& origin);

  DeadLetters* dead_letters_;
  std::vector<Link> links_;
  std::unique_ptr<Parcel> under_way_;  // The batch, as far as it has come,
  size_t at_ = 0;                      // and where it goes on.
};

}  // namespace levada::agent
