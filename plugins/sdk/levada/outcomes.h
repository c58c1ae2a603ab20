// An extension of a source that brings things with names from elsewhere: what has come of each. The
// report at the end of a run shows it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "levada/sdk.h"

extern "C" {

#define LEVADA_OUTCOMES "levada.outcomes/1"
enum {
  LEVADA_OUTCOME_PENDING = 0,   /* Nothing has come of it yet. */
  LEVADA_OUTCOME_GOOD = 1,      /* It came. */
  LEVADA_OUTCOME_UNCHANGED = 2, /* It had nothing new. */
  LEVADA_OUTCOME_FAILED = 3
};

typedef struct levada_outcome {
  uint32_t size;
  uint32_t state; /* LEVADA_OUTCOME_PENDING ... */
  levada_bytes name;
  levada_bytes reason; /* Why it failed; else empty. */
  int64_t status;      /* That a server answered with, 200; 0: none. */
  int64_t rows, bytes; /* Given so far in this run, and fetched. */
} levada_outcome;

typedef struct levada_outcomes {
  uint32_t size;
  /* Calls `item` for each. Cheap: the agent calls it about once a second. [worker] */
  void (*list)(void* self, void (*item)(void* to, const levada_outcome*), void* to);
} levada_outcomes;

}  // extern "C"

namespace levada {

struct OutcomeItem {
  uint32_t state = LEVADA_OUTCOME_PENDING;
  std::string name = {}, reason = {};
  int64_t status = 0, rows = 0, bytes = 0;
  bool operator==(const OutcomeItem&) const = default;
};

// For `extension` of a class with `std::vector<OutcomeItem> outcomes()`.
template <class Component>
const levada_outcomes* outcomes() {
  static constexpr levada_outcomes table = {
      sizeof table, [](void* self, void (*item)(void* to, const levada_outcome*), void* to) {
        detail::run<Component>(self, [&](Component& component) {
          for (const auto& each : component.outcomes()) {
            const levada_outcome given = {
                sizeof given, each.state, detail::bytes(each.name), detail::bytes(each.reason), each.status,
                each.rows,    each.bytes};
            item(to, &given);
          }
        });
      }};
  return &table;
}

}  // namespace levada
