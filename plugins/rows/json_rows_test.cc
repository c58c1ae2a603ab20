// Every byte of a JSON text is in a row, but for what separates documents.
#include "rows/json_rows.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace levada::rows {
namespace {

using Texts = std::vector<std::string>;

// The rows of a text of which `first` bytes are there at first, and then all.
Texts rows_of(std::string_view text, size_t first) {
  JsonRows scanner;
  Texts rows;
  bool in_array = false;
  size_t begin = 0;
  for (const auto& [end, at_end] : {std::pair{first, false}, std::pair{text.size(), true}}) {
    while (const size_t found = scanner.next(text.data(), begin, end, at_end, in_array)) {
      rows.emplace_back(text.substr(begin, found - begin));
      begin = found;
    }
  }
  EXPECT_EQ(begin, text.size()) << text;
  return rows;
}

Texts rows_of(std::string_view text) {
  const auto whole = rows_of(text, text.size());
  for (size_t first = 0; first < text.size(); ++first)
    EXPECT_EQ(rows_of(text, first), whole) << text << " at " << first;
  return whole;
}

TEST(JsonRows, finds_documents_elements_and_scalars) {
  EXPECT_EQ(rows_of("{\"a\":[1]} [2, [3]]\n4 \"five\""), (Texts{"{\"a\":[1]}", "2", "[3]", "4", "\"five\""}));
}

TEST(JsonRows, passes_over_whole_byte_order_marks) {
  EXPECT_EQ(rows_of("\xef\xbb\xbf{\"a\":1}\n\xef\xbb\xbf{\"a\":2}\n"), (Texts{"{\"a\":1}", "{\"a\":2}"}));
}

TEST(JsonRows, drops_no_byte_that_is_no_whole_byte_order_mark) {
  EXPECT_EQ(rows_of("\xef{\"a\":3}"), (Texts{"\xef", "{\"a\":3}"}));
  EXPECT_EQ(rows_of("\xef\xbb{\"a\":3}"), (Texts{"\xef\xbb", "{\"a\":3}"}));
  EXPECT_EQ(rows_of("\xbb\xbf {\"a\":3}"), (Texts{"\xbb\xbf", "{\"a\":3}"}));
  EXPECT_EQ(rows_of("{\"a\":3}\n\xef\xbb"), (Texts{"{\"a\":3}", "\xef\xbb"}));
}

}  // namespace
}  // namespace levada::rows
