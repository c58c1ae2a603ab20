// What a source has given and is not stored yet: each stream is acknowledged by itself, as
// soon as its rows are stored.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "agent/flow/acknowledgement.h"
#include "levada/result.h"

namespace levada::agent {

class PendingAcknowledgements {
 public:
  // A batch of the stream is on its way, since then by the monotonic time. In the order of its
  // batches. Empty position: a part of a batch.
  void add(const std::string& stream, std::string position, std::shared_ptr<Acknowledgement> acknowledgement,
           std::chrono::nanoseconds since = {}) {
    streams_[stream].push_back({std::move(position), std::move(acknowledgement), since});
  }
  // Since when the oldest batch is on its way; 0: none is.
  std::chrono::nanoseconds oldest() const {
    auto oldest = std::chrono::nanoseconds::max();
    for (const auto& [stream, batches] : streams_) oldest = std::min(oldest, batches.front().since);
    return streams_.empty() ? std::chrono::nanoseconds{0} : oldest;
  }
  // Nothing is on its way, and nothing is stored that the source has not heard of.
  bool empty() const { return streams_.empty() && stored_.empty(); }

  // Finds what was stored since the last call. Whether there is something to acknowledge.
  bool collect() {
    for (auto at = streams_.begin(); at != streams_.end();) {
      auto& batches = at->second;
      for (; !batches.empty() && batches.front().acknowledgement->complete(); batches.pop_front())
        if (!batches.front().position.empty()) stored_[at->first] = std::move(batches.front().position);
      at = batches.empty() ? streams_.erase(at) : std::next(at);
    }
    return !stored_.empty();
  }
  // Calls `tell(stream, position)` with the last position of each stream, which stands for all
  // before it. A stream for which that fails comes again at the next call.
  template <class Tell>
  Done acknowledge(Tell tell) {
    while (!stored_.empty()) {
      const auto& [stream, position] = *stored_.begin();
      LEVADA_TRY(tell(stream, position));
      stored_.erase(stored_.begin());
    }
    return {};
  }

 private:
  struct Batch {
    std::string position;
    std::shared_ptr<Acknowledgement> acknowledgement;
    std::chrono::nanoseconds since;
  };
  std::map<std::string, std::deque<Batch>> streams_;  // Those with batches on their way.
  std::map<std::string, std::string> stored_;         // By stream: up to where, and the source has not heard of it.
};

}  // namespace levada::agent
