// Columns for the scalars that the objects of a batch happen to have, with types to match.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cell_builder.h"
#include "json/json_parser.h"
#include "token_cursor.h"

namespace levada::parse_json {

class InferredColumns {
 public:
  // A batch gets no more columns than these, whatever keys its objects have.
  static constexpr size_t kMaxColumns = 1000;

  void start();
  // Finds the scalars of an object; false where its tokens make no sense, and then nothing of it is kept.
  bool read(int64_t row, TokenCursor cursor, bool has_escapes);
  // The columns, one value for each row of `body`. A value that is no JSON is null.
  std::vector<Column> finish(const Column& body);

  // Values whose key cannot be a column: too many, empty, or with a zero byte in it.
  int64_t ignored() const { return ignored_; }

 private:
  struct Cell {
    int64_t row;
    std::string_view value;
  };
  struct Found {
    std::string name;
    std::vector<Cell> cells;
    bool has_text = false, has_integers = false, has_reals = false, has_booleans = false;

    CellType type() const;
    bool is_mixed() const;
    int64_t last_row = -1;  // Of the batch, that had a member of this name.
    void add(int64_t row, std::string_view value);
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };

  bool members(int64_t row, TokenCursor& cursor, bool has_escapes);
  // The column of the key; null where it has none yet, unless one is wanted and there is room for it.
  Found* find(std::string_view key, bool wanted);
  bool has_passed(std::string_view key) const;
  void pass(std::string_view key);
  Column column(Found& found, const Column& body);

  std::vector<Found> found_;
  std::unordered_map<std::string, size_t, Hash, std::equal_to<>> numbers_;
  size_t expected_ = 0;
  // Keys of the row without a column, whose first value makes none. The strings are used again.
  std::vector<std::string> passed_;
  size_t passed_count_ = 0;
  int64_t ignored_ = 0;
  std::string unescaped_;
};

}  // namespace levada::parse_json
