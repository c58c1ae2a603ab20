// Which rows of a batch belong to which partition. For files that include Arrow anyway.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/schema.h"

namespace levada::lake {

using PartitionValues = std::vector<std::optional<std::string>>;

struct Groups {
  std::vector<int32_t> of_row;          // Number of its group.
  std::vector<PartitionValues> values;  // Of each group.
};

// Makes groups of rows that have the same values in these columns, each of which lies in several
// arrays, one behind the other. Values are compared as they are; text is made of them for each
// group only: as Spark writes it into paths. An empty text is as none. `to` keeps its memory from
// call to call.
void group(int64_t rows, const std::vector<arrow::ArrayVector>& columns, const std::vector<FieldType>& types,
           Groups& to);

// Whether it may be a partition's: neither floats, nor bytes, nor anything nested.
bool can_partition(const FieldType& type);

}  // namespace levada::lake
