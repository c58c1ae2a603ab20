/* component_index PLUGIN.so FILE: writes what components a plugin has, for a section of its file by
 * which an agent knows them without loading it. A letter for the kind ('a' is 0), the name, a zero
 * byte; of each in turn. */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include "levada/plugin.h"

int main(int count, char** arguments) {
  void* library = count == 3 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  const levada_plugin* (*entry)(void) = NULL;
  if (library) *(void**)&entry = dlsym(library, "levada_plugin_1");
  FILE* to = entry ? fopen(arguments[2], "wb") : NULL;
  if (!to) {
    fprintf(stderr, "component_index: %s\n", count != 3 ? "PLUGIN.so FILE" : entry ? arguments[2] : dlerror());
    return 1;
  }
  const levada_plugin* plugin = entry();
  for (size_t at = 0; at < plugin->component_count; ++at)
    fprintf(to, "%c%s%c", 'a' + (char)plugin->components[at]->kind, plugin->components[at]->name, 0);
  if (fclose(to) != 0) return 1;
  /* What the plugin would do at the end of a process does not matter here. */
  _exit(0);
}
