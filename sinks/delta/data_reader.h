// Reads the rows of a data file as batches in the schema of its table, also where the file is older
// than the schema. Rows that a deletion vector names are left out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actions.h"
#include "lake/schema.h"
#include "lake/stores/file_store.h"
#include "levada/batch.h"
#include "levada/result.h"

namespace levada::delta {

class DataReader {
 public:
  // `schema`: the table's fields that stand in files. FATAL where the file, or its deletion vector,
  // is missing or damaged.
  static Result<std::unique_ptr<DataReader>> open(lake::FileStore& store, const AddFile& file,
                                                  const lake::LakeSchema& schema);
  ~DataReader();
  // Nothing at the end. Columns that the file does not have are missing. Decimals come as text,
  // dates as the time at which they begin.
  Result<std::optional<Batch>> next();

 private:
  class Impl;
  explicit DataReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace levada::delta
