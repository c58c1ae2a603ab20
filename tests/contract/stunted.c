/* A plugin whose functions end before those of version 1.0 do. */
#include <levada/plugin.h>
#include <stdlib.h>

static levada_code create(const levada_host* host, const levada_value* values, void** self, levada_error* error) {
  (void)host, (void)values, (void)error;
  *self = malloc(1);
  return *self ? LEVADA_OK : LEVADA_FATAL;
}

static const levada_sink_functions functions = {.size = LEVADA_SIZE_UP_TO(levada_sink_functions, write)};
static const levada_component component = {.size = sizeof component,
                                           .kind = LEVADA_SINK,
                                           .name = "stunted",
                                           .summary = "Has no commit.",
                                           .functions = &functions,
                                           .create = create,
                                           .destroy = free};
static const levada_component* const components[] = {&component};
static const levada_plugin plugin = {.size = sizeof plugin,
                                     .abi_minor = LEVADA_ABI_MINOR,
                                     .name = "stunted",
                                     .version = "1.0.0",
                                     .license = "MIT",
                                     .components = components,
                                     .component_count = 1};

const levada_plugin* levada_plugin_1(void) { return &plugin; }
