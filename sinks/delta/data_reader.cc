#include "data_reader.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/compute/cast.h>
#include <parquet/arrow/reader.h>

#include <vector>

#include "arrow_file.h"
#include "data_file.h"
#include "deletion_vector.h"
#include "lake/row_order.h"

namespace levada::delta {
namespace {

using lake::Kind;
constexpr int64_t kRowsAtOnce = 16'384;

// A type of batches that holds all values of the field; null where they stay as they are.
std::shared_ptr<arrow::DataType> batch_type(const lake::FieldType& type) {
  switch (type.kind) {
    case Kind::int8:
    case Kind::int16:
    case Kind::int32:
    case Kind::int64: return arrow::int64();
    case Kind::float32:
    case Kind::float64: return arrow::float64();
    case Kind::decimal: return arrow::utf8();
    case Kind::date:
    case Kind::timestamp: return arrow::timestamp(arrow::TimeUnit::MICRO);
    default: return nullptr;
  }
}

arrow::Result<std::shared_ptr<arrow::Array>> converted(std::shared_ptr<arrow::Array> array,
                                                       const lake::FieldType& type);

// Members that the file does not have are missing.
arrow::Result<std::shared_ptr<arrow::Array>> converted_nested(const arrow::Array& array, const lake::FieldType& type) {
  auto data = array.data()->Copy();
  if (array.type_id() == arrow::Type::LIST) {
    const auto& item = type.children[0];
    ARROW_ASSIGN_OR_RAISE(auto items, converted(static_cast<const arrow::ListArray&>(array).values(), item.type));
    data->type = arrow::list(arrow::field(item.name, items->type()));
    data->child_data = {items->data()};
    return arrow::MakeArray(std::move(data));
  }
  if (array.type_id() != arrow::Type::STRUCT)
    return arrow::Status::TypeError("a column is ", array.type()->ToString(), " and not ", type.name());
  arrow::FieldVector fields;
  arrow::ArrayDataVector members;
  for (const auto& field : type.children) {
    const int at = static_cast<const arrow::StructType&>(*array.type()).GetFieldIndex(field.name);
    if (at < 0) continue;
    ARROW_ASSIGN_OR_RAISE(auto member,
                          converted(arrow::MakeArray(array.data()->child_data[static_cast<size_t>(at)]), field.type));
    fields.push_back(arrow::field(field.name, member->type()));
    members.push_back(member->data());
  }
  data->type = arrow::struct_(std::move(fields));
  data->child_data = std::move(members);
  return arrow::MakeArray(std::move(data));
}

arrow::Result<std::shared_ptr<arrow::Array>> converted(std::shared_ptr<arrow::Array> array,
                                                       const lake::FieldType& type) {
  if (type.kind == Kind::structure || type.kind == Kind::list) return converted_nested(*array, type);
  const auto wanted = batch_type(type);
  if (!wanted && (type.kind != Kind::other || array->type()->Equals(*type.arrow))) return array;
  if (!wanted) return arrow::compute::Cast(*array, type.arrow);
  // Without its zone a time is what it is in UTC.
  const auto relabeled = [](const arrow::Array& from, std::shared_ptr<arrow::DataType> to) {
    auto data = from.data()->Copy();
    data->type = std::move(to);
    return arrow::MakeArray(std::move(data));
  };
  if (array->type_id() == arrow::Type::TIMESTAMP)
    array = relabeled(*array, arrow::timestamp(static_cast<const arrow::TimestampType&>(*array->type()).unit()));
  if (!array->type()->Equals(wanted)) {
    auto options = arrow::compute::CastOptions::Safe();
    options.allow_time_truncate = true;
    ARROW_ASSIGN_OR_RAISE(array, arrow::compute::Cast(*array, wanted, options));
  }
  if (wanted->id() == arrow::Type::TIMESTAMP)
    array = relabeled(*array, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
  return array;
}

}  // namespace

class DataReader::Impl {
 public:
  Impl(std::string where, lake::LakeSchema schema, DeletedRows deleted)
      : where_(std::move(where)), schema_(std::move(schema)), deleted_(std::move(deleted)) {}

  Done open(std::unique_ptr<lake::InputFile> file) {
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(kRowsAtOnce);
    properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    auto status = builder.Open(std::make_shared<ArrowInput>(std::move(file)));
    if (status.ok()) status = builder.properties(properties)->Build(&reader_);
    if (!status.ok()) return arrow_error(status, where_);
    auto batches = reader_->GetRecordBatchReader();
    if (!batches.ok()) return arrow_error(batches.status(), where_);
    batches_ = *std::move(batches);
    return {};
  }

  Result<std::optional<Batch>> next() {
    std::optional<Batch> none;
    std::shared_ptr<arrow::RecordBatch> read;
    do {
      if (const auto status = batches_->ReadNext(&read); !status.ok()) return arrow_error(status, where_);
      if (!read) return none;
      if (const auto status = drop_deleted(read); !status.ok()) return arrow_error(status, where_);
    } while (read->num_rows() == 0);
    auto made = in_schema(*read);
    if (!made.ok()) return arrow_error(made.status(), where_);
    levada_batch given = detail::empty_batch();
    if (const auto status = arrow::ExportRecordBatch(**made, &given.rows, &given.schema); !status.ok())
      return arrow_error(status, where_);
    auto batch = Batch::adopt(given);
    if (batch) return std::optional(*std::move(batch));
    detail::release(given);
    return std::move(batch).error();
  }

 private:
  // Batches come in the order of the file's rows.
  arrow::Status drop_deleted(std::shared_ptr<arrow::RecordBatch>& batch) {
    const auto first = std::exchange(next_row_, next_row_ + batch->num_rows());
    if (deleted_.rows() == 0) return arrow::Status::OK();
    std::vector<int64_t> kept;
    for (int64_t row = 0; row < batch->num_rows(); ++row)
      if (!deleted_.contains(first + row)) kept.push_back(row);
    if (static_cast<int64_t>(kept.size()) == batch->num_rows()) return arrow::Status::OK();
    arrow::ArrayVector columns;
    for (const auto& column : batch->columns()) {
      if (kept.empty()) {
        columns.push_back(column->Slice(0, 0));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(auto left, lake::gather(column, kept));
      columns.push_back(std::move(left));
    }
    batch = arrow::RecordBatch::Make(batch->schema(), static_cast<int64_t>(kept.size()), std::move(columns));
    return arrow::Status::OK();
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> in_schema(const arrow::RecordBatch& read) const {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const auto& field : schema_.fields()) {
      auto array = read.GetColumnByName(field.name);
      if (!array) continue;
      ARROW_ASSIGN_OR_RAISE(array, converted(std::move(array), field.type));
      fields.push_back(arrow::field(field.name, array->type()));
      arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), read.num_rows(), std::move(arrays));
  }

  const std::string where_;
  const lake::LakeSchema schema_;
  const DeletedRows deleted_;
  int64_t next_row_ = 0;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;
};

DataReader::DataReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataReader::~DataReader() = default;

Result<std::unique_ptr<DataReader>> DataReader::open(lake::FileStore& store, const AddFile& file,
                                                     const lake::LakeSchema& schema) {
  const auto path = decode_path(file.path);
  const auto where = store.name() + "/" + path;
  if (lies_elsewhere(file.path))
    return fatal("the file " + path + " lies outside of the table, where levada does not read");
  auto opened = store.open(path);
  if (!opened) return std::move(opened).error();
  if (!*opened) return fatal(where + " is missing");
  DeletedRows deleted;
  if (file.deletion_vector) {
    auto read = DeletedRows::read(store, *file.deletion_vector);
    if (!read) return std::move(read).error();
    deleted = *std::move(read);
  }
  auto impl = std::make_unique<Impl>(where, schema, std::move(deleted));
  LEVADA_TRY(impl->open(*std::move(opened)));
  return std::unique_ptr<DataReader>(new DataReader(std::move(impl)));
}

Result<std::optional<Batch>> DataReader::next() { return impl_->next(); }

}  // namespace levada::delta
