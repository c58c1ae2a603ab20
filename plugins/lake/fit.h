// Brings the rows of a batch to the types of a schema. For files that include Arrow anyway.
//
// What fits is not copied where it stands in memory as it has to; else, of the types of batches:
//   boolean   a text "true" or "false"
//   integers  numbers in range; a float64 that is a whole number; a text of one
//   floats    an int64 that they hold exactly; a float64 as near as a float32 comes; a text of one
//   decimal   an int64, a float64 by its shortest digits, or a text, if no digit is lost
//   date      a timestamp: its day in UTC; a text YYYY-MM-DD
//   timestamp a timestamp, cut off to the unit; an int64, so many units since 1970; RFC 3339 text
//   text      bytes that are UTF-8; numbers, times and booleans as text
//   bytes     any text
//   struct    a struct: member by member; those that it does not have are null
//   list      a list, item by item
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "lake/schema.h"
#include "levada/batch.h"
#include "levada/result.h"

namespace levada::lake {

// All rows that fit, with the schema's columns in order; those that do not fit are rejected in the
// batch. Columns that the batch does not have are null. `reject_unknown`: rows of a batch with
// columns that the schema does not have are rejected, and rows with a value in a member of a struct
// that it does not have. Null where no row is left.
Result<std::shared_ptr<arrow::RecordBatch>> fit(const LakeSchema& schema, Batch& batch, bool reject_unknown);

}  // namespace levada::lake
