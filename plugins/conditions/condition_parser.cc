// A parser by recursive descent: each function reads what it is named
// after, or sets the error once.
#include "condition_parser.h"

#include <charconv>
#include <optional>

#include "comparisons.h"

namespace levada::conditions {
namespace {

enum class Kind { end, name, text, number, symbol };

struct Token {
  Kind kind = Kind::end;
  size_t at = 0;     // From 0.
  std::string text;  // Without its quotes.
  Number number = {};
};

struct Failure {
  std::string message;
};

// Throws Failure; parse_condition catches it.
[[noreturn]] void fail(size_t at, const std::string& why) {
  throw Failure{"at character " + std::to_string(at + 1) + ": " + why};
}

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    Token token;
    token.at = at_;
    if (at_ == text_.size()) return token;
    const char first = text_[at_];
    if (first == '\'' || first == '"' || first == '`') read_quoted(first, token);
    else if (starts_name(first)) read_name(token);
    else if (is_digit(first) || first == '-') read_number(token);
    else read_symbol(token);
    return token;
  }

 private:
  void read_quoted(char quote, Token& token) {
    token.kind = quote == '`' ? Kind::name : Kind::text;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        token.text += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        token.text += text_[++at_];
      } else {
        ++at_;
        return;
      }
    }
    fail(token.at, std::string("this ") + quote + " is never closed");
  }
  void read_name(Token& token) {
    token.kind = Kind::name;
    while (at_ < text_.size() && (starts_name(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.'))
      token.text += text_[at_++];
  }
  void read_number(Token& token) {
    token.kind = Kind::number;
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    int64_t integer;
    double number;
    const auto as_integer = std::from_chars(begin, end, integer);
    const auto as_number = std::from_chars(begin, end, number);
    // Not the words that from_chars takes too: -inf, -nan.
    const char* digit = *begin == '-' ? begin + 1 : begin;
    if (as_number.ec != std::errc() || digit == end || !is_digit(*digit)) fail(at_, "expected a number");
    if (as_integer.ec == std::errc() && as_integer.ptr == as_number.ptr) token.number = integer;
    else token.number = number;
    token.text = std::string(begin, as_number.ptr);
    at_ += token.text.size();
    if (at_ < text_.size() && starts_name(text_[at_]))
      fail(token.at, "expected a number; a column of such a name is written `4xx`");
  }
  void read_symbol(Token& token) {
    token.kind = Kind::symbol;
    for (const std::string_view symbol : {"==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","}) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      token.text = std::string(symbol);
      at_ += symbol.size();
      return;
    }
    if (text_[at_] == '=') fail(at_, "expected a comparison: equality is written ==");
    if (text_.substr(at_).starts_with("&&")) fail(at_, "expected and: it is written as a word");
    if (text_.substr(at_).starts_with("||")) fail(at_, "expected or: it is written as a word");
    if (text_[at_] == '!') fail(at_, "expected a condition: the opposite of one is written with the word not");
    fail(at_, std::string("unexpected ") + text_[at_]);
  }

  std::string_view text_;
  size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text), text_(text) { token_ = lexer_.next(); }

  ConditionPtr parse() {
    auto condition = either();
    if (token_.kind != Kind::end) fail(token_.at, "expected and, or, or the end, got " + shown());
    return condition;
  }

 private:
  ConditionPtr either() {
    std::vector<ConditionPtr> parts;
    do parts.push_back(both());
    while (take_word("or"));
    return any_of(std::move(parts));
  }
  ConditionPtr both() {
    std::vector<ConditionPtr> parts;
    do parts.push_back(single());
    while (take_word("and"));
    return all_of(std::move(parts));
  }
  ConditionPtr single() {
    if (take_word("not")) {
      deeper();
      auto opposite = none_of(single());
      --depth_;
      return opposite;
    }
    if (take_symbol("(")) {
      deeper();
      auto inner = either();
      --depth_;
      expect_symbol(")");
      return inner;
    }
    if (token_.kind != Kind::name || is_keyword()) fail(token_.at, "expected a column, got " + shown());
    const auto name = take();
    if (token_.kind == Kind::symbol && token_.text == "(" && text_[name.at] != '`') return function(name);
    return about(name.text);
  }

  // A condition can nest only as deep as the stack is sure to bear.
  void deeper() {
    if (++depth_ > 200) fail(token_.at, "too many conditions within each other");
  }

  ConditionPtr function(const Token& name) {
    if (name.text != "exists" && name.text != "is_digits")
      fail(name.at, "there is no function " + name.text + ": there are exists(column) and is_digits(column)");
    expect_symbol("(");
    if (token_.kind != Kind::name) fail(token_.at, "expected a column, got " + shown());
    auto column = take().text;
    expect_symbol(")");
    return name.text == "exists" ? exists(std::move(column)) : is_digits(std::move(column));
  }

  // What follows the name of a column.
  ConditionPtr about(const std::string& column) {
    if (take_word("is")) {
      const bool not_null = take_word("not");
      if (!take_word("null")) fail(token_.at, "expected null, got " + shown());
      return not_null ? exists(column) : none_of(exists(column));
    }
    if (take_symbol("==")) return comparison(column, Operator::equal, true);
    if (take_symbol("!=")) return none_of(comparison(column, Operator::equal, true));
    if (take_symbol("<=")) return comparison(column, Operator::less_or_equal, false);
    if (take_symbol(">=")) return comparison(column, Operator::greater_or_equal, false);
    if (take_symbol("<")) return comparison(column, Operator::less, false);
    if (take_symbol(">")) return comparison(column, Operator::greater, false);
    if (take_word("not")) return none_of(text_test(column));
    if (is_word("in") || is_word("matches") || is_word("contains") || is_word("starts_with") || is_word("ends_with"))
      return text_test(column);
    if (token_.kind == Kind::end || token_.text == ")" || is_word("and") || is_word("or")) return is_true(column, true);
    fail(token_.at, "expected a comparison, got " + shown());
  }

  ConditionPtr comparison(const std::string& column, Operator how, bool equality) {
    const Token literal = token_;
    if (equality && take_word("null")) return none_of(exists(column));
    if (equality && take_word("true")) return is_true(column, true);
    if (equality && take_word("false")) return is_true(column, false);
    if (literal.kind == Kind::number) return compare(column, how, take().number);
    if (literal.kind == Kind::text) return compare(column, how, take().text);
    fail(literal.at,
         std::string("expected a number or a 'text'") + (equality ? ", true, false or null" : "") + ", got " + shown());
  }

  ConditionPtr text_test(const std::string& column) {
    if (take_word("in")) return list(column);
    if (take_word("contains")) return contains(column, take_text());
    if (take_word("starts_with")) return starts_with(column, take_text());
    if (take_word("ends_with")) return ends_with(column, take_text());
    if (!take_word("matches"))
      fail(token_.at, "expected in, matches, contains, starts_with or ends_with, got " + shown());
    const auto at = token_.at;
    auto condition = matches(column, take_text());
    if (!condition) fail(at, condition.error().message);
    return *std::move(condition);
  }

  ConditionPtr list(const std::string& column) {
    expect_symbol("[");
    std::vector<std::string> texts;
    std::vector<Number> numbers;
    do {
      if (token_.kind == Kind::text) texts.push_back(token_.text);
      else if (token_.kind == Kind::number) numbers.push_back(token_.number);
      else fail(token_.at, "expected a number or a 'text', got " + shown());
      if (!texts.empty() && !numbers.empty()) fail(token_.at, "a list holds numbers or texts, not both");
      take();
    } while (take_symbol(","));
    expect_symbol("]");
    return texts.empty() ? is_one_of(column, std::move(numbers)) : is_one_of(column, std::move(texts));
  }

  std::string take_text() {
    if (token_.kind != Kind::text) fail(token_.at, "expected a 'text', got " + shown());
    return take().text;
  }
  Token take() {
    Token taken = std::move(token_);
    token_ = lexer_.next();
    return taken;
  }
  bool is_word(std::string_view word) const {
    return token_.kind == Kind::name && token_.text == word && text_[token_.at] != '`';
  }
  bool is_keyword() const {
    for (const auto word :
         {"and", "or", "in", "is", "null", "true", "false", "matches", "contains", "starts_with", "ends_with"})
      if (is_word(word)) return true;
    return false;
  }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    take();
    return true;
  }
  bool take_symbol(std::string_view symbol) {
    if (token_.kind != Kind::symbol || token_.text != symbol) return false;
    take();
    return true;
  }
  void expect_symbol(std::string_view symbol) {
    if (!take_symbol(symbol)) fail(token_.at, "expected " + std::string(symbol) + ", got " + shown());
  }
  std::string shown() const {
    if (token_.kind == Kind::end) return "the end";
    return token_.kind == Kind::text ? "'" + token_.text + "'" : token_.text;
  }

  Lexer lexer_;
  std::string_view text_;
  Token token_;
  int depth_ = 0;
};

}  // namespace

Result<ConditionPtr> parse_condition(std::string_view text) {
  try {
    return Parser(text).parse();
  } catch (const Failure& failure) {
    return fatal(failure.message);
  }
}

}  // namespace levada::conditions
