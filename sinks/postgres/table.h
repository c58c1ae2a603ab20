// The table that rows go to, as the server describes it, and how it is made and widened.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"
#include "postgres/connection.h"
#include "settings.h"

namespace levada::postgres_sink {

struct TableColumn {
  bool operator==(const TableColumn&) const = default;

  std::string name;
  Oid type = 0;           // Of a domain: the type that it is made of.
  std::string type_text;  // As SQL has it, "numeric(10,2)".
  bool is_enum = false;
  bool is_computed = false;  // Nobody may write it.
};

class Table {
 public:
  // `settings` outlives it.
  explicit Table(const PostgresSettings& settings);

  // Quoted, with its schema where the user gave one.
  const std::string& name() const { return name_; }
  bool exists() const { return exists_; }
  const TableColumn* find(std::string_view name) const;

  // Asks the server what the table is like now; one that is missing is FATAL unless it may be made.
  Done load(postgres::Connection& connection);
  // RETRY where it is no longer what it was then. Within a transaction that has written to it
  // nobody can change it any more.
  Done check(postgres::Connection& connection) const;
  // Whether the batch has columns for which the table is to be made or widened.
  bool lacks(const Batch& batch) const;
  // Makes the table, or adds columns, as the batch needs it.
  Done widen(const std::vector<Column>& columns, postgres::Connection& connection);
  // Those of the batch that are meant for the table, in its order.
  std::vector<Column> wanted(const Batch& batch) const;

 private:
  bool is_wanted(const Batch& batch, const Column& column) const;
  // As SQL has it; empty where no type can hold the column.
  std::string type_for(const Column& column) const;
  std::string definition(const Column& column) const;

  const PostgresSettings& settings_;
  const std::string name_;
  bool exists_ = false;
  std::vector<TableColumn> columns_;
  std::string fingerprint_;  // Of its columns and their types.
};

}  // namespace levada::postgres_sink
