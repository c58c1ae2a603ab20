#include "table.h"

#include <algorithm>

#include "decimal_column.h"
#include "levada/nested.h"
#include "postgres/sql_text.h"

namespace levada::postgres_sink {

namespace {

using postgres::quoted_name;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether a column can be called so: longer names are cut off, and some are taken in every table.
bool is_name(std::string_view name) {
  constexpr size_t kLongest = 63;
  if (name.empty() || name.size() > kLongest || name.find('\0') != name.npos) return false;
  for (const std::string_view taken : {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
    if (name == taken) return false;
  return true;
}

// Of types that are domains: what they are made of, down to the last one.
constexpr const char* kColumns =
    "WITH RECURSIVE made(number, type) AS ("
    "SELECT attnum, atttypid FROM pg_catalog.pg_attribute "
    "WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped "
    "UNION ALL SELECT number, typbasetype FROM made JOIN pg_catalog.pg_type ON oid = type WHERE typtype = 'd') "
    "SELECT attname, t.oid, pg_catalog.format_type(atttypid, atttypmod), t.typtype = 'e', "
    "attgenerated <> '' OR attidentity = 'a' "
    "FROM made JOIN pg_catalog.pg_type t ON t.oid = type AND t.typtype <> 'd' "
    "JOIN pg_catalog.pg_attribute ON attrelid = $1::oid AND attnum = number ORDER BY number";

constexpr const char* kFingerprint =
    "SELECT md5(string_agg(attname || ' ' || atttypid || ' ' || atttypmod, ',' ORDER BY attnum)) "
    "FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass($1) AND attnum > 0 AND NOT attisdropped";

}  // namespace

Table::Table(const PostgresSettings& settings)
    : settings_(settings), name_(postgres::quoted_table(settings.table).value_or("")) {}

const TableColumn* Table::find(std::string_view name) const {
  const auto at =
      std::find_if(columns_.begin(), columns_.end(), [&](const TableColumn& each) { return each.name == name; });
  return at == columns_.end() ? nullptr : &*at;
}

Done Table::load(postgres::Connection& connection) {
  const auto found = connection.ask("SELECT pg_catalog.to_regclass($1)::oid", {name_});
  if (!found) return found.error();
  columns_.clear();
  exists_ = PQgetisnull(found->get(), 0, 0) == 0;
  if (!exists_) {
    if (settings_.create_table) return {};
    return fatal("there is no table " + name_ + "; make it, or set create_table");
  }
  const auto fingerprint = connection.ask(kFingerprint, {name_});
  if (!fingerprint) return fingerprint.error();
  fingerprint_ = PQgetvalue(fingerprint->get(), 0, 0);
  const auto columns = connection.ask(kColumns, {PQgetvalue(found->get(), 0, 0)});
  if (!columns) return columns.error();
  const auto text = [&](int row, int column) { return std::string(PQgetvalue(columns->get(), row, column)); };
  for (int row = 0; row < PQntuples(columns->get()); ++row)
    columns_.push_back({text(row, 0), static_cast<Oid>(std::stoul(text(row, 1))), text(row, 2), text(row, 3) == "t",
                        text(row, 4) == "t"});
  for (const auto& key : settings_.keys)
    if (!find(key) && !settings_.add_columns)
      return fatal("the table " + name_ + " has no column \"" + key + "\", which is one of keys");
  for (const auto& column : settings_.columns)
    if (!find(column) && !settings_.add_columns)
      return fatal("the table " + name_ + " has no column \"" + column + "\", which is one of columns");
  return {};
}

Done Table::check(postgres::Connection& connection) const {
  const auto fingerprint = connection.ask(kFingerprint, {name_});
  if (!fingerprint) return fingerprint.error();
  if (fingerprint_ == PQgetvalue(fingerprint->get(), 0, 0)) return {};
  return retry("the table " + name_ + " has been changed");
}

bool Table::is_wanted(const Batch& batch, const Column& column) const {
  // What no value can be made of.
  if (column.type() == Type::opaque && !is_date(column) && !DecimalColumn::of(column) && !Nested::of(column))
    return false;
  if (!settings_.columns.empty()) return contains(settings_.columns, column.name());
  // The event as it came in, beside what was made of it: only for a table that has a place for it.
  return column.name() != "body" || find("body") || batch.columns().size() == 1;
}

std::vector<Column> Table::wanted(const Batch& batch) const {
  std::vector<Column> all;
  for (const auto& column : batch.columns())
    if (is_wanted(batch, column) && batch.find(column.name()) == &column) all.push_back(column);
  return all;
}

bool Table::lacks(const Batch& batch) const {
  if (exists_ ? !settings_.add_columns : !settings_.create_table) return false;
  if (!exists_) return true;
  return std::any_of(batch.columns().begin(), batch.columns().end(), [&](const Column& column) {
    return is_wanted(batch, column) && !find(column.name()) && !type_for(column).empty();
  });
}

std::string Table::type_for(const Column& column) const {
  if (!is_name(column.name())) return "";
  for (const auto& [name, type] : settings_.types)
    if (name == column.name()) return type;
  switch (column.type()) {
    case Type::boolean: return "boolean";
    case Type::int64: return "bigint";
    case Type::float64: return "double precision";
    case Type::timestamp: return "timestamptz";
    case Type::text:
    case Type::dictionary: return "text";
    case Type::bytes: return "bytea";
    case Type::opaque: break;
  }
  if (is_date(column)) return "date";
  if (const auto decimal = DecimalColumn::of(column))
    return "numeric(" + std::to_string(decimal->precision()) + "," + std::to_string(decimal->scale()) + ")";
  return Nested::of(column) ? "jsonb" : "";
}

std::string Table::definition(const Column& column) const {
  const auto type = type_for(column);
  return type.empty() ? "" : quoted_name(column.name()) + " " + type;
}

Done Table::widen(const std::vector<Column>& columns, postgres::Connection& connection) {
  std::string parts, statement;
  for (const auto& column : columns) {
    if (find(column.name())) continue;
    const auto part = definition(column);
    if (part.empty()) continue;
    if (!parts.empty()) parts += ", ";
    if (exists_) parts += "ADD COLUMN IF NOT EXISTS ";
    parts += part;
  }
  if (exists_) {
    statement = "ALTER TABLE " + name_ + " " + parts;
  } else {
    std::string keys;
    for (const auto& key : settings_.keys) keys.append(keys.empty() ? "" : ", ").append(quoted_name(key));
    if (!keys.empty()) parts += ", PRIMARY KEY (" + keys + ")";
    statement = "CREATE TABLE IF NOT EXISTS " + name_ + " (" + parts + ")";
  }
  if (auto done = connection.execute(statement); !done) {
    // Somebody else makes it in this moment.
    if (connection.fault().is("23505") || connection.fault().is("42710")) return retry(done.error().message);
    return done;
  }
  const auto before = columns_;
  LEVADA_TRY(load(connection));
  for (const auto& column : before)
    if (const auto* now = find(column.name); !now || *now != column)
      return retry("the table " + name_ + " has been changed");
  return {};
}

}  // namespace levada::postgres_sink
