#include "sql_text.h"

namespace levada::postgres {

namespace {

std::string quoted(std::string_view text, char quote) {
  std::string all(1, quote);
  for (const char c : text) {
    if (c == quote) all += quote;
    all += c;
  }
  return all + quote;
}

}  // namespace

std::string quoted_name(std::string_view name) { return quoted(name, '"'); }

std::string quoted_text(std::string_view text) {
  // Without the E a backslash is what it is, as the session says (standard_conforming_strings).
  return quoted(text, '\'');
}

std::string array_text(const std::vector<std::string>& items) {
  std::string all = "{";
  for (const auto& item : items) {
    if (all.size() > 1) all += ',';
    all += '"';
    for (const char c : item) {
      if (c == '"' || c == '\\') all += '\\';
      all += c;
    }
    all += '"';
  }
  return all + '}';
}

std::string inner_query(std::string_view query) {
  const auto last = query.find_last_not_of(" \t\r\n;");
  // A comment at its end must not take in what follows.
  return "(" + std::string(query.substr(0, last == query.npos ? 0 : last + 1)) + "\n) AS q";
}

std::optional<std::string> quoted_table(std::string_view table) {
  const auto dot = table.find('.');
  if (dot == table.npos) return table.empty() ? std::nullopt : std::optional(quoted_name(table));
  const auto schema = table.substr(0, dot), name = table.substr(dot + 1);
  if (schema.empty() || name.empty() || name.find('.') != name.npos) return std::nullopt;
  return quoted_name(schema) + "." + quoted_name(name);
}

}  // namespace levada::postgres
