// A lazy DFA: finds which of several expressions occur in a text, all at once, with one step for
// each byte. A state, the set of instructions of the Nfa that have been reached, is made when a
// text first needs it, as is each of its steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nfa.h"
#include "pattern_bits.h"

namespace levada::match_patterns {

class LazyDfa {
 public:
  // `patterns`: of each expression, the number of its pattern. Once the states take more than
  // `bytes_max` they are dropped, and made anew.
  LazyDfa(Nfa nfa, std::vector<size_t> patterns, size_t bytes_max);

  // Adds the patterns that occur in the text.
  void find(std::string_view text, PatternBits& found);

 private:
  // What stands before a place, as far as assertions go by it.
  enum class Before : uint32_t { begin, newline, word, other };
  // Of a state: what is before it, and then the instructions, ascending.
  using Key = std::vector<uint32_t>;
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  // Between two bytes, or a byte and an end of the text.
  struct Place {
    Before before;
    uint32_t column;  // Of what comes next.
  };
  // A step with what was found on the way.
  struct MatchingStep {
    uint32_t to;
    PatternBits patterns;
  };
  // In `steps_`, a step is the index at which the row of the next state begins. With kIsMatching
  // it is the number of a MatchingStep.
  static constexpr uint32_t kIsMatching = uint32_t{1} << 31;
  static constexpr uint32_t kUnknown = ~uint32_t{0};

  // A step that is not known, or that matches; gives the next state.
  uint32_t step(uint32_t state, uint32_t column, PatternBits& found);
  MatchingStep make_step(uint32_t state, uint32_t column);
  uint32_t state_of(const Key& key);
  void drop_states();
  // Adds the instructions that take a byte, of those that can be reached from one without a byte,
  // and the patterns that match. An assertion is passed where it holds; without a place it is
  // added, too.
  void follow(uint32_t instruction, const Place* place, std::vector<uint32_t>& reached, PatternBits& matched);
  bool holds(Expression::Kind assertion, const Place& place) const;
  Before kind_of(uint32_t column) const;

  const Nfa nfa_;
  const std::vector<size_t> patterns_;
  const size_t bytes_max_;
  const uint32_t end_column_;     // In a row, behind the classes of bytes: the end of the text.
  const uint32_t width_;          // Of a row.
  std::vector<uint32_t> starts_;  // Instructions at which a match may begin.
  PatternBits always_;            // Patterns that match the empty text anywhere.

  std::vector<uint32_t> steps_;  // A row for each state.
  std::vector<MatchingStep> matching_steps_;
  std::unordered_map<Key, uint32_t, KeyHash> states_;  // Where their rows begin.
  std::vector<const Key*> keys_;                       // Of each row.
  size_t bytes_ = 0;                                   // Of all four.

  // Of the step that is being made.
  std::vector<uint32_t> now_, next_, stack_;
  std::vector<uint64_t> followed_;  // Of each instruction, in which round it was last.
  uint64_t round_ = 0;
};

}  // namespace levada::match_patterns
