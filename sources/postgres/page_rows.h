// Rows of a result as a batch, with columns of the types that they have there.
#pragma once

#include <libpq-fe.h>

#include <vector>

#include "levada/batch.h"
#include "page_query.h"

namespace levada::postgres_source {

// Of a result in binary form, with these columns first. `bytes` gets how many bytes its values
// have.
Batch rows_of(const PGresult& result, const std::vector<QueryColumn>& columns, size_t& bytes);

}  // namespace levada::postgres_source
