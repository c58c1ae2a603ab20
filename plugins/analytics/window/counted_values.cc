#include "counted_values.h"

namespace levada::window {
namespace {

// Values that are gone are looked for when they are so many at least, and half of all.
constexpr size_t kGoneLeast = 1024;

}  // namespace

void CountedValues::take(std::span<const Step> steps) {
  for (const Step& step : steps) {
    if (step.row == kLeaves) {
      leave(step.slot, step.place);
    } else {
      come(step.slot, step.place, keys_[step.row]);
      add_result(step.slot);
    }
  }
  if (pairs_.size() - live_ >= std::max(kGoneLeast, live_)) forget_values();
}

void CountedValues::come(Slot slot, Place place, Key value) {
  if (place >= at_.size()) at_.resize(place + 1, KeyTable::kNone);
  at_[place] = KeyTable::kNone;
  if (value.kind == Key::kNull) return;
  bytes_.assign(reinterpret_cast<const char*>(&slot), sizeof slot);
  bytes_ += value.bytes;
  const Number number = pairs_.find_or_add(Key{value.kind, bytes_});
  at_[place] = number;
  auto& count = pairs_.state<Pair>(number).count;
  live_ += count == 0;
  ++count;
  counted(slot, number, count - 1, count);
}

void CountedValues::leave(Slot slot, Place place) {
  const Number number = std::exchange(at_[place], KeyTable::kNone);
  if (number == KeyTable::kNone) return;
  auto& count = pairs_.state<Pair>(number).count;
  --count;
  live_ -= count == 0;
  counted(slot, number, count + 1, count);
}

void CountedValues::forget_values() {
  std::vector<Number> numbers(pairs_.size(), KeyTable::kNone);
  pairs_.retain([&](Number number) { return count(number) > 0; }, [&](Number from, Number to) { numbers[from] = to; });
  for (auto& number : at_)
    if (number != KeyTable::kNone) number = numbers[number];
  renumber(numbers);
}

size_t CountedValues::bytes_with(size_t rows) const {
  constexpr size_t kValueBytes = 64;  // What values take that have no room in their records, about.
  return pairs_.bytes_with(rows, kValueBytes * rows) + (at_.capacity() + rows) * sizeof(Number) + own_bytes();
}

void CountedValues::save(std::span<const Step> rows, StateWriter& to) const {
  KeyTable values(0);
  std::vector<Number> numbers;  // 0: a null.
  numbers.reserve(rows.size());
  for (const Step& row : rows)
    numbers.push_back(at_[row.place] == KeyTable::kNone ? 0 : values.find_or_add(value(at_[row.place])) + 1);
  values.save_keys(to);
  for (const Number number : numbers) to.number(number);
}

void CountedValues::load(std::span<const Step> rows, StateReader& from) {
  KeyTable values(0);
  values.load_keys(from, 1);
  for (const Step& row : rows) {
    const auto number = from.number();
    if (number > values.size()) from.fail();
    if (!from.good()) return;
    come(row.slot, row.place, number == 0 ? Key() : values.key(static_cast<Number>(number - 1)));
  }
}

void CountedValues::clear() {
  pairs_ = KeyTable(sizeof(Pair));
  live_ = 0;
  at_.clear();
  clear_own();
}

}  // namespace levada::window
