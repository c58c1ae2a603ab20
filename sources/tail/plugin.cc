// The plugin's entry.
#include "tail.h"

LEVADA_PLUGIN("tail", "0.1.0", "Apache-2.0",
              levada::source<levada::tail::Tail>("tail", "Follows files that grow, over their rotations."))
