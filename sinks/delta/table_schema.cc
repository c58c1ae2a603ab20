#include "table_schema.h"

#include <arrow/type.h>
#include <simdjson.h>

#include <charconv>

#include "json_object.h"
#include "lake/arrow_types.h"

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

// The only other type that tables can have.
Result<std::string> map_type(const arrow::DataType& type, const std::string& where) {
  if (type.id() != arrow::Type::MAP) return no_type(where, type.ToString());
  const auto& map = static_cast<const arrow::MapType&>(type);
  const auto keys = lake::field_type(map.key_type()), values = lake::field_type(map.item_type());
  if (!keys || !values) return no_type(where, type.ToString());
  auto key = delta_type_of(*keys, where + ".key"), value = delta_type_of(*values, where + ".value");
  if (!key) return key;
  if (!value) return value;
  std::string json;
  JsonObject object(json);
  object.text("type", "map").raw("keyType", *key).raw("valueType", *value);
  object.boolean("valueContainsNull", map.item_field()->nullable()).end();
  return json;
}

Result<std::string> list_type(const FieldType& type, const std::string& where) {
  const auto& item = type.children[0];
  auto element = delta_type_of(item.type, where + ".element");
  if (!element) return element;
  std::string json;
  JsonObject object(json);
  object.text("type", "array").raw("elementType", *element).boolean("containsNull", item.nullable).end();
  return json;
}

Result<std::string> struct_type(const FieldType& type, const std::string& where) {
  std::string fields = "[", json;
  for (const auto& field : type.children) {
    auto member = delta_type_of(field.type, where + "." + field.name);
    if (!member) return member;
    if (fields.size() > 1) fields += ',';
    JsonObject object(fields);
    object.text("name", field.name).raw("type", *member).boolean("nullable", field.nullable);
    object.raw("metadata", "{}").end();
  }
  JsonObject(json).text("type", "struct").raw("fields", fields + "]").end();
  return json;
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

Result<FieldType> type_in(const simdjson::dom::element& type, const std::string& where);

Result<FieldType> map_in(const simdjson::dom::element& type, const std::string& where) {
  simdjson::dom::element key, value;
  if (type["keyType"].get(key) || type["valueType"].get(value)) return no_type(where, simdjson::minify(type));
  auto keys = type_in(key, where + ".key"), values = type_in(value, where + ".value");
  if (!keys) return keys;
  if (!values) return values;
  FieldType made;
  made.kind = Kind::other;
  made.arrow = arrow::map(lake::arrow_type(*keys),
                          arrow::field("value", lake::arrow_type(*values), flag(type, "valueContainsNull")));
  return made;
}

Result<FieldType> nested_in(const simdjson::dom::element& type, const std::string& where) {
  std::string_view kind;
  simdjson::dom::element inner;
  simdjson::dom::array members;
  FieldType made;
  if (type["type"].get(kind)) return no_type(where, simdjson::minify(type));
  if (kind == "map") return map_in(type, where);
  if (kind == "array" && !type["elementType"].get(inner)) {
    auto element = type_in(inner, where + ".element");
    if (!element) return element;
    made.kind = Kind::list;
    made.children.push_back({lake::kItem, *std::move(element), flag(type, "containsNull")});
    return made;
  }
  if (kind != "struct" || type["fields"].get(members) || members.size() == 0)
    return no_type(where, simdjson::minify(type));
  made.kind = Kind::structure;
  for (const auto member : members) {
    std::string_view name;
    if (member["name"].get(name) || member["type"].get(inner)) return no_type(where, simdjson::minify(type));
    auto field = type_in(inner, where + "." + std::string(name));
    if (!field) return field;
    made.children.push_back({std::string(name), *std::move(field), flag(member, "nullable")});
  }
  return made;
}

Result<FieldType> type_in(const simdjson::dom::element& type, const std::string& where) {
  std::string_view name;
  if (type.is_object()) return nested_in(type, where);
  return type.get(name) ? no_type(where, simdjson::minify(type)) : primitive_type(name, where);
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
    case Kind::structure: return struct_type(type, where);
    case Kind::list: return list_type(type, where);
    case Kind::other: return map_type(*type.arrow, where);
    default: break;
  }
  for (const auto& primitive : kPrimitives)
    if (primitive.kind == type.kind) return json_text(primitive.name);
  return no_type(where, type.name());
}

Result<FieldType> lake_type_of(const std::string& json, const std::string& where) {
  simdjson::dom::parser parser;
  simdjson::dom::element type;
  if (parser.parse(json).get(type)) return no_type(where, json);
  return type_in(type, where);
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
