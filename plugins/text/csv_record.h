// Records of CSV as RFC 4180 has them: fields between delimiters, where those in quotes may hold
// delimiters, line ends, and quotes that are doubled.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace levada {

struct CsvFormat {
  char delimiter = ',';
  char quote = '"';  // '\0': there are no quotes.
};

struct CsvField {
  std::string_view text;         // What stands there, without the quotes around it.
  bool is_quoted = false;        // So an empty one is a text, and no missing value.
  bool has_quote_pairs = false;  // Quotes within it stand there doubled.
};

struct CsvFault {
  size_t offset = 0;  // Of the byte at fault, from where the record begins.
  const char* reason = nullptr;
};

// Reads the record that `text` begins with; gives how many bytes it has, with its line end, or 0
// and the fault. A line end within quotes belongs to its field.
size_t read_csv_record(std::string_view text, CsvFormat format, std::vector<CsvField>& fields, CsvFault& fault);

// Appends a field's text with its quotes single.
void append_csv_text(const CsvField& field, char quote, std::string& to);

}  // namespace levada
