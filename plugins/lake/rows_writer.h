// Rows into a Parquet file, row group by row group. For files that include Arrow anyway.
#pragma once

#include <arrow/status.h>
#include <arrow/type_fwd.h>
#include <parquet/properties.h>
#include <parquet/type_fwd.h>

#include <cstdint>
#include <memory>

namespace levada::lake {

class RowsWriter {
 public:
  virtual ~RowsWriter() = default;
  // Ends the row group before, which goes to the sink. The next rows go into a new one.
  virtual arrow::Status begin_row_group() = 0;
  // Writes `count` of the rows, from `first` on. A row group that is full ends by itself.
  virtual arrow::Status write(const arrow::RecordBatch& rows, int64_t first, int64_t count) = 0;
  // Writes the footer. Nothing else is called behind it but footer().
  virtual arrow::Status close() = 0;
  virtual const parquet::FileMetaData& footer() const = 0;
};

// Writes to the sink. `pool` outlives it. Columns of schemas without structs and lists go straight
// to Parquet's own writers of columns: these take texts by the batch, and Arrow's writer calls
// malloc for each. Behind a call that failed, all others fail.
arrow::Result<std::unique_ptr<RowsWriter>> open_rows_writer(std::shared_ptr<arrow::Schema> schema,
                                                            std::shared_ptr<arrow::io::OutputStream> sink,
                                                            std::shared_ptr<parquet::WriterProperties> properties,
                                                            arrow::MemoryPool* pool);

}  // namespace levada::lake
