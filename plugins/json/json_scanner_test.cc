// The scanner says where a document is invalid, agrees with simdjson on whether it is, and
// repairs what it is asked to.
#include "json/json_scanner.h"

#include <gtest/gtest.h>

#include <random>

#include "json/json_parser.h"

namespace levada {
namespace {

// "" for a valid document, else "offset: reason".
std::string judged(std::string_view text, unsigned repairs = 0) {
  JsonScanner scanner(text, repairs);
  const auto end = scanner.scan(scanner.skip_space(0));
  if (!end) return std::to_string(scanner.fault().offset) + ": " + scanner.fault().reason;
  const size_t rest = scanner.skip_space(*end);
  return rest == text.size() ? "" : std::to_string(rest) + ": more behind the document";
}

std::string repaired(std::string_view text, unsigned repairs) {
  JsonScanner scanner(text, repairs);
  const auto end = scanner.scan(0);
  if (!end) return std::to_string(scanner.fault().offset) + ": " + scanner.fault().reason;
  return scanner.is_repaired() ? scanner.repaired() : std::string(text.substr(0, *end));
}

TEST(JsonScanner, accepts_what_the_standard_allows) {
  for (const char* text : {"{}",
                           "[]",
                           "0",
                           "-0",
                           "-0.0e-0",
                           "1e5",
                           "1E+5",
                           "\"\"",
                           "true",
                           "false",
                           "null",
                           R"({"a":[1,{"b":[]}],"":{}})",
                           " \t\r\n[ 1 , 2 ] ",
                           R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")",
                           "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
                           "18446744073709551615",
                           "-9223372036854775808",
                           "1.7976931348623157e308",
                           "1e-400",
                           "0e99999999999999999999"})
    EXPECT_EQ(judged(text), "") << text;
}

TEST(JsonScanner, says_where_and_why_a_document_is_invalid) {
  const std::pair<std::string_view, const char*> cases[] = {
      {"", "0: expected a value, found the end"},
      {"hello", "0: expected a value, found 'h'"},
      {"{", "1: expected a key in double quotes, found the end"},
      {R"({"a")", "4: expected ':' after a key, found the end"},
      {R"({"a" 1})", "5: expected ':' after a key, found '1'"},
      {R"({"a":})", "5: expected a value, found '}'"},
      {R"({"a":1 "b":2})", "7: expected ',' or '}' after a value, found '\"'"},
      {R"({"a":1)", "6: expected ',' or '}' after a value, found the end"},
      {R"({"a":1])", "6: expected ',' or '}' after a value, found ']'"},
      {R"({"a":1,})", "6: trailing comma before '}'"},
      {R"({"a":1,,"b":2})", "7: expected a key in double quotes, found ','"},
      {"[1,2", "4: expected ',' or ']' after a value, found the end"},
      {"[1,]", "2: trailing comma before ']'"},
      {"[,1]", "1: expected a value, found ','"},
      {"{'a':1}", "1: expected a key in double quotes, found '''"},
      {R"({"a":"x)", "5: the string that begins here is not closed"},
      {R"({"a":"x\)", "7: the string ends after a backslash, without its \""},
      {R"(["\x"])", "2: invalid escape in a string"},
      {R"(["\u12g4"])", "2: \\u in a string needs four hexadecimal digits"},
      {R"(["\ud800"])", "2: a high surrogate without a low one behind it"},
      {R"(["\ud800\u0041"])", "2: a high surrogate without a low one behind it"},
      {R"(["\udc00"])", "2: a low surrogate without a high one before it"},
      {"[\"a\tb\"]", "3: control character 0x09 in a string"},
      {std::string_view("[\"a\0b\"]", 7), "3: control character 0x00 in a string"},
      {std::string_view("[1,\0]", 5), "3: expected a value, found byte 0x00"},
      {"[\"\xff\"]", "2: invalid UTF-8"},
      {"[\"\xc0\x80\"]", "2: invalid UTF-8"},
      {"[\"\xed\xa0\x80\"]", "2: invalid UTF-8"},
      {"[\"\xf4\x90\x80\x80\"]", "2: invalid UTF-8"},
      {"[\"\xe2\x82", "2: invalid UTF-8"},
      {"[01]", "1: a number with a leading zero"},
      {"[1.]", "3: expected a digit, found ']'"},
      {"[-]", "2: expected a digit, found ']'"},
      {"[1e]", "3: expected a digit, found ']'"},
      {"[+1]", "1: expected a value, found '+'"},
      {"[18446744073709551616]", "1: an integer that does not fit into 64 bits"},
      {"[-9223372036854775809]", "1: an integer that does not fit into 64 bits"},
      {"[1e999]", "1: a number that is too large for a double"},
      {"[NaN]", "1: expected a value, found 'N'"},
      {"[tru]", "1: expected a value, found 't'"},
      {"[truex]", "5: expected ',' or ']' after a value, found 'x'"},
      {"[1]//x", "3: more behind the document"},
      {"{\"a\":1}\xef\xbb\xbf", "7: more behind the document"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(judged(text), expected) << text;
}

TEST(JsonScanner, bounds_the_depth_as_simdjson_does) {
  JsonParser parser;
  for (const size_t depth : {1022u, 1023u, 1024u, 1025u, 100'000u}) {
    for (const char* inner : {"", "1"}) {
      const auto text = std::string(depth, '[') + inner + std::string(depth, ']');
      EXPECT_EQ(judged(text).empty(), parser.parse(text)) << depth << " around \"" << inner << '"';
    }
    std::string objects;
    for (size_t level = 0; level < depth; ++level) objects += "{\"a\":";
    objects.append("{}").append(depth, '}');
    EXPECT_EQ(judged(objects).empty(), parser.parse(objects)) << depth;
  }
  EXPECT_EQ(judged(std::string(5000, '[')), "1023: nested deeper than 1024 levels");
}

// Random documents, and random changes to them.
class Mutations {
 public:
  explicit Mutations(uint32_t seed) : random_(seed) {}

  std::string next() {
    std::string text;
    value(text, 0);
    for (size_t changes = below(4); changes > 0 && !text.empty(); --changes) change(text);
    return text;
  }

 private:
  size_t below(size_t bound) { return random_() % bound; }
  std::string_view piece() {
    static constexpr std::string_view kPieces[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "'",
        "\\",
        "\\u",
        "\\ud800",
        "\\udc00",
        "\\ud83d\\ude00",
        "\\u0000",
        "\\n",
        "\\x",
        "0",
        "1",
        "-",
        "+",
        ".",
        "e",
        "E5",
        "e-400",
        "e400",
        "00",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "17976931348623157e292",
        "0.00000000000000000000000000000000000000001e349",
        "179769313486231580793e289",
        "2.5e-324",
        "true",
        "false",
        "null",
        "nul",
        "NaN",
        " ",
        "\t",
        "\n",
        "\r",
        "\f",
        "\v",
        "\x1a",
        "\x0c",
        std::string_view("\0", 1),
        "\x7f",
        "\x80",
        "\xc3\xa9",
        "\xe2\x82",
        "\xe2\x82\xac",
        "\xed\xa0\x80",
        "\xf0\x9f\x98\x80",
        "\xf4\x90\x80\x80",
        "\xff",
        "\xef\xbb\xbf",
        "/*x*/",
        "//",
        "a",
        "some longer text that fills more than one block of sixty-four bytes of the parser"};
    return kPieces[below(std::size(kPieces))];
  }
  void value(std::string& out, int depth) {
    switch (below(depth > 6 ? 5 : 8)) {
      case 0: out.append("\"").append(below(40), 'x').append("\""); break;
      case 1: out += std::to_string(static_cast<int>(random_())); break;
      case 2: out += std::to_string(static_cast<double>(random_()) / 1e5); break;
      case 3: out += below(2) ? "true" : "null"; break;
      case 4: out += "\"\\u00e9\\\\\\\"\xc3\xa9\""; break;
      case 5:
      case 6:
        out += '{';
        for (size_t count = below(5), at = 0; at < count; ++at) {
          out += at ? ", \"k" : "\"k";
          out += std::to_string(at) + "\": ";
          value(out, depth + 1);
        }
        out += '}';
        break;
      default:
        out += '[';
        for (size_t count = below(5), at = 0; at < count; ++at) {
          if (at) out += ',';
          value(out, depth + 1);
        }
        out += ']';
    }
  }
  void change(std::string& text) {
    const size_t at = below(text.size());
    switch (below(4)) {
      case 0: text.insert(at, piece()); break;
      case 1: text.erase(at, 1 + below(3)); break;
      case 2: text[at] = static_cast<char>(random_()); break;
      default: text.replace(at, 1, piece());
    }
  }
  std::mt19937 random_;
};

TEST(JsonScanner, agrees_with_simdjson_on_random_documents) {
  JsonParser parser;
  Mutations mutations(20261122);
  int valid = 0, invalid = 0;
  for (int round = 0; round < 200'000; ++round) {
    const auto text = mutations.next();
    const bool expected = parser.parse(text);
    ASSERT_EQ(judged(text).empty(), expected) << text << "\n" << judged(text);
    ++(expected ? valid : invalid);
  }
  EXPECT_GT(valid, 20'000);
  EXPECT_GT(invalid, 20'000);
}

TEST(JsonScanner, what_it_repairs_is_valid_or_refused) {
  constexpr unsigned kAll = Repairs::kTrailingCommas | Repairs::kSingleQuotes | Repairs::kControlCharacters |
                            Repairs::kComments | Repairs::kNan;
  JsonParser parser;
  Mutations mutations(7);
  int repairs = 0;
  for (int round = 0; round < 100'000; ++round) {
    const auto text = mutations.next();
    JsonScanner scanner(text, kAll);
    const auto end = scanner.scan(scanner.skip_space(0));
    if (!end || !scanner.is_repaired()) continue;
    ++repairs;
    ASSERT_TRUE(parser.parse(scanner.repaired())) << text << "\n" << scanner.repaired();
  }
  EXPECT_GT(repairs, 100);
}

TEST(JsonScanner, finds_where_a_document_ends) {
  JsonScanner scanner(R"({"a":1}{"b":2} 3)");
  EXPECT_EQ(scanner.scan(0), 7u);
  EXPECT_EQ(scanner.scan(7), 14u);
  EXPECT_EQ(scanner.scan(15), 16u);
  EXPECT_FALSE(scanner.is_repaired());
}

TEST(JsonScanner, repairs_trailing_commas) {
  EXPECT_EQ(repaired(R"({"a":[1,2, ],})", Repairs::kTrailingCommas), R"({"a":[1,2 ]})");
  EXPECT_EQ(repaired("[1,,]", Repairs::kTrailingCommas), "3: expected a value, found ','");
  EXPECT_EQ(repaired("[,]", Repairs::kTrailingCommas), "1: expected a value, found ','");
  EXPECT_EQ(repaired("[1, /* last, */ ]", Repairs::kTrailingCommas | Repairs::kComments), "[1   ]");
}

TEST(JsonScanner, repairs_single_quotes) {
  EXPECT_EQ(repaired(R"({'a':'say "hi"','b':'it\'s','c':"it's"})", Repairs::kSingleQuotes),
            R"({"a":"say \"hi\"","b":"it's","c":"it's"})");
  EXPECT_EQ(repaired("{'a:1}", Repairs::kSingleQuotes), "1: the string that begins here is not closed");
}

TEST(JsonScanner, repairs_control_characters_in_strings_only) {
  EXPECT_EQ(repaired("[\"a\tb\nc\x01\"]", Repairs::kControlCharacters), R"(["a\tb\nc\u0001"])");
  EXPECT_EQ(repaired("[\x01]", Repairs::kControlCharacters), "1: expected a value, found byte 0x01");
}

TEST(JsonScanner, repairs_comments) {
  EXPECT_EQ(repaired("{/*x*/\"a\"://y\n1}", Repairs::kComments), "{ \"a\": \n1}");
  EXPECT_EQ(repaired(R"(["// no comment"])", Repairs::kComments), R"(["// no comment"])");
  EXPECT_EQ(repaired("[1 /* open", Repairs::kComments), "3: expected ',' or ']' after a value, found '/'");
}

TEST(JsonScanner, repairs_numbers_that_are_none) {
  EXPECT_EQ(repaired("[NaN,Infinity,-Infinity]", Repairs::kNan), "[null,null,null]");
  EXPECT_EQ(repaired("[-Inf]", Repairs::kNan), "2: expected a value, found 'I'");
}

}  // namespace
}  // namespace levada
