// A column of one type out of one of another, row by row where it must be.
#pragma once

#include <cstdint>
#include <functional>

#include "levada/column.h"
#include "text/declared_column.h"

namespace levada::convert {

// Nulls stay nulls; a value that does not fit is null, too, and `misfit` gets its row.
Column converted(const Column& from, const DeclaredColumn& to, const std::function<void(int64_t row)>& misfit);

}  // namespace levada::convert
