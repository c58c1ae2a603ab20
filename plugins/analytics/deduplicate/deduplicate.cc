// The interceptor `deduplicate`.
#include "deduplicate.h"

namespace levada::deduplicate {
namespace {

using analytics::microseconds;

constexpr int64_t kKeysMax = int64_t{1} << 32;

// What a state depends on.
std::string options_of(const Deduplicate::Settings& settings) {
  std::string text = "keys:";
  for (const auto& key : settings.keys) text += ' ' + key;
  text += "; ttl: " + std::to_string(microseconds(settings.ttl)) + " us";
  if (settings.method == Method::exact) return text + "; exact";
  return text + "; bloom, expected_keys: " + std::to_string(settings.expected_keys) +
         ", error: " + std::to_string(settings.error);
}

}  // namespace

Result<std::unique_ptr<Deduplicate>> Deduplicate::create(Settings settings, Host host) {
  LEVADA_TRY(analytics::check(settings));
  LEVADA_TRY(analytics::check_keys(settings.keys));
  if (microseconds(settings.ttl) < 1) return wrong("ttl", "must be 1us or more");
  if (settings.expected_keys < 1 || settings.expected_keys > kKeysMax)
    return wrong("expected_keys", "must be 1 to " + std::to_string(kKeysMax));
  if (!(settings.error >= 1e-6 && settings.error <= 0.5)) return wrong("error", "must be 0.000001 to 0.5");
  return std::unique_ptr<Deduplicate>(new Deduplicate(std::move(settings), host));
}

Deduplicate::Deduplicate(Settings settings, Host host)
    : EventByEvent(settings, "deduplicate 2", options_of(settings), host),
      settings_(std::move(settings)),
      ttl_(microseconds(settings_.ttl)),
      duplicates_(host.counter("rows_duplicate")),
      overfull_(host.counter("rows_over_expected_keys")),
      numbers_(settings_.keys),
      seed_(host.random()),
      keys_(settings_.keys) {
  if (settings_.method == Method::bloom) filters_.emplace(ttl_, settings_.expected_keys, settings_.error);
}

void Deduplicate::see(Batch& batch, std::span<const int64_t> times) {
  kept_.clear();
  if (filters_) see_by_filters(batch, times);
  else see_exactly(batch, times);
  if (kept_.size() == times.size()) return;
  duplicates_.add(static_cast<int64_t>(times.size() - kept_.size()));
  batch.take(kept_);
}

void Deduplicate::see_exactly(const Batch& batch, std::span<const int64_t> times) {
  numbers_.read(batch, table_);
  for (size_t row = 0; row < times.size(); ++row) {
    auto& state = table_.state<State>(numbers_[row]);
    if (state.is_known && times[row] - state.time < ttl_) continue;
    state = {times[row], true};
    table_.changed(numbers_[row]);
    kept_.push_back(static_cast<int64_t>(row));
  }
  if (times.empty() || !forgetting_.is_due(table_)) return;
  table_.retain([&](auto number) { return times.back() - table_.state<State>(number).time < ttl_; });
  forgetting_.done(table_);
}

void Deduplicate::see_by_filters(const Batch& batch, std::span<const int64_t> times) {
  constexpr size_t kAhead = 16;
  keys_.read(batch);
  hashes_.clear();
  for (size_t row = 0; row < times.size(); ++row) {
    const Key key = keys_[static_cast<int64_t>(row)];
    hashes_.push_back(levada::detail::hash_of(key.bytes, seed_ ^ static_cast<uint8_t>(key.kind)));
  }
  for (size_t row = 0; row < times.size(); ++row) {
    if (row + kAhead < times.size()) filters_->prefetch(hashes_[row + kAhead]);
    filters_->pass(times[row]);
    if (filters_->knows_or_adds(hashes_[row])) continue;
    if (filters_->is_overfull()) overfull_.add();
    kept_.push_back(static_cast<int64_t>(row));
  }
}

void Deduplicate::save_state(StateWriter& to) const {
  if (filters_) {
    to.value(seed_);
    return filters_->save(to);
  }
  table_.save_keys(to);
  for (KeyTable::Number number = 0; number < table_.size(); ++number) to.value(table_.state<State>(number).time);
}

void Deduplicate::load_state(StateReader& from) {
  if (filters_) {
    seed_ = from.value<uint64_t>();
    return filters_->load(from);
  }
  table_.load_keys(from, settings_.keys.size());
  for (KeyTable::Number number = 0; number < table_.size(); ++number)
    table_.state<State>(number) = {from.value<int64_t>(), true};
  forgetting_.done(table_);
}

void Deduplicate::begin_changes() {
  if (filters_) filters_->begin_changes();
  else table_.begin_changes(KeyTable::Counts::told);
}

void Deduplicate::save_state_changes(StateWriter& to) {
  if (filters_) return filters_->save_changes(to);
  for (const auto number : table_.save_changed_keys(to)) to.value(table_.state<State>(number).time);
}

void Deduplicate::load_state_changes(StateReader& from) {
  if (filters_) return filters_->load_changes(from);
  for (const auto number : table_.load_changed_keys(from, settings_.keys.size()))
    table_.state<State>(number) = {from.value<int64_t>(), true};
  forgetting_.done(table_);
}

void Deduplicate::forget() {
  if (filters_) filters_->forget();
  table_.clear();
  forgetting_ = {};
}

}  // namespace levada::deduplicate

LEVADA_PLUGIN("deduplicate", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::deduplicate::Deduplicate>(
                  "deduplicate", "Drops rows whose key came before, within a time to live."))
