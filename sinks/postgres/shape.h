// Which columns of the table rows bring along, and the statements for such rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "settings.h"
#include "table.h"

namespace levada::postgres_sink {

// Rows go into the table at once, or, where the server has to put them together with those that are
// there, or to make values of texts, by way of a staging table of the session.
class Shape {
 public:
  // `number` tells the staging tables of a session apart.
  Shape(const Table& table, const PostgresSettings& settings, const std::vector<const TableColumn*>& columns,
        size_t number);

  bool is_staged() const { return !staging_.empty(); }
  // Makes the staging table.
  const std::string& create_staging() const { return create_; }
  // Begins to take rows.
  const std::string& copy() const { return copy_; }
  // Brings the staged rows of these numbers into the table, `last` included.
  std::string merge(uint64_t first, uint64_t last) const;

 private:
  std::string staging_, create_, copy_, merge_, merge_end_;
};

}  // namespace levada::postgres_sink
