// Rows are gathered until it pays to split them, ordered by partition in one go, and written to the
// partitions' files in slices.
#include "lake/partitioned_writer.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <utility>

#include "lake/arrow_types.h"
#include "lake/encodings.h"
#include "lake/fit.h"
#include "lake/memory.h"
#include "lake/parquet_file.h"
#include "lake/partitions.h"
#include "lake/row_order.h"

namespace levada::lake {
namespace {

using Rows = std::shared_ptr<arrow::RecordBatch>;

// Each of a few hundred partitions gets a few hundred rows of so many at once.
constexpr int64_t kRowsToSplit = 128 * 1024;

Error failed(const arrow::Status& status) { return fatal(status.ToString()); }

// What values take in memory, about.
int64_t bytes_of(const arrow::Array& values) {
  int64_t bytes = 16 * values.length();
  switch (values.type_id()) {
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: {
      const auto* views = values.data()->GetValues<View>(1);
      for (int64_t at = 0; at < values.length(); ++at)
        if (!views[at].is_inline()) bytes += views[at].size;
      break;
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: bytes += static_cast<const arrow::BinaryArray&>(values).total_values_length(); break;
    case arrow::Type::STRUCT:
      for (const auto& member : static_cast<const arrow::StructArray&>(values).fields()) bytes += bytes_of(*member);
      break;
    case arrow::Type::LIST: bytes += bytes_of(*static_cast<const arrow::ListArray&>(values).values()); break;
    default: break;
  }
  return bytes;
}

int64_t bytes_of(const arrow::RecordBatch& rows) {
  int64_t bytes = 0;
  for (const auto& column : rows.columns()) bytes += bytes_of(*column);
  return bytes;
}

arrow::ArrayVector parts_of(const std::vector<Rows>& pending, int column) {
  arrow::ArrayVector parts;
  for (const auto& rows : pending) parts.push_back(rows->column(column));
  return parts;
}

arrow::Result<std::shared_ptr<arrow::Array>> whole_column(const std::vector<Rows>& pending, int column) {
  if (pending.size() == 1) return pending[0]->column(column);
  return arrow::Concatenate(parts_of(pending, column), memory_pool());
}

arrow::Result<arrow::ArrayVector> whole_columns(const std::vector<Rows>& pending, const std::vector<int>& columns) {
  arrow::ArrayVector whole;
  for (const int column : columns) {
    ARROW_ASSIGN_OR_RAISE(auto made, whole_column(pending, column));
    whole.push_back(std::move(made));
  }
  return whole;
}

}  // namespace

class PartitionedWriter::Impl {
 public:
  Impl(LakeSchema schema, WriterSettings settings, FileStore& store, Host host, NameFile name_file)
      : schema_(std::move(schema)),
        settings_(std::move(settings)),
        store_(store),
        name_file_(std::move(name_file)),
        row_groups_ended_early_(host.counter("row_groups_ended_early")) {}

  Done prepare();
  Done write(Batch& batch);
  Result<bool> complete_one();
  Result<std::vector<WrittenFile>> finish();
  std::vector<std::string> abandon();
  const LakeSchema& schema() const { return schema_; }
  int64_t rows() const { return rows_; }
  int64_t open_files() const { return static_cast<int64_t>(open_.size()); }

 private:
  struct OpenFile {
    OpenFile(FileStore& store, std::string path, const LakeSchema& schema, arrow::MemoryPool* pool,
             PartitionValues values)
        : parquet(store, std::move(path), schema, pool), values(std::move(values)) {}
    ParquetFile parquet;
    PartitionValues values;
    uint64_t used = 0;  // Number of the flush that wrote to it last.
  };
  using OpenFiles = std::map<std::string, OpenFile, std::less<>>;  // By folder.

  Done flush();
  // The rows first .. end - 1, which are all of one partition.
  Done write_group(const PartitionValues& values, const arrow::RecordBatch& rows, int64_t first, int64_t end);
  // `sample`: rows by which encodings are chosen for files that are opened.
  Result<OpenFiles::iterator> file_for(const std::string& folder, const PartitionValues& values,
                                       const arrow::RecordBatch& sample);
  // All of it is written; it is complete once what this gives is finished.
  Result<std::unique_ptr<OutputFile>> close(OpenFiles::iterator file);
  Done complete(OpenFiles::iterator file);
  Done keep_within_memory();
  bool is_full(const ParquetFile& file) const {
    return (settings_.roll_bytes > 0 && file.bytes() >= settings_.roll_bytes) ||
           (settings_.roll_rows > 0 && file.rows() >= settings_.roll_rows);
  }

  const LakeSchema schema_;
  const WriterSettings settings_;
  FileStore& store_;
  const NameFile name_file_;
  LakeSchema file_schema_;  // Without the partitions' fields.
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::vector<int> partition_columns_, file_columns_, sort_columns_;
  std::vector<FieldType> partition_types_;

  std::vector<Rows> pending_;
  int64_t pending_rows_ = 0, pending_bytes_ = 0;
  // What a flush needs, kept for the next one.
  Groups groups_;
  RowOrder order_;
  Scratch scratch_;
  std::vector<LeafEncoding> encodings_;  // Of files that are opened now.
  arrow::ProxyMemoryPool pool_{memory_pool()};
  OpenFiles open_;
  std::vector<WrittenFile> complete_;
  std::vector<std::string> paths_;  // Of all files since finish last gave some.
  int64_t rows_ = 0;
  uint64_t flushes_ = 0;
  Counter row_groups_ended_early_;
};

Done PartitionedWriter::Impl::prepare() {
  if (settings_.roll_bytes < 0) return wrong("roll_bytes", "must not be negative");
  if (settings_.roll_rows < 0) return wrong("roll_rows", "must not be negative");
  if (settings_.max_open_files < 1) return wrong("max_open_files", "must be at least 1");
  LEVADA_TRY(check_compression(settings_));
  const auto number_of = [&](const std::string& name, const char* option) -> Result<int> {
    for (size_t at = 0; at < schema_.fields().size(); ++at)
      if (schema_.fields()[at].name == name) return static_cast<int>(at);
    return wrong(option, "there is no column \"" + name + "\"");
  };
  for (const auto& name : settings_.partition_by) {
    auto column = number_of(name, "partition_by");
    if (!column) return std::move(column).error();
    if (std::count(partition_columns_.begin(), partition_columns_.end(), *column) > 0)
      return wrong("partition_by", "has \"" + name + "\" twice");
    const auto& type = schema_.fields()[static_cast<size_t>(*column)].type;
    if (!can_partition(type))
      return wrong("partition_by", "column \"" + name + "\" is " + type.name() + ", which makes no partitions");
    partition_columns_.push_back(*column);
    partition_types_.push_back(type);
  }
  std::vector<Field> in_files;
  for (size_t at = 0; at < schema_.fields().size(); ++at) {
    if (std::count(partition_columns_.begin(), partition_columns_.end(), static_cast<int>(at)) > 0) continue;
    file_columns_.push_back(static_cast<int>(at));
    in_files.push_back(schema_.fields()[at]);
  }
  if (in_files.empty()) return wrong("partition_by", "leaves no column for the files");
  file_schema_ = LakeSchema(std::move(in_files));
  arrow_schema_ = file_schema_.to_arrow();
  for (const auto& name : settings_.sort_by) {
    auto column = number_of(name, "sort_by");
    if (!column) return std::move(column).error();
    const auto& type = schema_.fields()[static_cast<size_t>(*column)].type;
    if (!can_sort(*arrow_type(type)))
      return wrong("sort_by", "column \"" + name + "\" is " + type.name() + ", which rows are not sorted by");
    sort_columns_.push_back(*column);
  }
  return {};
}

Done PartitionedWriter::Impl::write(Batch& batch) {
  auto fitted = fit(schema_, batch, settings_.reject_unknown);
  if (!fitted) return std::move(fitted).error();
  if (!*fitted) return {};
  const bool at_once = partition_columns_.empty() && sort_columns_.empty();
  pending_rows_ += (*fitted)->num_rows();
  rows_ += (*fitted)->num_rows();
  if (!at_once) pending_bytes_ += bytes_of(**fitted);
  pending_.push_back(*std::move(fitted));
  const auto rows_max = sort_columns_.empty() ? kRowsToSplit : settings_.row_group_rows;
  const auto bytes_max = settings_.memory_bytes / (sort_columns_.empty() ? 8 : 2);
  if (at_once || pending_rows_ >= rows_max || pending_bytes_ >= bytes_max) return flush();
  return {};
}

Done PartitionedWriter::Impl::flush() {
  if (pending_.empty()) return {};
  ++flushes_;
  const auto pending = std::exchange(pending_, {});
  const auto count = std::exchange(pending_rows_, 0);
  pending_bytes_ = 0;
  std::vector<arrow::ArrayVector> keys;
  for (const int column : partition_columns_) keys.push_back(parts_of(pending, column));
  group(count, keys, partition_types_, groups_);
  const bool reorders = groups_.values.size() > 1 || !sort_columns_.empty();
  if (reorders) {
    auto sorted_by = whole_columns(pending, sort_columns_);
    if (!sorted_by.ok()) return failed(sorted_by.status());
    order_rows(*sorted_by, groups_.of_row, groups_.values.size(), order_);
  } else {
    order_.starts = {0, count};
  }
  arrow::ArrayVector columns;
  for (const int column : file_columns_) {
    auto made =
        reorders ? arrange(parts_of(pending, column), order_, groups_.of_row, scratch_) : whole_column(pending, column);
    if (!made.ok()) return failed(made.status());
    columns.push_back(*std::move(made));
  }
  const auto rows = arrow::RecordBatch::Make(arrow_schema_, count, std::move(columns));
  encodings_.clear();
  for (size_t at = 0; at < groups_.values.size(); ++at)
    LEVADA_TRY(write_group(groups_.values[at], *rows, order_.starts[at], order_.starts[at + 1]));
  return {};
}

Done PartitionedWriter::Impl::write_group(const PartitionValues& values, const arrow::RecordBatch& rows, int64_t first,
                                          int64_t end) {
  const auto folder = partition_folder(settings_.partition_by, values);
  while (first < end) {
    auto file = file_for(folder, values, rows);
    if (!file) return std::move(file).error();
    auto& parquet = (*file)->second.parquet;
    auto count = end - first;
    if (settings_.roll_rows > 0) count = std::min(count, settings_.roll_rows - parquet.rows());
    LEVADA_TRY(parquet.write(rows, first, count));
    first += count;
    if (!sort_columns_.empty()) parquet.separate();
    if (is_full(parquet)) LEVADA_TRY(complete(*file));
  }
  return keep_within_memory();
}

Result<PartitionedWriter::Impl::OpenFiles::iterator> PartitionedWriter::Impl::file_for(
    const std::string& folder, const PartitionValues& values, const arrow::RecordBatch& sample) {
  auto found = open_.find(folder);
  if (found == open_.end()) {
    if (open_files() >= settings_.max_open_files) {
      const auto least = std::min_element(open_.begin(), open_.end(), [](const auto& one, const auto& other) {
        return one.second.used < other.second.used;
      });
      LEVADA_TRY(complete(least));
    }
    if (encodings_.empty()) encodings_ = choose_encodings(sample, settings_);
    auto path = name_file_(folder);
    paths_.push_back(path);
    found = open_.try_emplace(folder, store_, std::move(path), file_schema_, &pool_, values).first;
    LEVADA_TRY(found->second.parquet.open(settings_, arrow_schema_, encodings_));
  }
  found->second.used = flushes_;
  return found;
}

Result<std::unique_ptr<OutputFile>> PartitionedWriter::Impl::close(OpenFiles::iterator file) {
  WrittenFile written;
  auto closed = file->second.parquet.close(written);
  if (!closed) return closed;
  written.folder = file->first;
  written.partition_values = std::move(file->second.values);
  complete_.push_back(std::move(written));
  open_.erase(file);
  return closed;
}

Done PartitionedWriter::Impl::complete(OpenFiles::iterator file) {
  auto closed = close(file);
  return closed ? (*closed)->finish() : Done(std::move(closed).error());
}

// A file that holds most because it has many columns, and not for its rows, is completed.
Done PartitionedWriter::Impl::keep_within_memory() {
  while (pool_.bytes_allocated() > settings_.memory_bytes && !open_.empty()) {
    const auto largest = std::max_element(open_.begin(), open_.end(), [](const auto& one, const auto& other) {
      return one.second.parquet.memory() < other.second.parquet.memory();
    });
    const auto before = largest->second.parquet.memory();
    LEVADA_TRY(largest->second.parquet.end_row_group());
    row_groups_ended_early_.add();
    if (largest->second.parquet.memory() > before / 2) LEVADA_TRY(complete(largest));
  }
  return {};
}

Result<bool> PartitionedWriter::Impl::complete_one() {
  LEVADA_TRY(flush());
  if (open_.empty()) return false;
  LEVADA_TRY(complete(open_.begin()));
  return true;
}

Result<std::vector<WrittenFile>> PartitionedWriter::Impl::finish() {
  LEVADA_TRY(flush());
  std::vector<std::unique_ptr<OutputFile>> closed;
  while (!open_.empty()) {
    auto file = close(open_.begin());
    if (!file) return std::move(file).error();
    closed.push_back(*std::move(file));
  }
  LEVADA_TRY(store_.finish_all(std::move(closed)));
  scratch_ = {};
  paths_.clear();
  rows_ = 0;
  return std::exchange(complete_, {});
}

std::vector<std::string> PartitionedWriter::Impl::abandon() {
  pending_.clear();
  pending_rows_ = pending_bytes_ = rows_ = 0;
  open_.clear();
  complete_.clear();
  return std::exchange(paths_, {});
}

PartitionedWriter::PartitionedWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PartitionedWriter::~PartitionedWriter() = default;

Result<std::unique_ptr<PartitionedWriter>> PartitionedWriter::create(LakeSchema schema, WriterSettings settings,
                                                                     FileStore& store, Host host, NameFile name_file) {
  auto impl = std::make_unique<Impl>(std::move(schema), std::move(settings), store, host, std::move(name_file));
  LEVADA_TRY(impl->prepare());
  return std::unique_ptr<PartitionedWriter>(new PartitionedWriter(std::move(impl)));
}

Done PartitionedWriter::write(Batch& batch) { return impl_->write(batch); }
Result<bool> PartitionedWriter::complete_one() { return impl_->complete_one(); }
Result<std::vector<WrittenFile>> PartitionedWriter::finish() { return impl_->finish(); }
std::vector<std::string> PartitionedWriter::abandon() { return impl_->abandon(); }
const LakeSchema& PartitionedWriter::schema() const { return impl_->schema(); }
int64_t PartitionedWriter::rows() const { return impl_->rows(); }
int64_t PartitionedWriter::open_files() const { return impl_->open_files(); }

}  // namespace levada::lake
