#include "cat.h"

#include <algorithm>
#include <string>
#include <vector>

#include "data_reader.h"
#include "file_scan.h"
#include "json/json_writer.h"
#include "levada/batch.h"
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
    else columns.push_back(field.type.kind == Kind::date ? day_column(*column) : *column);
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
    if ((is_partition && is_number(field.type.kind)) || field.type.kind == Kind::decimal)
      style.raw.push_back(field.name);
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
