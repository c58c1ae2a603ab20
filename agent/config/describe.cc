// What a component says about itself, for people.
#include "agent/config/describe.h"

#include <vector>

#include "agent/config/value_reader.h"

namespace levada::agent {

namespace {

Options own_options(const levada_component& component) { return {component.options, component.option_count}; }

bool has(const levada_option& option, uint32_t flag) { return (option.flags & flag) != 0; }

void describe_options(Options options, std::string& text) {
  for (const levada_option& option : options) {
    text += "  " + std::string(option.name) + "  (" + type_text(option);
    if (has(option, LEVADA_REQUIRED)) text += ", required";
    if (option.fallback != nullptr) text += ", default " + std::string(option.fallback);
    if (has(option, LEVADA_SECRET)) text += ", secret";
    if (has(option, LEVADA_ADVANCED)) text += ", advanced";
    text += ")\n      " + std::string(option.summary) + "\n";
  }
}

// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// A value of the option's type, to be replaced by the user's.
std::string example_value(const levada_option& option) {
  if (option.fallback != nullptr) return option.fallback;
  const std::vector<std::string> choices = split_choices(option.choices);
  switch (option.type) {
    case LEVADA_BOOLEAN:
      return "true";
    case LEVADA_INTEGER:
      return "1";
    case LEVADA_NUMBER:
      return "0.5";
    case LEVADA_DURATION:
      return "\"5s\"";
    case LEVADA_SIZE:
      return "\"64KiB\"";
    case LEVADA_CHOICE:
      return quote(choices.front());
    case LEVADA_STRINGS:
      return "[" + quote(choices.empty() ? "..." : choices.front()) + "]";
    case LEVADA_TABLE:
    case LEVADA_TREE:
      return "{ }";
    default:
      return "\"...\"";
  }
}

void sample_options(Options options, std::string& text) {
  for (const levada_option& option : options) {
    if (has(option, LEVADA_ADVANCED)) continue;
    text += "\n# " + std::string(option.summary) + "\n";
    if (option.choices != nullptr) text += "# " + type_text(option) + "\n";
    if (!has(option, LEVADA_REQUIRED)) text += "# ";
    text += std::string(option.name) + " = " + example_value(option) + "\n";
  }
}

}  // namespace

std::string type_text(const levada_option& option) {
  const std::string choices = one_of(split_choices(option.choices));
  switch (option.type) {
    case LEVADA_STRING:
      return "string";
    case LEVADA_BOOLEAN:
      return "boolean";
    case LEVADA_INTEGER:
      return "integer";
    case LEVADA_NUMBER:
      return "number";
    case LEVADA_DURATION:
      return "duration";
    case LEVADA_SIZE:
      return "size";
    case LEVADA_CHOICE:
      return choices;
    case LEVADA_STRINGS:
      return choices.empty() ? "list of strings" : "list of " + choices;
    case LEVADA_TABLE:
      return "table";
    case LEVADA_TREE:
      return "nested table";
    default:
      return "unknown type";
  }
}

std::string describe_component(const levada_component& component) {
  const TableKind kind = table_kind(component.kind);
  std::string text = std::string(component.name) + " (" + std::string(noun(kind)) + ")\n" + component.summary + "\n";
  if (component.option_count > 0) text += "\nOptions:\n";
  describe_options(own_options(component), text);
  text += "\nOptions of every " + std::string(noun(kind)) + ":\n";
  describe_options(agent_options(kind), text);
  return text;
}

std::string options_as_markdown(Options options) {
  std::string text = "| Option | Type | Default | Meaning |\n| --- | --- | --- | --- |\n";
  for (const levada_option& option : options) {
    const std::string fallback = has(option, LEVADA_REQUIRED) ? "required"
                                 : option.fallback == nullptr ? ""
                                                              : "`" + cell(option.fallback) + "`";
    text += "| `" + std::string(option.name) + "` | " + cell(type_text(option)) + " | " + fallback + " | " +
            cell(option.summary) + (has(option, LEVADA_SECRET) ? " Never printed." : "") + " |\n";
  }
  return text;
}

std::string sample_of(const levada_component& component, const std::string& name) {
  const TableKind kind = table_kind(component.kind);
  std::string text = "# " + std::string(component.summary) + "\n";
  text += "[" + join_path(table_name(kind), name) + "]\ntype = " + quote(component.name) + "\n";
  if (kind == TableKind::source) text += "channels = [\"main\"]\n";
  if (kind == TableKind::sink) text += "channel = \"main\"\n";
  sample_options(own_options(component), text);
  return text;
}

}  // namespace levada::agent
