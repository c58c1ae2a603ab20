#include "session_windows.h"

#include <limits>

namespace levada::window {

SessionWindows::SessionWindows(Checked checked, Host host)
    : settings_(std::move(checked.settings)),
      host_(host),
      gap_(microseconds(*settings_.gap)),
      keep_(microseconds(settings_.kept())),
      layout_(std::move(checked.aggregates), false),
      intake_(settings_, host),
      marks_(settings_),
      keys_(settings_.keys),
      sessions_(layout_, gap_, keep_, static_cast<size_t>(settings_.memory_bytes.bytes)),
      output_({settings_.window_start, settings_.window_end,
               settings_.has_kinds_of_results() ? settings_.result : std::string(), settings_.keys},
              std::move(checked.having), settings_.having.value_or(std::string()), layout_,
              [host](std::string_view remark) { host.warning(remark); }),
      early_(settings_.early, host),
      full_count_(host.counter("rows_without_room")),
      updated_count_(host.counter("rows_late_counted")) {}

// A row that is not older than the watermark belongs to no session that is over: these ended a
// whole gap behind their last row.
Done SessionWindows::intercept(Batch& batch) {
  Batch rejected(0);
  intake_.read(batch, marks_, [&](int64_t time) { return time - keep_; }, rejected);
  keys_.read(batch);
  layout_.bind(batch, intake_.times());
  const size_t late = sessions_.add(keys_, intake_.rows(), intake_.times(), [&](int64_t row) {
    full_count_.add();
    rejected.reject_part(row, "there is no room for another session: memory_bytes is used up");
  });
  updated_count_.add(static_cast<int64_t>(late));
  Batch given = give(marks_.watermark());
  for (const auto& each : rejected.rejections()) given.reject_part(each.row, each.reason);
  batch = std::move(given);
  early_.set(sessions_.is_touched());
  return {};
}

Batch SessionWindows::give(int64_t limit) {
  while (sessions_.is_due(limit)) {
    Given given;
    sessions_.give(limit, kRowsMax, given);
    sessions_.settle(given, output_.meets(given));
    output_.narrow(given);
    Batch rows = given.rows() > 0 ? output_.rows(given) : Batch(0);
    sessions_.given();
    marks_.close(sessions_.forgotten_end());
    if (rows.rows() > 0) return rows;
  }
  return Batch(0);
}

Batch SessionWindows::give_early(std::chrono::nanoseconds now) {
  if (!sessions_.has_early()) {
    if (!early_.take(now)) return Batch(0);
    sessions_.begin_early();
  }
  Batch rows(0);
  while (sessions_.has_early() && rows.rows() == 0) {
    Given given;
    sessions_.give_early(kRowsMax, given);
    sessions_.settle(given, output_.meets(given));
    output_.narrow(given);
    if (given.rows() > 0) rows = output_.rows(given);
    sessions_.given_early();
  }
  early_.set(sessions_.is_touched());
  return rows;
}

std::chrono::nanoseconds SessionWindows::deadline() {
  if (sessions_.is_due(marks_.watermark()) || sessions_.has_early()) return std::chrono::nanoseconds(0);
  return std::min(marks_.deadline(), early_.deadline());
}

Result<Batch> SessionWindows::advance(std::chrono::nanoseconds now, bool ended) {
  marks_.advance(now);
  Batch given = give(ended ? std::numeric_limits<int64_t>::max() : marks_.watermark());
  if (given.rows() == 0 && !ended) given = give_early(now);
  else early_.set(sessions_.is_touched());
  if (given.rows() == 0) return idle();
  return given;
}

std::string SessionWindows::options_of_state() const {
  std::string text = "gap " + std::to_string(gap_);
  if (keep_ > 0) text += ", late update, keep " + std::to_string(keep_);
  return text + keys_and_aggregates(settings_);
}

Done SessionWindows::save(std::string& to) {
  StateWriter writer(to, kStateKind, options_of_state());
  marks_.save(writer);
  sessions_.save(writer);
  writer.finish();
  sessions_.begin_changes();
  return {};
}

Done SessionWindows::save_changes(std::string& to) {
  if (!sessions_.knows_changes()) return idle();
  StateWriter writer(to, kChangesKind, options_of_state());
  marks_.save(writer);
  sessions_.save_changes(writer);
  writer.finish();
  return {};
}

Done SessionWindows::load_changes(std::string_view changes) {
  auto reader = StateReader::open(changes, kChangesKind, options_of_state());
  if (!reader) return std::move(reader).error();
  marks_.load(*reader, host_.monotonic());
  sessions_.load_changes(*reader, settings_.keys.size());
  auto done = reader->finish();
  if (!done) forget();
  early_.set(sessions_.is_touched());
  return done;
}

Done SessionWindows::load(std::string_view state) {
  if (state.empty()) {
    forget();
    return {};
  }
  auto reader = StateReader::open(state, kStateKind, options_of_state());
  if (!reader) return std::move(reader).error();
  forget();
  marks_.load(*reader, host_.monotonic());
  sessions_.load(*reader, settings_.keys.size());
  auto done = reader->finish();
  if (!done) forget();
  early_.set(sessions_.is_touched());
  return done;
}

void SessionWindows::forget() {
  early_.set(false);
  marks_.forget();
  sessions_.forget();
}

}  // namespace levada::window
