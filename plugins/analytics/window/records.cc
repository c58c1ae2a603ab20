#include "records.h"

#include <cstring>
#include <utility>

namespace levada::window {

Records::Records(const Layout& layout, size_t header_bytes)
    : layout_(layout), header_bytes_((header_bytes + 7) / 8 * 8), record_bytes_(header_bytes_ + layout.state_bytes()) {
  for (const auto& each : layout.aggregates()) holds_memory_ |= each.aggregate->holds_memory();
  make_shared();
}

void Records::make_shared() {
  knows_changes_ = false;
  shared_.clear();
  for (const auto& each : layout_.aggregates()) shared_.push_back(each.aggregate->make_shared());
}

Records::Number Records::take() {
  Number number;
  if (!free_.empty()) {
    number = free_.back();
    free_.pop_back();
  } else {
    number = end();
    if (number >> kBlockBits == blocks_.size())
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlock * record_bytes_));
    taken_.push_back(0);
  }
  taken_[number] = 1;
  ++size_;
  std::memset(at(number), 0, record_bytes_);
  return number;
}

void Records::give_back(Number number) {
  if (holds_memory_) {
    for (const auto& each : layout_.aggregates()) {
      held_bytes_ -= each.aggregate->held_bytes(pieces(number));
      each.aggregate->release(pieces(number));
    }
  }
  taken_[number] = 0;
  free_.push_back(number);
  --size_;
}

void Records::take_note_of_growth() {
  for (const auto& each : layout_.aggregates())
    held_bytes_ += static_cast<size_t>(std::exchange(each.aggregate->growth, 0));
}

void Records::add(std::span<const int64_t> rows, char* const* pieces) {
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at) aggregates[at].aggregate->add(rows, pieces, shared_[at].get());
  take_note_of_growth();
}

void Records::join(std::span<const char* const> from, char* const* to) {
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    aggregates[at].aggregate->join(from, shared_[at].get(), to, shared_[at].get());
  take_note_of_growth();
}

void Records::take_held_from(Records& others) {
  if (!holds_memory_) return;
  size_t held = 0;
  for (Number number = 0; number < end(); ++number)
    if (taken_[number])
      for (const auto& each : layout_.aggregates()) held += each.aggregate->held_bytes(pieces(number));
  others.held_bytes_ -= held - held_bytes_;
  held_bytes_ = held;
}

std::vector<const Aggregate::Shared*> Records::shared() const {
  std::vector<const Aggregate::Shared*> all;
  for (const auto& each : shared_) all.push_back(each.get());
  return all;
}

size_t Records::shared_bytes() const {
  size_t all = 0;
  for (const auto& each : shared_)
    if (each) all += each->bytes();
  return all;
}

void Records::renew_shared() {
  if (shared_bytes() < renew_at_) return;
  std::vector<char*> all;
  all.reserve(size_);
  for (Number number = 0; number < end(); ++number)
    if (taken_[number]) all.push_back(pieces(number));
  for (size_t at = 0; at < shared_.size(); ++at)
    if (shared_[at]) shared_[at] = layout_.aggregates()[at].aggregate->renew_shared(*shared_[at], all);
  knows_changes_ = false;
  take_note_of_growth();
  renew_at_ = std::max(kSharedLeast, 2 * shared_bytes());
}

size_t Records::bytes_with(size_t more) const {
  const size_t blocks =
      more <= free_.size() ? blocks_.size() : (taken_.size() - free_.size() + more + kBlock - 1) / kBlock;
  return blocks * kBlock * (record_bytes_ + sizeof(Number) + 1) + held_bytes_ + shared_bytes();
}

void Records::save_pieces(std::span<const Number> numbers, StateWriter& to) const {
  for (size_t at = 0; at < shared_.size(); ++at) {
    const auto& aggregate = *layout_.aggregates()[at].aggregate;
    if (shared_[at]) shared_[at]->save(to);
    for (const Number number : numbers) {
      if (aggregate.holds_memory()) aggregate.save(pieces(number), to);
      else to.bytes(pieces(number) + aggregate.offset, aggregate.state_bytes());
    }
  }
}

void Records::load_pieces(std::span<const Number> numbers, StateReader& from) {
  for (size_t at = 0; at < shared_.size() && from.good(); ++at) {
    auto& aggregate = *layout_.aggregates()[at].aggregate;
    if (shared_[at]) shared_[at]->load(from);
    for (const Number number : numbers) {
      if (!from.good()) break;
      if (aggregate.holds_memory()) load_piece(aggregate, number, from);
      else if (const auto bytes = from.bytes(aggregate.state_bytes()); !bytes.empty())
        std::memcpy(pieces(number) + aggregate.offset, bytes.data(), bytes.size());
    }
    aggregate.growth = 0;
  }
}

void Records::load_piece(const Aggregate& aggregate, Number number, StateReader& from) {
  aggregate.load(pieces(number), from);
  held_bytes_ += aggregate.held_bytes(pieces(number));
}

void Records::begin_changes() {
  for (const auto& each : shared_)
    if (each) each->begin_changes();
  knows_changes_ = true;
}

void Records::save_changes(std::span<const Number> numbers, StateWriter& to) {
  for (size_t at = 0; at < shared_.size(); ++at) {
    const auto& aggregate = *layout_.aggregates()[at].aggregate;
    if (shared_[at]) shared_[at]->save_changes(to);
    for (const Number number : numbers) {
      if (aggregate.holds_memory()) aggregate.save(pieces(number), to);
      else to.numbers(pieces(number) + aggregate.offset, aggregate.state_bytes() / sizeof(uint64_t));
    }
  }
}

void Records::load_changes(std::span<const Number> numbers, StateReader& from) {
  for (size_t at = 0; at < shared_.size() && from.good(); ++at) {
    auto& aggregate = *layout_.aggregates()[at].aggregate;
    if (shared_[at]) shared_[at]->load_changes(from);
    for (const Number number : numbers) {
      if (!from.good()) break;
      if (aggregate.holds_memory()) load_piece(aggregate, number, from);
      else from.numbers(pieces(number) + aggregate.offset, aggregate.state_bytes() / sizeof(uint64_t));
    }
    aggregate.growth = 0;
  }
}

void Records::clear() {
  for (Number number = 0; number < end(); ++number)
    if (taken_[number]) give_back(number);
  blocks_.clear();
  taken_.clear();
  free_.clear();
  held_bytes_ = size_ = 0;
  renew_at_ = kSharedLeast;
  make_shared();
}

}  // namespace levada::window
