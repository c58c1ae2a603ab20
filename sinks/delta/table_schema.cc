#include "table_schema.h"

#include <arrow/type.h>
#include <simdjson.h>

#include <charconv>

#include "json_object.h"

namespace levada::delta {
namespace {

using lake::FieldType;
using lake::Kind;

struct Named {
  std::string_view name;
  Kind kind;
};
constexpr Named kPrimitives[] = {{"boolean", Kind::boolean}, {"byte", Kind::int8},          {"short", Kind::int16},
                                 {"integer", Kind::int32},   {"long", Kind::int64},         {"float", Kind::float32},
                                 {"double", Kind::float64},  {"date", Kind::date},          {"string", Kind::text},
                                 {"binary", Kind::bytes},    {"timestamp", Kind::timestamp}};

std::string json_text(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

bool flag(const simdjson::dom::element& of, std::string_view key) {
  bool value = true;
  return of[key].get(value) ? true : value;
}

Error no_type(const std::string& where, std::string_view type) {
  return fatal("column \"" + where + "\" has the type " + std::string(type) + ", which levada does not write");
}

// "decimal(10,2)"
std::optional<FieldType> decimal_of(std::string_view text) {
  constexpr std::string_view kDecimal = "decimal(";
  if (!text.starts_with(kDecimal) || !text.ends_with(')')) return std::nullopt;
  text = text.substr(kDecimal.size(), text.size() - kDecimal.size() - 1);
  const auto comma = text.find(',');
  if (comma == text.npos) return std::nullopt;
  const auto number = [](std::string_view digits) {
    int value = -1;
    while (digits.starts_with(' ')) digits.remove_prefix(1);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  const int precision = number(text.substr(0, comma)), scale = number(text.substr(comma + 1));
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return std::nullopt;
  FieldType type;
  type.kind = Kind::decimal;
  type.precision = static_cast<uint8_t>(precision);
  type.scale = static_cast<uint8_t>(scale);
  return type;
}

Result<std::string> delta_type(const arrow::DataType& type, const std::string& where);

Result<std::string> nested_type(const arrow::DataType& type, const std::string& where) {
  std::string json;
  switch (type.id()) {
    case arrow::Type::STRUCT: {
      std::string fields = "[";
      for (const auto& field : type.fields()) {
        auto member = delta_type(*field->type(), where + "." + field->name());
        if (!member) return member;
        if (fields.size() > 1) fields += ',';
        JsonObject object(fields);
        object.text("name", field->name()).raw("type", *member).boolean("nullable", field->nullable());
        object.raw("metadata", "{}").end();
      }
      JsonObject(json).text("type", "struct").raw("fields", fields + "]").end();
      return json;
    }
    case arrow::Type::LIST: {
      const auto& item = *type.field(0);
      auto element = delta_type(*item.type(), where + ".element");
      if (!element) return element;
      JsonObject object(json);
      object.text("type", "array").raw("elementType", *element);
      object.boolean("containsNull", item.nullable()).end();
      return json;
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      auto key = delta_type(*map.key_type(), where + ".key"), value = delta_type(*map.item_type(), where + ".value");
      if (!key) return key;
      if (!value) return value;
      JsonObject object(json);
      object.text("type", "map").raw("keyType", *key).raw("valueType", *value);
      object.boolean("valueContainsNull", map.item_field()->nullable()).end();
      return json;
    }
    default: return no_type(where, type.ToString());
  }
}

Result<std::string> delta_type(const arrow::DataType& type, const std::string& where) {
  if (type.id() == arrow::Type::STRUCT || type.id() == arrow::Type::LIST || type.id() == arrow::Type::MAP)
    return nested_type(type, where);
  auto schema = lake::LakeSchema::of(
      *arrow::schema({arrow::field("value", std::const_pointer_cast<arrow::DataType>(type.shared_from_this()))}));
  if (!schema || schema->fields()[0].type.kind == Kind::other) return no_type(where, type.ToString());
  return delta_type_of(schema->fields()[0].type, where);
}

Result<std::shared_ptr<arrow::DataType>> arrow_type(const simdjson::dom::element& type, const std::string& where);

Result<std::shared_ptr<arrow::DataType>> nested_arrow_type(const simdjson::dom::element& type,
                                                           const std::string& where) {
  std::string_view kind;
  if (type["type"].get(kind)) return no_type(where, simdjson::minify(type));
  simdjson::dom::element inner, key;
  if (kind == "array" && !type["elementType"].get(inner)) {
    auto element = arrow_type(inner, where + ".element");
    if (!element) return element;
    return arrow::list(arrow::field("element", *element, flag(type, "containsNull")));
  }
  if (kind == "map" && !type["keyType"].get(key) && !type["valueType"].get(inner)) {
    auto keys = arrow_type(key, where + ".key"), values = arrow_type(inner, where + ".value");
    if (!keys) return keys;
    if (!values) return values;
    return arrow::map(*keys, arrow::field("value", *values, flag(type, "valueContainsNull")));
  }
  simdjson::dom::array members;
  if (kind != "struct" || type["fields"].get(members)) return no_type(where, kind);
  arrow::FieldVector fields;
  for (const auto member : members) {
    std::string_view name;
    simdjson::dom::element member_type;
    if (member["name"].get(name) || member["type"].get(member_type)) return no_type(where, kind);
    auto made = arrow_type(member_type, where + "." + std::string(name));
    if (!made) return made;
    fields.push_back(arrow::field(std::string(name), *made, flag(member, "nullable")));
  }
  return arrow::struct_(fields);
}

Result<FieldType> primitive_type(std::string_view name, const std::string& where) {
  FieldType type;
  for (const auto& primitive : kPrimitives)
    if (primitive.name == name) {
      type.kind = primitive.kind;
      return type;
    }
  if (name == "timestamp_ntz") {
    type.kind = Kind::timestamp;
    type.utc = false;
    return type;
  }
  if (auto decimal = decimal_of(name)) return *decimal;
  return no_type(where, name);
}

Result<std::shared_ptr<arrow::DataType>> arrow_type(const simdjson::dom::element& type, const std::string& where) {
  std::string_view name;
  if (type.is_object()) return nested_arrow_type(type, where);
  if (type.get(name)) return no_type(where, simdjson::minify(type));
  auto primitive = primitive_type(name, where);
  if (!primitive) return std::move(primitive).error();
  return lake::LakeSchema({{"value", *primitive}}).to_arrow()->field(0)->type();
}

}  // namespace

Result<std::string> delta_type_of(const FieldType& type, const std::string& where) {
  switch (type.kind) {
    case Kind::decimal:
      return json_text("decimal(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")");
    case Kind::timestamp:
      if (type.unit != lake::TimeUnit::microseconds)
        return fatal("column \"" + where + "\" is a " + type.name() + ": Delta's times have microseconds");
      return json_text(type.utc ? "timestamp" : "timestamp_ntz");
    case Kind::other: return delta_type(*type.arrow, where);
    default: break;
  }
  for (const auto& primitive : kPrimitives)
    if (primitive.kind == type.kind) return json_text(primitive.name);
  return no_type(where, type.name());
}

Result<FieldType> lake_type_of(const std::string& json, const std::string& where) {
  simdjson::dom::parser parser;
  simdjson::dom::element type;
  std::string_view name;
  if (parser.parse(json).get(type)) return no_type(where, json);
  if (!type.get(name)) return primitive_type(name, where);
  auto nested = arrow_type(type, where);
  if (!nested) return std::move(nested).error();
  FieldType made;
  made.kind = Kind::other;
  made.arrow = *std::move(nested);
  return made;
}

bool has_timestamp_ntz(const std::string& type_json) { return type_json.find("\"timestamp_ntz\"") != type_json.npos; }

Result<TableSchema> TableSchema::parse(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array fields;
  if (parser.parse(json.data(), json.size())["fields"].get(fields)) return fatal("the table's schema is damaged");
  TableSchema schema;
  for (const auto field : fields) {
    std::string_view name;
    simdjson::dom::element type, metadata;
    if (field["name"].get(name) || field["type"].get(type)) return fatal("the table's schema is damaged");
    schema.add({std::string(name), simdjson::minify(type), flag(field, "nullable"),
                field["metadata"].get(metadata) ? "{}" : simdjson::minify(metadata)});
  }
  return schema;
}

Result<TableSchema> TableSchema::of(const lake::LakeSchema& schema) {
  TableSchema made;
  for (const auto& field : schema.fields()) {
    auto type = delta_type_of(field.type, field.name);
    if (!type) return std::move(type).error();
    made.add({field.name, *std::move(type), field.nullable});
  }
  return made;
}

std::string TableSchema::json() const {
  std::string fields = "[";
  for (const auto& field : fields_) {
    if (fields.size() > 1) fields += ',';
    JsonObject object(fields);
    object.text("name", field.name).raw("type", field.type).boolean("nullable", field.nullable);
    object.raw("metadata", field.metadata).end();
  }
  std::string json;
  JsonObject(json).text("type", "struct").raw("fields", fields + "]").end();
  return json;
}

Result<lake::LakeSchema> TableSchema::lake() const {
  std::vector<lake::Field> fields;
  for (const auto& field : fields_) {
    auto type = lake_type_of(field.type, field.name);
    if (!type) return std::move(type).error();
    fields.push_back({field.name, *std::move(type), field.nullable});
  }
  return lake::LakeSchema(std::move(fields));
}

const TableField* TableSchema::find(std::string_view name) const {
  for (const auto& field : fields_)
    if (field.name == name) return &field;
  return nullptr;
}

}  // namespace levada::delta
