// The values that came most often in a moving window. Of each key the best are kept in their order,
// more than are asked for; only where too many of them have fallen behind are all looked through.
#include <algorithm>
#include <optional>

#include "counted_values.h"
#include "key_order.h"
#include "top_text.h"

namespace levada::window {
namespace {

class MovingTop final : public CountedValues {
 public:
  MovingTop(std::string column, size_t values) : CountedValues(std::move(column)), values_(values) {}
  void skip(size_t rows) override {
    for (size_t row = 0; row < rows; ++row) results_->append_null();
  }
  Column finish(std::string name) override {
    return (*std::exchange(results_, std::nullopt)).finish(std::move(name), Type::text);
  }

 private:
  struct Ranking {
    std::vector<Number> all;
    std::vector<Number> best;  // All others are behind the last of them.
    bool is_stale = false;     // They are less than are asked for.
  };
  size_t kept() const { return 2 * values_ + 64; }

  bool is_better(Number a, Number b) const {
    return count(a) != count(b) ? count(a) > count(b) : compare_keys(value(a), value(b)) < 0;
  }
  void counted(Slot slot, Number number, int64_t before, int64_t now) override {
    if (slot >= rankings_.size()) rankings_.resize(slot + 1);
    auto& ranking = rankings_[slot];
    bytes_ -= bytes_of(ranking);
    if (before == 0) enter(ranking, number);
    if (!ranking.is_stale) now > before ? rise(ranking, number) : fall(ranking, number);
    if (now == 0) leave(ranking, number);
    bytes_ += bytes_of(ranking);
  }
  // The place of a value among all of its key is kept by its number.
  void enter(Ranking& ranking, Number number) {
    if (number >= places_.size()) places_.resize(number + 1);
    places_[number] = static_cast<uint32_t>(ranking.all.size());
    ranking.all.push_back(number);
  }
  void leave(Ranking& ranking, Number number) {
    const Number last = ranking.all.back();
    ranking.all[places_[number]] = last;
    places_[last] = places_[number];
    ranking.all.pop_back();
    if (ranking.all.empty() && ranking.all.capacity() > 16) ranking = {};
  }
  void rise(Ranking& ranking, Number number) const {
    auto& best = ranking.best;
    auto at = std::find(best.begin(), best.end(), number);
    if (at == best.end()) {
      const bool has_others = ranking.all.size() > best.size() + 1;
      if (has_others && !is_better(number, best.back())) return;
      best.push_back(number);
      at = best.end() - 1;
    }
    for (; at != best.begin() && is_better(*at, at[-1]); --at) std::swap(*at, at[-1]);
    if (best.size() > kept()) best.pop_back();
  }
  // Of the last of them it is not known whether one of the others is better now.
  void fall(Ranking& ranking, Number number) const {
    auto& best = ranking.best;
    auto at = std::find(best.begin(), best.end(), number);
    if (at == best.end()) return;
    for (; at + 1 != best.end() && is_better(at[1], *at); ++at) std::swap(*at, at[1]);
    const bool is_gone = count(number) == 0;
    if (at + 1 == best.end() && (is_gone || ranking.all.size() > best.size())) best.pop_back();
    ranking.is_stale = best.size() < std::min(values_, ranking.all.size() - is_gone);
  }
  void rank(Ranking& ranking) {
    bytes_ -= bytes_of(ranking);
    order_ = ranking.all;
    const auto end = order_.begin() + static_cast<std::ptrdiff_t>(std::min(kept(), order_.size()));
    std::partial_sort(order_.begin(), end, order_.end(), [&](auto a, auto b) { return is_better(a, b); });
    ranking.best.assign(order_.begin(), end);
    ranking.is_stale = false;
    bytes_ += bytes_of(ranking);
  }
  void begin_results(int64_t rows) override { results_.emplace(rows); }
  void add_result(Slot slot) override {
    text_.begin();
    if (slot < rankings_.size()) {
      auto& ranking = rankings_[slot];
      if (ranking.is_stale) rank(ranking);
      for (const Number number : std::span(ranking.best).first(std::min(values_, ranking.best.size())))
        text_.add(value(number), count(number));
    }
    results_->append(text_.end());
  }
  void renumber(const std::vector<Number>& numbers) override {
    std::vector<uint32_t> places;
    for (auto& ranking : rankings_) {
      for (auto& number : ranking.all) {
        number = numbers[number];
        if (number >= places.size()) places.resize(number + 1);
        places[number] = static_cast<uint32_t>(&number - ranking.all.data());
      }
      if (ranking.is_stale) ranking.best.clear();
      for (auto& number : ranking.best) number = numbers[number];
    }
    places_ = std::move(places);
  }
  static size_t bytes_of(const Ranking& ranking) {
    return (ranking.all.capacity() + ranking.best.capacity()) * sizeof(Number);
  }
  size_t own_bytes() const override {
    return bytes_ + rankings_.capacity() * sizeof(Ranking) + places_.capacity() * sizeof(uint32_t);
  }
  void clear_own() override {
    rankings_.clear();
    places_.clear();
    bytes_ = 0;
  }

  const size_t values_;
  std::vector<Ranking> rankings_;  // Of each slot.
  std::vector<uint32_t> places_;
  size_t bytes_ = 0;
  std::vector<Number> order_;
  TopText text_;
  std::optional<TextBuilder> results_;  // Of the batch.
};

}  // namespace

std::unique_ptr<MovingValues> make_moving_top(const std::string& column, size_t values) {
  return std::make_unique<MovingTop>(column, values);
}

}  // namespace levada::window
