// Windows one behind the other. As rows come in the order of their times, one is open at a time.
#include <algorithm>

#include "analytics/event_by_event.h"
#include "categories.h"
#include "windows.h"

namespace levada::detect_bots {
namespace {

using analytics::span_of;
using Number = KeyTable::Number;

// So many visitors further on, what is looked at next is fetched into the cache.
constexpr size_t kAhead = 16;

// In the record of a visitor.
struct Visitor {
  int64_t requests, clicks, views;
  int64_t bucket, in_bucket;  // The last span of the rate, and the requests in it.
  int64_t rate;               // The most in any such span.
  Categories categories;
};

class TumblingWindows final : public Windows {
 public:
  TumblingWindows(const Spans& spans, const Rules& rules) : spans_(spans), rules_(rules) {}

  void see(analytics::KeyNumbers& keys, const Requests& requests, std::span<const int64_t> times,
           BotRows& out) override {
    for (size_t first = 0; first < times.size();) {
      open(span_of(times[first], spans_.window), out);
      const int64_t until = (window_ + 1) * spans_.window;
      size_t end = first + 1;
      while (end < std::min(times.size(), first + keys.kGroup) && times[end] < until) ++end;
      keys.find(first, end, table_);
      for (size_t row = first; row < end; ++row) {
        if (row + kAhead < end) table_.state<Visitor>(keys[row + kAhead]).categories.prefetch();
        count(table_.state<Visitor>(keys[row]), span_of(times[row], spans_.rate_window), requests[row]);
      }
      first = end;
    }
  }

  void end(BotRows& out) override { close(out); }

  void save(StateWriter& to) const override {
    to.value(window_);
    table_.save_keys(to);
    for (Number number = 0; number < table_.size(); ++number) save(table_.state<Visitor>(number), to);
  }
  void load(StateReader& from, size_t key_columns) override {
    window_ = from.value<int64_t>();
    table_.load_keys(from, key_columns);
    for (Number number = 0; number < table_.size() && from.good(); ++number) load(table_.state<Visitor>(number), from);
  }
  void begin_changes() override { table_.begin_changes(); }
  bool knows_changes() const override { return table_.knows_changes(); }
  void save_changes(StateWriter& to) override {
    to.value(window_);
    for (const Number number : table_.save_changed_keys(to)) save(table_.state<Visitor>(number), to);
  }
  void load_changes(StateReader& from, size_t key_columns) override {
    window_ = from.value<int64_t>();
    for (const Number number : table_.load_changed_keys(from, key_columns)) {
      auto& visitor = table_.state<Visitor>(number);
      visitor.categories.release(categories_);
      load(visitor, from);
      if (!from.good()) return;
    }
  }
  void forget() override {
    table_.clear();
    categories_.clear();
  }

 private:
  static void save(const Visitor& visitor, StateWriter& to) {
    for (const auto value :
         {visitor.requests, visitor.clicks, visitor.views, visitor.bucket, visitor.in_bucket, visitor.rate})
      to.value(value);
    visitor.categories.save(to);
  }
  void load(Visitor& visitor, StateReader& from) {
    for (auto* value :
         {&visitor.requests, &visitor.clicks, &visitor.views, &visitor.bucket, &visitor.in_bucket, &visitor.rate})
      *value = from.value<int64_t>();
    visitor.categories.load(from, categories_);
  }
  void open(int64_t window, BotRows& out) {
    if (table_.size() > 0 && window != window_) close(out);
    window_ = window;
  }
  void close(BotRows& out) {
    const int64_t since = window_ * spans_.window, until = since + spans_.window;
    for (Number number = 0; number < table_.size(); ++number) {
      const auto& visitor = table_.state<Visitor>(number);
      const Statistic statistic{visitor.requests, visitor.clicks, visitor.views, visitor.categories.size, visitor.rate};
      if (out.wants_statistics()) out.statistic(table_.key(number), since, until, statistic);
      if (const auto broken = rules_.broken(statistic); broken != 0 && out.wants_bots())
        out.bot(table_.key(number), since, until, statistic, broken);
    }
    forget();
  }
  void count(Visitor& visitor, int64_t bucket, Request request) {
    ++visitor.requests;
    visitor.clicks += request.kind() == Kind::click;
    visitor.views += request.kind() == Kind::view;
    if (bucket != visitor.bucket) visitor.in_bucket = 0;
    visitor.bucket = bucket;
    visitor.rate = std::max(visitor.rate, ++visitor.in_bucket);
    if (request.has_category()) visitor.categories.add(request.category(), categories_);
  }

  const Spans spans_;
  const Rules rules_;
  int64_t window_ = 0;  // The number of the one that is open.
  KeyTable table_{sizeof(Visitor)};
  Categories::Pool categories_;
};

}  // namespace

std::unique_ptr<Windows> make_tumbling_windows(const Spans& spans, const Rules& rules) {
  return std::make_unique<TumblingWindows>(spans, rules);
}

}  // namespace levada::detect_bots
