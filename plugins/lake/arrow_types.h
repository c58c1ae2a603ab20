// What joins our types with those of Arrow; for files that include Arrow anyway.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>

#include "lake/schema.h"

namespace levada::lake {

// The type of fields that have the values of such arrays; none where no Parquet file has it.
std::optional<FieldType> field_type(const std::shared_ptr<arrow::DataType>& type);

// As it stands in memory: text and bytes are views.
std::shared_ptr<arrow::DataType> arrow_type(const FieldType& type);

}  // namespace levada::lake
