// Types as users write them.
#include "lake/schema.h"

#include <algorithm>
#include <charconv>

#include "levada/type_text.h"

namespace levada::lake {
namespace {

constexpr std::string_view kZoneless = "_ntz";

struct NamedKind {
  std::string_view name;
  Kind kind;
};
constexpr NamedKind kKinds[] = {
    {"boolean", Kind::boolean}, {"int8", Kind::int8},       {"int16", Kind::int16},     {"int32", Kind::int32},
    {"int64", Kind::int64},     {"float32", Kind::float32}, {"float64", Kind::float64}, {"decimal", Kind::decimal},
    {"date", Kind::date},       {"text", Kind::text},       {"bytes", Kind::bytes},     {"timestamp", Kind::timestamp},
};

// What users of other systems write, and how it is called here.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
    {"bool", "boolean"},          {"byte", "int8"},      {"tinyint", "int8"},
    {"short", "int16"},           {"smallint", "int16"}, {"int", "int32"},
    {"integer", "int32"},         {"long", "int64"},     {"bigint", "int64"},
    {"float", "float32"},         {"real", "float32"},   {"double", "float64"},
    {"string", "text"},           {"varchar", "text"},   {"utf8", "text"},
    {"binary", "bytes"},          {"blob", "bytes"},     {"datetime", "timestamp"},
    {"numeric", "decimal(18,2)"},
};

constexpr std::pair<std::string_view, TimeUnit> kUnits[] = {{"_s", TimeUnit::seconds},
                                                            {"_ms", TimeUnit::milliseconds},
                                                            {"_us", TimeUnit::microseconds},
                                                            {"_ns", TimeUnit::nanoseconds}};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

std::optional<uint8_t> number(std::string_view text) {
  text = trimmed(text);
  uint8_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

Error unknown(std::string_view text) {
  for (const auto& [other, ours] : kElsewhere)
    if (text == other) return fatal("\"" + std::string(text) + "\" is no type; write \"" + std::string(ours) + "\"");
  return fatal("\"" + std::string(text) +
               "\" is no type; there are boolean, int8, int16, int32, int64, float32, float64, decimal(P,S), date, "
               "timestamp, timestamp_s, timestamp_ms, timestamp_us, timestamp_ns (with _ntz: without a zone), text, "
               "bytes, and list<...> and struct<name: ...> of these");
}

Result<FieldType> parse_decimal(std::string_view text) {
  FieldType type;
  type.kind = Kind::decimal;
  const auto open = text.find('('), comma = text.find(',');
  if (open == text.npos || !text.ends_with(')'))
    return fatal("\"" + std::string(text) + "\" needs how many digits it has: \"decimal(10,2)\"");
  const auto inside = text.substr(open + 1, text.size() - open - 2);
  const auto precision = number(inside.substr(0, comma == text.npos ? inside.npos : comma - open - 1));
  const auto scale = comma == text.npos ? std::optional<uint8_t>(0) : number(inside.substr(comma - open));
  if (!precision || !scale || *precision < 1 || *precision > 38 || *scale > *precision)
    return fatal("\"" + std::string(text) +
                 "\" is no decimal: it has 1 to 38 digits, and no more than these behind the point");
  type.precision = *precision;
  type.scale = *scale;
  return type;
}

std::optional<FieldType> parse_timestamp(std::string_view rest) {
  FieldType type;
  type.kind = Kind::timestamp;
  if (rest.ends_with(kZoneless)) {
    type.utc = false;
    rest.remove_suffix(kZoneless.size());
  }
  if (rest.empty()) return type;
  for (const auto& [suffix, unit] : kUnits) {
    if (rest != suffix) continue;
    type.unit = unit;
    return type;
  }
  return std::nullopt;
}

Result<FieldType> named_type(std::string_view text) {
  if (text.starts_with("decimal")) return parse_decimal(text);
  if (text.starts_with("timestamp")) {
    const auto type = parse_timestamp(text.substr(9));
    if (!type) return unknown(text);
    return *type;
  }
  FieldType type;
  for (const auto& [name, kind] : kKinds) {
    if (text != name) continue;
    type.kind = kind;
    return type;
  }
  return unknown(text);
}

Result<FieldType> type_of(const TypeText& text) {
  if (text.kind == TypeText::Kind::named) return named_type(text.name);
  FieldType type;
  type.kind = text.kind == TypeText::Kind::list ? Kind::list : Kind::structure;
  for (const auto& [name, child] : text.children) {
    auto made = type_of(child);
    if (!made) return made;
    type.children.push_back({type.kind == Kind::list ? kItem : name, *std::move(made), child.nullable});
  }
  return type;
}

}  // namespace

Result<FieldType> parse_type(std::string_view text) {
  auto parsed = TypeText::parse(text);
  if (!parsed) return std::move(parsed).error();
  if (!parsed->nullable) return unknown(text);
  return type_of(*parsed);
}

Result<LakeSchema> LakeSchema::parse(std::span<const std::pair<std::string, std::string>> columns,
                                     std::string_view option) {
  LakeSchema schema;
  for (const auto& [name, text] : columns) {
    const auto at = std::string(option) + "." + name;
    if (name.empty()) return wrong(std::string(option), "has a column without a name");
    auto parsed = TypeText::parse(text);
    if (!parsed) return wrong(at, parsed.error().message);
    auto type = type_of(*parsed);
    if (!type) return wrong(at, type.error().message);
    schema.fields_.push_back({name, *std::move(type), parsed->nullable});
  }
  return schema;
}

const Field* LakeSchema::find(std::string_view name) const {
  const auto at = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
  return at == fields_.end() ? nullptr : &*at;
}

}  // namespace levada::lake
