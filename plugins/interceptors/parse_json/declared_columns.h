// The columns that a user declared: where in a document their values
// stand, and of what type they are.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cell_builder.h"
#include "column_type.h"
#include "field_tree.h"
#include "levada/options.h"
#include "levada/result.h"
#include "nested_builder.h"

namespace levada::parse_json {

class DeclaredColumns {
 public:
  // From `columns = { ip = "text", at = { pointer = "/event/time", type = "timestamp", unit
  // = "ms", required = true } }`.
  static Result<DeclaredColumns> create(const Tree& columns);

  // Starts a batch with these documents.
  void start(const Column& body);
  // Finds the values of a document; false where its tokens make no sense.
  bool read(const TokenCursor& cursor, bool has_escapes) { return tree_.read(cursor, has_escapes); }
  // The same for a document that is plain and valid; false where it may be neither.
  bool read_plain(const PlainTokens& tokens) { return tree_.read_plain(tokens); }
  // The same for one of a shape that was learnt of others; false where it may be of a new one.
  bool read_known(std::string_view text, const char* readable_end) { return tree_.read_known(text, readable_end); }
  // Learns the shape of a document that read_plain has just read.
  void learn(std::string_view text, const uint32_t* tokens) { tree_.learn(text, tokens); }
  // Whether `append` goes along the tokens of values.
  bool has_nested() const { return has_nested_; }
  // Adds the values that were found; `cursor` is that of the document. False, with the reason,
  // where the row is to be rejected: a required value is missing, or, if `reject_mismatches`, a
  // value is of a wrong type; else that is null and counted.
  bool append(const CellBuilder::Document& document, const TokenCursor& cursor, bool reject_mismatches,
              std::string& reason);
  void append_nulls();
  std::vector<Column> finish();

  int64_t mismatches() const;

 private:
  struct Declared {
    std::string name, pointer;
    ColumnType type;
    TimeUnit unit = TimeUnit::none;
    bool required = false;
  };

  // What of a column is asked for each row.
  struct Cell {
    CellBuilder* builder;  // Null: the column is nested.
    const FieldTree::Found* found;
    bool required;
  };

  // `append` of one column.
  bool append_any(size_t number, const CellBuilder::Document& document, const TokenCursor& cursor,
                  bool reject_mismatches);
  // Why a value, empty where there is none, cannot stand in the column with this number.
  std::string why_not(size_t number, std::string_view value) const;
  static Result<Declared> declared(const Tree& entry);
  static Done read_table(const Tree& entry, Declared& column);
  static Done read_type(const Tree& value, const std::string& option, Declared& column);

  std::vector<Declared> columns_;
  bool has_nested_ = false;
  FieldTree tree_;
  std::vector<std::variant<CellBuilder, NestedBuilder>> builders_;
  std::vector<Cell> cells_;  // Of each column.
  int64_t mismatches_ = 0;   // Of cells that are columns.
};

}  // namespace levada::parse_json
