// Windows that end with each request, worked out request by request.
#include <algorithm>

#include "analytics/block_pool.h"
#include "analytics/runs.h"
#include "analytics/saved_times.h"
#include "categories.h"
#include "windows.h"

namespace levada::detect_bots {
namespace {

using analytics::Run;
using analytics::Runs;
using Number = KeyTable::Number;

// With no more events a visitor needs no table of categories.
constexpr uint32_t kFew = 8;
// So many visitors further on, what is looked at next is fetched into the cache.
constexpr size_t kAhead = 16;

struct Event {
  int64_t time;
  Request request;
};

// In the record of a visitor: zero bytes are one that never came.
struct Visitor {
  analytics::Ring<Event> events;  // Of the window.
  Categories categories;
  uint32_t clicks, views;
  uint32_t recent;  // So many of the last events are in the span of the rate.
  Runs::Id run;     // Since when it is a bot.
  int64_t shown;    // When its statistic came out last.
};

// Of the events of a state.
class EventCodec {
 public:
  void save(const Event& event, StateWriter& to) {
    times_.save(event.time, to);
    event.request.save(to);
  }
  Event load(StateReader& from) {
    Event event{times_.load(from), {}};
    event.request.load(from);
    return event;
  }

 private:
  analytics::SavedTimes times_;
};

class SlidingWindows final : public Windows {
 public:
  SlidingWindows(const Spans& spans, const Rules& rules) : spans_(spans), rules_(rules) {}

  void see(analytics::KeyNumbers& keys, const Requests& requests, std::span<const int64_t> times,
           BotRows& out) override {
    for (size_t first = 0; first < times.size(); first += keys.kGroup) {
      const size_t end = std::min(times.size(), first + keys.kGroup);
      keys.find(first, end, table_);
      for (size_t row = first; row < end; ++row) {
        if (row + kAhead < end) prefetch(table_.state<Visitor>(keys[row + kAhead]));
        end_runs(times[row], out);
        see(keys[row], times[row], requests[row], out);
      }
    }
    if (!times.empty() && forgetting_.is_due(table_)) forget_visitors(times.back());
  }

  void end(BotRows& out) override {
    while (runs_.oldest() != 0) end_oldest(out);
  }

  void save(StateWriter& to) const override {
    size_t events = 0;
    for (Number number = 0; number < table_.size(); ++number) events += table_.state<Visitor>(number).events.size;
    to.reserve(events * sizeof(Event) + table_.bytes() / 2);
    table_.save_keys(to);
    EventCodec codec;
    for (Number number = 0; number < table_.size(); ++number) {
      if (number + kAhead < table_.size()) table_.state<Visitor>(number + kAhead).events.prefetch();
      const auto& visitor = table_.state<Visitor>(number);
      visitor.events.save(to, codec);
      save_rest(visitor, to);
    }
    runs_.save(to);
  }
  void load(StateReader& from, size_t key_columns) override {
    table_.load_keys(from, key_columns);
    EventCodec codec;
    for (Number number = 0; number < table_.size() && from.good(); ++number) {
      auto& visitor = table_.state<Visitor>(number);
      visitor.events.load(from, codec, [&](const Event& event) { add(visitor, event); });
      load_rest(visitor, from);
    }
    load_runs(from);
  }
  void begin_changes() override {
    for (Number number = 0; number < table_.size(); ++number) table_.state<Visitor>(number).events.fresh = 0;
    table_.begin_changes();
  }
  bool knows_changes() const override { return table_.knows_changes(); }
  void save_changes(StateWriter& to) override {
    const auto changed = table_.save_changed_keys(to);
    EventCodec codec;
    for (size_t at = 0; at < changed.size(); ++at) {
      if (at + 2 * kAhead < changed.size()) table_.prefetch(changed[at + 2 * kAhead]);
      if (at + kAhead < changed.size()) table_.state<Visitor>(changed[at + kAhead]).events.prefetch();
      auto& visitor = table_.state<Visitor>(changed[at]);
      visitor.events.save_changes(to, codec);
      save_rest(visitor, to);
    }
    runs_.save(to);
  }
  void load_changes(StateReader& from, size_t key_columns) override {
    EventCodec codec;
    for (const Number number : table_.load_changed_keys(from, key_columns)) {
      auto& visitor = table_.state<Visitor>(number);
      visitor.events.load_changes(
          from, codec, [&] { take_off(visitor); }, [&](const Event& event) { add(visitor, event); });
      load_rest(visitor, from);
      if (!from.good()) return;
    }
    runs_.for_each([&](const Run& run) { table_.state<Visitor>(run.key).run = 0; });
    runs_.clear();
    load_runs(from);
  }
  void forget() override {
    table_.clear();
    events_.clear();
    categories_.clear();
    runs_.clear();
    forgetting_ = {};
  }

 private:
  static void prefetch(const Visitor& visitor) {
    visitor.events.prefetch();
    if (visitor.categories.block) visitor.categories.prefetch();
  }

  void see(Number number, int64_t time, Request request, BotRows& out) {
    auto& visitor = table_.state<Visitor>(number);
    while (visitor.events.size > 0 && time - visitor.events.front().time >= spans_.window) take_off(visitor);
    add(visitor, {time, request});
    ++visitor.recent;
    while (time - visitor.events[visitor.events.size - visitor.recent].time >= spans_.rate_window) --visitor.recent;

    const Statistic statistic{visitor.events.size, visitor.clicks, visitor.views, visitor.categories.size,
                              visitor.recent};
    if (out.wants_statistics() && (visitor.events.size == 1 || time - visitor.shown >= spans_.refresh)) {
      visitor.shown = time;
      out.statistic(table_.key(number), time - spans_.window, time, statistic);
    }
    if (const auto broken = rules_.broken(statistic); broken != 0 && out.wants_bots())
      follow_bot(number, time, statistic, broken, out);
  }

  // Of a request that is the last of the window.
  void count(Visitor& visitor, Request request) {
    visitor.clicks += request.kind() == Kind::click;
    visitor.views += request.kind() == Kind::view;
    if (!request.has_category()) return;
    if (visitor.categories.block) return visitor.categories.add(request.category(), categories_);
    if (visitor.events.size > kFew) return count_categories(visitor);
    visitor.categories.size += !is_among(visitor, visitor.events.size - 1, request);
  }
  // The oldest event leaves the window.
  void take_off(Visitor& visitor) {
    const Request request = visitor.events.front().request;
    visitor.clicks -= request.kind() == Kind::click;
    visitor.views -= request.kind() == Kind::view;
    visitor.events.pop();
    visitor.recent = std::min(visitor.recent, visitor.events.size);
    if (!request.has_category()) return;
    if (visitor.categories.block) visitor.categories.remove(request.category());
    else visitor.categories.size -= !is_among(visitor, visitor.events.size, request);
  }
  // While a visitor has few events, their categories are compared with each other, and only their
  // number is kept.
  static bool is_among(const Visitor& visitor, uint32_t end, Request request) {
    for (uint32_t at = 0; at < end; ++at)
      if (visitor.events[at].request.category() == request.category()) return true;
    return false;
  }
  void count_categories(Visitor& visitor) {
    visitor.categories.size = 0;
    for (uint32_t at = 0; at < visitor.events.size; ++at)
      if (const Request request = visitor.events[at].request; request.has_category())
        visitor.categories.add(request.category(), categories_);
  }

  void follow_bot(Number number, int64_t time, const Statistic& statistic, uint32_t broken, BotRows& out) {
    auto& id = table_.state<Visitor>(number).run;
    const bool is_new = id == 0;
    if (is_new) id = runs_.begin(number, time);
    else runs_.renew(id, time);
    Run& run = runs_[id];
    const bool says_more = (run.marks | broken) != run.marks;
    run.marks |= broken;
    if (!is_new && !says_more && time - run.shown < spans_.refresh) return;
    run.shown = time;
    out.bot(table_.key(number), run.first, time + spans_.ttl, statistic, run.marks);
  }
  // A request at the very end of the time still renews it.
  void end_runs(int64_t now, BotRows& out) {
    while (runs_.oldest() != 0 && runs_[runs_.oldest()].last + spans_.ttl < now) end_oldest(out);
  }
  void end_oldest(BotRows& out) {
    const auto id = runs_.oldest();
    const Run& run = runs_[id];
    out.bot_ended(table_.key(run.key), run.first, run.last + spans_.ttl, run.marks);
    table_.state<Visitor>(run.key).run = 0;
    runs_.end(id);
  }

  void forget_visitors(int64_t now) {
    table_.retain(
        [&](Number number) {
          auto& visitor = table_.state<Visitor>(number);
          if (visitor.run != 0 || now - visitor.events.back().time < spans_.window) return true;
          visitor.events.release(events_);
          visitor.categories.release(categories_);
          return false;
        },
        [&](Number from, Number to) {
          if (const auto run = table_.state<Visitor>(from).run; run != 0) runs_[run].key = to;
        });
    forgetting_.done(table_);
  }

  // The counts follow from the events. Behind those stands what does not.
  void add(Visitor& visitor, const Event& event) {
    visitor.events.push(event, events_);
    count(visitor, event.request);
  }
  static void save_rest(const Visitor& visitor, StateWriter& to) {
    to.number(visitor.recent);
    to.number(visitor.shown == 0 ? 0 : last_time(visitor) - static_cast<uint64_t>(visitor.shown) + 1);
  }
  static void load_rest(Visitor& visitor, StateReader& from) {
    const uint64_t recent = from.number(), shown = from.number();
    if (visitor.events.size == 0 || recent > visitor.events.size) return from.fail();
    visitor.recent = static_cast<uint32_t>(recent);
    visitor.shown = shown == 0 ? 0 : static_cast<int64_t>(last_time(visitor) - (shown - 1));
  }
  static uint64_t last_time(const Visitor& visitor) { return static_cast<uint64_t>(visitor.events.back().time); }
  void load_runs(StateReader& from) {
    runs_.load(from, table_.size(), [&](auto id) { table_.state<Visitor>(runs_[id].key).run = id; });
    forgetting_.done(table_);
  }

  const Spans spans_;
  const Rules rules_;
  KeyTable table_{sizeof(Visitor)};
  analytics::BlockPool<Event> events_;
  Categories::Pool categories_;
  analytics::Forgetting forgetting_;
  Runs runs_;
};

}  // namespace

std::unique_ptr<Windows> make_sliding_windows(const Spans& spans, const Rules& rules) {
  return std::make_unique<SlidingWindows>(spans, rules);
}

}  // namespace levada::detect_bots
