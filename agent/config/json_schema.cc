// The configuration as a JSON schema, so that an editor completes names and marks errors.
#include <algorithm>

#include "agent/config/describe.h"
#include "agent/config/document.h"
#include "agent/config/value_reader.h"

namespace levada::agent {

namespace {

// Valid JSON as it is valid TOML, but for keys and the escapes of control characters.
std::string json_of(const Node& node) {
  if (node.kind != Node::Kind::list && node.kind != Node::Kind::table) return toml_text(node, false);
  const bool is_table = node.kind == Node::Kind::table;
  std::string items;
  for (const Node& item : node.items) {
    if (!items.empty()) items += ", ";
    items += (is_table ? quote(item.key) + ": " : "") + json_of(item);
  }
  return is_table ? "{" + items + "}" : "[" + items + "]";
}

std::string strings_json(const std::vector<std::string>& strings) {
  std::string items;
  for (const std::string& one : strings) items += (items.empty() ? "" : ", ") + quote(one);
  return "[" + items + "]";
}

// Instead of a value of another type there may be a string that is one substitution.
std::string or_substitution(const std::string& type) {
  return "\"anyOf\": [{" + type + "}, {\"type\": \"string\", \"pattern\": \"^\\\\$\\\\{.*\\\\}$\"}]";
}

std::string type_schema(const levada_option& option) {
  const std::vector<std::string> choices = split_choices(option.choices);
  switch (option.type) {
    case LEVADA_BOOLEAN: return or_substitution("\"type\": \"boolean\"");
    case LEVADA_INTEGER: return or_substitution("\"type\": \"integer\"");
    case LEVADA_NUMBER: return or_substitution("\"type\": \"number\"");
    case LEVADA_DURATION: return or_substitution("\"type\": \"string\", \"pattern\": \"^[0-9]+(ms|s|m|h|d)$\"");
    case LEVADA_SIZE:
      return "\"anyOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", \"pattern\": "
             "\"^([0-9]+(Ki|Mi|Gi|Ti)B|\\\\$\\\\{.*\\\\})$\"}]";
    case LEVADA_CHOICE: return or_substitution("\"enum\": " + strings_json(choices));
    case LEVADA_STRINGS:
      return "\"type\": \"array\", \"items\": {" +
             (choices.empty() ? std::string("\"type\": \"string\"")
                              : or_substitution("\"enum\": " + strings_json(choices))) +
             "}";
    case LEVADA_TABLE:
      return "\"type\": \"object\", \"additionalProperties\": {\"type\": [\"string\", \"number\", \"boolean\"]}";
    case LEVADA_TREE: return "\"type\": \"object\"";
    default: return "\"type\": \"string\"";
  }
}

void add_properties(Options options, std::string& properties, std::vector<std::string>& required) {
  for (const levada_option& option : options) {
    if (!properties.empty()) properties += ",\n";
    properties += quote(option.name) + ": {\"description\": " + quote(option.summary) + ", " + type_schema(option);
    if (option.fallback != nullptr) properties += ", \"default\": " + json_of(*parse_value(option.fallback));
    properties += "}";
    if ((option.flags & LEVADA_REQUIRED) != 0) required.emplace_back(option.name);
  }
}

std::string object_schema(const std::string& properties, const std::vector<std::string>& required) {
  return "{\"type\": \"object\", \"additionalProperties\": false, \"required\": " + strings_json(required) +
         ", \"properties\": {\n" + properties + "}}";
}

std::string agent_table_schema(TableKind kind) {
  std::string properties;
  std::vector<std::string> required;
  add_properties(agent_options(kind), properties, required);
  return object_schema(properties, required);
}

std::string component_schema(const levada_component& component) {
  std::string properties;
  std::vector<std::string> required;
  const Options own(component.options, component.option_count);
  for (const levada_option& option : agent_options(table_kind(component.kind))) {
    // With a default of the component's own it comes with its options.
    if (std::any_of(own.begin(), own.end(),
                    [&](const auto& each) { return std::string_view(each.name) == option.name; }))
      continue;
    if (std::string_view(option.name) == "type") {
      properties = "\"type\": {\"const\": " + quote(component.name) + "}";
      required.emplace_back("type");
    } else {
      add_properties(Options(&option, 1), properties, required);
    }
  }
  add_properties(own, properties, required);
  return "{\"title\": " + quote(component.name) + ", \"description\": " + quote(component.summary) + ", " +
         object_schema(properties, required).substr(1);
}

std::string components_schema(const ComponentCatalogue& catalogue, uint32_t kind) {
  std::string all;
  for (const std::string& name : catalogue.names(kind)) {
    all += (all.empty() ? "" : ",\n") + component_schema(*catalogue.find(kind, name));
  }
  return all.empty() ? "{}" : "{\"oneOf\": [" + all + "]}";
}

std::string named_tables(TableKind kind, const std::string& each) {
  return quote(table_name(kind)) + ": {\"type\": \"object\", \"additionalProperties\": " + each + "}";
}

}  // namespace

std::string json_schema(const ComponentCatalogue& catalogue) {
  std::string text = "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": \"levada\",\n";
  text += "\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n";
  text += "\"agent\": " + agent_table_schema(TableKind::agent) + ",\n";
  for (const uint32_t kind : {LEVADA_SOURCE, LEVADA_INTERCEPTOR, LEVADA_SINK}) {
    text += named_tables(table_kind(kind), components_schema(catalogue, kind)) + ",\n";
  }
  text += named_tables(TableKind::channel, agent_table_schema(TableKind::channel)) + ",\n";
  text += named_tables(TableKind::sink_group, agent_table_schema(TableKind::sink_group)) + "}}\n";
  return text;
}

}  // namespace levada::agent
