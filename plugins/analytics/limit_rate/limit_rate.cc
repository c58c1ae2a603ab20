// The interceptor `limit_rate`.
#include "limit_rate.h"

#include <algorithm>

#include "analytics/saved_times.h"

namespace levada::limit_rate {
namespace {

using analytics::microseconds;
using analytics::Run;
using analytics::SavedTimes;

// Of an interval, beside the key.
constexpr std::array<std::string_view, 3> kColumns = {"first", "last", "count"};
constexpr int64_t kLimitMax = int64_t{1} << 30;
// So many keys further on, what is looked at next is fetched into the cache.
constexpr size_t kAhead = 16;

// What a state depends on.
std::string options_of(const LimitRate::Settings& settings) {
  std::string text = "keys:";
  for (const auto& key : settings.keys) text += ' ' + key;
  text += "; limit: " + std::to_string(settings.limit);
  text += "; window: " + std::to_string(microseconds(settings.window)) + " us";
  text += settings.mode == Mode::observe ? "; mode: observe" : "; mode: admit";
  return text + (settings.emit == Emit::rows ? "; emit: rows" : "; emit: intervals");
}

}  // namespace

Result<std::unique_ptr<LimitRate>> LimitRate::create(Settings settings, Host host) {
  LEVADA_TRY(analytics::check(settings));
  LEVADA_TRY(analytics::check_keys(settings.keys));
  if (settings.emit == Emit::intervals) LEVADA_TRY(analytics::check_free(settings.keys, kColumns, "keys"));
  if (settings.limit < 1 || settings.limit > kLimitMax)
    return wrong("limit", "must be 1 to " + std::to_string(kLimitMax));
  if (microseconds(settings.window) < 1) return wrong("window", "must be 1us or more");
  if (settings.as.empty()) return wrong("as", "a column needs a name");
  if (std::find(settings.keys.begin(), settings.keys.end(), settings.as) != settings.keys.end())
    return wrong("as", "\"" + settings.as + "\" is a part of the key");
  return std::unique_ptr<LimitRate>(new LimitRate(std::move(settings), host));
}

LimitRate::LimitRate(Settings settings, Host host)
    : EventByEvent(settings, "limit_rate 3", options_of(settings), host),
      settings_(std::move(settings)),
      window_(microseconds(settings_.window)),
      limit_(static_cast<uint32_t>(settings_.limit)),
      blocked_count_(host.counter("rows_blocked")),
      numbers_(settings_.keys),
      keys_out_(settings_.keys) {}

void LimitRate::see(Batch& batch, std::span<const int64_t> times) {
  blocked_.resize(times.size());
  numbers_.read(batch);
  for (size_t first = 0; first < times.size(); first += numbers_.kGroup) {
    const size_t end = std::min(times.size(), first + numbers_.kGroup);
    numbers_.find(first, end, table_);
    for (size_t row = first; row < end; ++row) {
      if (row + kAhead < end) table_.state<State>(numbers_[row + kAhead]).times.prefetch();
      const bool blocked = is_blocked(table_.state<State>(numbers_[row]), times[row]);
      blocked_[row] = blocked;
      if (settings_.emit == Emit::intervals) follow_run(numbers_[row], times[row], blocked);
    }
  }
  blocked_count_.add(std::count(blocked_.begin(), blocked_.end(), true));
  if (!times.empty() && forgetting_.is_due(table_)) forget_keys(times.back());
  if (settings_.emit == Emit::intervals) analytics::replace_rows(batch, intervals());
  else mark(batch);
}

// The row that is `limit` before is younger than the window where so many are in the ring.
bool LimitRate::is_blocked(State& state, int64_t time) {
  auto& before = state.times;
  while (before.size > 0 && time - before.front() >= window_) before.pop();
  const bool blocked = before.size == limit_;
  if (blocked && settings_.mode == Mode::admit) return true;
  if (blocked) before.pop();
  before.push(time, blocks_);
  return blocked;
}

void LimitRate::mark(Batch& batch) {
  if (settings_.action == Action::drop) {
    if (std::find(blocked_.begin(), blocked_.end(), true) == blocked_.end()) return;
    std::vector<int64_t> kept;
    for (size_t row = 0; row < blocked_.size(); ++row)
      if (!blocked_[row]) kept.push_back(static_cast<int64_t>(row));
    return batch.take(kept);
  }
  BooleanBuilder marks;
  for (const bool blocked : blocked_) marks.append(blocked);
  batch.set(std::move(marks).finish(settings_.as));
}

void LimitRate::follow_run(KeyTable::Number key, int64_t time, bool blocked) {
  // What comes a window after the last blocked row is not blocked, whenever it comes.
  while (runs_.oldest() != 0 && runs_[runs_.oldest()].last + window_ <= time) end_run(runs_.oldest());
  auto& run = table_.state<State>(key).run;
  if (!blocked) {
    if (run != 0) end_run(run);
    return;
  }
  if (run == 0) run = runs_.begin(key, time);
  else runs_.renew(run, time);
  ++runs_[run].count;
}

void LimitRate::end_run(analytics::Runs::Id id) {
  const Run& run = runs_[id];
  keys_out_.append(table_.key(run.key));
  runs_out_.push_back(run);
  table_.state<State>(run.key).run = 0;
  runs_.end(id);
}

Batch LimitRate::intervals() {
  const auto rows = static_cast<int64_t>(runs_out_.size());
  Batch batch(rows);
  if (rows == 0) return batch;
  ValueBuilder<int64_t> firsts(rows), lasts(rows), counts(rows);
  for (const auto& run : runs_out_) {
    firsts.append(run.first);
    lasts.append(run.last);
    counts.append(run.count);
  }
  keys_out_.finish(batch);
  batch.set(std::move(firsts).finish("first", Type::timestamp));
  batch.set(std::move(lasts).finish("last", Type::timestamp));
  batch.set(std::move(counts).finish("count", Type::int64));
  runs_out_.clear();
  return batch;
}

Batch LimitRate::end() {
  while (runs_.oldest() != 0) end_run(runs_.oldest());
  return intervals();
}

void LimitRate::forget_keys(int64_t now) {
  table_.retain(
      [&](KeyTable::Number number) {
        auto& state = table_.state<State>(number);
        const bool over = state.run == 0 && now - state.times.back() >= window_;
        if (over) state.times.release(blocks_);
        return !over;
      },
      [&](KeyTable::Number from, KeyTable::Number to) {
        if (const auto run = table_.state<State>(from).run; run != 0) runs_[run].key = to;
      });
  forgetting_.done(table_);
}

void LimitRate::save_state(StateWriter& to) const {
  to.reserve((table_.bytes() + blocks_.bytes()) / 2);
  table_.save_keys(to);
  SavedTimes codec;
  for (KeyTable::Number number = 0; number < table_.size(); ++number) {
    if (number + kAhead < table_.size()) table_.state<State>(number + kAhead).times.prefetch();
    table_.state<State>(number).times.save(to, codec);
  }
  runs_.save(to);
}

void LimitRate::load_state(StateReader& from) {
  table_.load_keys(from, settings_.keys.size());
  SavedTimes codec;
  for (KeyTable::Number number = 0; number < table_.size() && from.good(); ++number) {
    auto& times = table_.state<State>(number).times;
    times.load(from, codec, [&](int64_t time) { times.push(time, blocks_); });
    if (times.size == 0 || times.size > limit_) from.fail();
  }
  load_runs(from);
}

void LimitRate::load_runs(StateReader& from) {
  runs_.load(from, table_.size(), [&](auto id) { table_.state<State>(runs_[id].key).run = id; });
  forgetting_.done(table_);
}

void LimitRate::begin_changes() {
  for (KeyTable::Number number = 0; number < table_.size(); ++number) table_.state<State>(number).times.fresh = 0;
  table_.begin_changes();
}

void LimitRate::save_state_changes(StateWriter& to) {
  const auto changed = table_.save_changed_keys(to);
  SavedTimes codec;
  for (size_t at = 0; at < changed.size(); ++at) {
    if (at + 2 * kAhead < changed.size()) table_.prefetch(changed[at + 2 * kAhead]);
    if (at + kAhead < changed.size()) table_.state<State>(changed[at + kAhead]).times.prefetch();
    table_.state<State>(changed[at]).times.save_changes(to, codec);
  }
  runs_.save(to);
}

void LimitRate::load_state_changes(StateReader& from) {
  SavedTimes codec;
  for (const auto number : table_.load_changed_keys(from, settings_.keys.size())) {
    auto& times = table_.state<State>(number).times;
    times.load_changes(from, codec, [&] { times.pop(); }, [&](int64_t time) { times.push(time, blocks_); });
    if (times.size == 0 || times.size > limit_) from.fail();
    if (!from.good()) return;
  }
  runs_.for_each([&](const Run& run) { table_.state<State>(run.key).run = 0; });
  runs_.clear();
  load_runs(from);
}

void LimitRate::forget() {
  table_.clear();
  blocks_.clear();
  runs_.clear();
  forgetting_ = {};
}

}  // namespace levada::limit_rate

LEVADA_PLUGIN("limit_rate", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::limit_rate::LimitRate>(
                  "limit_rate", "Tells, for each key, the rows that are more than so many in so long."))
