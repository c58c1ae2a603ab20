#include "checkpoint_writer.h"

#include <arrow/api.h>
#include <parquet/arrow/writer.h>

#include <algorithm>

#include "arrow_file.h"
#include "committer.h"
#include "file_scan.h"
#include "json_object.h"
#include "properties.h"

namespace levada::delta {
namespace {

using arrow::ArrayBuilder;
using arrow::field;
using arrow::Status;
using arrow::StructBuilder;

constexpr int64_t kRowsHeld = 4096;
constexpr int64_t kRowGroupRows = 65'536;

std::shared_ptr<arrow::Schema> checkpoint_schema() {
  const auto text = arrow::utf8(), whole = arrow::int64(), boolean = arrow::boolean();
  const auto map = arrow::map(text, text), list = arrow::list(field("element", text));
  const auto vector =
      arrow::struct_({field("storageType", text), field("pathOrInlineDv", text), field("offset", arrow::int32()),
                      field("sizeInBytes", arrow::int32()), field("cardinality", whole)});
  const auto format = arrow::struct_({field("provider", text), field("options", map)});
  return arrow::schema({
      field("txn", arrow::struct_({field("appId", text), field("version", whole), field("lastUpdated", whole)})),
      field("add", arrow::struct_({field("path", text), field("partitionValues", map), field("size", whole),
                                   field("modificationTime", whole), field("dataChange", boolean), field("stats", text),
                                   field("tags", map), field("deletionVector", vector), field("baseRowId", whole),
                                   field("defaultRowCommitVersion", whole), field("clusteringProvider", text)})),
      field("remove",
            arrow::struct_({field("path", text), field("deletionTimestamp", whole), field("dataChange", boolean),
                            field("extendedFileMetadata", boolean), field("partitionValues", map), field("size", whole),
                            field("tags", map), field("deletionVector", vector)})),
      field("metaData",
            arrow::struct_({field("id", text), field("name", text), field("description", text), field("format", format),
                            field("schemaString", text), field("partitionColumns", list), field("configuration", map),
                            field("createdTime", whole)})),
      field("protocol",
            arrow::struct_({field("minReaderVersion", arrow::int32()), field("minWriterVersion", arrow::int32()),
                            field("readerFeatures", list), field("writerFeatures", list)})),
      field("domainMetadata",
            arrow::struct_({field("domain", text), field("configuration", text), field("removed", boolean)})),
  });
}

// One value to the builder of its column.
Status put(ArrayBuilder* to, const std::string& value) { return static_cast<arrow::StringBuilder*>(to)->Append(value); }
Status put(ArrayBuilder* to, int64_t value) {
  if (to->type()->id() == arrow::Type::INT32)
    return static_cast<arrow::Int32Builder*>(to)->Append(static_cast<int32_t>(value));
  return static_cast<arrow::Int64Builder*>(to)->Append(value);
}
Status put(ArrayBuilder* to, int32_t value) { return put(to, int64_t{value}); }
Status put(ArrayBuilder* to, bool value) { return static_cast<arrow::BooleanBuilder*>(to)->Append(value); }
Status put(ArrayBuilder* to, const Map& value);
Status put(ArrayBuilder* to, const std::vector<std::string>& value);
Status put(ArrayBuilder* to, const DeletionVector& value);
template <class T>
Status put(ArrayBuilder* to, const std::optional<T>& value) {
  return value ? put(to, *value) : to->AppendNull();
}
Status put(ArrayBuilder* to, const Map& value) {
  auto* maps = static_cast<arrow::MapBuilder*>(to);
  ARROW_RETURN_NOT_OK(maps->Append());
  for (const auto& [name, text] : value) {
    ARROW_RETURN_NOT_OK(put(maps->key_builder(), name));
    ARROW_RETURN_NOT_OK(put(maps->item_builder(), text));
  }
  return Status::OK();
}
Status put(ArrayBuilder* to, const std::vector<std::string>& value) {
  auto* lists = static_cast<arrow::ListBuilder*>(to);
  ARROW_RETURN_NOT_OK(lists->Append());
  for (const auto& text : value) ARROW_RETURN_NOT_OK(put(lists->value_builder(), text));
  return Status::OK();
}

// All members of a struct, in their order.
template <class... Values>
Status put_all(ArrayBuilder* to, const Values&... values) {
  auto* members = static_cast<StructBuilder*>(to);
  ARROW_RETURN_NOT_OK(members->Append());
  int at = 0;
  Status status;
  ((status = status.ok() ? put(members->field_builder(at++), values) : status), ...);
  return status;
}
Status put(ArrayBuilder* to, const DeletionVector& value) {
  return put_all(to, value.storage, value.path, value.offset, value.bytes, value.rows);
}

Status put_action(ArrayBuilder* to, const Transaction& from) {
  return put_all(to, from.application, from.version, from.updated_ms);
}
Status put_action(ArrayBuilder* to, const AddFile& from) {
  return put_all(to, from.path, from.partition_values, from.bytes, from.modified_ms, false, from.stats, from.tags,
                 from.deletion_vector, from.base_row_id, from.default_row_commit_version, from.clustering_provider);
}
Status put_action(ArrayBuilder* to, const RemoveFile& from) {
  const auto values = from.is_extended ? std::optional(from.partition_values) : std::nullopt;
  return put_all(to, from.path, from.deleted_ms, false, from.is_extended, values, from.bytes, from.tags,
                 from.deletion_vector);
}
struct Format {
  const Metadata& metadata;
};
Status put(ArrayBuilder* to, const Format& format) {
  return put_all(to, format.metadata.provider, format.metadata.options);
}
Status put_action(ArrayBuilder* to, const Metadata& from) {
  return put_all(to, from.id, from.name, from.description, Format{from}, from.schema, from.partition_columns,
                 from.configuration, from.created_ms);
}
Status put_action(ArrayBuilder* to, const Protocol& from) {
  return put_all(to, from.min_reader, from.min_writer, from.reader_features, from.writer_features);
}
Status put_action(ArrayBuilder* to, const DomainMetadata& from) {
  return put_all(to, from.domain, from.configuration, from.is_removed);
}

template <class T>
constexpr int kColumn = -1;
template <>
constexpr int kColumn<Transaction> = 0;
template <>
constexpr int kColumn<AddFile> = 1;
template <>
constexpr int kColumn<RemoveFile> = 2;
template <>
constexpr int kColumn<Metadata> = 3;
template <>
constexpr int kColumn<Protocol> = 4;
template <>
constexpr int kColumn<DomainMetadata> = 5;

class CheckpointFile {
 public:
  static arrow::Result<std::unique_ptr<CheckpointFile>> create(lake::OutputFile& file) {
    auto made = std::unique_ptr<CheckpointFile>(new CheckpointFile(file));
    const auto schema = checkpoint_schema();
    ARROW_ASSIGN_OR_RAISE(made->rows_, arrow::RecordBatchBuilder::Make(schema, arrow::default_memory_pool()));
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(arrow::Compression::SNAPPY)
                                ->max_row_group_length(kRowGroupRows)
                                ->build();
    ARROW_ASSIGN_OR_RAISE(made->writer_, parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(),
                                                                          made->output_, properties));
    return made;
  }
  template <class T>
  Status add(const T& action) {
    for (int column = 0; column < rows_->num_fields(); ++column)
      if (column != kColumn<T>) ARROW_RETURN_NOT_OK(rows_->GetField(column)->AppendNull());
    ARROW_RETURN_NOT_OK(put_action(rows_->GetField(kColumn<T>), action));
    ++count_;
    return ++held_ < kRowsHeld ? Status::OK() : flush();
  }
  Status close() {
    ARROW_RETURN_NOT_OK(flush());
    return writer_->Close();
  }
  int64_t count() const { return count_; }
  int64_t bytes() const { return output_->bytes(); }

 private:
  explicit CheckpointFile(lake::OutputFile& file) : output_(std::make_shared<ArrowOutput>(file)) {}
  Status flush() {
    if (held_ == 0) return Status::OK();
    held_ = 0;
    ARROW_ASSIGN_OR_RAISE(auto batch, rows_->Flush());
    return writer_->WriteRecordBatch(*batch);
  }

  std::shared_ptr<ArrowOutput> output_;
  std::unique_ptr<arrow::RecordBatchBuilder> rows_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  int64_t held_ = 0, count_ = 0;
};

// Writes all of the snapshot; gives how many files are live.
Result<int64_t> fill(CheckpointFile& to, TableLog& log, const Snapshot& snapshot, int64_t expired_ms,
                     const std::string& where) {
  const auto done = [&](const Status& status) { return status.ok() ? Done() : Done(arrow_error(status, where)); };
  LEVADA_TRY(done(to.add(snapshot.protocol)));
  LEVADA_TRY(done(to.add(snapshot.metadata)));
  for (const auto& [application, transaction] : snapshot.transactions) LEVADA_TRY(done(to.add(transaction)));
  for (const auto& [name, domain] : snapshot.domains) LEVADA_TRY(done(to.add(domain)));
  int64_t live = 0;
  LEVADA_TRY(scan_files(log, snapshot,
                        {.live = [&](AddFile& add) -> Done {
                           ++live;
                           return done(to.add(add));
                         },
                         .removed = [&](RemoveFile& remove) -> Done {
                           if (remove.deleted_ms.value_or(0) <= expired_ms) return {};
                           return done(to.add(remove));
                         }}));
  LEVADA_TRY(done(to.close()));
  return live;
}

int64_t milliseconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

Done find_checkpoint(TableLog& log, Snapshot& snapshot) {
  auto last = last_checkpoint(log.store());
  if (!last) return std::move(last).error();
  if (!*last || (*last)->version <= snapshot.checkpoint.version || (*last)->version > snapshot.version) return {};
  snapshot.checkpoint = **std::move(last);
  return {};
}

Done write_checkpoint(TableLog& log, Snapshot& snapshot, Host host) {
  auto& store = log.store();
  const auto path = checkpoint_path(snapshot.version);
  // Under its own name it would be read before it is complete.
  const auto aside = std::string(kLogFolder) + "/." + path.substr(path.find('/') + 1) + "." + new_uuid(host) + ".tmp";
  const auto where = store.name() + "/" + aside;
  auto file = store.create(aside);
  if (!file) return std::move(file).error();
  auto checkpoint = CheckpointFile::create(**file);
  if (!checkpoint.ok()) return arrow_error(checkpoint.status(), where);
  const auto expired = milliseconds_of(host.now()) - Properties(snapshot.metadata).file_retention().count();
  auto live = fill(**checkpoint, log, snapshot, expired, where);
  auto done = live ? (*file)->finish() : Done(live.error());
  Result<bool> renamed = done ? store.rename(aside, path) : Result<bool>(done.error());
  if (!renamed || !*renamed) (void)store.remove(aside);
  if (!renamed) return std::move(renamed).error();
  snapshot.checkpoint = {snapshot.version, {path}};
  std::string said;
  JsonObject members(said);
  members.integer("version", snapshot.version).integer("size", (*checkpoint)->count());
  members.integer("sizeInBytes", (*checkpoint)->bytes()).integer("numOfAddFiles", *live).end();
  return store.replace(kLastCheckpoint, said);
}

Result<int64_t> clean_log(TableLog& log, const Snapshot& snapshot, Host host) {
  const Properties properties(snapshot.metadata);
  if (!properties.cleans_log()) return 0;
  auto files = log.store().list(kLogFolder);
  if (!files) return std::move(files).error();
  const auto expired_ms = milliseconds_of(host.now()) - properties.log_retention().count();
  int64_t expired = -1;
  for (const auto& file : *files) {
    const auto described = LogFile::of(file.path);
    if (described && described->kind == LogFile::Kind::commit && file.modified_ms <= expired_ms)
      expired = std::max(expired, described->version);
  }
  // Versions behind it are made of the newest checkpoint before them.
  int64_t kept = -1;
  for (const auto& checkpoint : checkpoints_among(*files))
    if (checkpoint.version <= expired) kept = checkpoint.version;
  int64_t removed = 0;
  for (const auto& file : *files) {
    const auto described = LogFile::of(file.path);
    if (!described || described->version >= kept) continue;
    LEVADA_TRY(log.store().remove(file.path));
    ++removed;
  }
  return removed;
}

}  // namespace levada::delta
