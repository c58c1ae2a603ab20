// What a component says about itself, for people and for tools: everything comes from its options.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "agent/config/agent_options.h"
#include "agent/config/topology.h"

namespace levada::agent {

// For `levada plugins NAME`: name, kind, summary, and each option with type, default and summary;
// the component's own first, then those that every component of the kind has.
std::string describe_component(const levada_component& component);

// A table of the agent's own: [agent], or a type of channel ("memory", "file");
// nothing where there is no such.
std::optional<std::string> describe_table(std::string_view name);
// Types of channels, with a summary each.
std::span<const std::pair<const char*, const char*>> channel_types();

// All tables and all options that there are, as a Markdown page.
std::string reference_page(const ComponentCatalogue& catalogue);

// Options as a Markdown table, for a README and the reference.
std::string options_as_markdown(Options options);

// A table of a configuration that has all that is required, and the rest as comments; advanced
// options are left out. `name` is what the component is called in it.
std::string sample_of(const levada_component& component, const std::string& name);

// A JSON schema of the whole configuration with all components there are, for editors.
std::string json_schema(const ComponentCatalogue& catalogue);

// "string", "list of strings", `"rename", "move" or "delete"`.
std::string type_text(const levada_option& option);

}  // namespace levada::agent
