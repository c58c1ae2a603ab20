/* A program that is no agent: it opens a plugin, turns text into the values of a component's
 * options, and creates an instance with them.
 *
 * create_instance PLUGIN.so COMPONENT toml|json TEXT */
#include <dlfcn.h>
#include <levada/values.h>
#include <stdio.h>
#include <string.h>

static const void* no_service(const levada_host* host, const char* id) {
  (void)host, (void)id;
  return NULL;
}

int main(int count, char** arguments) {
  if (count != 5) return 2;
  void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 2;
  levada_entry entry;
  *(void**)&entry = dlsym(library, LEVADA_ENTRY_PREFIX "1");
  if (!entry) return 2;
  const levada_plugin* plugin = entry();
  const levada_component* component = NULL;
  for (size_t at = 0; at < plugin->component_count; ++at)
    if (strcmp(plugin->components[at]->name, arguments[2]) == 0) component = plugin->components[at];
  if (!component) return 2;

  levada_error error = {{0}, {0}};
  levada_values* values = NULL;
  levada_code code = strcmp(arguments[3], "json") == 0
                         ? levada_values_from_json(component, arguments[4], strlen(arguments[4]), &values, &error)
                         : levada_values_from_toml(component, arguments[4], strlen(arguments[4]), &values, &error);
  if (code != LEVADA_OK) return printf("values: %s\n", error.message), values != NULL ? 2 : 1;
  const levada_host host = {sizeof host, 0, {"components.test", 15}, {"/tmp", 4}, no_service};
  void* self = NULL;
  code = component->create(&host, levada_values_data(values), &self, &error);
  levada_values_free(values);
  if (code != LEVADA_OK) return printf("create: %s: %s\n", error.option, error.message), 1;
  component->destroy(self);
  printf("created\n");
  return 0;
}
