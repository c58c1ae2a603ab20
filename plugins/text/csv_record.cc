#include "text/csv_record.h"

#include <cstring>

namespace levada {

namespace {

// The end of a field in quotes, which begins behind the quote: where its closing quote stands.
size_t find_closing_quote(std::string_view text, size_t at, char quote, bool& has_pairs) {
  for (;;) {
    at = text.find(quote, at);
    if (at == text.npos || at + 1 == text.size() || text[at + 1] != quote) return at;
    has_pairs = true;
    at += 2;
  }
}

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// Bytes of the line end that stands there: "\n", "\r\n", or "\r" at the very end.
size_t line_end_size(std::string_view text, size_t at) {
  if (at == text.size()) return 0;
  return text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 1;
}

}  // namespace

size_t read_csv_record(std::string_view text, CsvFormat format, std::vector<CsvField>& fields, CsvFault& fault) {
  fields.clear();
  size_t at = 0;
  for (;;) {
    CsvField field;
    if (format.quote != '\0' && at < text.size() && text[at] == format.quote) {
      const size_t begin = at + 1;
      const size_t end = find_closing_quote(text, begin, format.quote, field.has_quote_pairs);
      if (end == text.npos) {
        fault = {at, "the quote is not closed"};
        return 0;
      }
      field.text = text.substr(begin, end - begin);
      field.is_quoted = true;
      at = end + 1;
      if (at < text.size() && text[at] != format.delimiter && !is_line_end(text[at])) {
        fault = {at, "expected a delimiter or the end behind the closing quote"};
        return 0;
      }
    } else {
      const size_t begin = at;
      while (at < text.size() && text[at] != format.delimiter && !is_line_end(text[at])) ++at;
      field.text = text.substr(begin, at - begin);
    }
    fields.push_back(field);
    if (at < text.size() && text[at] == format.delimiter) {
      ++at;
      continue;
    }
    return at + line_end_size(text, at);
  }
}

void append_csv_text(const CsvField& field, char quote, std::string& to) {
  if (!field.has_quote_pairs) {
    to += field.text;
    return;
  }
  for (size_t at = 0; at < field.text.size(); ++at) {
    to += field.text[at];
    if (field.text[at] == quote) ++at;
  }
}

}  // namespace levada
