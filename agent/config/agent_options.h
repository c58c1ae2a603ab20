// The options that belong to the agent: [agent] itself, and what stands beside a
// component's own options in its table.
#pragma once

#include <string_view>

#include "agent/config/schema.h"

namespace levada::agent {

enum class TableKind { agent, source, interceptor, channel, sink, sink_group, selector };

Options agent_options(TableKind kind);
// Whether a reload takes over that option of [agent]; the others need a restart.
bool is_reloadable(std::string_view option);
// Whether that option of a channel is for the type "file" only.
bool is_for_file_channels(std::string_view option);
// Those of a sink that a sink group says for all of its sinks.
Options reader_options();

// "sources", "channels", ...: the top-level table that holds those of a kind. "agent" and
// "selector" stand for themselves.
std::string_view table_name(TableKind kind);

// "source", "sink group", ... in messages.
std::string_view noun(TableKind kind);

// The kind of a component (LEVADA_SOURCE, ...) as the kind of its table.
TableKind table_kind(uint32_t component_kind);

}  // namespace levada::agent
