// The plugin's entry.
#include "log_api.h"

LEVADA_PLUGIN("log_api", "0.1.0", "Apache-2.0",
              levada::source<levada::log_api::LogApi>("log_api",
                                                      "Takes logs and results over HTTP, and reads them "
                                                      "back from PostgreSQL."))
