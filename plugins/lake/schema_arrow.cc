// Schemas as Arrow has them.
#include <arrow/c/bridge.h>
#include <arrow/type.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include "lake/arrow_types.h"
#include "lake/schema.h"

namespace levada::lake {
namespace {

arrow::TimeUnit::type unit_of(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::seconds: return arrow::TimeUnit::SECOND;
    case TimeUnit::milliseconds: return arrow::TimeUnit::MILLI;
    case TimeUnit::microseconds: return arrow::TimeUnit::MICRO;
    case TimeUnit::nanoseconds: break;
  }
  return arrow::TimeUnit::NANO;
}

TimeUnit unit_of(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return TimeUnit::seconds;
    case arrow::TimeUnit::MILLI: return TimeUnit::milliseconds;
    case arrow::TimeUnit::MICRO: return TimeUnit::microseconds;
    case arrow::TimeUnit::NANO: break;
  }
  return TimeUnit::nanoseconds;
}

FieldType of_kind(Kind kind) {
  FieldType type;
  type.kind = kind;
  return type;
}

// Whether a Parquet file can have a column of it.
bool can_be_written(const std::shared_ptr<arrow::DataType>& type) {
  std::shared_ptr<parquet::SchemaDescriptor> ignored;
  try {
    return parquet::arrow::ToParquetSchema(arrow::schema({arrow::field("x", type)}).get(),
                                           *parquet::default_writer_properties(), &ignored)
        .ok();
  } catch (const parquet::ParquetException&) {
    return false;
  }
}

// Of a column of the contract's types; none for an opaque one.
std::optional<FieldType> type_of(Type type) {
  switch (type) {
    case Type::boolean: return of_kind(Kind::boolean);
    case Type::int64: return of_kind(Kind::int64);
    case Type::float64: return of_kind(Kind::float64);
    case Type::timestamp: return of_kind(Kind::timestamp);
    case Type::text:
    case Type::dictionary: return of_kind(Kind::text);
    case Type::bytes: return of_kind(Kind::bytes);
    case Type::opaque: break;
  }
  return std::nullopt;
}

// Nothing where one of the fields, or all, cannot be in a file.
std::optional<FieldType> nested_type(Kind kind, const arrow::FieldVector& fields) {
  FieldType type = of_kind(kind);
  for (const auto& field : fields) {
    auto child = field_type(field->type());
    if (!child) return std::nullopt;
    type.children.push_back({field->name(), *std::move(child), field->nullable()});
  }
  if (type.children.empty()) return std::nullopt;
  return type;
}

arrow::FieldVector arrow_fields(const std::vector<Field>& fields, bool are_nested) {
  arrow::FieldVector all;
  for (const auto& field : fields)
    all.push_back(arrow::field(field.name, arrow_type(field.type, are_nested), field.nullable));
  return all;
}

}  // namespace

std::optional<FieldType> field_type(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::BOOL: return of_kind(Kind::boolean);
    case arrow::Type::INT8: return of_kind(Kind::int8);
    case arrow::Type::INT16: return of_kind(Kind::int16);
    case arrow::Type::INT32: return of_kind(Kind::int32);
    case arrow::Type::INT64: return of_kind(Kind::int64);
    case arrow::Type::FLOAT: return of_kind(Kind::float32);
    case arrow::Type::DOUBLE: return of_kind(Kind::float64);
    case arrow::Type::DATE32: return of_kind(Kind::date);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return of_kind(Kind::text);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW: return of_kind(Kind::bytes);
    case arrow::Type::DICTIONARY: return field_type(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
      if (decimal.scale() < 0 || decimal.scale() > decimal.precision()) break;
      FieldType found = of_kind(Kind::decimal);
      found.precision = static_cast<uint8_t>(decimal.precision());
      found.scale = static_cast<uint8_t>(decimal.scale());
      return found;
    }
    case arrow::Type::TIMESTAMP: {
      const auto& time = static_cast<const arrow::TimestampType&>(*type);
      FieldType found = of_kind(Kind::timestamp);
      found.unit = unit_of(time.unit());
      found.utc = !time.timezone().empty();
      return found;
    }
    case arrow::Type::STRUCT: return nested_type(Kind::structure, type->fields());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST: return nested_type(Kind::list, {type->field(0)->WithName(kItem)});
    default: break;
  }
  if (!can_be_written(type)) return std::nullopt;
  FieldType other = of_kind(Kind::other);
  other.arrow = type;
  return other;
}

std::shared_ptr<arrow::DataType> arrow_type(const FieldType& type, bool is_nested) {
  switch (type.kind) {
    case Kind::boolean: return arrow::boolean();
    case Kind::int8: return arrow::int8();
    case Kind::int16: return arrow::int16();
    case Kind::int32: return arrow::int32();
    case Kind::int64: return arrow::int64();
    case Kind::float32: return arrow::float32();
    case Kind::float64: return arrow::float64();
    case Kind::decimal: return arrow::decimal128(type.precision, type.scale);
    case Kind::date: return arrow::date32();
    case Kind::timestamp: return arrow::timestamp(unit_of(type.unit), type.utc ? "UTC" : "");
    case Kind::text: return is_nested ? arrow::utf8() : arrow::utf8_view();
    case Kind::bytes: return is_nested ? arrow::binary() : arrow::binary_view();
    case Kind::structure: return arrow::struct_(arrow_fields(type.children, true));
    case Kind::list: return arrow::list(arrow_fields(type.children, true)[0]);
    case Kind::other: break;
  }
  return type.arrow;
}

namespace {
std::string name_of(const Field& field) { return field.type.name() + (field.nullable ? "" : " not null"); }
}  // namespace

std::string FieldType::name() const {
  switch (kind) {
    case Kind::boolean: return "boolean";
    case Kind::int8: return "int8";
    case Kind::int16: return "int16";
    case Kind::int32: return "int32";
    case Kind::int64: return "int64";
    case Kind::float32: return "float32";
    case Kind::float64: return "float64";
    case Kind::decimal: return "decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
    case Kind::date: return "date";
    case Kind::timestamp: {
      constexpr const char* kSuffixes[] = {"_s", "_ms", "", "_ns"};
      return std::string("timestamp") + kSuffixes[static_cast<size_t>(unit)] + (utc ? "" : "_ntz");
    }
    case Kind::text: return "text";
    case Kind::bytes: return "bytes";
    case Kind::list: return "list<" + name_of(children[0]) + ">";
    case Kind::structure: {
      std::string members;
      for (const auto& member : children)
        members += (members.empty() ? "" : ", ") + member.name + ": " + name_of(member);
      return "struct<" + members + ">";
    }
    case Kind::other: break;
  }
  return arrow->ToString();
}

bool FieldType::operator==(const FieldType& to) const {
  if (kind != to.kind) return false;
  switch (kind) {
    case Kind::decimal: return precision == to.precision && scale == to.scale;
    case Kind::timestamp: return unit == to.unit && utc == to.utc;
    case Kind::structure:
    case Kind::list: return children == to.children;
    case Kind::other: return arrow->Equals(*to.arrow);
    default: return true;
  }
}

LakeSchema LakeSchema::of(const Batch& batch) {
  LakeSchema schema;
  for (const auto& column : batch.columns()) {
    if (schema.find(column.name())) continue;
    if (auto type = type_of(column.type())) {
      schema.fields_.push_back({column.name(), *type});
      continue;
    }
    ArrowSchema described;
    levada::detail::describe(column, described);
    auto field = arrow::ImportField(&described);
    if (!field.ok()) continue;
    if (auto type = field_type((*field)->type())) schema.fields_.push_back({column.name(), *type});
  }
  return schema;
}

Result<LakeSchema> LakeSchema::of(const arrow::Schema& schema) {
  LakeSchema found;
  for (const auto& field : schema.fields()) {
    auto type = field_type(field->type());
    if (!type)
      return fatal("column \"" + field->name() + "\" is " + field->type()->ToString() +
                   ", which no Parquet file can have");
    found.fields_.push_back({field->name(), *type, field->nullable()});
  }
  return found;
}

std::shared_ptr<arrow::Schema> LakeSchema::to_arrow() const { return arrow::schema(arrow_fields(fields_, false)); }

}  // namespace levada::lake
