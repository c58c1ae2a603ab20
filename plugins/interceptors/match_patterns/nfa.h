// The nondeterministic automaton of several expressions over bytes, of which a LazyDfa makes its
// states.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "expression.h"

namespace levada::match_patterns {

struct Nfa {
  struct Instruction {
    enum class Kind {
      byte,       // Takes a byte that is in set `bytes`, and goes on at `next`.
      either,     // Goes on at `next` and at `other`.
      assertion,  // Goes on at `next` where `assertion` holds.
      match,      // Its expression occurs.
    };
    Kind kind = Kind::match;
    uint32_t expression = 0;  // The number of the one that this is of.
    uint32_t next = 0;
    uint32_t other = 0;
    uint32_t bytes = 0;
    Expression::Kind assertion = {};
  };

  std::vector<Instruction> instructions;
  std::vector<uint32_t> starts;         // Of each expression.
  std::vector<std::bitset<256>> sets;   // Of bytes.
  std::array<uint8_t, 256> class_of{};  // Bytes that nothing here tells apart are of one class.
  std::vector<uint8_t> class_members;   // Of each class, one byte.
};

bool is_word_byte(uint8_t byte);

class NfaBuilder {
 public:
  // Adds an expression; its number is how many were added before. False, and nothing is added,
  // where there would be more than `instructions_max` instructions of all.
  bool add(const Expression& expression, size_t instructions_max);
  size_t size() const { return nfa_.starts.size(); }
  Nfa finish() &&;

 private:
  using Kind = Nfa::Instruction::Kind;
  // Each makes the instructions of something that goes on at `next`, and gives the first of them.
  uint32_t compile(const Expression& expression, uint32_t next);
  uint32_t compile_characters(const Characters& characters, uint32_t next);
  uint32_t compile_repetition(const Expression& expression, uint32_t next);
  uint32_t emit_bytes(const std::bitset<256>& bytes, uint32_t next);
  uint32_t emit_range(size_t first, size_t last, uint32_t next);
  uint32_t emit(const Nfa::Instruction& instruction);

  Nfa nfa_;
  size_t instructions_max_ = 0;
  bool is_too_large_ = false;
};

}  // namespace levada::match_patterns
