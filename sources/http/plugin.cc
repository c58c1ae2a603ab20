// The plugin's entry.
#include "http_source.h"

LEVADA_PLUGIN("http", "0.1.0", "Apache-2.0",
              levada::source<levada::http_source::HttpSource>(
                  "http", "Takes what clients post over HTTP, and answers when it is stored."))
