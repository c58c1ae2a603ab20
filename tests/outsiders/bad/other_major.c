/* A plugin for version 2 of the contract, of which an agent of version 1 must call nothing. */
#include <levada/plugin.h>
#include <stdlib.h>

__attribute__((visibility("default"))) const levada_plugin* levada_plugin_2(void) { abort(); }
