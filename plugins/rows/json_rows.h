// Finds the documents of a JSON text, so that each becomes a row: objects, scalars, and the elements of outermost
// arrays.
#pragma once

#include <cstddef>
#include <string>

namespace levada::rows {

class JsonRows {
 public:
  // Moves `begin` to the next document, and gives its end; 0 where it is not whole yet, or none is left. `at_end`: no
  // more text follows, so that what is cut off is a document too. `in_array`: see Place.
  // Documents are told apart, not checked. What cannot be JSON (a line break in a string, an object where none may
  // stand, a bracket of the wrong kind) ends a document, so that one that is broken does not take others with it.
  size_t next(const char* text, size_t& begin, size_t end, bool at_end, bool& in_array);

 private:
  size_t end_of_nested(const char* text, size_t begin, size_t end);

  std::string open_;  // The brackets that wait for their other halves.
};

}  // namespace levada::rows
