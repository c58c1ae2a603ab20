// A place in a text that becomes rows: where a row starts, or what is left of one.
#pragma once

#include <cstdint>

namespace levada::rows {

// For a compressed file: in the text that it holds.
struct Place {
  uint64_t offset = 0;
  bool in_array = false;     // JSON: between the elements of an array.
  bool in_long_row = false;  // In what is left of a row that was too long.
};

}  // namespace levada::rows
