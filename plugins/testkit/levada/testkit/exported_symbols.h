// The symbols that a shared library gives to others.
#pragma once

#include <string>
#include <vector>

#include "levada/result.h"

namespace levada::testkit {

// Names in the library's table of dynamic symbols that are defined there and visible to others,
// weak ones too, sorted. Fails where the file cannot be read, or is no 64-bit ELF file with such a
// table.
Result<std::vector<std::string>> exported_symbols(const std::string& path);

}  // namespace levada::testkit
