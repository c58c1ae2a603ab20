#include "column_type.h"

#include <algorithm>
#include <iterator>

namespace levada::parse_json {

namespace {

constexpr std::string_view kCells[] = {"text", "int64", "float64", "boolean", "timestamp", "bytes", "json"};

Result<ColumnType> type_of(const TypeText& text) {
  ColumnType type;
  type.kind = text.kind;
  if (!text.nullable) return fatal("any value may be null here: for rows without the column, there is required = true");
  if (!type.is_nested()) {
    const auto* found = std::find(std::begin(kCells), std::end(kCells), text.name);
    if (found == std::end(kCells))
      return fatal("\"" + text.name + "\" is no type: use " + ColumnType::names_of_cells() +
                   ", or list<...> or struct<name: ...> of these");
    type.cell = static_cast<CellType>(found - std::begin(kCells));
  }
  for (const auto& [name, child] : text.children) {
    auto made = type_of(child);
    if (!made) return made;
    type.children.emplace_back(name, *std::move(made));
  }
  return type;
}

}  // namespace

Result<ColumnType> ColumnType::parse(std::string_view text) {
  auto parsed = TypeText::parse(text);
  if (!parsed) return std::move(parsed).error();
  return type_of(*parsed);
}

std::string ColumnType::name() const {
  switch (kind) {
    case TypeText::Kind::named: break;
    case TypeText::Kind::list: return "list<" + children[0].second.name() + ">";
    case TypeText::Kind::structure: {
      std::string members;
      for (const auto& [name, type] : children) members += (members.empty() ? "" : ", ") + name + ": " + type.name();
      return "struct<" + members + ">";
    }
  }
  return std::string(kCells[static_cast<size_t>(cell)]);
}

bool ColumnType::has(CellType type) const {
  if (!is_nested()) return cell == type;
  return std::any_of(children.begin(), children.end(), [&](const auto& child) { return child.second.has(type); });
}

std::string ColumnType::names_of_cells() {
  std::string all;
  for (const auto& cell : kCells) (all += all.empty() ? "" : &cell == std::end(kCells) - 1 ? " or " : ", ") += cell;
  return all;
}

}  // namespace levada::parse_json
