// A request on its way through the source: from the listener to the batch that has its rows, and
// back with the answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "http_server/body_rows.h"
#include "http_server/http_message.h"
#include "levada/batch.h"

namespace levada::http_server {

struct TakenRequest {
  // What a request counts as beside its text, in the queue.
  static constexpr size_t kOverhead = 256;

  BodyRows rows;
  std::string id;  // Of its answer; from the batch on.
  uint64_t row_count = 0;
  size_t bytes = 0;                                // That it counts for in the queue.
  std::vector<std::optional<std::string>> values;  // Of the columns of headers, then of those of the query.
  HttpAnswer answer;                               // Empty: it was answered already.
  std::string key;                                 // Its Idempotency-Key, with the path; empty: it has none.
  uint64_t fingerprint = 0;                        // Of its body.
  std::chrono::nanoseconds since{};                // When it had come, by the monotonic clock.
  std::chrono::nanoseconds time{};                 // The same, since 1970.
};

// The rows of the requests, which are of one route, in one batch.
Batch batch_of(const Route& route, const std::vector<TakenRequest>& requests);

}  // namespace levada::http_server
