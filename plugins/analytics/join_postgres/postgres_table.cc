#include "postgres_table.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "postgres/types.h"

namespace levada::join_postgres {

namespace {

using namespace postgres;

// What a column is where the user does not say it.
ValueType type_of(Oid type) {
  switch (type) {
    case kBoolean: return ValueType::boolean;
    case kBytes: return ValueType::bytes;
    case kInt2:
    case kInt4:
    case kInt8:
    case kOid: return ValueType::int64;
    case kFloat4:
    case kFloat8: return ValueType::float64;
    case kTimestamp:
    case kTimestampTz: return ValueType::timestamp;
    default: return ValueType::text;
  }
}

int digit_of(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

}  // namespace

PostgresTable::Source PostgresTable::source(const PGresult& result, int number,
                                            std::optional<DeclaredColumn> declared) const {
  const Oid type = PQftype(&result, number);
  auto column = declared ? *std::move(declared) : DeclaredColumn{PQfname(&result, number), type_of(type)};
  const bool is_time = column.type == ValueType::timestamp;
  return {number, std::move(column), type == kBytes, is_time};
}

Done PostgresTable::begin(const PGresult& result) {
  const auto number_of = [&](const std::string& name) -> Result<int> {
    int found = -1;
    for (int at = 0; at < PQnfields(&result); ++at) {
      if (PQfname(&result, at) != name) continue;
      if (found >= 0) return fatal("the query gives two columns \"" + name + "\"");
      found = at;
    }
    if (found < 0) return fatal("the query gives no column \"" + name + "\"");
    return found;
  };
  const auto declared = [&](const std::string& name) -> std::optional<DeclaredColumn> {
    for (const auto& column : shape_.columns)
      if (column.name == name) return column;
    return std::nullopt;
  };
  for (const auto& name : shape_.keys) {
    const auto number = number_of(name);
    if (!number) return number.error();
    keys_.push_back(source(result, *number, declared(name)));
  }
  for (const auto& column : shape_.columns) {
    const auto number = number_of(column.name);
    if (!number) return number.error();
    if (!shape_.is_key(column.name)) values_.push_back(source(result, *number, column));
  }
  if (values_.empty()) {
    for (int at = 0; at < PQnfields(&result); ++at) {
      const auto number = number_of(PQfname(&result, at));
      if (!number) return number.error();
      if (!shape_.is_key(PQfname(&result, at))) values_.push_back(source(result, at, std::nullopt));
    }
  }
  std::vector<DeclaredColumn> keys, columns;
  for (const auto& each : keys_) keys.push_back(each.column);
  for (const auto& each : values_) columns.push_back(each.column);
  builder_.emplace(std::move(keys), columns);
  return {};
}

std::string_view PostgresTable::text(const PGresult& result, int row, const Source& source) {
  const std::string_view text(PQgetvalue(&result, row, source.number),
                              static_cast<size_t>(PQgetlength(&result, row, source.number)));
  if (source.is_bytes && text.starts_with("\\x")) {
    scratch_.clear();
    for (size_t at = 2; at + 1 < text.size(); at += 2)
      scratch_ += static_cast<char>(digit_of(text[at]) << 4 | digit_of(text[at + 1]));
    return scratch_;
  }
  // "2026-01-31 23:59:59.5+00", as the zone is UTC.
  if (source.is_time && text.ends_with("+00")) {
    scratch_.assign(text.substr(0, text.size() - 3));
    scratch_ += 'Z';
    return scratch_;
  }
  return text;
}

std::string PostgresTable::misfit(const Source& source, std::string_view text) {
  return "the column \"" + source.column.name + "\" is " + std::string(name_of(source.column.type)) + ", and \"" +
         join::shown(text) + "\" does not fit";
}

Done PostgresTable::fault(int64_t row, std::string why) {
  if (faults_ == Faults::refuse) return fatal("row " + std::to_string(rows_ + 1) + " of the query: " + why);
  builder_->add_fault(row, "the query's row with this key: " + why);
  return {};
}

Done PostgresTable::add_row(const PGresult& result, int row) {
  for (const auto& key : keys_) {
    if (PQgetisnull(&result, row, key.number) != 0)
      return fatal("row " + std::to_string(rows_ + 1) + " of the query: the key \"" + key.column.name +
                   "\" is null; leave such rows out");
    const auto part = text(result, row, key);
    if (!builder_->add_to_key(part))
      return fatal("row " + std::to_string(rows_ + 1) + " of the query: " + misfit(key, part));
  }
  if (const auto other = builder_->end_key(); other >= 0)
    return fault(other, "it has the same key as row " + std::to_string(other + 1) + ", \"" +
                            join::shown(text(result, row, keys_.front())) + "\"");
  for (size_t at = 0; at < values_.size(); ++at) {
    std::string wrong;
    if (PQgetisnull(&result, row, values_[at].number) != 0) {
      if (values_[at].column.required)
        wrong = "the column \"" + values_[at].column.name + "\" is required and has no value";
    } else {
      const auto value = text(result, row, values_[at]);
      if (builder_->add(at, value)) continue;
      wrong = misfit(values_[at], value);
    }
    if (!wrong.empty()) LEVADA_TRY(fault(rows_, std::move(wrong)));
    builder_->add_null(at);
  }
  builder_->end_row();
  ++rows_;
  return {};
}

Done PostgresTable::add(const PGresult& result) {
  if (!builder_) LEVADA_TRY(begin(result));
  for (int row = 0; row < PQntuples(&result); ++row) LEVADA_TRY(add_row(result, row));
  return {};
}

}  // namespace levada::join_postgres
