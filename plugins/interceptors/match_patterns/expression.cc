#include "expression.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace levada::match_patterns {
namespace {

using Kind = Expression::Kind;

// What is nested deeper is left to RE2: each level takes some of the stack.
constexpr int kDepthMax = 100;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_word(char c) { return is_digit(c) || is_upper(c) || is_lower(c) || c == '_'; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

void add_range(Characters& to, char from, char last) {
  for (int c = from; c <= last; ++c) to.bytes.set(static_cast<size_t>(c));
}

// The character that an escape like \n stands for.
std::optional<char> escaped(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: break;
  }
  if (is_ascii(c) && !is_word(c)) return c;
  return std::nullopt;
}

// What \d, \s and \w have.
std::optional<Characters> perl_class(char letter) {
  Characters found;
  switch (letter) {
    case 'd': add_range(found, '0', '9'); return found;
    case 's':
      for (const char c : {'\t', '\n', '\f', '\r', ' '}) add_range(found, c, c);
      return found;
    case 'w':
      add_range(found, '0', '9');
      add_range(found, 'A', 'Z');
      add_range(found, 'a', 'z');
      add_range(found, '_', '_');
      return found;
    default: return std::nullopt;
  }
}

Expression node(Kind kind) {
  Expression made;
  made.kind = kind;
  return made;
}

Expression node(Characters characters) {
  Expression made = node(Kind::characters);
  made.characters = characters;
  return made;
}

// Recursive descent. Each function gives null where it meets what it does not know.
class Parser {
 public:
  Parser(std::string_view text, Encoding encoding) : rest_(text), encoding_(encoding) {}

  std::optional<Expression> whole() {
    auto found = alternatives(0);
    if (!rest_.empty()) return std::nullopt;
    return found;
  }

 private:
  struct Flags {
    bool any_case = false;    // i
    bool lines = false;       // m
    bool dot_is_all = false;  // s
  };

  bool take(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  bool at(char c) const { return !rest_.empty() && rest_[0] == c; }
  char next() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  std::optional<Expression> alternatives(int depth) {
    if (depth > kDepthMax) return std::nullopt;
    Expression all = node(Kind::alternatives);
    do {
      auto one = sequence(depth);
      if (!one) return std::nullopt;
      all.parts.push_back(*std::move(one));
    } while (take("|"));
    if (all.parts.size() == 1) return std::move(all.parts[0]);
    return all;
  }

  std::optional<Expression> sequence(int depth) {
    Expression all = node(Kind::sequence);
    while (!rest_.empty() && !at('|') && !at(')')) {
      if (rest_.starts_with("(?") && take_flags()) {
        if (at('*') || at('+') || at('?') || at('{')) return std::nullopt;
        continue;
      }
      auto one = atom(depth);
      if (one) one = repeated(*std::move(one));
      if (!one) return std::nullopt;
      all.parts.push_back(*std::move(one));
    }
    return all;
  }

  // "(?i)" and the like, which hold up to the end of the group.
  bool take_flags() {
    const auto before = std::pair(rest_, flags_);
    rest_.remove_prefix(2);
    if (read_flags() && take(")")) return true;
    std::tie(rest_, flags_) = before;
    return false;
  }

  bool read_flags() {
    bool on = true;
    for (; !rest_.empty() && !at(')') && !at(':'); rest_.remove_prefix(1)) {
      switch (rest_[0]) {
        case 'i': flags_.any_case = on; break;
        case 'm': flags_.lines = on; break;
        case 's': flags_.dot_is_all = on; break;
        case 'U': break;  // Which match is taken, not whether there is one.
        case '-': on = false; break;
        default: return false;
      }
    }
    return true;
  }

  std::optional<Expression> group(int depth) {
    const Flags outside = flags_;
    if (take("?P<") || take("?<")) {
      const auto end = rest_.find('>');
      if (end == std::string_view::npos) return std::nullopt;
      rest_.remove_prefix(end + 1);
    } else if (take("?")) {
      if (!read_flags() || !take(":")) return std::nullopt;
    }
    auto found = alternatives(depth + 1);
    flags_ = outside;
    if (!take(")")) return std::nullopt;
    return found;
  }

  std::optional<Expression> atom(int depth) {
    const char c = next();
    switch (c) {
      case '(': return group(depth);
      case '[': return bracket();
      case '\\': return escape();
      case '.': {
        Characters all = negated({});
        if (!flags_.dot_is_all) all.bytes.reset('\n');
        return node(all);
      }
      case '^': return node(flags_.lines ? Kind::begin_of_line : Kind::begin_of_text);
      case '$': return node(flags_.lines ? Kind::end_of_line : Kind::end_of_text);
      case '*':
      case '+':
      case '?':
      case '{': return std::nullopt;
      default: return literal(c);
    }
  }

  std::optional<Expression> escape() {
    if (rest_.empty()) return std::nullopt;
    const char c = next();
    switch (c) {
      case 'A': return node(Kind::begin_of_text);
      case 'z': return node(Kind::end_of_text);
      case 'b': return node(Kind::word_boundary);
      case 'B': return node(Kind::no_word_boundary);
      default: break;
    }
    if (const auto meant = escaped(c)) return literal(*meant);
    const auto found = class_escape(c);
    if (!found) return std::nullopt;
    return node(*found);
  }

  // One character, which may be of several bytes.
  std::optional<Expression> literal(char first) {
    Characters found;
    found.bytes.set(static_cast<unsigned char>(first));
    if (is_ascii(first)) return node(folded(found));
    if (flags_.any_case) return std::nullopt;
    if (encoding_ == Encoding::latin1) return node(found);
    Expression all = node(Kind::sequence);
    all.parts.push_back(node(found));
    while (!rest_.empty() && (static_cast<unsigned char>(rest_[0]) & 0xc0) == 0x80) {
      Characters byte;
      byte.bytes.set(static_cast<unsigned char>(next()));
      all.parts.push_back(node(byte));
    }
    return all;
  }

  // The set of \d, \D and the like.
  std::optional<Characters> class_escape(char letter) const {
    const bool is_negated = is_upper(letter);
    const auto found = perl_class(is_negated ? static_cast<char>(letter - 'A' + 'a') : letter);
    if (!found) return std::nullopt;
    const Characters all = folded(*found);
    if (!is_negated) return all;
    if (has_other_cases(all)) return std::nullopt;
    return negated(all);
  }

  // A set in brackets, behind the first of them.
  std::optional<Expression> bracket() {
    const bool is_negated = take("^");
    Characters all;
    for (bool is_first = true; is_first || !at(']'); is_first = false) {
      if (rest_.empty() || rest_.starts_with("[:")) return std::nullopt;
      if (rest_[0] == '\\' && rest_.size() > 1 && !escaped(rest_[1])) {
        const auto found = class_escape(rest_[1]);
        if (!found) return std::nullopt;
        rest_.remove_prefix(2);
        all.bytes |= found->bytes;
        all.others = all.others || found->others;
        continue;
      }
      const auto from = bracket_character();
      auto last = from;
      if (rest_.starts_with("-") && !rest_.starts_with("-]")) {
        rest_.remove_prefix(1);
        last = bracket_character();
      }
      if (!from || !last) return std::nullopt;
      add_range(all, *from, *last);
    }
    if (!take("]")) return std::nullopt;
    all = folded(all);
    if (!is_negated) return node(all);
    if (has_other_cases(all)) return std::nullopt;
    return node(negated(all));
  }

  std::optional<char> bracket_character() {
    if (rest_.empty() || !is_ascii(rest_[0])) return std::nullopt;
    const char c = next();
    if (c != '\\') return c;
    if (rest_.empty()) return std::nullopt;
    return escaped(next());
  }

  std::optional<Expression> repeated(Expression what) {
    const auto limits = repetition();
    if (!limits) return std::nullopt;
    const auto [least, most] = *limits;
    if (least == 1 && most == 1) return what;
    if (what.kind >= Kind::begin_of_text) return std::nullopt;
    Expression all = node(Kind::repetition);
    all.parts.push_back(std::move(what));
    all.least = least;
    all.most = most;
    return all;
  }

  // How often what stands before it comes.
  std::optional<std::pair<int, int>> repetition() {
    std::pair<int, int> limits(1, 1);
    if (take("*")) limits = {0, Expression::kUnlimited};
    else if (take("+")) limits = {1, Expression::kUnlimited};
    else if (take("?")) limits = {0, 1};
    else if (!take("{")) return limits;
    else if (!counted(limits)) return std::nullopt;
    take("?");  // As few as possible: which match is taken, not whether there is one.
    return limits;
  }

  bool counted(std::pair<int, int>& limits) {
    if (!number(limits.first)) return false;
    limits.second = limits.first;
    if (take(",")) {
      limits.second = Expression::kUnlimited;
      if (!at('}') && !number(limits.second)) return false;
    }
    return take("}");
  }

  bool number(int& to) {
    if (rest_.empty() || !is_digit(rest_[0])) return false;
    to = 0;
    while (!rest_.empty() && is_digit(rest_[0])) {
      to = to * 10 + (next() - '0');
      if (to > 1000) return false;
    }
    return true;
  }

  // With the same letters in the other case, where (?i) holds.
  Characters folded(Characters found) const {
    if (!flags_.any_case) return found;
    for (size_t upper = 'A'; upper <= 'Z'; ++upper) {
      const size_t lower = upper - 'A' + 'a';
      const bool has = found.bytes[upper] || found.bytes[lower];
      found.bytes.set(upper, has);
      found.bytes.set(lower, has);
    }
    if (encoding_ == Encoding::utf8) {
      found.kelvin_sign = found.bytes['k'];
      found.long_s = found.bytes['s'];
    }
    return found;
  }
  static bool has_other_cases(const Characters& found) { return found.kelvin_sign || found.long_s; }

  Characters negated(const Characters& found) const {
    Characters all;
    all.bytes = ~found.bytes;
    if (encoding_ == Encoding::latin1) return all;
    for (size_t byte = 0x80; byte < 0x100; ++byte) all.bytes.reset(byte);
    all.others = !found.others;
    return all;
  }

  std::string_view rest_;
  const Encoding encoding_;
  Flags flags_;
};

}  // namespace

std::optional<Expression> parse_expression(std::string_view text, Encoding encoding) {
  return Parser(text, encoding).whole();
}

}  // namespace levada::match_patterns
