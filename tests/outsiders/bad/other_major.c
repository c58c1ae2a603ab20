/* A plugin for version 2 of the contract, of which an agent with version 1 must not call anything. */
#include <levada/plugin.h>
#include <stdlib.h>

__attribute__((visibility("default"))) const levada_plugin* levada_plugin_2(void) { abort(); }
