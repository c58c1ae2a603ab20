// How far event time has come: a watermark for each stream, and the least of them for all.
//
// What is late depends on the rows of a stream alone, in their order: a row is late where it is
// older than the watermark that its own stream has reached. So the same rows give the same windows,
// however batches are cut and streams are interleaved when they come again after a restart.
// Windows close by the least watermark of all streams, which is never ahead of any.
//
// A clock that jumps ahead does not take the watermark with it: a time more than `max_jump` ahead
// is believed once so many rows of the stream in a row (kBelieved) lie ahead. The row itself stays.
//
// Two things are by the machine's clock, and exact only as long as they do not happen: a stream
// that was quiet for `idle_timeout` holds nobody back any more, and rows of a stream that comes up
// only when others have gone on may be late.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "levada/event_time.h"
#include "levada/options.h"
#include "levada/saved_state.h"

namespace levada {

// Options of everyone who goes by event time: derive Settings from it.
struct EventTimeSettings {
  std::string time = "timestamp";
  TimeUnit unit = TimeUnit::ms;
  std::chrono::nanoseconds lateness{0};
  std::chrono::nanoseconds idle_timeout{0};
  std::chrono::nanoseconds max_jump = std::chrono::hours(1);
  int64_t streams = 1;
};

// They stand in front of the component's own:
//   static constexpr auto options = join_options(event_time_options<Settings>(), std::array{...});
template <class Settings>
constexpr auto event_time_options() {
  const auto optional = []<class T>(const char* name, const char* choices, const char* fallback, const char* summary, T,
                                    void (*assign)(Settings&, const levada_value&)) {
    return Option<Settings>{{name, detail::option_type<T>(), 0, choices, fallback, summary}, assign};
  };
  using std::chrono::nanoseconds;
  return std::array{
      optional("time", nullptr, R"("timestamp")", "The column that says when a row's event was.", std::string(),
               [](Settings& to, const levada_value& value) { to.time = detail::read<std::string>(value); }),
      optional("unit", "s|ms|us", R"("ms")", "What the numbers count, where that column is one of integers.",
               TimeUnit::ms, [](Settings& to, const levada_value& value) { to.unit = detail::read<TimeUnit>(value); }),
      optional("lateness", nullptr, R"("0s")", "How far behind the latest row of its stream a row may be.",
               nanoseconds(),
               [](Settings& to, const levada_value& value) { to.lateness = detail::read<nanoseconds>(value); }),
      optional("idle_timeout", nullptr, R"("0s")",
               "A stream (a partition, a folder) without rows for so long holds the others back no more; 0 is never.",
               nanoseconds(),
               [](Settings& to, const levada_value& value) { to.idle_timeout = detail::read<nanoseconds>(value); }),
      optional(
          "max_jump", nullptr, R"("1h")",
          "A time that is further ahead of its stream moves the watermark only once 32 rows in a row are; 0 is any.",
          nanoseconds(),
          [](Settings& to, const levada_value& value) { to.max_jump = detail::read<nanoseconds>(value); }),
      optional("streams", nullptr, "1", "No time passes before rows of so many streams have come: how many partitions.",
               int64_t(), [](Settings& to, const levada_value& value) { to.streams = detail::read<int64_t>(value); })};
}

template <class Settings, size_t first, size_t second>
constexpr auto join_options(const std::array<Option<Settings>, first>& front,
                            const std::array<Option<Settings>, second>& back) {
  std::array<Option<Settings>, first + second> all{};
  std::copy(front.begin(), front.end(), all.begin());
  std::copy(back.begin(), back.end(), all.begin() + first);
  return all;
}

// What is wrong with them; for create.
inline Done check(const EventTimeSettings& settings) {
  if (settings.time.empty()) return wrong("time", "a column needs a name");
  if (settings.lateness.count() < 0) return wrong("lateness", "must not be negative");
  if (settings.idle_timeout.count() < 0) return wrong("idle_timeout", "must not be negative");
  if (settings.max_jump.count() < 0) return wrong("max_jump", "must not be negative");
  if (settings.streams < 1) return wrong("streams", "must be 1 or more");
  return {};
}

class Watermarks {
 public:
  static constexpr int64_t kNone = EventTimes::kNone;
  static constexpr int kBelieved = 32;
  // A stream that seems idle gets so long to show the opposite: its rows may only have waited.
  static constexpr std::chrono::nanoseconds kGrace = std::chrono::seconds(1);

  explicit Watermarks(const EventTimeSettings& settings)
      : lateness_(microseconds(settings.lateness)),
        max_jump_(microseconds(settings.max_jump)),
        idle_timeout_(settings.idle_timeout),
        wanted_(static_cast<size_t>(settings.streams)) {}

  // Rows of a stream came, at the monotonic time `now`. Calls late(row) for each that is late:
  // older than floor(its stream's watermark), or than what was closed. `floor` gives the beginning
  // of the window, or pane, that a time lies in; the identity for those who have none.
  template <class Floor, class Late>
  void observe(std::string_view stream_name, const EventTimes& times, std::chrono::nanoseconds now, Floor floor,
               Late late) {
    if (times.first() == kNone) return;
    Stream& stream = find(stream_name, now);
    if (rushes(stream, times, floor)) return;
    int64_t known = kNone, bound = closed_;
    for (int64_t row = 0; row < times.rows(); ++row) {
      const int64_t time = times[row];
      if (time == kNone) continue;
      step(stream, time);
      if (stream.latest != known) {
        known = stream.latest;
        bound = std::max(closed_, floor(known - lateness_));
      }
      if (time < bound) late(row);
    }
  }

  // That of all streams: no row that is not late is older. kNone while that cannot be said.
  int64_t watermark() const {
    if (streams_.size() < wanted_ && !waited_) return kNone;
    int64_t least = std::numeric_limits<int64_t>::max();
    for (const auto& stream : streams_)
      if (!stream.idle) least = std::min(least, stream.latest);
    return streams_.empty() ? kNone : least - lateness_;
  }
  // All rows came from one stream, and nobody waits for others.
  bool is_single() const { return streams_.size() == 1 && wanted_ == 1; }
  // Everything before that time was given: what comes now is late. It never goes back.
  void close(int64_t before) { closed_ = std::max(closed_, before); }
  int64_t closed() const { return closed_; }
  // Rows whose times were too far ahead to be believed, since the process started.
  int64_t rows_ahead() const { return rows_ahead_; }

  // When `advance` may find a stream idle.
  std::chrono::nanoseconds deadline() const {
    auto first = std::chrono::nanoseconds::max();
    if (idle_timeout_.count() == 0) return first;
    if (streams_.size() < wanted_ && !waited_ && !streams_.empty()) first = wait_.due;
    if (active() > 1)
      for (const auto& stream : streams_)
        if (!stream.idle) first = std::min(first, stream.quiet.due);
    return first;
  }
  // Looks for streams that are idle; whether the watermark may have moved.
  bool advance(std::chrono::nanoseconds now) {
    if (deadline() > now) return false;
    bool changed = false;
    if (streams_.size() < wanted_ && !waited_ && wait_.over(now)) changed = waited_ = true;
    size_t left = active();
    for (auto& stream : streams_) {
      if (stream.idle || left <= 1 || !stream.quiet.over(now)) continue;
      stream.idle = changed = true;
      --left;
    }
    return changed;
  }

  void save(StateWriter& to) const {
    to.value(closed_);
    to.value(waited_);
    to.value(static_cast<uint64_t>(streams_.size()));
    for (const auto& stream : streams_) {
      to.text(stream.name);
      to.value(stream.latest);
      to.value(stream.ahead_first);
      to.value(stream.seen);
      to.value(stream.ahead);
    }
  }
  // In place of what it has; `now`: from when on streams may be idle.
  void load(StateReader& from, std::chrono::nanoseconds now) {
    forget();
    closed_ = from.value<int64_t>();
    waited_ = from.value<bool>();
    const auto count = from.value<uint64_t>();
    for (uint64_t at = 0; at < count && from.good(); ++at) {
      Stream& stream = add(from.text(), now);
      stream.latest = from.value<int64_t>();
      stream.ahead_first = from.value<int64_t>();
      stream.seen = from.value<int32_t>();
      stream.ahead = from.value<int32_t>();
    }
  }
  // Goes back to the beginning.
  void forget() {
    streams_.clear();
    current_ = 0;
    closed_ = kNone;
    waited_ = false;
  }

 private:
  // Whether it was quiet until a time, and then for a little longer.
  struct Quiet {
    std::chrono::nanoseconds due{};
    bool suspected = false;
    bool over(std::chrono::nanoseconds now) {
      if (now < due) return false;
      if (suspected) return true;
      suspected = true;
      due = now + kGrace;
      return false;
    }
  };
  struct Stream {
    std::string name;
    int64_t latest = kNone;       // The greatest time that is believed.
    int64_t ahead_first = kNone;  // The least of the times ahead that came in a row,
    int32_t ahead = 0;            // and how many they are.
    int32_t seen = 0;             // Rows, as far as it matters.
    bool idle = false;
    Quiet quiet;
  };

  static int64_t microseconds(std::chrono::nanoseconds span) {
    return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  }
  size_t active() const {
    return static_cast<size_t>(std::count_if(streams_.begin(), streams_.end(), [](const auto& s) { return !s.idle; }));
  }

  Stream& add(std::string_view name, std::chrono::nanoseconds now) {
    if (streams_.empty()) wait_ = {now + idle_timeout_, false};
    streams_.push_back({});
    streams_.back().name = name;
    streams_.back().quiet = {now + idle_timeout_, false};
    return streams_.back();
  }
  Stream& find(std::string_view name, std::chrono::nanoseconds now) {
    if (current_ >= streams_.size() || streams_[current_].name != name) {
      current_ = 0;
      while (current_ < streams_.size() && streams_[current_].name != name) ++current_;
      if (current_ == streams_.size()) add(name, now);
    }
    Stream& stream = streams_[current_];
    stream.idle = false;
    stream.quiet = {now + idle_timeout_, false};
    return stream;
  }

  // Where none of the rows can be late and none is ahead, the greatest of them says all.
  template <class Floor>
  bool rushes(Stream& stream, const EventTimes& times, Floor& floor) {
    if (stream.seen < kBelieved) return false;
    if (max_jump_ > 0 && times.last() > stream.latest && times.last() - stream.latest > max_jump_) return false;
    const int64_t latest = std::max(stream.latest, times.last());
    if (times.first() < std::max(closed_, floor(latest - lateness_))) return false;
    stream.latest = latest;
    stream.ahead = 0;
    return true;
  }

  void step(Stream& stream, int64_t time) {
    const bool young = stream.seen < kBelieved;
    if (young) ++stream.seen;
    if (stream.latest == kNone) {
      stream.latest = time;
    } else if (time > stream.latest && max_jump_ > 0 && time - stream.latest > max_jump_) {
      ++rows_ahead_;
      stream.ahead_first = stream.ahead == 0 ? time : std::min(stream.ahead_first, time);
      if (++stream.ahead < kBelieved) return;
      stream.latest = stream.ahead_first;
      stream.ahead = 0;
    } else {
      stream.ahead = 0;
      // The first rows of a stream may be those of the clock that is wrong.
      if (young && max_jump_ > 0 && stream.latest - time > max_jump_) stream.latest = time;
      stream.latest = std::max(stream.latest, time);
    }
  }

  const int64_t lateness_, max_jump_;  // Microseconds.
  const std::chrono::nanoseconds idle_timeout_;
  const size_t wanted_;
  std::vector<Stream> streams_;
  size_t current_ = 0;  // That rows came from last.
  int64_t closed_ = kNone;
  int64_t rows_ahead_ = 0;
  bool waited_ = false;  // For streams that have not come up.
  Quiet wait_;
};

}  // namespace levada
