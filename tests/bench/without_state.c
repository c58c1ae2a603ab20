/* The interceptors of another plugin, without a state that would be kept: what keeping it costs is
 * the difference. For tests/bench/state.py, which says by PLUGIN which one. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "levada/plugin.h"

static levada_interceptor_functions functions;
static levada_component component;
static const levada_component* const components[] = {&component};
static const levada_plugin plugin = {
    sizeof plugin, LEVADA_ABI_MINOR, "without_state", "0.1.0", "Apache-2.0", components, 1};

const levada_plugin* levada_plugin_1(void) {
  void* const library = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
  const levada_plugin* (*other)(void) = NULL;
  if (library) *(void**)&other = dlsym(library, "levada_plugin_1");
  if (!other) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  component = *other()->components[0];
  functions = *(const levada_interceptor_functions*)component.functions;
  functions.save = NULL;
  functions.load = NULL;
  functions.save_changes = NULL;
  functions.load_changes = NULL;
  component.name = "without_state";
  component.functions = &functions;
  return &plugin;
}
