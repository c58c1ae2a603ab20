#include "checkpoint_reader.h"

#include <arrow/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/schema.h>

#include <memory>
#include <string>
#include <string_view>

#include "action_json.h"
#include "arrow_file.h"

namespace levada::delta {
namespace {

// The members of a struct column, read row by row. A member that is missing is null.
class Members {
 public:
  explicit Members(std::shared_ptr<arrow::Array> array)
      : array_(std::dynamic_pointer_cast<arrow::StructArray>(std::move(array))) {}
  bool has(int64_t row) const { return array_ && array_->IsValid(row); }
  Members members(const char* name) const { return Members(child(name)); }

  std::optional<std::string> text(const char* name, int64_t row) const {
    const auto found = child(name);
    return found ? text_at(*found, row) : std::nullopt;
  }
  std::optional<int64_t> integer(const char* name, int64_t row) const {
    const auto found = child(name);
    if (!found || found->IsNull(row)) return std::nullopt;
    switch (found->type_id()) {
      case arrow::Type::INT64: return static_cast<const arrow::Int64Array&>(*found).Value(row);
      case arrow::Type::INT32: return static_cast<const arrow::Int32Array&>(*found).Value(row);
      default: return std::nullopt;
    }
  }
  std::optional<bool> boolean(const char* name, int64_t row) const {
    const auto found = child(name);
    if (!found || found->IsNull(row) || found->type_id() != arrow::Type::BOOL) return std::nullopt;
    return static_cast<const arrow::BooleanArray&>(*found).Value(row);
  }
  std::optional<Map> map(const char* name, int64_t row) const {
    const auto found = child(name);
    if (!found || found->IsNull(row) || found->type_id() != arrow::Type::MAP) return std::nullopt;
    const auto& maps = static_cast<const arrow::MapArray&>(*found);
    Map map;
    for (int64_t at = maps.value_offset(row); at < maps.value_offset(row + 1); ++at)
      map.emplace_back(text_at(*maps.keys(), at).value_or(""), text_at(*maps.items(), at));
    return map;
  }
  std::optional<std::vector<std::string>> list(const char* name, int64_t row) const {
    const auto found = child(name);
    if (!found || found->IsNull(row) || found->type_id() != arrow::Type::LIST) return std::nullopt;
    const auto& lists = static_cast<const arrow::ListArray&>(*found);
    std::vector<std::string> list;
    for (int64_t at = lists.value_offset(row); at < lists.value_offset(row + 1); ++at)
      list.push_back(text_at(*lists.values(), at).value_or(""));
    return list;
  }

 private:
  std::shared_ptr<arrow::Array> child(const char* name) const {
    return array_ ? array_->GetFieldByName(name) : nullptr;
  }
  static std::optional<std::string> text_at(const arrow::Array& array, int64_t row) {
    if (array.IsNull(row)) return std::nullopt;
    switch (array.type_id()) {
      case arrow::Type::STRING: return std::string(static_cast<const arrow::StringArray&>(array).GetView(row));
      case arrow::Type::LARGE_STRING:
        return std::string(static_cast<const arrow::LargeStringArray&>(array).GetView(row));
      case arrow::Type::STRING_VIEW: return std::string(static_cast<const arrow::StringViewArray&>(array).GetView(row));
      default: return std::nullopt;
    }
  }
  std::shared_ptr<arrow::StructArray> array_;
};

std::optional<DeletionVector> vector_of(const Members& vectors, int64_t row) {
  if (!vectors.has(row)) return std::nullopt;
  return DeletionVector{vectors.text("storageType", row).value_or(""), vectors.text("pathOrInlineDv", row).value_or(""),
                        vectors.integer("offset", row), vectors.integer("sizeInBytes", row).value_or(0),
                        vectors.integer("cardinality", row).value_or(0)};
}

AddFile add_of(const Members& from, int64_t row) {
  AddFile add{.path = from.text("path", row).value_or("")};
  add.partition_values = from.map("partitionValues", row).value_or(Map());
  add.bytes = from.integer("size", row).value_or(0);
  add.modified_ms = from.integer("modificationTime", row).value_or(0);
  add.data_change = from.boolean("dataChange", row).value_or(false);
  add.stats = from.text("stats", row);
  add.tags = from.map("tags", row);
  add.deletion_vector = vector_of(from.members("deletionVector"), row);
  add.base_row_id = from.integer("baseRowId", row);
  add.default_row_commit_version = from.integer("defaultRowCommitVersion", row);
  add.clustering_provider = from.text("clusteringProvider", row);
  return add;
}

RemoveFile remove_of(const Members& from, int64_t row) {
  RemoveFile remove{.path = from.text("path", row).value_or("")};
  remove.deleted_ms = from.integer("deletionTimestamp", row);
  remove.data_change = from.boolean("dataChange", row).value_or(false);
  remove.is_extended = from.boolean("extendedFileMetadata", row).value_or(false);
  remove.partition_values = from.map("partitionValues", row).value_or(Map());
  remove.bytes = from.integer("size", row);
  remove.tags = from.map("tags", row);
  remove.deletion_vector = vector_of(from.members("deletionVector"), row);
  return remove;
}

Transaction transaction_of(const Members& from, int64_t row) {
  return {from.text("appId", row).value_or(""), from.integer("version", row).value_or(0),
          from.integer("lastUpdated", row)};
}

Protocol protocol_of(const Members& from, int64_t row) {
  return {static_cast<int32_t>(from.integer("minReaderVersion", row).value_or(0)),
          static_cast<int32_t>(from.integer("minWriterVersion", row).value_or(0)), from.list("readerFeatures", row),
          from.list("writerFeatures", row)};
}

Metadata metadata_of(const Members& from, int64_t row) {
  Metadata metadata{.id = from.text("id", row).value_or(""), .schema = from.text("schemaString", row).value_or("")};
  metadata.name = from.text("name", row);
  metadata.description = from.text("description", row);
  const auto format = from.members("format");
  metadata.provider = format.text("provider", row).value_or("parquet");
  metadata.options = format.map("options", row).value_or(Map());
  metadata.partition_columns = from.list("partitionColumns", row).value_or(std::vector<std::string>());
  metadata.configuration = from.map("configuration", row).value_or(Map());
  metadata.created_ms = from.integer("createdTime", row);
  return metadata;
}

DomainMetadata domain_of(const Members& from, int64_t row) {
  return {from.text("domain", row).value_or(""), from.text("configuration", row).value_or(""),
          from.boolean("removed", row).value_or(false)};
}

struct Reader {
  const char* name;
  unsigned kind;
  Action (*read)(const Members&, int64_t row);
};
template <auto read>
Action as_action(const Members& from, int64_t row) {
  return read(from, row);
}
Sidecar sidecar_of(const Members& from, int64_t row) { return {from.text("path", row).value_or("")}; }
constexpr Reader kReaders[] = {{"add", kAdds, as_action<add_of>},
                               {"remove", kRemoves, as_action<remove_of>},
                               {"txn", kTransactions, as_action<transaction_of>},
                               {"metaData", kMetadata, as_action<metadata_of>},
                               {"protocol", kProtocol, as_action<protocol_of>},
                               {"domainMetadata", kDomains, as_action<domain_of>},
                               {"sidecar", kSidecars, as_action<sidecar_of>}};

// The Parquet columns of the kinds. Statistics come twice in some checkpoints, once as columns.
std::vector<int> columns_of(const parquet::SchemaDescriptor& schema, unsigned kinds) {
  std::vector<int> columns;
  for (int at = 0; at < schema.num_columns(); ++at) {
    const auto path = schema.Column(at)->path()->ToDotVector();
    if (path.size() > 1 && (path[1] == "stats_parsed" || path[1] == "partitionValues_parsed")) continue;
    for (const auto& reader : kReaders)
      if ((reader.kind & kinds) != 0 && path[0] == reader.name) columns.push_back(at);
  }
  return columns;
}

Done read_parquet(lake::FileStore& store, const std::string& path, unsigned kinds,
                  const std::function<Done(Action&)>& visit) {
  const std::string where = store.name() + "/" + path;
  auto file = store.open(path);
  if (!file) return std::move(file).error();
  if (!*file) return retry(where + " is missing");
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(4096);
  properties.set_pre_buffer(false);
  parquet::arrow::FileReaderBuilder builder;
  if (const auto status = builder.Open(std::make_shared<ArrowInput>(*std::move(file))); !status.ok())
    return arrow_error(status, where);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  if (const auto status = builder.properties(properties)->Build(&reader); !status.ok())
    return arrow_error(status, where);
  const auto columns = columns_of(*reader->parquet_reader()->metadata()->schema(), kinds);
  if (columns.empty()) return {};
  std::vector<int> groups(static_cast<size_t>(reader->num_row_groups()));
  for (size_t at = 0; at < groups.size(); ++at) groups[at] = static_cast<int>(at);
  auto batches = reader->GetRecordBatchReader(groups, columns);
  if (!batches.ok()) return arrow_error(batches.status(), where);
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    if (const auto status = (*batches)->ReadNext(&batch); !status.ok()) return arrow_error(status, where);
    if (!batch) return {};
    for (const auto& each : kReaders) {
      if ((each.kind & kinds) == 0) continue;
      const Members members(batch->GetColumnByName(each.name));
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        if (!members.has(row)) continue;
        auto action = each.read(members, row);
        LEVADA_TRY(visit(action));
      }
    }
  }
}

Done read_json(lake::FileStore& store, const std::string& path, unsigned kinds,
               const std::function<Done(Action&)>& visit) {
  auto content = lake::read_file(store, path);
  if (!content) return std::move(content).error();
  if (!*content) return retry(store.name() + "/" + path + " is missing");
  return read_actions(**content, store.name() + "/" + path, kinds, visit);
}

}  // namespace

Done read_checkpoint(lake::FileStore& store, const CheckpointFiles& files, unsigned kinds,
                     const std::function<Done(Action&)>& visit) {
  std::vector<std::string> sidecars;
  const auto keep_sidecars = [&](Action& action) -> Done {
    const auto* sidecar = std::get_if<Sidecar>(&action);
    if (!sidecar) return visit(action);
    // A name, or an address; those of other places are not of this table.
    const auto name = sidecar->path.substr(sidecar->path.find_last_of('/') + 1);
    sidecars.push_back(std::string(kSidecarFolder) + "/" + name);
    return {};
  };
  for (const auto& path : files.paths) {
    const auto wanted = kinds | ((kinds & kFiles) != 0 ? kSidecars : 0u);
    LEVADA_TRY(path.ends_with(".json") ? read_json(store, path, wanted, keep_sidecars)
                                       : read_parquet(store, path, wanted, keep_sidecars));
  }
  for (const auto& path : sidecars) LEVADA_TRY(read_parquet(store, path, kinds & kFiles, visit));
  return {};
}

}  // namespace levada::delta
