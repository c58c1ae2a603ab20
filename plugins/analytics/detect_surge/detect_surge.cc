// The interceptor `detect_surge`.
#include "detect_surge.h"

#include <algorithm>
#include <charconv>

namespace levada::detect_surge {
namespace {

using analytics::microseconds;
using analytics::span_of;

// Those that come out, beside the value.
constexpr std::array<std::string_view, 5> kColumns = {"state", "kind", "begin", "end", "peak"};
constexpr int64_t kTicksMax = 100'000;

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ",") + text;
  return all;
}

// What a state depends on.
std::string options_of(const DetectSurge::Settings& settings) {
  const auto span = [](std::chrono::nanoseconds length) { return std::to_string(microseconds(length)) + " us"; };
  std::string text = "column: " + settings.column + "; values: " + joined(settings.values);
  text += "; window: " + span(settings.window) + "; every: " + span(settings.every);
  if (settings.threshold) text += "; threshold: " + std::to_string(*settings.threshold);
  if (settings.factor)
    text += "; factor: " + std::to_string(*settings.factor) + "; baseline: " + span(settings.baseline) +
            "; minimum: " + std::to_string(settings.minimum);
  return text;
}

Limits limits_of(const DetectSurge::Settings& settings) {
  Limits limits;
  limits.window = settings.window / settings.every;
  limits.threshold = settings.threshold;
  limits.factor = settings.factor;
  limits.baseline = settings.factor ? settings.baseline / settings.every : 0;
  limits.minimum = settings.minimum;
  return limits;
}

Done check_span(const DetectSurge::Settings& settings, std::chrono::nanoseconds span, const char* option) {
  if (span < settings.every || span % settings.every != std::chrono::nanoseconds(0))
    return wrong(option, "must be a multiple of `every`");
  if (span / settings.every > kTicksMax)
    return wrong(option, "must not be longer than " + std::to_string(kTicksMax) + " times `every`");
  return {};
}

}  // namespace

Result<std::unique_ptr<DetectSurge>> DetectSurge::create(Settings settings, Host host) {
  LEVADA_TRY(analytics::check(settings));
  if (settings.column.empty()) return wrong("column", "a column needs a name");
  LEVADA_TRY(analytics::check_free({settings.column}, kColumns, "column"));
  if (microseconds(settings.every) < 1 || settings.every % std::chrono::microseconds(1) != std::chrono::nanoseconds(0))
    return wrong("every", "must be one microsecond or more of them");
  LEVADA_TRY(check_span(settings, settings.window, "window"));
  if (!settings.threshold && !settings.factor)
    return wrong("threshold", "what a surge is, `threshold` says, or `factor`, or both");
  if (settings.threshold && *settings.threshold < 0) return wrong("threshold", "must not be negative");
  if (settings.factor) {
    if (!(*settings.factor > 0)) return wrong("factor", "must be more than 0");
    LEVADA_TRY(check_span(settings, settings.baseline, "baseline"));
  }
  if (settings.minimum < 1) return wrong("minimum", "must be 1 or more");
  return std::unique_ptr<DetectSurge>(new DetectSurge(std::move(settings), host));
}

DetectSurge::DetectSurge(Settings settings, Host host)
    : EventByEvent(settings, "detect_surge 3", options_of(settings), host),
      settings_(std::move(settings)),
      together_(joined(settings_.values)),
      every_(microseconds(settings_.every)),
      limits_(limits_of(settings_)),
      numbers_({settings_.column}),
      values_out_({settings_.column}) {}

void DetectSurge::see(Batch& batch, std::span<const int64_t> times) {
  const Column* const column = batch.find(settings_.column);
  const bool together = !settings_.values.empty();
  if (!together) numbers_.read(batch, table_);
  for (size_t row = 0; row < times.size(); ++row) {
    pass(span_of(times[row], every_));
    if (!counts(column, static_cast<int64_t>(row))) continue;
    const auto value = together ? table_.find_or_add({Key::kText, together_}) : numbers_[row];
    auto& state = table_.state<Counts>(value);
    state.add(tick_, limits_, blocks_);
    if (state.is_watched || state.in_window <= limits_.harmless()) continue;
    state.is_watched = true;
    watched_.push_back(value);
  }
  if (forgetting_.is_due(table_)) forget_values();
  analytics::replace_rows(batch, told());
}

// Whether the row has a value that counts. A null is no value.
bool DetectSurge::counts(const Column* column, int64_t row) const {
  if (!column || column->type() == Type::opaque || column->null(row)) return false;
  if (settings_.values.empty()) return true;
  char digits[32];
  std::string_view text;
  if (column->is_textual()) {
    text = column->text(row);
  } else if (column->type() == Type::int64) {
    text = {digits, std::to_chars(digits, std::end(digits), column->values<int64_t>()[row]).ptr};
  } else if (column->type() == Type::boolean) {
    text = column->boolean(row) ? "true" : "false";
  } else {
    return false;
  }
  return std::find(settings_.values.begin(), settings_.values.end(), text) != settings_.values.end();
}

// All rows of the ticks before that one have come.
void DetectSurge::pass(int64_t tick) {
  if (first_ == EventTimes::kNone) first_ = tick_ = tick;
  for (; tick_ < tick && !watched_.empty(); ++tick_) {
    for (const auto value : watched_) look_at(value);
    std::erase_if(watched_, [&](auto value) { return !table_.state<Counts>(value).is_watched; });
  }
  tick_ = std::max(tick_, tick);
}

void DetectSurge::look_at(KeyTable::Number value) {
  auto& state = table_.state<Counts>(value);
  const int64_t rows = state.at(tick_, limits_);
  if (limits_.threshold) look_at(value, state.absolute, rows > *limits_.threshold, rows);
  if (limits_.factor)
    look_at(value, state.relative,
            tick_ - first_ >= limits_.baseline && rows >= limits_.minimum && state.exceeds_mean(tick_, limits_), rows);
  state.is_watched = rows > limits_.harmless() || state.has_surge();
}

void DetectSurge::look_at(KeyTable::Number value, Surge& surge, bool is_on, int64_t rows) {
  if (is_on) {
    const bool begins = !surge.on;
    if (begins) surge = {true, tick_, tick_, rows};
    surge.end = tick_;
    surge.peak = std::max(surge.peak, rows);
    if (begins) tell(value, surge, true);
  } else if (surge.on) {
    surge.on = false;
    tell(value, surge, false);
  }
}

void DetectSurge::tell(KeyTable::Number value, const Surge& surge, bool begins) {
  values_out_.append(table_.key(value));
  told_.push_back({surge, begins, &surge == &table_.state<Counts>(value).relative});
}

Batch DetectSurge::told() {
  const auto rows = static_cast<int64_t>(told_.size());
  Batch batch(rows);
  if (rows == 0) return batch;
  TextBuilder states(rows), kinds(rows);
  ValueBuilder<int64_t> begins(rows), ends(rows), peaks(rows);
  for (const auto& each : told_) {
    states.append(each.begins ? "begin" : "end");
    kinds.append(each.is_relative ? "relative" : "absolute");
    begins.append(each.surge.begin * every_);
    each.begins ? ends.append_null() : ends.append(each.surge.end * every_);
    peaks.append(each.surge.peak);
  }
  batch.set(std::move(states).finish("state", Type::text));
  batch.set(std::move(kinds).finish("kind", Type::text));
  values_out_.finish(batch);
  batch.set(std::move(begins).finish("begin", Type::timestamp));
  batch.set(std::move(ends).finish("end", Type::timestamp));
  batch.set(std::move(peaks).finish("peak", Type::int64));
  told_.clear();
  return batch;
}

Batch DetectSurge::end() {
  for (const auto value : watched_) {
    look_at(value);
    auto& state = table_.state<Counts>(value);
    for (auto* surge : {&state.absolute, &state.relative}) {
      if (surge->on) tell(value, *surge, false);
      surge->on = false;
    }
    state.is_watched = false;
  }
  watched_.clear();
  return told();
}

void DetectSurge::forget_values() {
  std::vector<KeyTable::Number> moved(table_.size());
  table_.retain(
      [&](KeyTable::Number number) {
        auto& state = table_.state<Counts>(number);
        const bool over = !state.is_watched && state.is_over(tick_, limits_);
        if (over) state.ticks.release(blocks_);
        return !over;
      },
      [&](KeyTable::Number from, KeyTable::Number to) { moved[from] = to; });
  for (auto& value : watched_) value = moved[value];
  forgetting_.done(table_);
}

void DetectSurge::save_state(StateWriter& to) const {
  to.value(first_);
  to.value(tick_);
  table_.save_keys(to);
  for (KeyTable::Number number = 0; number < table_.size(); ++number) table_.state<Counts>(number).save(to);
  to.value(static_cast<uint64_t>(watched_.size()));
  for (const auto value : watched_) to.value(value);
}

void DetectSurge::load_state(StateReader& from) {
  first_ = from.value<int64_t>();
  tick_ = from.value<int64_t>();
  table_.load_keys(from, 1);
  for (KeyTable::Number number = 0; number < table_.size() && from.good(); ++number)
    table_.state<Counts>(number).load(from, blocks_);
  const auto count = from.value<uint64_t>();
  for (uint64_t at = 0; at < count && from.good(); ++at) {
    const auto value = from.value<KeyTable::Number>();
    if (value >= table_.size()) return from.fail();
    table_.state<Counts>(value).is_watched = true;
    watched_.push_back(value);
  }
  forgetting_.done(table_);
}

void DetectSurge::forget() {
  first_ = EventTimes::kNone;
  tick_ = 0;
  table_.clear();
  blocks_.clear();
  watched_.clear();
  forgetting_ = {};
}

}  // namespace levada::detect_surge

LEVADA_PLUGIN("detect_surge", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::detect_surge::DetectSurge>(
                  "detect_surge", "Tells when a value comes much more often than it should, or than it did."))
