// What joins our types with those of Arrow; for files that include Arrow anyway.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>

#include "lake/schema.h"

namespace levada::lake {

// The type of fields that have the values of such arrays; none where no Parquet file has it.
std::optional<FieldType> field_type(const std::shared_ptr<arrow::DataType>& type);

// As it stands in memory. Text and bytes are views; within structs and lists they are texts with
// offsets, as Arrow's writer of Parquet does not slice views there.
std::shared_ptr<arrow::DataType> arrow_type(const FieldType& type, bool is_nested = false);

}  // namespace levada::lake
