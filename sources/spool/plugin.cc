// The plugin's entry.
#include "spool.h"

LEVADA_PLUGIN("spool", "0.1.0", "Apache-2.0",
              levada::source<levada::spool::Spool>("spool", "Reads the files that are dropped into a folder."))
