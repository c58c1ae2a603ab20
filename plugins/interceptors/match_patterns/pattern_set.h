// A compiled set of patterns: which of them occur in a text, found in one pass, and what one of
// them matches there.
#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "declarations.h"

namespace levada::match_patterns {

// UTF-8, or any bytes, each a character of its own.
enum class Encoding { utf8, latin1 };

class PatternSet {
 public:
  // Null, and what is wrong in `fault`, where an expression is none, or where all together need
  // more than `bytes` of memory.
  static std::unique_ptr<PatternSet> compile(Declarations declarations, Encoding encoding, int64_t bytes, Fault& fault);

  const std::vector<Declaration>& patterns() const { return declarations_.patterns; }
  const std::vector<FirstOf>& firsts() const { return declarations_.firsts; }

  // The numbers of the patterns that occur in the text, ascending; valid until the next call.
  std::span<const int> find(std::string_view text);
  // The same by one search for each pattern: for when the one pass runs out of memory.
  std::span<const int> find_singly(std::string_view text);

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
  PatternSet(Declarations declarations, Encoding encoding, const RE2::Options& options)
      : declarations_(std::move(declarations)), encoding_(encoding), set_(options, RE2::UNANCHORED) {}
  size_t behind_character(std::string_view text, size_t at) const;

  const Declarations declarations_;
  const Encoding encoding_;
  RE2::Set set_;
  std::vector<std::unique_ptr<RE2>> expressions_;
  std::vector<int> found_;
  std::vector<re2::StringPiece> groups_;
};

}  // namespace levada::match_patterns
