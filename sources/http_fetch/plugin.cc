// The plugin's entry.
#include "http_fetch.h"

LEVADA_PLUGIN("http_fetch", "0.1.0", "Apache-2.0",
              levada::source<levada::http_fetch::HttpFetch>("http_fetch",
                                                            "Fetches lists over HTTP or from files, once or again and "
                                                            "again."))
