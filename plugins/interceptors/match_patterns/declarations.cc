#include "declarations.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace levada::match_patterns {
namespace {

using Wrong = std::optional<Fault>;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
  });
}

// None of the items has another name than these.
Wrong check_known(const Node& table, std::initializer_list<std::string_view> known) {
  for (const auto& item : table.items) {
    if (std::find(known.begin(), known.end(), item.key) != known.end()) continue;
    std::string names;
    for (const auto name : known) names.append(names.empty() ? "" : ", ").append(name);
    return fault_at(item, "\"" + item.key + "\" is not known here; there are " + names);
  }
  return {};
}

// The text of an item that may be missing.
Wrong read_text(const Node& table, std::string_view name, std::optional<std::string>& to) {
  const Node* const item = table.find(name);
  if (!item) return {};
  if (item->kind != Node::Kind::text) return fault_at(*item, "must be a text");
  to = item->text;
  return {};
}

Wrong read_as(const Node& table, As& to) {
  std::optional<std::string> text;
  if (auto wrong = read_text(table, "as", text)) return wrong;
  if (!text) return {};
  constexpr std::array<std::string_view, 4> kNames = {"none", "boolean", "count", "value"};
  const auto at = std::find(kNames.begin(), kNames.end(), *text);
  if (at == kNames.end()) return fault_at(*table.find("as"), "must be one of none, boolean, count, value");
  to = static_cast<As>(at - kNames.begin());
  return {};
}

Wrong read_type(const Node& table, ValueType& to) {
  std::optional<std::string> text;
  if (auto wrong = read_text(table, "type", text)) return wrong;
  if (!text) return {};
  std::string names;
  for (const auto type : {ValueType::text, ValueType::bytes, ValueType::int64, ValueType::float64, ValueType::boolean,
                          ValueType::timestamp}) {
    if (name_of(type) == *text) {
      to = type;
      return {};
    }
    names.append(names.empty() ? "" : ", ").append(name_of(type));
  }
  return fault_at(*table.find("type"), "must be one of " + names);
}

// One item of [patterns].
Wrong read_pattern(const Node& item, Declaration& to) {
  if (!is_name(item.key))
    return fault_at(item,
                    "a pattern is called by 1 to 64 letters, digits, \"_\", \"-\" and \".\", not \"" + item.key + "\"");
  to.name = item.key;
  const Node* expression = &item;
  if (item.kind == Node::Kind::table) {
    if (auto wrong = check_known(item, {"pattern", "as", "column", "type"})) return wrong;
    expression = item.find("pattern");
    if (!expression) return fault_at(item, "\"pattern\", the regular expression, is missing");
    if (auto wrong = read_as(item, to.as)) return wrong;
    if (auto wrong = read_type(item, to.column.type)) return wrong;
    if (const Node* type = item.find("type"); type && to.as != As::value)
      return fault_at(*type, "only a value has a type: as = \"value\"");
    std::optional<std::string> column;
    if (auto wrong = read_text(item, "column", column)) return wrong;
    if (column && column->empty()) return fault_at(*item.find("column"), "a column needs a name");
    if (column) to.column.name = *column;
  }
  if (expression->kind != Node::Kind::text)
    return fault_at(*expression, "must be a regular expression, or a table with pattern = \"...\"");
  to.expression = expression->text;
  to.path = expression->path;
  to.offset = expression->offset;
  return {};
}

// One item of [first].
Wrong read_first(const Node& item, const std::vector<Declaration>& patterns, FirstOf& to) {
  to.column = item.key;
  const Node* of = &item;
  std::optional<std::string> strip;
  if (item.kind == Node::Kind::table) {
    if (auto wrong = check_known(item, {"of", "strip", "otherwise"})) return wrong;
    of = item.find("of");
    if (!of) return fault_at(item, "\"of\", the names of patterns, is missing");
    if (auto wrong = read_text(item, "strip", strip)) return wrong;
    if (auto wrong = read_text(item, "otherwise", to.otherwise)) return wrong;
  }
  if (of->kind != Node::Kind::list || of->items.empty())
    return fault_at(*of, "must be a list of names of patterns, or a table with of = [...]");
  for (const auto& name : of->items) {
    const auto at = std::find_if(patterns.begin(), patterns.end(), [&](const auto& p) { return p.name == name.text; });
    if (name.kind != Node::Kind::text || at == patterns.end())
      return fault_at(name, "there is no pattern \"" + name.text + "\"");
    const auto number = static_cast<size_t>(at - patterns.begin());
    if (std::find(to.patterns.begin(), to.patterns.end(), number) != to.patterns.end())
      return fault_at(name, "\"" + name.text + "\" stands in it twice");
    to.patterns.push_back(number);
    const bool is_stripped = strip && name.text.starts_with(*strip) && name.text.size() > strip->size();
    to.labels.push_back(is_stripped ? name.text.substr(strip->size()) : name.text);
  }
  return {};
}

}  // namespace

std::optional<Fault> read_declarations(const Node& patterns, const Node& first, As as, const std::string& prefix,
                                       const std::string& names, Declarations& to) {
  if (patterns.kind != Node::Kind::table || patterns.items.empty())
    return fault_at(patterns, "there are no patterns: [patterns] has a line NAME = 'EXPRESSION' for each");
  if (patterns.items.size() > kPatternsMax)
    return fault_at(patterns.items[kPatternsMax], "a set has at most " + std::to_string(kPatternsMax) + " patterns");
  std::vector<std::string> columns = {"body"};  // The row itself stays.
  if (!names.empty()) columns.push_back(names);
  const auto is_taken = [&](const std::string& column) {
    const bool taken = std::find(columns.begin(), columns.end(), column) != columns.end();
    columns.push_back(column);
    return taken;
  };
  for (const auto& item : patterns.items) {
    auto& pattern = to.patterns.emplace_back();
    pattern.as = as;
    pattern.column.name = prefix + item.key;
    if (auto wrong = read_pattern(item, pattern)) return wrong;
    if (pattern.as != As::none && is_taken(pattern.column.name))
      return fault_at(item, "another column is called \"" + pattern.column.name + "\"");
  }
  if (first.kind == Node::Kind::missing) return {};
  if (first.kind != Node::Kind::table) return fault_at(first, "must be a table: a list of patterns for each column");
  for (const auto& item : first.items) {
    if (item.key.empty()) return fault_at(item, "a column needs a name");
    if (auto wrong = read_first(item, to.patterns, to.firsts.emplace_back())) return wrong;
    if (is_taken(item.key)) return fault_at(item, "another column is called \"" + item.key + "\"");
  }
  return {};
}

}  // namespace levada::match_patterns
