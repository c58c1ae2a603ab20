// Finds the JSON objects in a row that is not simply one of them, and says what is wrong with the rest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace levada {
class JsonScanner;
}

namespace levada::clean_json {

class RowSplitter {
 public:
  // `repairs`: bits of Repairs.
  explicit RowSplitter(unsigned repairs) : repairs_(repairs) {}

  struct Part {
    size_t begin, end;   // Where in the row it stands.
    std::string reason;  // Why it is no valid object; empty for one that is.
    size_t fault;        // Where in the row it is not.
    bool is_repaired;
    std::string repaired;  // What became of it, if it was repaired.
  };
  // Objects and what is invalid, in their order. White space, brackets of arrays, commas between objects and a byte
  // order mark at the beginning are no part of any.
  const std::vector<Part>& split(std::string_view row);

 private:
  size_t skip_separators(const JsonScanner& scanner, size_t at) const;
  // Whether something else than an object or a separator follows on the same line.
  bool runs_on(const JsonScanner& scanner, size_t end) const;
  // Where an object that begins at `begin` and is broken ends, and with it what cannot be told apart from it.
  size_t end_of_broken(const JsonScanner& scanner, size_t begin) const;
  // Where what is no object ends: a run of other values and separators, or all up to a line that begins an object.
  size_t end_of_others(JsonScanner& scanner, size_t begin) const;
  size_t next_line_with_object(size_t from) const;

  unsigned repairs_;
  std::string_view row_;
  std::vector<Part> parts_;
};

}  // namespace levada::clean_json
