// An extension of a source that knows how much it has before it: files that are read and that wait,
// partitions and how far behind their ends it is. `levada top` and the status page show it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "levada/sdk.h"

extern "C" {

#define LEVADA_BACKLOG "levada.backlog/1"
enum { LEVADA_BACKLOG_BYTES = 0, LEVADA_BACKLOG_ROWS = 1 };

/* A file or partition, or many that are not listed one by one. */
typedef struct levada_backlog_item {
  uint32_t size;
  uint32_t unit;     /* LEVADA_BACKLOG_BYTES ... */
  levada_bytes name; /* Empty: those that are not listed, `count` of them. */
  int64_t count;
  int64_t done, total; /* Of the unit; a total below 0 is not known. */
} levada_backlog_item;

typedef struct levada_backlog {
  uint32_t size;
  /* Calls `item` for what is being read, then for what waits: a hundred names at most, and one item
   * without a name for all others. Cheap: the agent calls it about once a second. [worker] */
  void (*list)(void* self, void (*item)(void* to, const levada_backlog_item*), void* to);
} levada_backlog;

}  // extern "C"

namespace levada {

struct BacklogItem {
  std::string name = {};  // Empty: those that are not listed.
  uint32_t unit = LEVADA_BACKLOG_BYTES;
  int64_t count = 1, done = 0, total = -1;
  bool operator==(const BacklogItem&) const = default;
};

// For `extension` of a class with `std::vector<BacklogItem> backlog()`.
template <class Component>
const levada_backlog* backlog() {
  static constexpr levada_backlog table = {
      sizeof table, [](void* self, void (*item)(void* to, const levada_backlog_item*), void* to) {
        // What throws has no backlog to show.
        detail::run<Component>(self, [&](Component& component) {
          for (const auto& each : component.backlog()) {
            const levada_backlog_item given = {sizeof given, each.unit, {each.name.data(), each.name.size()},
                                               each.count,   each.done, each.total};
            item(to, &given);
          }
        });
      }};
  return &table;
}

}  // namespace levada
