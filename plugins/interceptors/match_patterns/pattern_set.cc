#include "pattern_set.h"

#include <algorithm>

namespace levada::match_patterns {

std::unique_ptr<PatternSet> PatternSet::compile(Declarations declarations, Encoding encoding, int64_t bytes,
                                                Fault& fault) {
  RE2::Options options;
  options.set_log_errors(false);
  if (encoding == Encoding::latin1) options.set_encoding(RE2::Options::EncodingLatin1);
  RE2::Options of_set = options;
  of_set.set_max_mem(bytes);
  std::unique_ptr<PatternSet> made(new PatternSet(std::move(declarations), encoding, of_set));
  size_t groups = 1;
  for (const auto& pattern : made->patterns()) {
    const auto& expression = *made->expressions_.emplace_back(std::make_unique<RE2>(pattern.expression, options));
    std::string why = expression.error();
    if (!expression.ok() || made->set_.Add(pattern.expression, &why) < 0) {
      const auto at = pattern.expression.find(expression.error_arg());
      fault = {pattern.path, pattern.offset, at == std::string::npos ? 0 : at, why};
      return nullptr;
    }
    groups = std::max(groups, 1 + static_cast<size_t>(expression.NumberOfCapturingGroups()));
  }
  if (!made->set_.Compile()) {
    fault = {made->patterns()[0].path, made->patterns()[0].offset, std::nullopt,
             "all patterns together need more memory than `memory_bytes`"};
    return nullptr;
  }
  made->groups_.resize(groups);
  return made;
}

std::span<const int> PatternSet::find(std::string_view text) {
  RE2::Set::ErrorInfo error{};
  if (set_.Match({text.data(), text.size()}, &found_, &error)) {
    std::sort(found_.begin(), found_.end());
  } else if (error.kind != RE2::Set::kNoError) {
    return find_singly(text);
  }
  return found_;
}

std::span<const int> PatternSet::find_singly(std::string_view text) {
  found_.clear();
  for (size_t at = 0; at < expressions_.size(); ++at)
    if (expressions_[at]->Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0))
      found_.push_back(static_cast<int>(at));
  return found_;
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
