// The interceptor `top_k`.
#include "top_k.h"

namespace levada::top_k {
namespace {

using analytics::microseconds;

constexpr std::array<std::string_view, 5> kColumns = {"window_start", "window_end", "rank", "weight", "error"};
constexpr int64_t kCountersMax = 10'000'000;

// What a state depends on.
std::string options_of(const TopK::Settings& settings) {
  std::string text = "keys:";
  for (const auto& key : settings.keys) text += ' ' + key;
  text += "; weight: " + settings.weight;
  text += "; window: " + std::to_string(microseconds(settings.window)) + " us";
  return text + "; counters: " + std::to_string(settings.counters);
}

// Null, no number, and what is not more than 0 weigh nothing.
double weight_of(const Column* column, int64_t row) {
  if (!column || column->null(row)) return 0;
  double weight = 0;
  if (column->type() == Type::int64) weight = static_cast<double>(column->values<int64_t>()[row]);
  if (column->type() == Type::float64) weight = column->values<double>()[row];
  return weight > 0 && weight <= std::numeric_limits<double>::max() ? weight : 0;
}

}  // namespace

Result<std::unique_ptr<TopK>> TopK::create(Settings settings, Host host) {
  LEVADA_TRY(analytics::check(settings));
  LEVADA_TRY(analytics::check_keys(settings.keys));
  LEVADA_TRY(analytics::check_free(settings.keys, kColumns, "keys"));
  if (microseconds(settings.window) < 1) return wrong("window", "must be 1us or more");
  if (settings.counters < 1 || settings.counters > kCountersMax)
    return wrong("counters", "must be 1 to " + std::to_string(kCountersMax));
  if (settings.k < 1 || settings.k > settings.counters)
    return wrong("k", "must be 1 or more, and no more than `counters`");
  return std::unique_ptr<TopK>(new TopK(std::move(settings), host));
}

TopK::TopK(Settings settings, Host host)
    : EventByEvent(settings, "top_k 2", options_of(settings), host),
      settings_(std::move(settings)),
      length_(microseconds(settings_.window)),
      keys_(settings_.keys),
      counters_(static_cast<size_t>(settings_.counters)),
      keys_out_(settings_.keys) {}

void TopK::see(Batch& batch, std::span<const int64_t> times) {
  const Column* const weights = batch.find(settings_.weight);
  keys_.read(batch);
  for (size_t at = 0; at < times.size(); ++at) {
    const auto row = static_cast<int64_t>(at);
    const int64_t window = analytics::span_of(times[at], length_);
    if (window != window_) close();
    window_ = window;
    if (const double weight = settings_.weight.empty() ? 1 : weight_of(weights, row); weight > 0)
      counters_.add(keys_[row], weight);
  }
  analytics::replace_rows(batch, rows());
}

void TopK::close() {
  int64_t rank = 0;
  for (const auto& counter : counters_.greatest(static_cast<size_t>(settings_.k))) {
    keys_out_.append(counters_.key(counter));
    rows_.push_back({window_, ++rank, counter.weight, counter.error});
  }
  counters_.clear();
}

Batch TopK::rows() {
  const auto count = static_cast<int64_t>(rows_.size());
  Batch batch(count);
  if (count == 0) return batch;
  ValueBuilder<int64_t> starts(count), ends(count), ranks(count);
  ValueBuilder<double> weights(count), errors(count);
  for (const auto& row : rows_) {
    starts.append(row.window * length_);
    ends.append((row.window + 1) * length_);
    ranks.append(row.rank);
    weights.append(row.weight);
    errors.append(row.error);
  }
  batch.set(std::move(starts).finish("window_start", Type::timestamp));
  batch.set(std::move(ends).finish("window_end", Type::timestamp));
  batch.set(std::move(ranks).finish("rank", Type::int64));
  keys_out_.finish(batch);
  batch.set(std::move(weights).finish("weight", Type::float64));
  batch.set(std::move(errors).finish("error", Type::float64));
  rows_.clear();
  return batch;
}

Batch TopK::end() {
  close();
  return rows();
}

void TopK::save_state(StateWriter& to) const {
  to.value(window_);
  counters_.save(to);
}

void TopK::load_state(StateReader& from) {
  window_ = from.value<int64_t>();
  counters_.load(from, settings_.keys.size());
}

void TopK::forget() {
  window_ = 0;
  counters_.clear();
}

}  // namespace levada::top_k

LEVADA_PLUGIN("top_k", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::top_k::TopK>(
                  "top_k", "The keys with the most rows, or the greatest weights, of each window."))
