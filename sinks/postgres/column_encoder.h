// Makes the values of one column of a batch those of a column of the table, in the binary format of
// COPY.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"
#include "misfits.h"
#include "table.h"

namespace levada::postgres_sink {

class ColumnEncoder {
 public:
  // Whether the server makes the value out of a text itself, as levada does not know the type.
  static bool is_cast(const TableColumn& target);

  // Prepares all rows of the column, which must stay, as must what `target` is; those whose value
  // does not fit are added to `misfits`, and have no value worth writing.
  void bind(const Column& column, const TableColumn& target, Misfits& misfits);
  // Adds to each row's size what its field needs.
  void add_sizes(std::vector<size_t>& sizes) const;
  // Writes the fields of the rows first .. end - 1, each where its cursor stands, which moves on.
  void write(int64_t first, int64_t end, char** cursors) const;

 private:
  struct Piece {
    size_t offset, size;
  };

  template <class Visit>
  void each(const Column& column, Visit&& visit);
  template <class Word>
  void write_words(int64_t first, int64_t end, char** cursors) const;
  void write_views(int64_t first, int64_t end, char** cursors) const;

  void bind_boolean(const Column& column);
  void bind_whole(const Column& column, size_t width, int64_t least, int64_t most);
  void bind_float(const Column& column, size_t width);
  void bind_time(const Column& column);
  void bind_date(const Column& column);
  void bind_text(const Column& column);
  void bind_bytes(const Column& column);
  void bind_json(const Column& column);
  // A type that is made of texts: append(text, arena).
  template <class Append>
  void bind_made(const Column& column, Append&& append);

  // A column of what is opaque in a batch, as texts; what is nested as JSON.
  Column as_texts(const Column& column) const;
  Column as_json(const Column& column) const;
  void begin_words(size_t width);
  void begin_views();
  // Puts what was appended to the arena since `start` in the row.
  void take_made(int64_t row, size_t start) {
    pieces_.push_back({start, arena_.size() - start});
    made_rows_.push_back(row);
  }
  void finish_made();
  void misfit(int64_t row, std::string_view value);
  void misfit_of_type(int64_t row, Type type);

  Column column_;
  const TableColumn* target_ = nullptr;
  Misfits* misfits_ = nullptr;
  size_t width_ = 0;             // Of each value; 0: `views_` have them.
  bool has_version_ = false;     // Of jsonb: a byte before each value.
  std::vector<uint64_t> words_;  // As the machine has them.
  std::vector<std::string_view> views_;
  std::string arena_;
  std::vector<Piece> pieces_;
  std::vector<int64_t> made_rows_;
};

}  // namespace levada::postgres_sink
