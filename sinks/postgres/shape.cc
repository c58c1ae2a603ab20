#include "shape.h"

#include <algorithm>

#include "column_encoder.h"
#include "postgres/sql_text.h"

namespace levada::postgres_sink {

namespace {

using postgres::quoted_name;

// The number of a row in its commit. A column of the user may well be called "row".
constexpr const char* kRow = "\"levada.row\"";

class List {
 public:
  void add(const std::string& item) { text_.append(text_.empty() ? "" : ", ").append(item); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

Shape::Shape(const Table& table, const PostgresSettings& settings, const std::vector<const TableColumn*>& columns,
             size_t number) {
  const auto is_key = [&](const std::string& name) {
    return std::find(settings.keys.begin(), settings.keys.end(), name) != settings.keys.end();
  };
  const bool is_staged = settings.mode != PostgresSettings::Mode::append ||
                         std::any_of(columns.begin(), columns.end(),
                                     [](const TableColumn* column) { return ColumnEncoder::is_cast(*column); });
  List names, values, definitions, keys, casts, changes;
  for (const auto* column : columns) {
    const auto name = quoted_name(column->name);
    const bool is_cast = ColumnEncoder::is_cast(*column);
    const auto value = is_cast ? name + "::" + column->type_text : name;
    names.add(name);
    values.add(value);
    definitions.add(name + " " + (is_cast ? "text" : column->type_text));
    if (is_key(column->name)) casts.add(value);
    else changes.add(name + " = EXCLUDED." + name);
  }
  for (const auto& key : settings.keys) keys.add(quoted_name(key));
  if (!is_staged) {
    copy_ = "COPY " + table.name() + " (" + names.text() + ") FROM STDIN (FORMAT binary)";
    return;
  }
  staging_ = "pg_temp.levada_staging_" + std::to_string(number);
  create_ = "CREATE TEMPORARY TABLE " + staging_.substr(8) + " (" + definitions.text() + ", " + kRow +
            " bigint) ON COMMIT DELETE ROWS";
  copy_ = "COPY " + staging_ + " (" + names.text() + ", " + kRow + ") FROM STDIN (FORMAT binary)";
  merge_ = "INSERT INTO " + table.name() + " (" + names.text() + ") SELECT ";
  // Of the rows with one key the last one; the order of keys keeps two agents from waiting for each
  // other.
  const bool is_upsert = settings.mode == PostgresSettings::Mode::upsert;
  if (is_upsert) merge_ += "DISTINCT ON (" + casts.text() + ") ";
  merge_ += values.text() + " FROM " + staging_ + " WHERE " + kRow + " BETWEEN ";
  merge_end_ = " ORDER BY ";
  if (is_upsert) merge_end_ += casts.text() + ", ";
  merge_end_ += std::string(kRow) + (is_upsert ? " DESC" : "");
  if (settings.mode == PostgresSettings::Mode::append) return;
  merge_end_ += " ON CONFLICT (" + keys.text() + ") DO ";
  merge_end_ += is_upsert && !changes.text().empty() ? "UPDATE SET " + changes.text() : "NOTHING";
}

std::string Shape::merge(uint64_t first, uint64_t last) const {
  return merge_ + std::to_string(first) + " AND " + std::to_string(last) + merge_end_;
}

}  // namespace levada::postgres_sink
