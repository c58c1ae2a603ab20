#include "distinct.h"

#include <bit>

namespace levada::window {

size_t Distinct::NumberSet::add(uint32_t number) {
  size_t grown = 0;
  if ((size + 1) * 2 > places.size()) {
    std::vector<uint32_t> before(std::max<size_t>(8, places.size() * 2), 0);
    before.swap(places);
    grown = (places.size() - before.size()) * sizeof(uint32_t);
    size = 0;
    for (const auto each : before)
      if (each != 0) add(each);
  }
  const size_t mask = places.size() - 1;
  size_t at = (number * 0x9e3779b1u >> 8) & mask;
  for (; places[at] != 0; at = (at + 1) & mask)
    if (places[at] == number) return grown;
  places[at] = number;
  ++size;
  return grown;
}

size_t Distinct::State::add(uint32_t number) {
  if (number < 64) {
    first |= uint64_t{1} << number;
    return 0;
  }
  if (others) return others->add(number);
  others = new NumberSet;
  return sizeof *others + others->add(number);
}
uint64_t Distinct::State::size() const {
  return static_cast<uint64_t>(std::popcount(first)) + (others ? others->size : 0);
}

template <class Each>
void Distinct::State::for_each(Each each) const {
  for (uint64_t left = first; left != 0; left &= left - 1) each(static_cast<uint32_t>(std::countr_zero(left)));
  if (!others) return;
  for (const auto number : others->places)
    if (number != 0) each(number);
}

void Distinct::add(std::span<const int64_t> rows, char* const* records, Shared* shared) {
  if (!column_ || column_->type() == Type::opaque) return;
  auto& table = static_cast<Values*>(shared)->table;
  if (column_->has_nulls()) {
    rows_.clear();
    records_.clear();
    for (size_t at = 0; at < rows.size(); ++at) {
      if (column_->null(rows[at])) continue;
      rows_.push_back(rows[at]);
      records_.push_back(records[at]);
    }
    rows = rows_;
    records = records_.data();
  }
  numbers_.resize(rows.size());
  table.find_or_add(keys_, rows, numbers_.data());
  size_t grown = 0;
  for (size_t at = 0; at < rows.size(); ++at) grown += in<State>(records[at]).add(numbers_[at]);
  growth += static_cast<int64_t>(grown);
}

void Distinct::join(std::span<const char* const> from, const Shared* from_shared, char* const* to, Shared* to_shared) {
  const auto& theirs = static_cast<const Values*>(from_shared)->table;
  auto& mine = static_cast<Values*>(to_shared)->table;
  numbers_.resize(theirs.size());
  mine.find_or_add(theirs, numbers_.data());
  size_t grown = 0;
  for (size_t at = 0; at < from.size(); ++at)
    in<State>(from[at]).for_each([&](uint32_t number) { grown += in<State>(to[at]).add(numbers_[number]); });
  growth += static_cast<int64_t>(grown);
}

std::unique_ptr<Aggregate::Shared> Distinct::renew_shared(const Shared& shared, std::span<char* const> records) {
  const auto& before = static_cast<const Values&>(shared).table;
  numbers_.assign(before.size(), KeyTable::kNone);
  for (const char* record : records) in<State>(record).for_each([&](uint32_t number) { numbers_[number] = 0; });
  auto made = std::make_unique<Values>();
  for (KeyTable::Number number = 0; number < before.size(); ++number)
    if (numbers_[number] == 0) numbers_[number] = made->table.find_or_add(before.key(number));
  for (char* record : records) {
    const auto held = static_cast<int64_t>(held_bytes(record));
    State renewed{};
    in<State>(record).for_each([&](uint32_t number) { (void)renewed.add(numbers_[number]); });
    release(record);
    in<State>(record) = renewed;
    growth += static_cast<int64_t>(held_bytes(record)) - held;
  }
  return made;
}

Column Distinct::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  ValueBuilder<int64_t> values(static_cast<int64_t>(records.size()));
  for (const char* record : records) values.append(static_cast<int64_t>(in<State>(record).size()));
  return std::move(values).finish(std::move(name), Type::int64);
}

size_t Distinct::held_bytes(const char* record) const {
  const auto* others = in<State>(record).others;
  return others ? sizeof *others + others->places.capacity() * sizeof(uint32_t) : 0;
}
void Distinct::release(char* record) const { delete std::exchange(in<State>(record).others, nullptr); }

void Distinct::save(const char* record, StateWriter& to) const {
  const auto& state = in<State>(record);
  to.value(state.size());
  state.for_each([&](uint32_t number) { to.value(number); });
}
void Distinct::load(char* record, StateReader& from) const {
  const auto count = from.value<uint64_t>();
  for (uint64_t at = 0; at < count && from.good(); ++at) (void)in<State>(record).add(from.value<uint32_t>());
}

}  // namespace levada::window
