#include "lazy_dfa.h"

#include <algorithm>
#include <utility>

namespace levada::match_patterns {
namespace {

using Kind = Nfa::Instruction::Kind;

// Steps are numbered with 31 bits.
constexpr size_t kBytesMax = size_t{1} << 30;
constexpr uint32_t kBegin = 0;  // The state in which each text begins.

}  // namespace

size_t LazyDfa::KeyHash::operator()(const Key& key) const {
  uint64_t hash = key.size();
  for (const uint32_t each : key) {
    hash = (hash ^ each) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  return hash;
}

LazyDfa::LazyDfa(Nfa nfa, std::vector<size_t> patterns, size_t bytes_max)
    : nfa_(std::move(nfa)),
      patterns_(std::move(patterns)),
      bytes_max_(std::min(bytes_max, kBytesMax)),
      end_column_(static_cast<uint32_t>(nfa_.class_members.size())),
      width_(end_column_ + 1),
      followed_(nfa_.instructions.size(), 0) {
  ++round_;
  for (const auto start : nfa_.starts) follow(start, nullptr, starts_, always_);
  std::erase_if(starts_, [&](auto at) { return always_[patterns_[nfa_.instructions[at].expression]]; });
  drop_states();
}

void LazyDfa::find(std::string_view text, PatternBits& found) {
  found |= always_;
  uint32_t state = kBegin;
  const uint32_t* steps = steps_.data();
  for (const char c : text) {
    const uint32_t column = nfa_.class_of[static_cast<unsigned char>(c)];
    const uint32_t next = steps[state + column];
    if ((next & kIsMatching) == 0) {
      state = next;
    } else {
      state = step(state, column, found);
      steps = steps_.data();
    }
  }
  if (steps[state + end_column_] != kBegin) step(state, end_column_, found);
}

uint32_t LazyDfa::step(uint32_t state, uint32_t column, PatternBits& found) {
  const uint32_t known = steps_[state + column];
  const auto taken = known == kUnknown ? make_step(state, column) : matching_steps_[known & ~kIsMatching];
  found |= taken.patterns;
  return taken.to;
}

LazyDfa::MatchingStep LazyDfa::make_step(uint32_t state, uint32_t column) {
  const Key& key = *keys_[state / width_];
  const Place place{static_cast<Before>(key[0]), column};
  MatchingStep made{kBegin, {}};
  now_.clear();
  ++round_;
  for (size_t at = 1; at < key.size(); ++at) follow(key[at], &place, now_, made.patterns);
  for (const auto start : starts_) follow(start, &place, now_, made.patterns);
  if (column != end_column_) {
    next_.clear();
    ++round_;
    for (const auto at : now_) {
      const auto& instruction = nfa_.instructions[at];
      if (nfa_.sets[instruction.bytes][nfa_.class_members[column]])
        follow(instruction.next, nullptr, next_, made.patterns);
    }
    // What has matched may be forgotten: it need not match a second time.
    std::erase_if(next_, [&](auto at) { return made.patterns[patterns_[nfa_.instructions[at].expression]]; });
    std::sort(next_.begin(), next_.end());
    next_.insert(next_.begin(), static_cast<uint32_t>(kind_of(column)));
    if (bytes_ > bytes_max_) {
      drop_states();
      made.to = state_of(next_);
      return made;
    }
    made.to = state_of(next_);
  }
  uint32_t& step = steps_[state + column];
  if (made.patterns.none()) {
    step = made.to;
  } else {
    step = kIsMatching | static_cast<uint32_t>(matching_steps_.size());
    matching_steps_.push_back(made);
    bytes_ += 2 * sizeof(made);
  }
  return made;
}

uint32_t LazyDfa::state_of(const Key& key) {
  const auto [found, is_new] = states_.try_emplace(key, static_cast<uint32_t>(steps_.size()));
  if (is_new) {
    keys_.push_back(&found->first);
    steps_.resize(steps_.size() + width_, kUnknown);
    // Vectors may hold twice of what is in them, and a node of the map has two pointers.
    bytes_ += 2 * (width_ * sizeof(uint32_t) + sizeof(Key*)) + key.size() * sizeof(uint32_t) + sizeof(*found) +
              2 * sizeof(void*);
  }
  return found->second;
}

void LazyDfa::drop_states() {
  steps_.clear();
  matching_steps_.clear();
  keys_.clear();
  states_.clear();
  bytes_ = 0;
  state_of({static_cast<uint32_t>(Before::begin)});  // kBegin.
}

void LazyDfa::follow(uint32_t instruction, const Place* place, std::vector<uint32_t>& reached, PatternBits& matched) {
  stack_.assign(1, instruction);
  while (!stack_.empty()) {
    const auto at = stack_.back();
    stack_.pop_back();
    if (std::exchange(followed_[at], round_) == round_) continue;
    const auto& each = nfa_.instructions[at];
    switch (each.kind) {
      case Kind::byte: reached.push_back(at); break;
      case Kind::match: matched.set(patterns_[each.expression]); break;
      case Kind::either:
        stack_.push_back(each.next);
        stack_.push_back(each.other);
        break;
      case Kind::assertion:
        if (!place) reached.push_back(at);
        else if (holds(each.assertion, *place)) stack_.push_back(each.next);
        break;
    }
  }
}

bool LazyDfa::holds(Expression::Kind assertion, const Place& place) const {
  const bool is_end = place.column == end_column_;
  const auto behind = is_end ? Before::other : kind_of(place.column);
  const bool is_boundary = (place.before == Before::word) != (behind == Before::word);
  switch (assertion) {
    case Expression::Kind::begin_of_text: return place.before == Before::begin;
    case Expression::Kind::begin_of_line: return place.before == Before::begin || place.before == Before::newline;
    case Expression::Kind::end_of_text: return is_end;
    case Expression::Kind::end_of_line: return is_end || behind == Before::newline;
    case Expression::Kind::word_boundary: return is_boundary;
    case Expression::Kind::no_word_boundary: return !is_boundary;
    default: return false;
  }
}

LazyDfa::Before LazyDfa::kind_of(uint32_t column) const {
  const auto byte = nfa_.class_members[column];
  if (byte == '\n') return Before::newline;
  return is_word_byte(byte) ? Before::word : Before::other;
}

}  // namespace levada::match_patterns
