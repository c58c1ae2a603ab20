// The interceptor `window`.
#include "window.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "aggregates.h"
#include "conditions/condition_parser.h"

namespace levada::window {
namespace {

constexpr size_t kRowsMax = 65'536;
constexpr auto kSizeMax = std::chrono::hours(24) * 366;
constexpr std::string_view kKind = "window 1";

int64_t microseconds(std::chrono::nanoseconds span) {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

Done check_span(const char* option, std::chrono::nanoseconds span) {
  if (span < std::chrono::milliseconds(1) || span > kSizeMax) return wrong(option, "must be from 1ms to 366d");
  if (span.count() % 1000 != 0) return wrong(option, "must be whole microseconds");
  return {};
}

Done check_columns(const Window::Settings& settings) {
  std::set<std::string> names;
  const auto add = [&](const char* option, const std::string& name) -> Done {
    if (name.empty()) return wrong(option, "a column needs a name");
    if (!names.insert(name).second) return wrong(option, "two columns are called \"" + name + "\"");
    return {};
  };
  if (!settings.window_start.empty()) LEVADA_TRY(add("window_start", settings.window_start));
  if (!settings.window_end.empty()) LEVADA_TRY(add("window_end", settings.window_end));
  for (const auto& key : settings.keys) LEVADA_TRY(add("keys", key));
  for (const auto& [name, text] : settings.aggregates) LEVADA_TRY(add("aggregates", name));
  return {};
}

}  // namespace

Result<std::unique_ptr<Window>> Window::create(Settings settings, Host host) {
  LEVADA_TRY(check(settings));
  LEVADA_TRY(check_span("size", settings.size));
  if (settings.slide) {
    LEVADA_TRY(check_span("slide", *settings.slide));
    if (*settings.slide > settings.size) return wrong("slide", "must not be longer than a window");
    if (settings.size / std::gcd(settings.size.count(), settings.slide->count()) > std::chrono::nanoseconds(10'000))
      return wrong("slide",
                   "a window would be made of more than 10000 panes: let `size` and `slide` have a larger common part");
  }
  LEVADA_TRY(check_columns(settings));
  if (settings.memory_bytes.bytes < 1 << 20) return wrong("memory_bytes", "must be 1MiB or more");
  const auto tell = [host](std::string_view remark) { host.warning(remark); };
  std::vector<NamedAggregate> aggregates;
  for (const auto& [name, text] : settings.aggregates) {
    auto made = make_aggregate(text, tell);
    if (!made) return wrong("aggregates." + name, made.error().message);
    aggregates.push_back({name, *std::move(made)});
  }
  conditions::ConditionPtr having;
  if (settings.having) {
    auto condition = conditions::parse_condition(*settings.having);
    if (!condition) return wrong("having", condition.error().message);
    having = *std::move(condition);
  }
  return std::unique_ptr<Window>(new Window(std::move(settings), std::move(aggregates), std::move(having), host));
}

Window::Window(Settings settings, std::vector<NamedAggregate> aggregates, conditions::ConditionPtr having, Host host)
    : settings_(std::move(settings)),
      host_(host),
      shape_{microseconds(settings_.size), microseconds(settings_.slide.value_or(settings_.size))},
      layout_(std::move(aggregates), shape_.slide < shape_.size),
      times_(settings_.time, settings_.unit),
      marks_(settings_),
      keys_(settings_.keys),
      windows_(shape_, layout_, static_cast<size_t>(settings_.memory_bytes.bytes)),
      output_({settings_.window_start, settings_.window_end, settings_.keys}, std::move(having),
              settings_.having.value_or(std::string()), layout_,
              [host](std::string_view remark) { host.warning(remark); }),
      late_count_(host.counter("rows_late")),
      ahead_count_(host.counter("rows_ahead")),
      full_count_(host.counter("rows_without_room")) {}

Done Window::intercept(Batch& batch) {
  Batch rejected(0);
  left_out_.clear();
  const auto leave_out = [&](int64_t row, std::string reason) {
    rejected.reject_part(row, std::move(reason));
    left_out_.push_back(row);
  };
  times_.read(batch, leave_out);
  marks_.observe(
      batch.stream, times_, host_.monotonic(), [&](int64_t time) { return shape_.last_end(time); },
      [&](int64_t row) {
        late_count_.add();
        if (settings_.late == OnLate::reject) leave_out(row, "the row is late: its window is over");
        else left_out_.push_back(row);
      });
  ahead_count_.add(marks_.rows_ahead() - std::exchange(rows_ahead_, marks_.rows_ahead()));
  rows_.resize(static_cast<size_t>(batch.rows()));
  std::iota(rows_.begin(), rows_.end(), int64_t{0});
  if (!left_out_.empty()) {
    std::sort(left_out_.begin(), left_out_.end());
    std::erase_if(rows_, [&](int64_t row) { return std::binary_search(left_out_.begin(), left_out_.end(), row); });
  }
  keys_.read(batch);
  layout_.bind(batch, times_.values());
  windows_.add(keys_, rows_, times_.values(), [&](int64_t row) {
    full_count_.add();
    rejected.reject_part(row, "the window has no room for another key: memory_bytes is used up");
  });
  Batch given = give(marks_.watermark());
  for (const auto& each : rejected.rejections()) given.reject_part(each.row, each.reason);
  batch = std::move(given);
  return {};
}

Batch Window::give(int64_t limit) {
  std::vector<Batch> parts;
  size_t rows = 0;
  while (rows < kRowsMax) {
    if (!giving_) {
      const auto end = windows_.next_end(limit);
      if (!end) break;
      begin(*end);
    }
    const auto left = std::span(giving_->order).subspan(giving_->given);
    const auto now = left.first(std::min(left.size(), kRowsMax - rows));
    if (!now.empty()) {
      auto part = output_.rows(windows_.window(giving_->end), now, giving_->end - shape_.size, giving_->end);
      // One of other types goes by itself, the next time.
      if (!parts.empty() && !can_join(parts.front(), part)) break;
      parts.push_back(std::move(part));
    }
    rows += now.size();
    giving_->given += now.size();
    if (giving_->given < giving_->order.size()) break;
    windows_.given(giving_->end);
    giving_.reset();
  }
  if (parts.empty()) return Batch(0);
  if (parts.size() == 1) return std::move(parts[0]);
  std::vector<RowOf> all;
  for (const auto& part : parts)
    for (int64_t row = 0; row < part.rows(); ++row) all.push_back({&part, row});
  return join_rows(all);
}

// From now on its rows are late.
void Window::begin(int64_t end) {
  giving_.emplace();
  giving_->end = end;
  giving_->order = output_.choose(windows_.window(end), end - shape_.size, end);
  marks_.close(end);
}

std::chrono::nanoseconds Window::deadline() {
  if (giving_ || windows_.next_end(marks_.watermark())) return std::chrono::nanoseconds(0);
  return marks_.deadline();
}

Result<Batch> Window::advance(std::chrono::nanoseconds now, bool ended) {
  marks_.advance(now);
  Batch given = give(ended ? std::numeric_limits<int64_t>::max() : marks_.watermark());
  if (given.rows() == 0) return idle();
  return given;
}

std::string Window::options_of_state() const {
  std::string text = "size " + std::to_string(shape_.size) + ", slide " + std::to_string(shape_.slide) + ", keys";
  for (const auto& key : settings_.keys) text += " \"" + key + '"';
  text += ", aggregates";
  for (const auto& [name, aggregate] : settings_.aggregates) text += " \"" + aggregate + '"';
  return text;
}

Done Window::save(std::string& to) {
  StateWriter writer(to, kKind, options_of_state());
  marks_.save(writer);
  windows_.save(writer);
  writer.value(giving_ ? giving_->end : Watermarks::kNone);
  writer.value(static_cast<uint64_t>(giving_ ? giving_->given : 0));
  writer.finish();
  return {};
}

Done Window::load(std::string_view state) {
  if (state.empty()) {
    forget();
    return {};
  }
  auto reader = StateReader::open(state, kKind, options_of_state());
  if (!reader) return std::move(reader).error();
  forget();
  marks_.load(*reader, host_.monotonic());
  windows_.load(*reader, settings_.keys.size());
  const auto end = reader->value<int64_t>();
  const auto given = reader->value<uint64_t>();
  LEVADA_TRY(reader->finish());
  if (end == Watermarks::kNone) return {};
  begin(end);
  giving_->given = std::min<size_t>(given, giving_->order.size());
  return {};
}

void Window::forget() {
  giving_.reset();
  marks_.forget();
  windows_.forget();
}

}  // namespace levada::window

LEVADA_PLUGIN("window", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::window::Window>("window", "Sums up rows by key and window of event time."))
