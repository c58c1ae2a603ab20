// Records of CSV: fields, quotes, line ends, and what is none.
#include "text/csv_record.h"

#include <gtest/gtest.h>

#include <random>

namespace levada {
namespace {

using Texts = std::vector<std::string>;

// The fields of the first record, as texts; or the fault.
Texts first_record(std::string_view text, CsvFormat format = {}) {
  std::vector<CsvField> fields;
  CsvFault fault;
  if (read_csv_record(text, format, fields, fault) == 0 && fault.reason)
    return {std::to_string(fault.offset) + ": " + fault.reason};
  Texts texts;
  for (const auto& field : fields) append_csv_text(field, format.quote, texts.emplace_back());
  return texts;
}

TEST(CsvRecord, has_fields_between_delimiters) {
  EXPECT_EQ(first_record("a,b,c"), (Texts{"a", "b", "c"}));
  EXPECT_EQ(first_record("a,,c,"), (Texts{"a", "", "c", ""}));
  EXPECT_EQ(first_record(""), Texts{""});
  EXPECT_EQ(first_record(","), (Texts{"", ""}));
  EXPECT_EQ(first_record(" a , b "), (Texts{" a ", " b "})) << "spaces belong to fields";
  EXPECT_EQ(first_record("a\tb,c", {.delimiter = '\t'}), (Texts{"a", "b,c"}));
}

TEST(CsvRecord, has_delimiters_line_ends_and_doubled_quotes_in_quotes) {
  EXPECT_EQ(first_record(R"("a,b",c)"), (Texts{"a,b", "c"}));
  EXPECT_EQ(first_record(R"("say ""hello""",x)"), (Texts{R"(say "hello")", "x"}));
  EXPECT_EQ(first_record(R"("""")"), Texts{"\""});
  EXPECT_EQ(first_record("\"a\r\nb\",c\nd"), (Texts{"a\r\nb", "c"}));
  EXPECT_EQ(first_record(R"("",b)"), (Texts{"", "b"}));
  EXPECT_EQ(first_record("a\"b,c"), (Texts{"a\"b", "c"})) << "a quote within a field without quotes is one";
  EXPECT_EQ(first_record("'a,b';c", {.delimiter = ';', .quote = '\''}), (Texts{"a,b", "c"}));
  EXPECT_EQ(first_record("\"a\",b", {.quote = '\0'}), (Texts{"\"a\"", "b"}));
}

TEST(CsvRecord, ends_with_its_line) {
  std::vector<CsvField> fields;
  CsvFault fault;
  for (const auto& [text, size] : std::vector<std::pair<std::string_view, size_t>>{
           {"a,b\nc", 4}, {"a,b\r\nc", 5}, {"a,b\r", 4}, {"a,b", 3}, {"\n", 1}, {"", 0}, {"\"a\"\nb", 4}}) {
    EXPECT_EQ(read_csv_record(text, {}, fields, fault), size) << text;
    EXPECT_EQ(fault.reason, nullptr) << text;
  }
}

TEST(CsvRecord, says_where_quotes_are_wrong) {
  EXPECT_EQ(first_record(R"(a,"b)"), Texts{"2: the quote is not closed"});
  EXPECT_EQ(first_record(R"(a,"b"c,d)"), Texts{"5: expected a delimiter or the end behind the closing quote"});
  EXPECT_EQ(first_record("\""), Texts{"0: the quote is not closed"});
  EXPECT_EQ(first_record(R"("a"" )"), Texts{"0: the quote is not closed"});
}

TEST(CsvRecord, tells_an_empty_text_from_nothing) {
  std::vector<CsvField> fields;
  CsvFault fault;
  read_csv_record(R"("",)", {}, fields, fault);
  EXPECT_TRUE(fields[0].is_quoted);
  EXPECT_FALSE(fields[1].is_quoted);
}

TEST(CsvRecord, that_was_written_is_read_back) {
  std::mt19937 random(3);
  const std::string characters = "ab,\"\n\r ";
  for (int round = 0; round < 5000; ++round) {
    Texts expected(1 + random() % 4);
    std::string text;
    for (auto& field : expected) {
      for (size_t size = random() % 6; size > 0; --size) field += characters[random() % characters.size()];
      if (!text.empty() || &field != &expected[0]) text += ',';
      text += '"';
      for (const char c : field) text += c == '"' ? "\"\"" : std::string(1, c);
      text += '"';
    }
    EXPECT_EQ(first_record(text + "\nmore"), expected) << text;
  }
}

}  // namespace
}  // namespace levada
