// Rows are encoded at once, into memory, and go to the store by row groups.
#include "lake/parquet_file.h"

#include <arrow/record_batch.h>
#include <parquet/exception.h>

#include <exception>
#include <utility>

namespace levada::lake {

// Arrow's writer ends a file that it is destroyed with: that must not look like a complete one.
ParquetFile::~ParquetFile() {
  stream_->give_up();
  try {
    writer_.reset();
  } catch (const std::exception&) {
    return;
  }
}

// What the store says is nearer to the cause.
Done ParquetFile::done(const arrow::Status& status) const {
  if (status.ok()) return {};
  if (!stream_->outcome()) return stream_->outcome();
  return fatal(stream_->path() + ": " + status.ToString());
}

Done ParquetFile::open(const WriterSettings& settings, std::shared_ptr<arrow::Schema> schema,
                       const std::vector<LeafEncoding>& encodings) {
  auto opened = open_rows_writer(std::move(schema), stream_, properties_of(settings, encodings, &pool_), &pool_);
  if (!opened.ok()) return done(opened.status());
  writer_ = *std::move(opened);
  return {};
}

Done ParquetFile::write(const arrow::RecordBatch& rows, int64_t first, int64_t count) {
  if (std::exchange(separate_, false)) LEVADA_TRY(done(writer_->begin_row_group()));
  LEVADA_TRY(done(writer_->write(rows, first, count)));
  rows_ += count;
  return {};
}

Done ParquetFile::end_row_group() {
  separate_ = false;
  LEVADA_TRY(done(writer_->begin_row_group()));
  return stream_->flush_block();
}

Result<std::unique_ptr<OutputFile>> ParquetFile::close(WrittenFile& to) {
  LEVADA_TRY(done(writer_->close()));
  to.path = stream_->path();
  to.rows = rows_;
  to.bytes = stream_->position();
  to.columns = statistics_of(writer_->footer(), schema_);
  return stream_->take_file();
}

}  // namespace levada::lake
