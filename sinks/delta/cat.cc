#include "cat.h"

#include <algorithm>
#include <string>
#include <vector>

#include "data_reader.h"
#include "file_scan.h"
#include "json/json_writer.h"
#include "levada/nested.h"
#include "levada/time.h"
#include "protocol_support.h"
#include "table_schema.h"

namespace levada::delta {
namespace {

using lake::Kind;

// Whether the text of such a value is JSON.
bool is_number(Kind kind) {
  return kind != Kind::text && kind != Kind::bytes && kind != Kind::date && kind != Kind::timestamp;
}

// Where decimals stand within a column, which come as text.
void add_decimals(const lake::FieldType& type, const std::string& path, std::vector<std::string>& to) {
  if (type.kind == Kind::decimal) to.push_back(path);
  for (const auto& child : type.children)
    add_decimals(child.type, type.kind == Kind::list ? path : path + "." + child.name, to);
}

bool has_date(const lake::FieldType& type) {
  return type.kind == Kind::date || std::any_of(type.children.begin(), type.children.end(),
                                                [](const auto& child) { return has_date(child.type); });
}

Column day_column(const Column& times) {
  TextBuilder days(times.rows());
  Rfc3339Writer writer;
  for (int64_t row = 0; row < times.rows(); ++row) {
    char text[Rfc3339Writer::kSize];
    if (times.null(row) || !writer.write(times.values<int64_t>()[row], text)) days.append_null();
    else days.append({text, 10});
  }
  return std::move(days).finish(times.name(), Type::text);
}

// The column with its days as text, in nested columns too.
Column with_days(const Column& column, const lake::FieldType& type) {
  if (!has_date(type)) return column;
  if (type.kind == Kind::date) return day_column(column);
  const auto nested = Nested::of(column);
  if (!nested) return column;
  if (nested->is_list()) {
    ListBuilder lists;
    for (int64_t row = 0; row < column.rows(); ++row)
      column.null(row) ? lists.append_null(nested->end(row)) : lists.append(nested->end(row));
    return std::move(lists).finish(column.name(), with_days(nested->items(), type.children[0].type));
  }
  StructBuilder structs;
  for (int64_t row = 0; row < column.rows(); ++row) column.null(row) ? structs.append_null() : structs.append();
  std::vector<Column> members;
  for (const auto& field : type.children)
    if (const auto* member = nested->member(field.name)) members.push_back(with_days(*member, field.type));
  return std::move(structs).finish(column.name(), members);
}

Column null_column(const std::string& name, int64_t rows) {
  TextBuilder nulls(rows);
  for (int64_t row = 0; row < rows; ++row) nulls.append_null();
  return std::move(nulls).finish(name, Type::text);
}

// The batch with all columns of the table, as they are to be shown.
std::vector<Column> shown(const Batch& batch, const AddFile& file, const lake::LakeSchema& schema,
                          const std::vector<std::string>& partitions) {
  std::vector<Column> columns;
  for (const auto& field : schema.fields()) {
    const auto* value = find(file.partition_values, field.name);
    const auto* column = batch.find(field.name);
    if (std::find(partitions.begin(), partitions.end(), field.name) != partitions.end())
      columns.push_back(value ? repeat(field.name, *value, batch.rows()) : null_column(field.name, batch.rows()));
    else if (!column) columns.push_back(null_column(field.name, batch.rows()));
    else columns.push_back(with_days(*column, field.type));
  }
  return columns;
}

}  // namespace

Done cat(TableLog& log, const Snapshot& snapshot, std::optional<int64_t> limit,
         const std::function<void(std::string_view)>& write) {
  LEVADA_TRY(check_readable(snapshot));
  auto table = TableSchema::parse(snapshot.metadata.schema);
  if (!table) return std::move(table).error();
  auto schema = table->lake();
  if (!schema) return std::move(schema).error();
  for (const auto& field : schema->fields())
    if (field.type.kind == Kind::other)
      return fatal("the column \"" + field.name + "\" is " + field.type.name() + ", which levada does not show");
  const auto& partitions = snapshot.metadata.partition_columns;
  JsonStyle style{.write_nulls = true};
  for (const auto& field : schema->fields()) {
    const bool is_partition = std::find(partitions.begin(), partitions.end(), field.name) != partitions.end();
    if (is_partition && is_number(field.type.kind)) style.raw.push_back(field.name);
    add_decimals(field.type, field.name, style.raw);
  }
  int64_t left = limit.value_or(std::numeric_limits<int64_t>::max());
  std::string lines;
  return scan_files(log, snapshot, {.live = [&](AddFile& file) -> Done {
                      if (left == 0) return {};
                      auto reader = DataReader::open(log.store(), file, *schema);
                      if (!reader) return std::move(reader).error();
                      while (left > 0) {
                        auto batch = (*reader)->next();
                        if (!batch) return std::move(batch).error();
                        if (!*batch) break;
                        JsonWriter writer(shown(**batch, file, *schema, partitions), style);
                        for (int64_t row = 0; row < (*batch)->rows() && left > 0; ++row, --left) {
                          lines.resize(writer.bound(row) + 1);
                          char* const end = writer.write(row, lines.data());
                          *end = '\n';
                          write({lines.data(), static_cast<size_t>(end + 1 - lines.data())});
                        }
                      }
                      return {};
                    }});
}

}  // namespace levada::delta
