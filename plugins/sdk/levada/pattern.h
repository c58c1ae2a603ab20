// Text with the values of columns in it: "logs-{host}", "{user:-nobody}". Topics, keys, headers and paths are made so.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"
#include "levada/result.h"
#include "levada/time.h"

namespace levada {

// Appends a value that is not null as a person would write it; a timestamp as 2026-01-31T23:59:59.5Z.
inline void append_value(const Column& column, int64_t row, std::string& to) {
  char text[40];
  const auto number = [&](auto value) { to.append(text, std::to_chars(text, text + sizeof text, value).ptr); };
  switch (column.type()) {
    case Type::boolean: to += column.boolean(row) ? "true" : "false"; return;
    case Type::int64: return number(column.values<int64_t>()[row]);
    case Type::float64: return number(column.values<double>()[row]);
    case Type::text:
    case Type::bytes:
    case Type::dictionary: to += column.text(row); return;
    case Type::opaque: return;
    case Type::timestamp: break;
  }
  const int64_t microseconds = column.values<int64_t>()[row];
  char* const end = Rfc3339Writer().write(microseconds, text);
  // Outside of the years that such a text can name it is a number.
  if (!end) return number(microseconds);
  to.append(text, end - 1);
  to.erase(to.find_last_not_of('0') + 1);
  if (to.back() == '.') to.pop_back();
  to += 'Z';
}

class Pattern {
 public:
  // Literal text, followed by the value of a column where one is named.
  struct Piece {
    std::string literal;
    std::string column;
    std::optional<std::string> fallback;  // Where the column is null or missing.
  };
  // A pattern beside the batch whose rows it is filled in from. Points to both.
  class Bound;

  Pattern() = default;
  // "{name}" is the column's value, "{name:-text}" the text where it has none, "{{" and "}}" are braces.
  static Result<Pattern> parse(std::string_view text);

  const std::vector<Piece>& pieces() const { return pieces_; }
  bool empty() const { return pieces_.empty(); }
  // Names no column, so that each row gives the same text.
  bool constant() const { return pieces_.empty() || (pieces_.size() == 1 && pieces_.front().column.empty()); }
  std::string constant_text() const { return pieces_.empty() ? std::string() : pieces_.front().literal; }
  // The one column that it is made of, and nothing else; null otherwise.
  const Piece* only_column() const {
    const bool only = pieces_.size() == 1 && pieces_.front().literal.empty() && !pieces_.front().column.empty();
    return only ? &pieces_.front() : nullptr;
  }

 private:
  std::vector<Piece> pieces_;
};

class Pattern::Bound {
 public:
  Bound() = default;
  Bound(const Pattern& pattern, const Batch& batch) { bind(pattern, batch); }
  // Takes the place of another batch; allocates only the first time.
  void bind(const Pattern& pattern, const Batch& batch) {
    pattern_ = &pattern;
    columns_.clear();
    for (const auto& piece : pattern.pieces_) {
      const Column* column = piece.column.empty() ? nullptr : batch.find(piece.column);
      columns_.push_back(column && column->type() != Type::opaque ? column : nullptr);
    }
  }

  // Appends the row's text. Gives the name of the column that has no value (and no fallback), else null; what was
  // appended is of no use then.
  const std::string* append(int64_t row, std::string& to) const {
    return append(
        row, to, [](std::string&, size_t) {}, [](const std::string& literal, std::string& at) { at += literal; });
  }
  // The same; `value` may change what a column has put behind position `from` of `to`, `literal` appends a piece's
  // literal.
  template <class Value, class Literal>
  const std::string* append(int64_t row, std::string& to, Value value, Literal literal) const {
    for (size_t at = 0; at < columns_.size(); ++at) {
      const Piece& piece = pattern_->pieces_[at];
      literal(piece.literal, to);
      if (piece.column.empty()) continue;
      const size_t from = to.size();
      if (columns_[at] && !columns_[at]->null(row)) {
        append_value(*columns_[at], row, to);
      } else if (piece.fallback) {
        to += *piece.fallback;
      } else {
        return &piece.column;
      }
      value(to, from);
    }
    return nullptr;
  }

 private:
  const Pattern* pattern_ = nullptr;
  std::vector<const Column*> columns_;
};

inline Result<Pattern> Pattern::parse(std::string_view text) {
  Pattern pattern;
  std::string literal;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c != '{' && c != '}') {
      literal += c;
      continue;
    }
    if (at + 1 < text.size() && text[at + 1] == c) {
      literal += c;
      ++at;
      continue;
    }
    const auto where = " at position " + std::to_string(at + 1) + " of \"" + std::string(text) + "\"";
    if (c == '}') return fatal("\"}\"" + where + " closes nothing; write \"}}\" for a brace");
    const auto end = text.find('}', at);
    if (end == text.npos) return fatal("\"{\"" + where + " is not closed; write \"{{\" for a brace");
    Piece piece{std::move(literal), std::string(text.substr(at + 1, end - at - 1)), std::nullopt};
    if (const auto mark = piece.column.find(":-"); mark != std::string::npos) {
      piece.fallback = piece.column.substr(mark + 2);
      piece.column.resize(mark);
    }
    if (piece.column.empty()) return fatal("\"{\"" + where + " names no column");
    pattern.pieces_.push_back(std::move(piece));
    literal.clear();
    at = end;
  }
  if (!literal.empty()) pattern.pieces_.push_back({std::move(literal), {}, std::nullopt});
  return pattern;
}

}  // namespace levada
