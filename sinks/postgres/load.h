// Brings the rows of a commit into the table, together with the checkpoint, in one transaction; and
// where the server does not accept them, finds out which rows are at fault.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "positions_table.h"
#include "postgres/connection.h"
#include "row_encoder.h"

namespace levada::postgres_sink {

// A row that the server does not accept.
struct BadRow {
  size_t chunk, row;
  std::string reason;
};

class Load {
 public:
  using Chunks = std::vector<std::unique_ptr<Chunk>>;

  // For one connection, which outlives it, as do the other two.
  Load(postgres::Connection& connection, const Table& table, const PositionsTable& positions)
      : connection_(connection), table_(table), positions_(positions) {}

  // All rows and the checkpoint, or nothing: where `bad` gets rows, in their order, nothing is
  // done, and they are to be taken out. What a failure has done is known only to the table of
  // positions.
  Done run(const Chunks& chunks, const Checkpoint& checkpoint, std::vector<BadRow>& bad);

 private:
  struct Range {
    size_t first, end;  // Of the rows of a chunk.
  };

  Done begin(const Chunks& chunks);
  Done load_all(const Chunks& chunks);
  Done copy(const Chunks& chunks, size_t from, size_t to);
  Done load(const Chunk& chunk, Range range);
  Done find(const Chunks& chunks, std::vector<BadRow>& bad);
  Done find_in(size_t number, const Chunk& chunk, Range range, std::vector<BadRow>& bad);
  bool is_of_rows() const;
  bool is_of_table() const;
  Done roll_back();

  postgres::Connection& connection_;
  const Table& table_;
  const PositionsTable& positions_;
  std::set<const Shape*> has_staging_;
  bool was_copying_ = false;  // The call that failed was that of a COPY.
};

}  // namespace levada::postgres_sink
