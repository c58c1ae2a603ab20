// What of a table's schema changes for rows that it does not have columns for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lake/schema.h"
#include "levada/result.h"
#include "snapshot.h"
#include "table_schema.h"

namespace levada::delta {

enum class SchemaMode : uint8_t { strict, add_columns, widen };

// The columns that a table made for such rows has: those of the rows that a table can have, and
// those of its partitions. Rows with others are rejected.
lake::LakeSchema columns_of_new_table(const lake::LakeSchema& rows, const std::vector<std::string>& partition_by);

// The metadata of a new table. FATAL where a column cannot be one of a table.
Result<Metadata> new_table(const lake::LakeSchema& schema, const std::vector<std::string>& partition_by,
                           const Map& properties, std::string id, int64_t now_ms);

// Whether a column can be one of a table by its name and those of its members: Parquet's users have
// marks that stand in no name.
Done check_column(const lake::Field& field);

// The metadata with the columns that it lacks, or with wider ones, as the mode allows; nothing
// where it stays as it is. Columns that cannot be added are left out: their rows are rejected.
// FATAL where the table does not allow wider types.
Result<std::optional<Metadata>> changed_for(const Snapshot& snapshot, const lake::LakeSchema& rows, SchemaMode mode);

// Whether files that were written with `written` are still right for a table whose metadata is now
// this.
Done check_still_fits(const Metadata& now, const Metadata& written);

}  // namespace levada::delta
