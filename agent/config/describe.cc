// What a component says about itself, for people.
#include "agent/config/describe.h"

#include <array>
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
    case LEVADA_BOOLEAN: return "true";
    case LEVADA_INTEGER: return "1";
    case LEVADA_NUMBER: return "0.5";
    case LEVADA_DURATION: return "\"5s\"";
    case LEVADA_SIZE: return "\"64KiB\"";
    case LEVADA_CHOICE: return quote(choices.front());
    case LEVADA_STRINGS: return "[" + quote(choices.empty() ? "..." : choices.front()) + "]";
    case LEVADA_TABLE:
    case LEVADA_TREE: return "{ }";
    default: return "\"...\"";
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

constexpr std::array<std::pair<const char*, const char*>, 2> kChannelTypes{{
    {"memory", "Keeps rows in memory; what a crash takes is read again by their sources."},
    {"file", "Keeps rows on disk, where they survive a crash."},
}};

// Those of a channel of that type.
std::vector<levada_option> channel_options(std::string_view type) {
  std::vector<levada_option> options;
  for (const auto& option : agent_options(TableKind::channel))
    if (type == "file" || !is_for_file_channels(option.name)) options.push_back(option);
  return options;
}

// Which options of [agent] may change while an agent runs.
std::string reloadable_options() {
  std::string names;
  for (const auto& option : agent_options(TableKind::agent))
    if (is_reloadable(option.name)) names += (names.empty() ? "`" : ", `") + std::string(option.name) + "`";
  return "A reload takes over " + names + "; the others need a restart.\n\n";
}

constexpr std::pair<TableKind, const char*> kTables[] = {
    {TableKind::agent, "## [agent]\n\nThe process as a whole.\n\n"},
    {TableKind::source, "## [sources.NAME]\n\nOptions of every source, whatever its type.\n\n"},
    {TableKind::selector, "### selector\n\nThe table `selector` of a source with several channels.\n\n"},
    {TableKind::interceptor, "## [interceptors.NAME]\n\nOptions of every interceptor.\n\n"},
    {TableKind::channel, "## [channels.NAME]\n\n"},
    {TableKind::sink, "## [sinks.NAME]\n\nOptions of every sink.\n\n"},
    {TableKind::sink_group, "## [sink_groups.NAME]\n\nA group of sinks that reads a channel as one.\n\n"},
};

}  // namespace

std::span<const std::pair<const char*, const char*>> channel_types() { return kChannelTypes; }

std::optional<std::string> describe_table(std::string_view name) {
  std::string text(name);
  if (name == "agent") {
    text += "\nThe table [agent]: the process as a whole.\n\nOptions:\n";
    describe_options(agent_options(TableKind::agent), text);
    return text;
  }
  for (const auto& [type, summary] : kChannelTypes) {
    if (name != type) continue;
    text += std::string(" (channel)\n") + summary + "\n\nOptions:\n";
    describe_options(channel_options(type), text);
    return text;
  }
  return std::nullopt;
}

std::string reference_page(const ComponentCatalogue& catalogue) {
  std::string page =
      "# Options\n\nEvery table of a configuration, and every option. Made by `tools/options` out of what the agent "
      "and its "
      "plugins say of\nthemselves; `levada plugins NAME` says the same of one.\n";
  for (const auto& [table, head] : kTables) {
    page += std::string("\n") + head;
    if (table == TableKind::channel) {
      for (const auto& [type, summary] : kChannelTypes)
        page += std::string(type == kChannelTypes.front().first ? "" : "\n") + "### channels of the type " + type +
                "\n\n" + summary + "\n\n" + options_as_markdown(channel_options(type));
      continue;
    }
    if (table == TableKind::agent) page += reloadable_options();
    page += options_as_markdown(agent_options(table));
    for (const uint32_t kind : {LEVADA_SOURCE, LEVADA_INTERCEPTOR, LEVADA_SINK}) {
      // A source's components come behind its selector.
      const auto last = kind == LEVADA_SOURCE ? TableKind::selector : table_kind(kind);
      if (last != table) continue;
      for (const auto& name : catalogue.names(kind)) {
        const auto& component = *catalogue.find(kind, name);
        page += "\n### " + std::string(noun(table_kind(kind))) + " " + name + "\n\n" + component.summary + "\n";
        if (component.option_count > 0) page += "\n" + options_as_markdown(own_options(component));
      }
    }
  }
  return page;
}

std::string type_text(const levada_option& option) {
  const std::string choices = one_of(split_choices(option.choices));
  switch (option.type) {
    case LEVADA_STRING: return "string";
    case LEVADA_BOOLEAN: return "boolean";
    case LEVADA_INTEGER: return "integer";
    case LEVADA_NUMBER: return "number";
    case LEVADA_DURATION: return "duration";
    case LEVADA_SIZE: return "size";
    case LEVADA_CHOICE: return choices;
    case LEVADA_STRINGS: return choices.empty() ? "list of strings" : "list of " + choices;
    case LEVADA_TABLE: return "table";
    case LEVADA_TREE: return "nested table";
    default: return "unknown type";
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
