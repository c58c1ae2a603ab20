// The syntax tree of a regular expression, as far as a set is searched by a LazyDfa: most of what
// RE2 knows.
#pragma once

#include <bitset>
#include <optional>
#include <string_view>
#include <vector>

namespace levada::match_patterns {

// UTF-8, or any bytes, each a character of its own.
enum class Encoding { utf8, latin1 };

// A set of characters: with latin1 of bytes; with utf8 of those of ASCII, and all of the others or
// none, but for the two that are ASCII letters to (?i).
struct Characters {
  std::bitset<256> bytes;
  bool others = false;
  bool kelvin_sign = false;  // U+212A, as a "k".
  bool long_s = false;       // U+017F, as an "s".
};

struct Expression {
  enum class Kind {
    characters,    // One of `characters`.
    sequence,      // `parts`, one behind the other; without any, the empty text.
    alternatives,  // One of `parts`.
    repetition,    // `parts[0]`, `least` to `most` times.
    // Assertions, which take no character.
    begin_of_text,
    end_of_text,
    begin_of_line,
    end_of_line,
    word_boundary,
    no_word_boundary,
  };
  static constexpr int kUnlimited = -1;

  Kind kind = Kind::sequence;
  Characters characters;
  std::vector<Expression> parts;
  int least = 0, most = 0;
};

// The text must be an expression that RE2 takes. Gives null where anything in it is not known here:
// Unicode and POSIX classes, characters that are not ASCII in brackets or behind (?i), \Q, \C, \x,
// assertions that are repeated, and groups nested more than a hundred deep.
std::optional<Expression> parse_expression(std::string_view text, Encoding encoding);

}  // namespace levada::match_patterns
