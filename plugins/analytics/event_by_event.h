// The base of interceptors that go event by event, in the order of event time: what they have in
// common of options, of calls and of their state.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/event_order.h"
#include "levada/sdk.h"

namespace levada::analytics {

struct EventByEventSettings : EventTimeSettings {
  OnLate late = OnLate::reject;
  Size memory_bytes{64 << 20};
};

// They stand in front of the component's own, as event_time_options does.
template <class Settings>
constexpr auto event_by_event_options() {
  return join_options(
      event_time_options<Settings>(),
      std::array{
          Option<Settings>{{"late", LEVADA_CHOICE, 0, "reject|drop", R"("reject")",
                            "What becomes of late rows: dead letters, or nothing but a count."},
                           [](Settings& to, const levada_value& value) { to.late = detail::read<OnLate>(value); }},
          Option<Settings>{
              {"memory_bytes", LEVADA_SIZE, 0, nullptr, R"("64MiB")",
               "What rows may take that wait for older ones; the oldest go early then."},
              [](Settings& to, const levada_value& value) { to.memory_bytes = detail::read<Size>(value); }}});
}

// What is wrong with them; for create.
inline Done check(const EventByEventSettings& settings) {
  LEVADA_TRY(levada::check(static_cast<const EventTimeSettings&>(settings)));
  if (settings.memory_bytes.bytes < 1) return wrong("memory_bytes", "must be 1 or more");
  return {};
}
// The same for the columns that make up a key.
inline Done check_keys(const std::vector<std::string>& keys) {
  if (keys.empty()) return wrong("keys", "a key needs at least one column");
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (key->empty()) return wrong("keys", "a column needs a name");
    if (std::find(keys.begin(), key, *key) != key) return wrong("keys", "\"" + *key + "\" stands in it twice");
  }
  return {};
}

// None of the columns that go along is called as one that is made.
inline Done check_free(const std::vector<std::string>& columns, std::span<const std::string_view> made,
                       const char* option) {
  for (const auto& column : columns)
    if (std::find(made.begin(), made.end(), column) != made.end())
      return wrong(option, "\"" + column + "\" is a column of what comes out: rename it first");
  return {};
}

inline int64_t microseconds(std::chrono::nanoseconds span) {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

// The number of the span of that length which the time lies in.
inline int64_t span_of(int64_t time, int64_t length) { return time / length - (time % length < 0 ? 1 : 0); }

// Puts rows that were made in place of the batch's; what was rejected stays so.
inline void replace_rows(Batch& batch, Batch rows) {
  for (const auto& each : batch.rejections()) rows.reject_part(each.row, each.reason, each.body);
  batch = std::move(rows);
}

class EventByEvent : public StatefulInterceptor {
 public:
  Done intercept(Batch& batch) final {
    order_.take(batch);
    see(batch, order_.times());
    return {};
  }
  std::chrono::nanoseconds deadline() final { return order_.deadline(); }
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) final {
    for (;;) {
      auto batch = order_.advance(now, ended);
      if (!batch) break;
      see(*batch, order_.times());
      if (batch->rows() > 0) return batch;
    }
    if (!ended) return idle();
    Batch last = end();
    if (last.rows() == 0) return idle();
    return last;
  }

  Done save(std::string& to) final {
    StateWriter writer(to, kind_, options_);
    order_.save(writer);
    save_state(writer);
    writer.finish();
    begin_changes();
    return {};
  }
  Done save_changes(std::string& to) final {
    if (!knows_changes()) return idle();
    StateWriter writer(to, kind_ + kChanges, options_);
    order_.save(writer);
    save_state_changes(writer);
    writer.finish();
    return {};
  }
  Done load(std::string_view state) final {
    if (state.empty()) {
      begin_anew();
      return {};
    }
    auto reader = StateReader::open(state, kind_, options_);
    if (!reader) return std::move(reader).error();
    order_.load(*reader);
    forget();
    load_state(*reader);
    auto done = reader->finish();
    if (!done) begin_anew();
    return done;
  }
  Done load_changes(std::string_view changes) final {
    auto reader = StateReader::open(changes, kind_ + kChanges, options_);
    if (!reader) return std::move(reader).error();
    order_.load(*reader);
    load_state_changes(*reader);
    auto done = reader->finish();
    if (!done) begin_anew();
    return done;
  }

 protected:
  // `kind` names the format of the state, "limit_rate 1"; `options` are those that it depends on.
  EventByEvent(const EventByEventSettings& settings, std::string kind, std::string options, Host host)
      : kind_(std::move(kind)),
        options_(std::move(options)),
        order_(settings, settings.late, settings.memory_bytes, host) {}

  // Rows in the order of their times, which no row of a later call goes before. What is left in the
  // batch comes out.
  virtual void see(Batch& batch, std::span<const int64_t> times) = 0;
  // No row will come any more: what comes out yet.
  virtual Batch end() { return Batch(0); }
  virtual void save_state(StateWriter& to) const = 0;
  virtual void load_state(StateReader& from) = 0;
  // Goes back to the beginning.
  virtual void forget() = 0;
  // Who has a large state overrides these as well: what has changed since the last begin_changes or
  // save_state_changes, where that is known.
  virtual void begin_changes() {}
  virtual bool knows_changes() const { return false; }
  virtual void save_state_changes(StateWriter& /*to*/) {}
  virtual void load_state_changes(StateReader& from) { from.fail(); }

 private:
  static constexpr const char* kChanges = " changes";

  void begin_anew() {
    order_.forget();
    forget();
  }

  const std::string kind_, options_;
  EventOrder order_;
};

}  // namespace levada::analytics
