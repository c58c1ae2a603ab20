// Builds a column of structs or lists out of the tokens of JSON values.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cell_builder.h"
#include "column_type.h"
#include "levada/nested.h"
#include "token_cursor.h"

namespace levada::parse_json {

class NestedBuilder {
 public:
  // `body`: the column of the documents, into which texts point. The type outlives it.
  NestedBuilder(const ColumnType& type, TimeUnit unit, const Column& body);

  // Adds the value whose first token is at hand. False where something in it is not of its type:
  // that is null then, and `mismatch` says what the first of these is.
  bool append(const CellBuilder::Document& document, TokenCursor cursor);
  void append_null() { append_null(root_); }
  Column finish(std::string name) && { return finish(root_, std::move(name)); }

  struct Mismatch {
    std::string path;  // Behind the column's name: ".tags[3]".
    const ColumnType* expected;
    std::string_view found;  // Empty where there is no value.
  };
  const Mismatch& mismatch() const { return mismatch_; }
  int64_t mismatches() const { return mismatches_; }  // In all values.

 private:
  struct Node {
    const ColumnType& type;
    std::variant<CellBuilder, StructBuilder, ListBuilder> builder;
    std::vector<Node> children;
    int64_t rows = 0;
    size_t expected = 0;  // Which member comes next in most objects.
  };
  struct Step {
    const std::string* member;  // Null: an item.
    int64_t item;
  };

  static Node node_of(const ColumnType& type, TimeUnit unit, const Column& body);
  static Column finish(Node& node, std::string name);
  static void append_null(Node& node);
  // Each passes over a value, or as much of it as makes sense.
  void append(Node& node, TokenCursor& cursor);
  void append_struct(Node& node, TokenCursor& cursor);
  void append_list(Node& node, TokenCursor& cursor);
  void append_member(Node& node, std::string_view key, TokenCursor& cursor);
  void mismatched(const Node& node, std::string_view found);

  Node root_;
  CellBuilder::Document document_{};
  std::vector<Step> path_;  // To the value at hand.
  bool fits_ = true;
  Mismatch mismatch_{};
  int64_t mismatches_ = 0;
  std::string unescaped_;
};

}  // namespace levada::parse_json
