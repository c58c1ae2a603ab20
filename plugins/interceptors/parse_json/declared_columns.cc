#include "declared_columns.h"

#include <iterator>

namespace levada::parse_json {

namespace {

constexpr std::string_view kUnits[] = {"s", "ms", "us", "ns"};

template <size_t count>
std::string listed(const std::string_view (&names)[count]) {
  std::string all;
  for (size_t at = 0; at < count; ++at) {
    if (at > 0) all += at + 1 == count ? " or " : ", ";
    all += names[at];
  }
  return all;
}

template <size_t count>
size_t number_of(std::string_view name, const std::string_view (&names)[count]) {
  return static_cast<size_t>(std::find(std::begin(names), std::end(names), name) - std::begin(names));
}

std::string in_quotes(std::string_view text) { return std::string(1, '"').append(text).append("\""); }

// The pointer to the member of that name of the document itself.
std::string pointer_to(std::string_view name) {
  std::string pointer = "/";
  for (const char c : name) {
    if (c == '~') pointer += "~0";
    else if (c == '/') pointer += "~1";
    else pointer += c;
  }
  return pointer;
}

}  // namespace

Result<DeclaredColumns> DeclaredColumns::create(const Tree& columns) {
  DeclaredColumns made;
  for (size_t at = 0; at < columns.size(); ++at) {
    auto column = declared(columns[at]);
    if (!column) return std::move(column).error();
    if (!made.tree_.add(column->pointer))
      return wrong(
          "columns." + column->name + ".pointer",
          in_quotes(column->pointer) +
              " is no JSON pointer: write \"/member\", \"/outer/inner\" or \"/list/0\", with ~1 for a slash in a name");
    made.has_nested_ |= column->type.is_nested();
    made.columns_.push_back(*std::move(column));
  }
  return made;
}

Result<DeclaredColumns::Declared> DeclaredColumns::declared(const Tree& entry) {
  Declared column;
  column.name = entry.key();
  column.pointer = pointer_to(column.name);
  const std::string option = "columns." + column.name;
  if (column.name == "body")
    return wrong(option, "\"body\" is the document itself: give the column another name, and rename it later");
  if (entry.type() == LEVADA_STRING) {
    LEVADA_TRY(read_type(entry, option, column));
  } else if (entry.type() == LEVADA_TREE || entry.type() == LEVADA_TABLE) {
    LEVADA_TRY(read_table(entry, column));
  } else {
    return wrong(option, "a column is its type, \"int64\", or a table: { type = \"int64\", pointer = \"/a/b\" }");
  }
  return column;
}

Done DeclaredColumns::read_table(const Tree& entry, Declared& column) {
  const std::string option = "columns." + column.name;
  for (size_t at = 0; at < entry.size(); ++at) {
    const auto setting = entry[at];
    const auto key = setting.key();
    const std::string path = option + "." + std::string(key);
    if (key == "required") {
      if (setting.type() != LEVADA_BOOLEAN) return wrong(path, "must be true or false");
      column.required = setting.integer() != 0;
      continue;
    }
    if (key != "type" && key != "pointer" && key != "unit")
      return wrong(path, "a column has no setting of this name; it knows type, pointer, unit and required");
    if (setting.type() != LEVADA_STRING) return wrong(path, "must be a string");
    if (key == "pointer") {
      column.pointer = setting.text();
    } else if (key == "type") {
      LEVADA_TRY(read_type(setting, path, column));
    } else {
      const size_t unit = number_of(setting.text(), kUnits);
      if (unit == std::size(kUnits))
        return wrong(path, in_quotes(setting.text()) + " is no unit of time: use " + listed(kUnits));
      column.unit = static_cast<TimeUnit>(unit + 1);
    }
  }
  if (!entry.find("type")) return wrong(option, "type is missing: " + ColumnType::names_of_cells());
  if (column.unit != TimeUnit::none && !column.type.has(CellType::timestamp))
    return wrong(option + ".unit", "only a timestamp has a unit");
  return {};
}

Done DeclaredColumns::read_type(const Tree& value, const std::string& option, Declared& column) {
  auto type = ColumnType::parse(value.text());
  if (!type) return wrong(option, type.error().message);
  column.type = *std::move(type);
  return {};
}

void DeclaredColumns::start(const Column& body) {
  mismatches_ = 0;
  builders_.clear();
  builders_.reserve(columns_.size());
  for (const auto& column : columns_) {
    if (column.type.is_nested()) builders_.emplace_back(NestedBuilder(column.type, column.unit, body));
    else builders_.emplace_back(CellBuilder(column.type.cell, column.unit, body));
  }
  cells_.clear();
  for (size_t at = 0; at < columns_.size(); ++at)
    cells_.push_back({std::get_if<CellBuilder>(&builders_[at]), &tree_[at], columns_[at].required});
}

bool DeclaredColumns::append(const CellBuilder::Document& document, const TokenCursor& cursor, bool reject_mismatches,
                             std::string& reason) {
  bool is_accepted = true;
  for (const auto& cell : cells_) {
    const auto& found = *cell.found;
    if (cell.builder) {
      if (found.text.empty()) {
        if (!cell.required) {
          cell.builder->append_null();
          continue;
        }
      } else if (found.is_integer ? cell.builder->append_integer(found.integer)
                                  : cell.builder->append_plain(document, found.text)) {
        continue;
      }
    }
    const auto number = static_cast<size_t>(&cell - cells_.data());
    if (append_any(number, document, cursor, reject_mismatches)) continue;
    if (is_accepted) reason = why_not(number, found.text);
    is_accepted = false;
  }
  return is_accepted;
}

bool DeclaredColumns::append_any(size_t number, const CellBuilder::Document& document, const TokenCursor& cursor,
                                 bool reject_mismatches) {
  const bool required = columns_[number].required;
  const auto value = tree_[number].text;
  auto* cell = cells_[number].builder;
  if (value.empty() || (value[0] == 'n' && value == "null")) {
    cell ? cell->append_null() : std::get_if<NestedBuilder>(&builders_[number])->append_null();
    return !required;
  }
  if (cell) {
    if (cell->append(document, value)) return true;
    ++mismatches_;
    return !required && !reject_mismatches;
  }
  auto& nested = *std::get_if<NestedBuilder>(&builders_[number]);
  if (nested.append(document, cursor.from(value.data()))) return true;
  const bool is_missing = required && nested.mismatch().path.empty();
  return !is_missing && !reject_mismatches;
}

int64_t DeclaredColumns::mismatches() const {
  int64_t all = mismatches_;
  for (const auto& builder : builders_)
    if (const auto* nested = std::get_if<NestedBuilder>(&builder)) all += nested->mismatches();
  return all;
}

std::string DeclaredColumns::why_not(size_t number, std::string_view value) const {
  const auto& column = columns_[number];
  std::string why = "column " + in_quotes(column.name);
  if (value.empty()) return why + ": the object has no " + column.pointer;
  if (value == "null") return why + ": null at " + column.pointer;
  why += ": expected ";
  if (const auto* nested = std::get_if<NestedBuilder>(&builders_[number])) {
    const auto& mismatch = nested->mismatch();
    why += mismatch.expected->name();
    if (!mismatch.path.empty()) why.append(" at ").append(column.name).append(mismatch.path);
    value = mismatch.found;
    if (value.empty()) return why + ", found no value";
  } else {
    why += column.type.name();
  }
  constexpr size_t kShown = 40;
  why.append(", found ").append(kind_of(value)).append(", ");
  return why.append(value.substr(0, kShown)).append(value.size() > kShown ? "..." : "");
}

void DeclaredColumns::append_nulls() {
  for (auto& builder : builders_) std::visit([](auto& each) { each.append_null(); }, builder);
}

std::vector<Column> DeclaredColumns::finish() {
  std::vector<Column> columns;
  for (size_t at = 0; at < columns_.size(); ++at)
    std::visit([&](auto& builder) { columns.push_back(std::move(builder).finish(columns_[at].name)); }, builders_[at]);
  builders_.clear();
  return columns;
}

}  // namespace levada::parse_json
