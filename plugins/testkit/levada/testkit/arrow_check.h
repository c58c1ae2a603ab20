// Looks at a batch as the Arrow specification does, without any code of the SDK in between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "levada/plugin.h"

namespace levada::testkit {

// What is wrong with the batch: structs, lengths, buffers, bounds of views, UTF-8, names. Empty:
// nothing.
std::string fault_of(const levada_batch& batch);
bool is_utf8(std::string_view text);

// Each row as text: `name=value`, columns in order, "<null>" for a null. A dictionary shows as the
// values it stands for, a decimal, date or time of a type that the contract does not have as its
// bytes. For batches without a fault.
std::vector<std::string> rows_of(const levada_batch& batch);

}  // namespace levada::testkit
