// The plugin's entry.
#include "stdin.h"

LEVADA_PLUGIN("stdin", "0.1.0", "Apache-2.0",
              levada::source<levada::stdin_source::Stdin>("stdin", "Reads lines from standard input."))
