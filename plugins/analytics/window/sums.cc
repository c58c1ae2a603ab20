#include "sums.h"

#include <cmath>

namespace levada::window {
namespace {

Column integers_of(std::string name, std::span<const char* const> records, size_t offset) {
  ValueBuilder<int64_t> values(static_cast<int64_t>(records.size()));
  int64_t* const to = values.extend(static_cast<int64_t>(records.size()));
  for (size_t at = 0; at < records.size(); ++at) to[at] = *reinterpret_cast<const int64_t*>(records[at] + offset);
  values.filled(static_cast<int64_t>(records.size()));
  return std::move(values).finish(std::move(name), Type::int64);
}

}  // namespace

void Count::add(std::span<const int64_t> rows, char* const* records, Shared*) {
  for (size_t at = 0; at < rows.size(); ++at) ++in<int64_t>(records[at]);
}
Column Count::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  return integers_of(std::move(name), records, offset);
}

void Count::join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) {
  for (size_t at = 0; at < from.size(); ++at) in<int64_t>(to[at]) += in<int64_t>(from[at]);
}

void Count::take_away(std::span<const char* const> what, char* const* from) {
  for (size_t at = 0; at < what.size(); ++at) in<int64_t>(from[at]) -= in<int64_t>(what[at]);
}

void CountIf::bind(const Batch& batch, const int64_t*) {
  mask_.reset(batch.rows(), 1);
  condition_->narrow(batch, mask_, remarks_);
}
void CountIf::add(std::span<const int64_t> rows, char* const* records, Shared*) {
  const uint8_t* const met = mask_.data();
  for (size_t at = 0; at < rows.size(); ++at) in<int64_t>(records[at]) += met[rows[at]];
}
Column CountIf::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  return integers_of(std::move(name), records, offset);
}

void CountIf::join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) {
  for (size_t at = 0; at < from.size(); ++at) in<int64_t>(to[at]) += in<int64_t>(from[at]);
}

void CountIf::take_away(std::span<const char* const> what, char* const* from) {
  for (size_t at = 0; at < what.size(); ++at) in<int64_t>(from[at]) -= in<int64_t>(what[at]);
}

void Sum::State::add_whole(uint64_t low, int64_t high) {
  whole.high += high + (__builtin_add_overflow(whole.low, low, &whole.low) ? 1 : 0);
}
void Sum::State::add(int64_t value) {
  ++count;
  if (is_real) {
    --count;
    return add(static_cast<double>(value));
  }
  add_whole(static_cast<uint64_t>(value), value < 0 ? -1 : 0);
}
// What is lost in rounding is added up besides.
void Sum::State::add(double value) {
  if (!is_real) make_real();
  ++count;
  const double sum = real.sum + value;
  const double of_value = sum - real.sum;
  const double lost = (real.sum - (sum - of_value)) + (value - of_value);
  real.sum = sum;
  if (std::isfinite(sum)) real.rest += lost;
}
double Sum::State::as_real() const {
  if (is_real) return std::isfinite(real.sum) ? real.sum + real.rest : real.sum;
  // Where it fits, it is rounded once.
  if (whole.high == (static_cast<int64_t>(whole.low) < 0 ? -1 : 0))
    return static_cast<double>(static_cast<int64_t>(whole.low));
  return static_cast<double>(whole.high) * 0x1p64 + static_cast<double>(whole.low);
}
void Sum::State::make_real() {
  const double before = as_real();
  is_real = 1;
  real.sum = before;
  real.rest = 0;
}

void Sum::add(std::span<const int64_t> rows, char* const* records, Shared*) {
  const auto each = [&](auto value) {
    for (size_t at = 0; at < rows.size(); ++at)
      if (numbers_.valid(rows[at])) in<State>(records[at]).add(value(rows[at]));
  };
  if (numbers_.kind() == Numbers::Kind::reals) each([&](int64_t row) { return numbers_.real(row); });
  else if (numbers_.kind() != Numbers::Kind::none) each([&](int64_t row) { return numbers_.integer(row); });
}

void Sum::State::add(const State& other) {
  if (other.count == 0) return;
  const uint64_t sum = count + other.count;
  if (!other.is_real && !is_real) {
    add_whole(other.whole.low, other.whole.high);
  } else if (other.is_real) {
    add(other.real.sum);
    real.rest += other.real.rest;
  } else {
    add(other.as_real());
  }
  count = sum & (~uint64_t{0} >> 1);
}
void Sum::join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) {
  for (size_t at = 0; at < from.size(); ++at) {
    in<State>(to[at]).add(in<State>(from[at]));
    has_reals_ |= in<State>(to[at]).is_real;
  }
}
// Of integers.
void Sum::take_away(std::span<const char* const> what, char* const* from) {
  for (size_t at = 0; at < what.size(); ++at) {
    const auto& less = in<State>(what[at]);
    auto& state = in<State>(from[at]);
    state.count -= less.count;
    const bool borrow = __builtin_sub_overflow(state.whole.low, less.whole.low, &state.whole.low);
    state.whole.high -= less.whole.high + (borrow ? 1 : 0);
  }
}

Column Sum::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  const auto rows = static_cast<int64_t>(records.size());
  bool integers = !average_ && divisor_ == 1;
  for (const char* record : records) {
    const auto& state = in<State>(record);
    const bool fits = state.whole.high == (static_cast<int64_t>(state.whole.low) < 0 ? -1 : 0);
    if (state.count > 0 && (state.is_real || !fits)) integers = false;
  }
  if (integers) {
    ValueBuilder<int64_t> values(rows);
    for (const char* record : records)
      in<State>(record).count > 0 ? values.append(static_cast<int64_t>(in<State>(record).whole.low))
                                  : values.append_null();
    return std::move(values).finish(std::move(name), Type::int64);
  }
  ValueBuilder<double> values(rows);
  for (const char* record : records) {
    const auto& state = in<State>(record);
    if (state.count == 0) {
      values.append_null();
      continue;
    }
    const double sum = state.as_real();
    values.append((average_ ? sum / static_cast<double>(state.count) : sum) / divisor_);
  }
  return std::move(values).finish(std::move(name), Type::float64);
}

}  // namespace levada::window
