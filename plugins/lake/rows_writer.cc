// Parquet's writers of columns are given pieces of rows: pages end between them.
#include "lake/rows_writer.h"

#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/schema.h>

#include <algorithm>
#include <array>
#include <utility>

#include "levada/column.h"

namespace levada::lake {
namespace {

using Rows = arrow::RecordBatch;

class NestedWriter final : public RowsWriter {
 public:
  explicit NestedWriter(std::unique_ptr<parquet::arrow::FileWriter> writer) : writer_(std::move(writer)) {}
  arrow::Status begin_row_group() override { return writer_->NewBufferedRowGroup(); }
  arrow::Status write(const Rows& rows, int64_t first, int64_t count) override {
    return writer_->WriteRecordBatch(*rows.Slice(first, count));
  }
  arrow::Status close() override { return writer_->Close(); }
  const parquet::FileMetaData& footer() const override { return *writer_->metadata(); }

 private:
  const std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

class FlatWriter final : public RowsWriter {
 public:
  FlatWriter(std::shared_ptr<arrow::Schema> schema, std::unique_ptr<parquet::ParquetFileWriter> writer,
             int64_t row_group_rows, arrow::MemoryPool* pool)
      : schema_(std::move(schema)),
        row_group_rows_(row_group_rows),
        writer_(std::move(writer)),
        context_(pool, parquet::default_arrow_writer_properties().get()) {}

  arrow::Status begin_row_group() override {
    return attempt([&] { return open_row_group(), arrow::Status::OK(); });
  }
  arrow::Status write(const Rows& rows, int64_t first, int64_t count) override {
    return attempt([&] { return write_columns(rows, first, count); });
  }
  arrow::Status close() override {
    return attempt([&] {
      writer_->Close();
      footer_ = writer_->metadata();
      is_usable_ = false;
      return arrow::Status::OK();
    });
  }
  const parquet::FileMetaData& footer() const override { return *footer_; }

 private:
  static constexpr int64_t kPiece = 4096;  // As many as a page grows by.
  static constexpr int64_t kTexts = 1024;
  using Levels = std::array<int16_t, kPiece>;

  // Behind a failure, and behind close, Parquet's writers are in no state to be called.
  template <class Call>
  arrow::Status attempt(Call call) {
    if (!is_usable_) return arrow::Status::Invalid("the file is closed, or could not be written");
    const auto done = caught(call);
    if (!done.ok()) is_usable_ = false;
    return done;
  }

  template <class Call>
  static arrow::Status caught(Call call) {
    arrow::Status done;
    PARQUET_CATCH_NOT_OK(done = call());
    return done;
  }

  // Ends the one before.
  void open_row_group() {
    row_group_ = writer_->AppendBufferedRowGroup();
    rows_left_ = row_group_rows_;
  }

  arrow::Status write_columns(const Rows& rows, int64_t first, int64_t count) {
    for (const auto end = first + count; first < end;) {
      if (rows_left_ == 0) open_row_group();
      const auto fitting = std::min(end - first, rows_left_);
      for (int at = 0; at < rows.num_columns(); ++at)
        ARROW_RETURN_NOT_OK(write_column(*rows.column(at), first, fitting, at));
      first += fitting;
      rows_left_ -= fitting;
    }
    return arrow::Status::OK();
  }

  arrow::Status write_column(const arrow::Array& all, int64_t first, int64_t count, int at) {
    auto& writer = *row_group_->column(at);
    const bool is_nullable = schema_->field(at)->nullable();
    const bool is_text = all.type_id() == arrow::Type::STRING_VIEW || all.type_id() == arrow::Type::BINARY_VIEW;
    const auto most = is_text ? kTexts : kPiece;
    for (const auto end = first + count; first < end; first += most) {
      const auto rows = std::min(most, end - first);
      Levels of_piece;
      const auto* levels = is_nullable ? levels_of(all, first, rows, of_piece) : nullptr;
      if (is_text) write_texts(all, first, rows, levels, static_cast<parquet::ByteArrayWriter&>(writer));
      else if (all.null_count() > 0 || !write_values(all, first, rows, levels, writer))
        ARROW_RETURN_NOT_OK(writer.WriteArrow(levels, nullptr, rows, *all.Slice(first, rows), &context_, is_nullable));
    }
    return arrow::Status::OK();
  }

  // Values of a column without nulls that stand in memory as Parquet's writer takes them; false
  // where they do not.
  static bool write_values(const arrow::Array& all, int64_t first, int64_t rows, const int16_t* levels,
                           parquet::ColumnWriter& writer) {
    const auto write = [&]<class Writer>(Writer& to) {
      to.WriteBatch(rows, levels, nullptr, all.data()->GetValues<typename Writer::T>(1) + first);
      return true;
    };
    switch (all.type_id()) {
      case arrow::Type::INT32:
      case arrow::Type::DATE32: return write(static_cast<parquet::Int32Writer&>(writer));
      case arrow::Type::TIMESTAMP:
        // Parquet has no seconds.
        if (static_cast<const arrow::TimestampType&>(*all.type()).unit() == arrow::TimeUnit::SECOND) return false;
        [[fallthrough]];
      case arrow::Type::INT64: return write(static_cast<parquet::Int64Writer&>(writer));
      case arrow::Type::FLOAT: return write(static_cast<parquet::FloatWriter&>(writer));
      case arrow::Type::DOUBLE: return write(static_cast<parquet::DoubleWriter&>(writer));
      default: return false;
    }
  }

  // 1 for a value, 0 for a null.
  static const int16_t* levels_of(const arrow::Array& all, int64_t first, int64_t rows, Levels& to) {
    static constexpr Levels kAllThere = [] {
      Levels levels{};
      levels.fill(1);
      return levels;
    }();
    if (all.null_count() == 0) return kAllThere.data();
    for (int64_t row = 0; row < rows; ++row) to[static_cast<size_t>(row)] = all.IsValid(first + row) ? 1 : 0;
    return to.data();
  }

  // Rows of one partition may stand anywhere in memory: all texts are asked for before the first is
  // read, so that the waits for them overlap.
  static void write_texts(const arrow::Array& all, int64_t first, int64_t rows, const int16_t* levels,
                          parquet::ByteArrayWriter& writer) {
    const bool has_nulls = all.null_count() > 0;
    const auto* views = all.data()->GetValues<View>(1) + first;
    const auto* blocks = all.data()->buffers.data() + 2;
    std::array<parquet::ByteArray, kTexts> texts;
    size_t count = 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (has_nulls && all.IsNull(first + row)) continue;
      const auto& view = views[row];
      const auto* text = view.is_inline() ? reinterpret_cast<const uint8_t*>(view.inlined)
                                          : blocks[view.outside.buffer]->data() + view.outside.offset;
      __builtin_prefetch(text);
      texts[count++] = {static_cast<uint32_t>(view.size), text};
    }
    writer.WriteBatch(rows, levels, nullptr, texts.data());
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const int64_t row_group_rows_;
  const std::unique_ptr<parquet::ParquetFileWriter> writer_;
  parquet::ArrowWriteContext context_;
  parquet::RowGroupWriter* row_group_ = nullptr;
  int64_t rows_left_ = 0;  // That the row group takes.
  std::shared_ptr<parquet::FileMetaData> footer_;
  bool is_usable_ = true;
};

bool is_flat(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::DECIMAL128: return true;
    default: return arrow::is_primitive(type.id());
  }
}

}  // namespace

arrow::Result<std::unique_ptr<RowsWriter>> open_rows_writer(std::shared_ptr<arrow::Schema> schema,
                                                            std::shared_ptr<arrow::io::OutputStream> sink,
                                                            std::shared_ptr<parquet::WriterProperties> properties,
                                                            arrow::MemoryPool* pool) {
  const auto& fields = schema->fields();
  if (!std::all_of(fields.begin(), fields.end(), [](const auto& field) { return is_flat(*field->type()); })) {
    ARROW_ASSIGN_OR_RAISE(auto writer, parquet::arrow::FileWriter::Open(*schema, pool, std::move(sink), properties));
    return std::make_unique<NestedWriter>(std::move(writer));
  }
  std::shared_ptr<parquet::SchemaDescriptor> descriptor;
  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(schema.get(), *properties, &descriptor));
  std::unique_ptr<parquet::ParquetFileWriter> writer;
  const auto root = std::static_pointer_cast<parquet::schema::GroupNode>(descriptor->schema_root());
  PARQUET_CATCH_NOT_OK(writer = parquet::ParquetFileWriter::Open(std::move(sink), root, properties));
  return std::make_unique<FlatWriter>(std::move(schema), std::move(writer), properties->max_row_group_length(), pool);
}

}  // namespace levada::lake
