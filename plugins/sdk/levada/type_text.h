// A column's type as users write it: "int64", "list<text>", "struct<id: int64, tags: list<text>>".
// Which names a component knows is its own affair.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/result.h"

namespace levada {

struct TypeText {
  enum class Kind : uint8_t { named, structure, list };
  static constexpr int kDeepest = 16;  // Levels of structs and lists.

  Kind kind = Kind::named;
  std::string name = {};  // Of a named one: "int64", "decimal(10,2)".
  bool nullable = true;   // Without " not null" behind it.
  // The members of a struct, or the one item of a list, which has no name.
  std::vector<std::pair<std::string, TypeText>> children = {};

  static Result<TypeText> parse(std::string_view text);
};

namespace detail {

class TypeTextParser {
 public:
  explicit TypeTextParser(std::string_view text) : whole_(text), rest_(text) {}

  Result<TypeText> run() {
    auto type = read(0);
    if (type && !rest_.empty()) return faulty("has \"" + std::string(rest_) + "\" behind its end");
    return type;
  }

 private:
  static constexpr std::string_view kNotNull = " not null";

  Error faulty(const std::string& what) const {
    return fatal("\"" + std::string(whole_) + "\" " + what +
                 "; nested types are written list<text> and struct<id: " + "int64, tags: list<text>>");
  }
  static std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t") + 1 - first);
  }
  bool take(std::string_view what) {
    const auto start = std::min(rest_.find_first_not_of(" \t"), rest_.size());
    if (!rest_.substr(start).starts_with(what)) return false;
    rest_.remove_prefix(start + what.size());
    return true;
  }
  // What stands before the next mark of a nested type; marks between parentheses are none.
  std::string_view take_plain() {
    size_t end = 0;
    for (int open = 0; end < rest_.size() && (open > 0 || (rest_[end] != ',' && rest_[end] != '>')); ++end)
      open += rest_[end] == '(' ? 1 : rest_[end] == ')' ? -1 : 0;
    const auto plain = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return plain;
  }

  Result<TypeText> read(int depth) {
    TypeText type;
    if (depth > TypeText::kDeepest)
      return faulty("is nested more than " + std::to_string(TypeText::kDeepest) + " levels deep");
    if (take("list<")) {
      type.kind = TypeText::Kind::list;
      auto item = read(depth + 1);
      if (!item) return item;
      type.children.emplace_back("", *std::move(item));
      if (!take(">")) return faulty("has a list of more than one type, or without its >");
    } else if (take("struct<")) {
      type.kind = TypeText::Kind::structure;
      do {
        LEVADA_TRY(read_member(depth, type));
      } while (take(","));
      if (!take(">")) return faulty("has a struct without its >");
    }
    auto plain = take_plain();
    if (plain.ends_with(kNotNull)) {
      type.nullable = false;
      plain.remove_suffix(kNotNull.size());
    }
    type.name = trimmed(plain);
    if (type.kind == TypeText::Kind::named) {
      if (type.name.empty()) return faulty("lacks a type");
    } else if (!type.name.empty()) {
      return faulty("has \"" + type.name + "\" behind a >");
    }
    return type;
  }

  Done read_member(int depth, TypeText& to) {
    const auto colon = rest_.find_first_of(":,<>");
    if (colon == rest_.npos || rest_[colon] != ':') return faulty("has a member without a name or without a type");
    std::string name(trimmed(rest_.substr(0, colon)));
    if (name.empty()) return faulty("has a member without a name");
    for (const auto& [known, type] : to.children)
      if (known == name) return faulty("has two members \"" + name + "\"");
    rest_.remove_prefix(colon + 1);
    auto type = read(depth + 1);
    if (!type) return std::move(type).error();
    to.children.emplace_back(std::move(name), *std::move(type));
    return {};
  }

  const std::string_view whole_;
  std::string_view rest_;
};

}  // namespace detail

inline Result<TypeText> TypeText::parse(std::string_view text) { return detail::TypeTextParser(text).run(); }

}  // namespace levada
