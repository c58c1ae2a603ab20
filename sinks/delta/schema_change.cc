#include "schema_change.h"

#include <algorithm>

#include "json_object.h"

namespace levada::delta {
namespace {

using lake::Kind;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Names of columns that differ in case only are the same to most readers.
bool same_name(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

const TableField* similar(const TableSchema& schema, const std::string& name) {
  for (const auto& field : schema.fields())
    if (same_name(field.name, name)) return &field;
  return nullptr;
}

// Values of a partition stand in the log and in paths as text.
bool has_text(const lake::FieldType& type) { return type.kind != Kind::bytes && !type.is_nested(); }

bool is_wider(Kind wide, Kind narrow) {
  if (wide == Kind::int64) return narrow == Kind::int8 || narrow == Kind::int16 || narrow == Kind::int32;
  return wide == Kind::float64 && narrow == Kind::float32;
}

bool widens(const Snapshot& snapshot) {
  const auto& features = snapshot.protocol.writer_features;
  const auto* property = find(snapshot.metadata.configuration, "delta.enableTypeWidening");
  return features && std::find(features->begin(), features->end(), "typeWidening") != features->end() && property &&
         *property == "true";
}

// Says in the field's metadata, among what is there, from which type it came.
std::string with_type_change(const TableField& field, const std::string& to) {
  constexpr std::string_view kChanges = "\"delta.typeChanges\":[";
  std::string change;
  JsonObject(change).raw("toType", to).raw("fromType", field.type).end();
  auto metadata = field.metadata;
  if (const auto at = metadata.find(kChanges); at != metadata.npos)
    return metadata.insert(at + kChanges.size(), change + ",");
  const std::string separator = metadata == "{}" ? "" : ",";
  return metadata.insert(metadata.find('{') + 1, std::string(kChanges) + change + "]" + separator);
}

}  // namespace

Done check_column(const lake::Field& field) {
  const auto& name = field.name;
  if (name.empty()) return fatal("a column has no name");
  if (name.find_first_of(" ,;{}()\n\t=") != name.npos)
    return fatal("the column \"" + name +
                 "\" has one of the marks  ,;{}()=  in its name, or a space, tab or line's end, "
                 "which no column of a table has: rename it");
  const auto& members = field.type.children;
  for (const auto& member : members) {
    if (auto done = check_column(member); !done) return std::move(done).error().at("in \"" + name + "\"");
    const auto same = [&](const lake::Field& other) { return same_name(other.name, member.name); };
    if (std::count_if(members.begin(), members.end(), same) > 1)
      return fatal("the column \"" + name + "\" has two members with names that differ from \"" + member.name +
                   "\" in case only, if at all");
  }
  return {};
}

lake::LakeSchema columns_of_new_table(const lake::LakeSchema& rows, const std::vector<std::string>& partition_by) {
  std::vector<lake::Field> fields;
  const auto is_new = [&](const std::string& name) {
    return std::none_of(fields.begin(), fields.end(), [&](const auto& known) { return same_name(known.name, name); });
  };
  for (auto field : rows.fields()) {
    const bool makes_folders = std::count(partition_by.begin(), partition_by.end(), field.name) > 0;
    if (makes_folders && !has_text(field.type)) field.type = lake::FieldType();
    if (is_new(field.name) && check_column(field) && delta_type_of(field.type, field.name))
      fields.push_back(std::move(field));
  }
  for (const auto& name : partition_by)
    if (is_new(name)) fields.push_back({name, lake::FieldType()});
  return lake::LakeSchema(std::move(fields));
}

Result<Metadata> new_table(const lake::LakeSchema& schema, const std::vector<std::string>& partition_by,
                           const Map& properties, std::string id, int64_t now_ms) {
  for (const auto& field : schema.fields()) {
    LEVADA_TRY(check_column(field));
    const auto same = [&](const lake::Field& other) { return same_name(other.name, field.name); };
    if (std::count_if(schema.fields().begin(), schema.fields().end(), same) > 1)
      return fatal("two columns have names that differ from \"" + field.name + "\" in case only, if at all");
  }
  for (const auto& name : partition_by) {
    const auto* field = schema.find(name);
    if (!field) return wrong("partition_by", "there is no column \"" + name + "\"");
    if (!has_text(field->type))
      return wrong("partition_by",
                   "the column \"" + name + "\" is " + field->type.name() + ": no text can stand for it");
  }
  if (partition_by.size() >= schema.fields().size())
    return wrong("partition_by", "at least one column must be left for the files");
  auto table = TableSchema::of(schema);
  if (!table) return std::move(table).error();
  Metadata metadata{.id = std::move(id), .schema = table->json()};
  metadata.partition_columns = partition_by;
  metadata.configuration = properties;
  metadata.created_ms = now_ms;
  return metadata;
}

Result<std::optional<Metadata>> changed_for(const Snapshot& snapshot, const lake::LakeSchema& rows, SchemaMode mode) {
  std::optional<Metadata> none;
  if (mode == SchemaMode::strict) return none;
  auto parsed = TableSchema::parse(snapshot.metadata.schema);
  if (!parsed) return std::move(parsed).error();
  TableSchema changed;
  bool is_changed = false;
  for (const auto& field : parsed->fields()) {
    changed.add(field);
    const auto* given = rows.find(field.name);
    if (mode != SchemaMode::widen || !given) continue;
    auto type = lake_type_of(field.type, field.name);
    if (!type || !is_wider(given->type.kind, type->kind)) continue;
    if (!widens(snapshot))
      return fatal("the column \"" + field.name + "\" is " + type->name() + " and rows have " + given->type.name() +
                   ": the table cannot widen it, as it does not have the feature typeWidening with "
                   "delta.enableTypeWidening");
    auto wide = delta_type_of(given->type, field.name);
    if (!wide) return std::move(wide).error();
    TableField wider{field.name, *wide, field.nullable, with_type_change(field, *wide)};
    TableSchema rest;
    for (const auto& each : changed.fields()) rest.add(each.name == field.name ? wider : each);
    changed = std::move(rest);
    is_changed = true;
  }
  for (const auto& field : rows.fields()) {
    if (similar(changed, field.name) || !check_column(field)) continue;
    auto type = delta_type_of(field.type, field.name);
    // A table without the feature has no such column: its rows are rejected.
    if (!type || (has_timestamp_ntz(*type) && snapshot.protocol.min_writer < 7)) continue;
    changed.add({field.name, *std::move(type)});
    is_changed = true;
  }
  if (!is_changed) return none;
  auto metadata = snapshot.metadata;
  metadata.schema = changed.json();
  return std::optional(std::move(metadata));
}

Done check_still_fits(const Metadata& now, const Metadata& written) {
  const auto why = [](const std::string& what) {
    return retry("another writer has changed the table while rows were written: " + what);
  };
  if (now.id != written.id) return why("it is another one");
  if (now.partition_columns != written.partition_columns) return why("it has other partitions");
  auto current = TableSchema::parse(now.schema), ours = TableSchema::parse(written.schema);
  if (!current) return std::move(current).error();
  if (!ours) return std::move(ours).error();
  for (const auto& field : ours->fields()) {
    const auto* found = current->find(field.name);
    if (!found || found->type != field.type || found->nullable != field.nullable)
      return why("the column \"" + field.name + "\"");
  }
  for (const auto& field : current->fields())
    if (!field.nullable && !ours->find(field.name)) return why("the column \"" + field.name + "\"");
  return {};
}

}  // namespace levada::delta
