// The parser reads rows in place without touching what lies behind their
// memory, and finds their tokens.
#include "json/json_parser.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "levada/batch.h"

namespace levada {
namespace {

Column texts(const std::vector<std::string>& rows) {
  TextBuilder out;
  for (const auto& row : rows) out.append(row);
  return std::move(out).finish("body", Type::bytes);
}

TEST(JsonParser, tells_valid_documents_from_others) {
  JsonParser parser;
  EXPECT_TRUE(parser.parse(R"({"a":1})"));
  EXPECT_TRUE(parser.parse(" [1, 2.5, true, null, \"\\u00e9\"] "));
  EXPECT_FALSE(parser.parse(""));
  EXPECT_FALSE(parser.parse("   "));
  EXPECT_FALSE(parser.parse(R"({"a":1,})"));
  EXPECT_FALSE(parser.parse(R"({"a":1} {"b":2})"));
  EXPECT_FALSE(parser.parse("{\"a\":\"\xff\"}"));
  EXPECT_FALSE(parser.parse(std::string_view("{\"a\":1}\0", 8)));
}

TEST(JsonParser, reads_each_row_of_a_column) {
  const auto column = texts({R"({"a":1})", "", R"({"long":"value that needs more than twelve bytes"})", "{"});
  const Documents documents(column);
  JsonParser parser;
  EXPECT_TRUE(parser.parse(documents[0]));
  EXPECT_FALSE(parser.parse(documents[1]));
  EXPECT_TRUE(parser.parse(documents[2]));
  EXPECT_FALSE(parser.parse(documents[3]));
}

TEST(JsonParser, reads_nothing_of_a_null_whatever_stands_behind_it) {
  const auto full = texts({R"({"a":1})", R"({"b":2})"});
  const uint8_t only_the_second = 2;
  ArrowArray array{};
  detail::share<ArrowArray>(full.array(), full.shared(), array);
  std::vector<const void*> buffers(array.buffers, array.buffers + array.n_buffers);
  buffers[0] = &only_the_second;
  array.buffers = buffers.data();
  array.null_count = 1;
  const auto column = Column::adopt("body", Type::bytes, array);
  const Documents documents(column);
  EXPECT_EQ(documents[0].text, "");
  EXPECT_EQ(documents[1].text, R"({"b":2})");
}

TEST(JsonParser, reads_nothing_behind_a_buffer_that_ends_where_memory_ends) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* memory =
      static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory + page, page, PROT_NONE), 0);
  const std::string text = R"({"key":"a value of some length"})";
  JsonParser parser;
  for (size_t behind = 0; behind <= 128; ++behind) {
    char* at = memory + page - behind - text.size();
    std::memcpy(at, text.data(), text.size());
    EXPECT_TRUE(parser.parse({at, text.size()}, memory + page));
  }
  munmap(memory, 2 * page);
}

TEST(JsonParser, grows_with_its_documents_and_gives_memory_back) {
  JsonParser parser;
  const std::string large = "[\"" + std::string(3 << 20, 'x') + "\"]";
  EXPECT_TRUE(parser.parse(large));
  parser.shrink();
  EXPECT_TRUE(parser.parse("[1]"));
  EXPECT_TRUE(parser.parse(large));
}

TEST(JsonParser, finds_tokens_without_judging_their_order) {
  JsonParser parser;
  const auto column = texts({R"({"a" : 12 "b"])", "{\"a\":\"not closed}"});
  ASSERT_TRUE(parser.find_tokens(Documents(column)[0]));
  ASSERT_EQ(parser.token_count(), 6u);
  EXPECT_EQ(parser.tokens()[1], 1u);
  EXPECT_EQ(parser.tokens()[3], 7u);
  EXPECT_FALSE(parser.find_tokens(Documents(column)[1]));
}

TEST(JsonParser, finds_no_tokens_in_nothing) {
  const auto column = texts({""});
  EXPECT_FALSE(JsonParser().find_tokens(Documents(column)[0]));
}

TEST(JsonParser, resolves_a_dictionary_without_copying_its_texts) {
  const auto column = resolved(repeat("body", R"({"the same":"in each row"})", 3));
  EXPECT_EQ(column.rows(), 3);
  EXPECT_EQ(column.type(), Type::text);
  EXPECT_EQ(column.text(2), R"({"the same":"in each row"})");
  EXPECT_EQ(column.text(0).data(), column.text(2).data());
}

}  // namespace
}  // namespace levada
