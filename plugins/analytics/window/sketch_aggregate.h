// An aggregate whose piece is one object outside of the record, made when the first value comes:
//   bool add(...), void join(const Sketch&), size_t bytes(), void save(StateWriter&),
//   void load(StateReader&)
#pragma once

#include <utility>

#include "aggregate.h"

namespace levada::window {

template <class Sketch>
class SketchAggregate : public Aggregate {
 public:
  size_t state_bytes() const override { return sizeof(Sketch*); }
  void join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) override {
    for (size_t at = 0; at < from.size(); ++at)
      if (const auto* other = in<Sketch*>(from[at])) change(to[at], [&](Sketch& mine) { mine.join(*other); });
  }
  bool holds_memory() const override { return true; }
  bool is_small() const override { return false; }
  size_t held_bytes(const char* record) const override {
    const auto* sketch = in<Sketch*>(record);
    return sketch ? sketch->bytes() : 0;
  }
  void release(char* record) const override { delete std::exchange(in<Sketch*>(record), nullptr); }
  void save(const char* record, StateWriter& to) const override {
    const auto* sketch = in<Sketch*>(record);
    to.value(sketch != nullptr);
    if (sketch) sketch->save(to);
  }
  void load(char* record, StateReader& from) const override {
    release(record);
    if (from.value<bool>()) (in<Sketch*>(record) = new Sketch)->load(from);
  }

 protected:
  template <class Change>
  void change(char* record, Change change) {
    auto*& sketch = in<Sketch*>(record);
    const size_t before = sketch ? sketch->bytes() : 0;
    if (!sketch) sketch = new Sketch;
    change(*sketch);
    growth += static_cast<int64_t>(sketch->bytes()) - static_cast<int64_t>(before);
  }
};

}  // namespace levada::window
