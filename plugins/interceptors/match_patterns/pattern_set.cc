#include "pattern_set.h"

#include <algorithm>
#include <utility>

namespace levada::match_patterns {
namespace {

// The automaton of a set has no more instructions: each may be in each of its states.
constexpr size_t kInstructionsMax = 20'000;
constexpr size_t kBytesOfInstruction = 256;

}  // namespace

std::unique_ptr<PatternSet> PatternSet::compile(Declarations declarations, Encoding encoding, int64_t bytes,
                                                Fault& fault) {
  RE2::Options options;
  options.set_log_errors(false);
  if (encoding == Encoding::latin1) options.set_encoding(RE2::Options::EncodingLatin1);
  std::unique_ptr<PatternSet> made(new PatternSet(std::move(declarations), encoding));
  size_t groups = 1;
  for (const auto& pattern : made->patterns()) {
    const auto& expression = *made->expressions_.emplace_back(std::make_unique<RE2>(pattern.expression, options));
    if (!expression.ok()) {
      const auto at = pattern.expression.find(expression.error_arg());
      fault = {pattern.path, pattern.offset, at == std::string::npos ? 0 : at, expression.error()};
      return nullptr;
    }
    groups = std::max(groups, 1 + static_cast<size_t>(expression.NumberOfCapturingGroups()));
  }
  if (!made->make_searches(options, bytes)) {
    fault = {made->patterns()[0].path, made->patterns()[0].offset, std::nullopt,
             "all patterns together need more memory than `memory_bytes`"};
    return nullptr;
  }
  made->groups_.resize(groups);
  return made;
}

bool PatternSet::make_searches(const RE2::Options& options, int64_t bytes) {
  const size_t instructions_max = std::min(kInstructionsMax, static_cast<size_t>(bytes) / kBytesOfInstruction);
  NfaBuilder builder;
  std::vector<size_t> numbers;
  for (size_t at = 0; at < patterns().size(); ++at) {
    const auto expression = parse_expression(patterns()[at].expression, encoding_);
    const bool is_known = expression && builder.add(*expression, instructions_max);
    (is_known ? numbers : rest_numbers_).push_back(at);
  }
  // Where there are two searches, each may take half.
  if (!numbers.empty() && !rest_numbers_.empty()) bytes /= 2;
  if (!numbers.empty()) dfa_.emplace(std::move(builder).finish(), std::move(numbers), static_cast<size_t>(bytes));
  if (rest_numbers_.empty()) return true;
  RE2::Options of_set = options;
  of_set.set_max_mem(bytes);
  rest_.emplace(of_set, RE2::UNANCHORED);
  for (const auto number : rest_numbers_)
    if (rest_->Add(patterns()[number].expression, nullptr) < 0) return false;
  return rest_->Compile();
}

std::span<const int> PatternSet::find(std::string_view text) {
  PatternBits found;
  if (dfa_) dfa_->find(text, found);
  if (rest_) find_rest(text, found);
  found_.clear();
  found.each([this](size_t pattern) { found_.push_back(static_cast<int>(pattern)); });
  return found_;
}

void PatternSet::find_rest(std::string_view text, PatternBits& found) {
  RE2::Set::ErrorInfo error{};
  if (rest_->Match({text.data(), text.size()}, &rest_found_, &error)) {
    for (const int each : rest_found_) found.set(rest_numbers_[static_cast<size_t>(each)]);
  } else if (error.kind != RE2::Set::kNoError) {  // Out of memory.
    for (const auto pattern : rest_numbers_)
      if (occurs(pattern, text)) found.set(pattern);
  }
}

bool PatternSet::occurs(size_t pattern, std::string_view text) const {
  return expressions_[pattern]->Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

bool PatternSet::extract(size_t pattern, std::string_view text, size_t from, Match& to) {
  const RE2& expression = *expressions_[pattern];
  const auto groups = 1 + expression.NumberOfCapturingGroups();
  if (!expression.Match({text.data(), text.size()}, from, text.size(), RE2::UNANCHORED, groups_.data(), groups))
    return false;
  to.whole = to.value = {groups_[0].data(), groups_[0].size()};
  const auto end = groups_.begin() + groups;
  const auto group = std::find_if(groups_.begin() + 1, end, [](const auto& each) { return each.data() != nullptr; });
  if (group != end) to.value = {group->data(), group->size()};
  return true;
}

size_t PatternSet::behind_character(std::string_view text, size_t at) const {
  ++at;
  if (encoding_ == Encoding::utf8)
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  return at;
}

}  // namespace levada::match_patterns
