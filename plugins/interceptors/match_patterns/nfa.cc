#include "nfa.h"

#include <algorithm>
#include <map>
#include <utility>

namespace levada::match_patterns {

bool is_word_byte(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
}

uint32_t NfaBuilder::emit(const Nfa::Instruction& instruction) {
  is_too_large_ = is_too_large_ || nfa_.instructions.size() >= instructions_max_;
  if (is_too_large_) return 0;
  nfa_.instructions.push_back(instruction);
  nfa_.instructions.back().expression = static_cast<uint32_t>(nfa_.starts.size());
  return static_cast<uint32_t>(nfa_.instructions.size() - 1);
}

uint32_t NfaBuilder::emit_bytes(const std::bitset<256>& bytes, uint32_t next) {
  const auto found = std::find(nfa_.sets.begin(), nfa_.sets.end(), bytes);
  const auto number = static_cast<uint32_t>(found - nfa_.sets.begin());
  if (found == nfa_.sets.end()) nfa_.sets.push_back(bytes);
  return emit({.kind = Kind::byte, .next = next, .bytes = number});
}

uint32_t NfaBuilder::emit_range(size_t first, size_t last, uint32_t next) {
  std::bitset<256> bytes;
  for (size_t byte = first; byte <= last; ++byte) bytes.set(byte);
  return emit_bytes(bytes, next);
}

uint32_t NfaBuilder::compile_characters(const Characters& characters, uint32_t next) {
  uint32_t first = emit_bytes(characters.bytes, next);
  const auto or_else = [&](uint32_t other) { first = emit({.kind = Kind::either, .next = first, .other = other}); };
  if (characters.others) {
    // What RE2 takes for UTF-8: behind the first byte as many others as that announces.
    const auto last = emit_range(0x80, 0xbf, next);
    const auto last_two = emit_range(0x80, 0xbf, last);
    const auto last_three = emit_range(0x80, 0xbf, last_two);
    or_else(emit_range(0xc2, 0xdf, last));
    or_else(emit_range(0xe0, 0xef, last_two));
    or_else(emit_range(0xf0, 0xf4, last_three));
    return first;
  }
  if (characters.kelvin_sign) or_else(emit_range(0xe2, 0xe2, emit_range(0x84, 0x84, emit_range(0xaa, 0xaa, next))));
  if (characters.long_s) or_else(emit_range(0xc5, 0xc5, emit_range(0xbf, 0xbf, next)));
  return first;
}

uint32_t NfaBuilder::compile_repetition(const Expression& expression, uint32_t next) {
  const auto& repeated = expression.parts[0];
  uint32_t first = next;
  if (expression.most == Expression::kUnlimited) {
    first = emit({.kind = Kind::either, .other = next});
    const auto once = compile(repeated, first);
    if (is_too_large_) return 0;
    nfa_.instructions[first].next = once;
  } else {
    for (int times = expression.least; times < expression.most && !is_too_large_; ++times)
      first = emit({.kind = Kind::either, .next = compile(repeated, first), .other = next});
  }
  for (int times = 0; times < expression.least && !is_too_large_; ++times) first = compile(repeated, first);
  return first;
}

uint32_t NfaBuilder::compile(const Expression& expression, uint32_t next) {
  if (is_too_large_) return 0;
  switch (expression.kind) {
    case Expression::Kind::characters: return compile_characters(expression.characters, next);
    case Expression::Kind::repetition: return compile_repetition(expression, next);
    case Expression::Kind::sequence:
      for (auto part = expression.parts.rbegin(); part != expression.parts.rend(); ++part) next = compile(*part, next);
      return next;
    case Expression::Kind::alternatives: {
      uint32_t first = compile(expression.parts[0], next);
      for (size_t at = 1; at < expression.parts.size(); ++at)
        first = emit({.kind = Kind::either, .next = first, .other = compile(expression.parts[at], next)});
      return first;
    }
    default: return emit({.kind = Kind::assertion, .next = next, .assertion = expression.kind});
  }
}

bool NfaBuilder::add(const Expression& expression, size_t instructions_max) {
  instructions_max_ = instructions_max;
  const auto before = nfa_.instructions.size();
  const auto sets_before = nfa_.sets.size();
  const auto start = compile(expression, emit({.kind = Kind::match}));
  if (std::exchange(is_too_large_, false)) {
    nfa_.instructions.resize(before);
    nfa_.sets.resize(sets_before);
    return false;
  }
  nfa_.starts.push_back(start);
  return true;
}

Nfa NfaBuilder::finish() && {
  std::map<std::vector<bool>, uint8_t> classes;
  for (size_t byte = 0; byte < 256; ++byte) {
    // What assertions tell apart, and then the sets.
    std::vector<bool> traits = {is_word_byte(static_cast<uint8_t>(byte)), byte == '\n'};
    for (const auto& set : nfa_.sets) traits.push_back(set[byte]);
    const auto [found, is_new] = classes.emplace(std::move(traits), static_cast<uint8_t>(classes.size()));
    nfa_.class_of[byte] = found->second;
    if (is_new) nfa_.class_members.push_back(static_cast<uint8_t>(byte));
  }
  return std::move(nfa_);
}

}  // namespace levada::match_patterns
