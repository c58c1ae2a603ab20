// What goes on for as long as something renews it: a host that is blocked, an address that is taken
// for a bot. Runs are kept in the order in which they were renewed last, so that those that are
// over are found at once.
#pragma once

#include <cstdint>
#include <vector>

#include "levada/key_table.h"

namespace levada::analytics {

struct Run {
  KeyTable::Number key;
  uint32_t marks;  // What its owner keeps with it.
  int64_t first, last;
  int64_t count;
  int64_t shown;  // When a row told of it last.
};

class Runs {
 public:
  // 0 stands for none.
  using Id = uint32_t;

  Id begin(KeyTable::Number key, int64_t time) {
    Id id = free_;
    if (id != 0) {
      free_ = runs_[id].next;
    } else {
      id = static_cast<Id>(runs_.size());
      runs_.push_back({});
    }
    runs_[id].run = {key, 0, time, time, 0, time};
    append(id);
    return id;
  }
  void renew(Id id, int64_t time) {
    runs_[id].run.last = time;
    unlink(id);
    append(id);
  }
  void end(Id id) {
    unlink(id);
    runs_[id].next = free_;
    free_ = id;
  }
  Run& operator[](Id id) { return runs_[id].run; }
  const Run& operator[](Id id) const { return runs_[id].run; }
  // That was renewed before all others.
  Id oldest() const { return runs_[0].next; }

  // From the oldest on.
  template <class Each>
  void for_each(Each each) const {
    for (Id id = oldest(); id != 0; id = runs_[id].next) each(runs_[id].run);
  }

  void clear() { *this = Runs(); }
  void save(StateWriter& to) const {
    uint64_t count = 0;
    for_each([&](const Run&) { ++count; });
    to.value(count);
    for_each([&](const Run& run) { to.value(run); });
  }
  // Into an empty one. Calls loaded(id) for each; keys are less than `keys`.
  template <class Loaded>
  void load(StateReader& from, size_t keys, Loaded loaded) {
    const auto count = from.value<uint64_t>();
    for (uint64_t at = 0; at < count && from.good(); ++at) {
      const auto run = from.value<Run>();
      if (run.key >= keys) return from.fail();
      const Id id = begin(run.key, run.first);
      runs_[id].run = run;
      loaded(id);
    }
  }

 private:
  struct Linked {
    Run run;
    Id next = 0, last = 0;
  };
  void append(Id id) {
    const Id before = runs_[0].last;
    runs_[id].next = 0;
    runs_[id].last = before;
    runs_[before].next = id;
    runs_[0].last = id;
  }
  void unlink(Id id) {
    runs_[runs_[id].last].next = runs_[id].next;
    runs_[runs_[id].next].last = runs_[id].last;
  }

  std::vector<Linked> runs_ = std::vector<Linked>(1);  // The first is where the list begins and ends.
  Id free_ = 0;
};

}  // namespace levada::analytics
