#include "action_json.h"

#include <simdjson.h>

#include "json_object.h"

namespace levada::delta {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

std::optional<std::string> text_of(const object& from, std::string_view key) {
  std::string_view text;
  if (from[key].get(text)) return std::nullopt;
  return std::string(text);
}

std::optional<int64_t> integer_of(const object& from, std::string_view key) {
  int64_t number = 0;
  if (from[key].get(number)) return std::nullopt;
  return number;
}

std::optional<bool> boolean_of(const object& from, std::string_view key) {
  bool value = false;
  if (from[key].get(value)) return std::nullopt;
  return value;
}

std::optional<Map> map_of(const object& from, std::string_view key) {
  object members;
  if (from[key].get(members)) return std::nullopt;
  Map map;
  for (const auto [name, value] : members) {
    std::string_view text;
    if (!value.get(text)) map.emplace_back(name, std::string(text));
    else if (value.is_null()) map.emplace_back(name, std::nullopt);
    else map.emplace_back(name, simdjson::minify(value));
  }
  return map;
}

std::optional<std::vector<std::string>> list_of(const object& from, std::string_view key) {
  array items;
  if (from[key].get(items)) return std::nullopt;
  std::vector<std::string> list;
  for (const element item : items) {
    std::string_view text;
    if (!item.get(text)) list.emplace_back(text);
  }
  return list;
}

std::string json_of(const object& from, std::string_view key) {
  element value;
  if (from[key].get(value) || value.is_null()) return {};
  return simdjson::minify(value);
}

std::optional<DeletionVector> vector_of(const object& from) {
  object members;
  if (from["deletionVector"].get(members)) return std::nullopt;
  return DeletionVector{text_of(members, "storageType").value_or(""), text_of(members, "pathOrInlineDv").value_or(""),
                        integer_of(members, "offset"), integer_of(members, "sizeInBytes").value_or(0),
                        integer_of(members, "cardinality").value_or(0)};
}

// Each gives nothing where a member is missing that must be there.
std::optional<Action> protocol_of(const object& from) {
  const auto reader = integer_of(from, "minReaderVersion"), writer = integer_of(from, "minWriterVersion");
  if (!reader || !writer) return std::nullopt;
  return Protocol{static_cast<int32_t>(*reader), static_cast<int32_t>(*writer), list_of(from, "readerFeatures"),
                  list_of(from, "writerFeatures")};
}

std::optional<Action> metadata_of(const object& from) {
  auto id = text_of(from, "id"), schema = text_of(from, "schemaString");
  if (!id || !schema) return std::nullopt;
  Metadata metadata{.id = *std::move(id), .schema = *std::move(schema)};
  metadata.name = text_of(from, "name");
  metadata.description = text_of(from, "description");
  if (object format; !from["format"].get(format)) {
    metadata.provider = text_of(format, "provider").value_or("");
    metadata.options = map_of(format, "options").value_or(Map());
  }
  metadata.partition_columns = list_of(from, "partitionColumns").value_or(std::vector<std::string>());
  metadata.configuration = map_of(from, "configuration").value_or(Map());
  metadata.created_ms = integer_of(from, "createdTime");
  return metadata;
}

std::optional<Action> add_of(const object& from) {
  auto path = text_of(from, "path");
  if (!path) return std::nullopt;
  AddFile add{.path = *std::move(path)};
  add.partition_values = map_of(from, "partitionValues").value_or(Map());
  add.bytes = integer_of(from, "size").value_or(0);
  add.modified_ms = integer_of(from, "modificationTime").value_or(0);
  add.data_change = boolean_of(from, "dataChange").value_or(true);
  add.stats = text_of(from, "stats");
  add.tags = map_of(from, "tags");
  add.deletion_vector = vector_of(from);
  add.base_row_id = integer_of(from, "baseRowId");
  add.default_row_commit_version = integer_of(from, "defaultRowCommitVersion");
  add.clustering_provider = text_of(from, "clusteringProvider");
  return add;
}

std::optional<Action> remove_of(const object& from) {
  auto path = text_of(from, "path");
  if (!path) return std::nullopt;
  RemoveFile remove{.path = *std::move(path)};
  remove.deleted_ms = integer_of(from, "deletionTimestamp");
  remove.data_change = boolean_of(from, "dataChange").value_or(true);
  remove.is_extended = boolean_of(from, "extendedFileMetadata").value_or(false);
  remove.partition_values = map_of(from, "partitionValues").value_or(Map());
  remove.bytes = integer_of(from, "size");
  remove.tags = map_of(from, "tags");
  remove.deletion_vector = vector_of(from);
  return remove;
}

std::optional<Action> transaction_of(const object& from) {
  auto application = text_of(from, "appId");
  const auto version = integer_of(from, "version");
  if (!application || !version) return std::nullopt;
  return Transaction{*std::move(application), *version, integer_of(from, "lastUpdated")};
}

std::optional<Action> domain_of(const object& from) {
  auto domain = text_of(from, "domain");
  if (!domain) return std::nullopt;
  return DomainMetadata{*std::move(domain), text_of(from, "configuration").value_or(""),
                        boolean_of(from, "removed").value_or(false)};
}

std::optional<Action> info_of(const object& from) {
  CommitInfo info;
  info.timestamp_ms = integer_of(from, "timestamp");
  info.operation = text_of(from, "operation").value_or("");
  info.parameters = json_of(from, "operationParameters");
  info.metrics = json_of(from, "operationMetrics");
  info.engine = text_of(from, "engineInfo").value_or("");
  info.id = text_of(from, "txnId").value_or("");
  info.is_blind_append = boolean_of(from, "isBlindAppend");
  return info;
}

std::optional<Action> sidecar_of(const object& from) {
  auto path = text_of(from, "path");
  if (!path) return std::nullopt;
  return Sidecar{*std::move(path)};
}

struct Reader {
  std::string_view key;
  unsigned kind;
  std::optional<Action> (*read)(const object&);
};
constexpr Reader kReaders[] = {{"add", kAdds, add_of},
                               {"remove", kRemoves, remove_of},
                               {"txn", kTransactions, transaction_of},
                               {"commitInfo", kCommitInfo, info_of},
                               {"metaData", kMetadata, metadata_of},
                               {"protocol", kProtocol, protocol_of},
                               {"domainMetadata", kDomains, domain_of},
                               {"sidecar", kSidecars, sidecar_of}};

void write_vector(JsonObject& to, const std::optional<DeletionVector>& vector) {
  if (!vector) return;
  std::string json;
  JsonObject members(json);
  members.text("storageType", vector->storage)
      .text("pathOrInlineDv", vector->path)
      .integer_if("offset", vector->offset);
  members.integer("sizeInBytes", vector->bytes).integer("cardinality", vector->rows).end();
  to.raw("deletionVector", json);
}

void write(JsonObject& to, const Protocol& protocol) {
  to.integer("minReaderVersion", protocol.min_reader).integer("minWriterVersion", protocol.min_writer);
  if (protocol.reader_features) to.list("readerFeatures", *protocol.reader_features);
  if (protocol.writer_features) to.list("writerFeatures", *protocol.writer_features);
}

void write(JsonObject& to, const Metadata& metadata) {
  to.text("id", metadata.id).text_if("name", metadata.name).text_if("description", metadata.description);
  std::string format;
  JsonObject members(format);
  members.text("provider", metadata.provider).map("options", metadata.options).end();
  to.raw("format", format).text("schemaString", metadata.schema).list("partitionColumns", metadata.partition_columns);
  to.integer_if("createdTime", metadata.created_ms).map("configuration", metadata.configuration);
}

void write(JsonObject& to, const AddFile& add) {
  to.text("path", add.path).map("partitionValues", add.partition_values).integer("size", add.bytes);
  to.integer("modificationTime", add.modified_ms).boolean("dataChange", add.data_change).text_if("stats", add.stats);
  if (add.tags) to.map("tags", *add.tags);
  write_vector(to, add.deletion_vector);
  to.integer_if("baseRowId", add.base_row_id).integer_if("defaultRowCommitVersion", add.default_row_commit_version);
  to.text_if("clusteringProvider", add.clustering_provider);
}

void write(JsonObject& to, const RemoveFile& remove) {
  to.text("path", remove.path)
      .integer_if("deletionTimestamp", remove.deleted_ms)
      .boolean("dataChange", remove.data_change);
  to.boolean("extendedFileMetadata", remove.is_extended);
  if (remove.is_extended) to.map("partitionValues", remove.partition_values);
  to.integer_if("size", remove.bytes);
  if (remove.tags) to.map("tags", *remove.tags);
  write_vector(to, remove.deletion_vector);
}

void write(JsonObject& to, const Transaction& transaction) {
  to.text("appId", transaction.application).integer("version", transaction.version);
  to.integer_if("lastUpdated", transaction.updated_ms);
}

void write(JsonObject& to, const DomainMetadata& domain) {
  to.text("domain", domain.domain).text("configuration", domain.configuration).boolean("removed", domain.is_removed);
}

void write(JsonObject& to, const CommitInfo& info) {
  to.integer_if("timestamp", info.timestamp_ms).text("operation", info.operation);
  to.raw("operationParameters", info.parameters.empty() ? "{}" : info.parameters);
  if (!info.metrics.empty()) to.raw("operationMetrics", info.metrics);
  if (info.is_blind_append) to.boolean("isBlindAppend", *info.is_blind_append);
  to.text("engineInfo", info.engine).text("txnId", info.id);
}

void write(JsonObject& to, const Sidecar& sidecar) { to.text("path", sidecar.path); }

constexpr std::string_view key_of(const Protocol&) { return "protocol"; }
constexpr std::string_view key_of(const Metadata&) { return "metaData"; }
constexpr std::string_view key_of(const AddFile&) { return "add"; }
constexpr std::string_view key_of(const RemoveFile&) { return "remove"; }
constexpr std::string_view key_of(const Transaction&) { return "txn"; }
constexpr std::string_view key_of(const DomainMetadata&) { return "domainMetadata"; }
constexpr std::string_view key_of(const CommitInfo&) { return "commitInfo"; }
constexpr std::string_view key_of(const Sidecar&) { return "sidecar"; }

}  // namespace

const std::string* find(const Map& map, std::string_view name) {
  for (const auto& [key, value] : map)
    if (key == name) return value ? &*value : nullptr;
  return nullptr;
}

RemoveFile removal_of(const AddFile& file, int64_t now_ms, bool data_change) {
  return {file.path, now_ms, data_change, true, file.partition_values, file.bytes, file.tags, file.deletion_vector};
}

void append_line(std::string& to, const Action& action) {
  std::visit(
      [&](const auto& each) {
        to += "{\"";
        to += key_of(each);
        to += "\":";
        JsonObject members(to);
        write(members, each);
        members.end();
        to += "}\n";
      },
      action);
}

Done read_actions(std::string_view content, const std::string& name, unsigned kinds,
                  const std::function<Done(Action&)>& visit) {
  simdjson::dom::parser parser;
  for (int64_t number = 1; !content.empty(); ++number) {
    const auto end = std::min(content.find('\n'), content.size());
    const auto line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const auto damaged = [&](std::string_view why) {
      return fatal(name + ", line " + std::to_string(number) + ": " + std::string(why));
    };
    object members;
    if (const auto error = parser.parse(line.data(), line.size()).get(members))
      return damaged(simdjson::error_message(error));
    for (const auto& reader : kReaders) {
      object from;
      if ((reader.kind & kinds) == 0 || members[reader.key].get(from)) continue;
      auto action = reader.read(from);
      if (!action) return damaged("an action \"" + std::string(reader.key) + "\" that lacks what it must have");
      LEVADA_TRY(visit(*action));
    }
  }
  return {};
}

}  // namespace levada::delta
