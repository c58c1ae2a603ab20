// A compiled set of patterns: which of them occur in a text, found in one pass, and what one of
// them matches there. The pass is that of a LazyDfa, about twice as fast as RE2::Set, which is left
// with the patterns that parse_expression() does not know. RE2 says whether an expression is one,
// and what it matches.
#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "declarations.h"
#include "expression.h"
#include "lazy_dfa.h"
#include "pattern_bits.h"

namespace levada::match_patterns {

class PatternSet {
 public:
  // Null, and what is wrong in `fault`, where an expression is none, or where all together need
  // more than `bytes` of memory.
  static std::unique_ptr<PatternSet> compile(Declarations declarations, Encoding encoding, int64_t bytes, Fault& fault);

  const std::vector<Declaration>& patterns() const { return declarations_.patterns; }
  const std::vector<FirstOf>& firsts() const { return declarations_.firsts; }

  // The numbers of the patterns that occur in the text, ascending; valid until the next call.
  std::span<const int> find(std::string_view text);
  // Whether a pattern does, by a search for it alone.
  bool occurs(size_t pattern, std::string_view text) const;
  // How many patterns RE2::Set searches for.
  size_t rest() const { return rest_numbers_.size(); }

  struct Match {
    std::string_view whole;
    std::string_view value;  // What the first group that takes part matches; all of it where there is no group.
  };
  // The first match of a pattern at byte `from` or behind it. Both views lie in the text.
  bool extract(size_t pattern, std::string_view text, size_t from, Match& to);
  // Calls see(match) with one match after the other, of so many at most, which do not overlap.
  // Gives how many there were.
  template <class See>
  int64_t each_match(size_t pattern, std::string_view text, int64_t most, See&& see) {
    int64_t count = 0;
    Match match;
    for (size_t from = 0; count < most && from <= text.size() && extract(pattern, text, from, match); ++count) {
      see(match);
      from = static_cast<size_t>(match.whole.data() - text.data()) + match.whole.size();
      if (match.whole.empty()) from = behind_character(text, from);
    }
    return count;
  }

 private:
  PatternSet(Declarations declarations, Encoding encoding)
      : declarations_(std::move(declarations)), encoding_(encoding) {}
  // Shares the patterns out to the two searches. False where they need more than `bytes`.
  bool make_searches(const RE2::Options& options, int64_t bytes);
  void find_rest(std::string_view text, PatternBits& found);
  size_t behind_character(std::string_view text, size_t at) const;

  const Declarations declarations_;
  const Encoding encoding_;
  std::vector<std::unique_ptr<RE2>> expressions_;
  std::optional<LazyDfa> dfa_;
  std::optional<RE2::Set> rest_;      // Of the patterns that are not in `dfa_`.
  std::vector<size_t> rest_numbers_;  // Of these, the numbers of patterns.
  std::vector<int> rest_found_;
  std::vector<int> found_;
  std::vector<re2::StringPiece> groups_;
};

}  // namespace levada::match_patterns
