// The plugin's entry.
#include "postgres_source.h"

LEVADA_PLUGIN("postgres_source", "0.1.0", "Apache-2.0",
              levada::source<levada::postgres_source::PostgresSource>(
                  "postgres", "Rows that a query to PostgreSQL gives, in the order of a column, and those that come."))
