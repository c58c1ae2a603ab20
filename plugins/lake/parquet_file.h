// One Parquet file that is being written. For files that include Arrow anyway.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type_fwd.h>
#include <parquet/type_fwd.h>

#include <memory>
#include <string>

#include "lake/encodings.h"
#include "lake/partitioned_writer.h"
#include "lake/rows_writer.h"
#include "lake/store_stream.h"

namespace levada::lake {

class ParquetFile {
 public:
  // `pool`: where its memory comes from; outlives it, as schema and store do.
  ParquetFile(FileStore& store, std::string path, const LakeSchema& schema, arrow::MemoryPool* pool)
      : schema_(schema), pool_(pool), stream_(std::make_shared<StoreStream>(store, std::move(path))) {}
  ~ParquetFile();

  Done open(const WriterSettings& settings, std::shared_ptr<arrow::Schema> schema,
            const std::vector<LeafEncoding>& encodings);
  // `count` of the rows, from `first` on.
  Done write(const arrow::RecordBatch& rows, int64_t first, int64_t count);
  // The next rows begin a row group.
  void separate() { separate_ = true; }
  // What is in memory goes to the store, and the next rows begin a row group: at once, so that a
  // file that ends here has an empty one.
  Done end_row_group();
  // All is written: gives the file, to be finished, and fills in what a WrittenFile says of its
  // content.
  Result<std::unique_ptr<OutputFile>> close(WrittenFile& to);

  int64_t rows() const { return rows_; }
  // That it would have if it was completed now, about.
  int64_t bytes() const { return stream_->position() + pool_.bytes_allocated(); }
  int64_t memory() const { return pool_.bytes_allocated(); }
  const std::string& path() const { return stream_->path(); }

 private:
  Done done(const arrow::Status& status) const;

  const LakeSchema& schema_;
  arrow::ProxyMemoryPool pool_;
  std::shared_ptr<StoreStream> stream_;
  std::unique_ptr<RowsWriter> writer_;
  int64_t rows_ = 0;
  bool separate_ = false;
};

// Out of the footer of a complete file.
std::vector<ColumnStatistics> statistics_of(const parquet::FileMetaData& footer, const LakeSchema& schema);

}  // namespace levada::lake
