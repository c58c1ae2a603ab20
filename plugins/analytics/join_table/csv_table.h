// Tables out of CSV files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "join/join.h"
#include "levada/result.h"
#include "text/csv_record.h"

namespace levada::join_table {

// The first record names the columns. FATAL, with "path:line:column: ...", where something is
// wrong.
Result<std::shared_ptr<const join::Table>> read_csv_table(const std::string& path, std::string_view text,
                                                          const join::TableShape& shape, CsvFormat format);

}  // namespace levada::join_table
