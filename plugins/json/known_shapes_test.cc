// Shapes are read as they were learnt, and accept nothing that simdjson refuses.
#include "json/known_shapes.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "json/json_parser.h"

namespace levada {
namespace {

// Wants some values by their paths, and writes down what it is told of them.
class Wanted final : public WantedValues {
 public:
  explicit Wanted(std::map<std::string, int32_t> numbers) : numbers_(std::move(numbers)) { places_.insert(""); }

  Place document() const override { return &*places_.find(""); }
  Place member(Place object, std::string_view key) const override {
    const auto path = path_of(object) + "/" + std::string(key);
    return is_wanted(path) ? &*places_.insert(path).first : nullptr;
  }
  int32_t number(Place place) const override {
    const auto found = numbers_.find(path_of(place));
    return found == numbers_.end() ? -1 : found->second;
  }
  bool has_members(Place place) const override { return is_wanted(path_of(place) + "/"); }

  void text(int32_t number, const char* begin, const char* end) { add(number, "'" + std::string(begin, end) + "'"); }
  void integer(int32_t number, const char* begin, const char* end, int64_t value) {
    EXPECT_EQ(std::to_string(value), std::string(begin, end));
    add(number, std::to_string(value));
  }
  void open(int32_t, const char* begin) { begin_ = begin; }
  void close(int32_t number, const char* end) { text(number, begin_, end); }

  std::string told;

 private:
  static const std::string& path_of(Place place) { return *static_cast<const std::string*>(place); }
  bool is_wanted(const std::string& path) const {
    const auto found = numbers_.lower_bound(path);
    return found != numbers_.end() && found->first.starts_with(path);
  }
  void add(int32_t number, const std::string& value) { told += std::to_string(number) + "=" + value + " "; }

  std::map<std::string, int32_t> numbers_;
  mutable std::set<std::string> places_;
  const char* begin_ = nullptr;
};

class Shapes {
 public:
  explicit Shapes(bool wide = has_wide_registers()) : shapes_(wide) {}
  // Whether it is of a known shape; `wanted` hears of its values.
  bool reads(const std::string& text, Wanted* wanted = nullptr) {
    // Behind it stands what could deceive a reader that does not stop.
    const auto padded = text + R"(,"a":1,"b":"x"}"}]},"a":1,"b":"x"}"}]},"a":1,"b":"x"}"}]},"a":1,"b":"x"}"}]})";
    const std::string_view document(padded.data(), text.size());
    const char* end = padded.data() + padded.size();
    Wanted none({});
    return shapes_.read(document, end, wanted ? *wanted : none);
  }
  // False where the document is no plain object.
  bool learn(const std::string& text, const Wanted* wanted = nullptr) {
    if (!parser_.find_tokens({text, text.data() + text.size()}) || parser_.has_backslash()) return false;
    if (!parser_.plain_tokens(text.data()).is_object()) return false;
    if (shapes_.can_learn()) shapes_.learn(text, parser_.tokens(), wanted);
    return true;
  }
  bool can_learn() const { return shapes_.can_learn(); }

 private:
  KnownShapes shapes_;
  JsonParser parser_;
};

// By simdjson alone.
bool is_valid(const std::string& text) {
  static simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

TEST(KnownShapes, reads_documents_that_are_built_as_one_before) {
  Shapes shapes;
  EXPECT_FALSE(shapes.reads(R"({"a":1,"b":"x"})"));
  ASSERT_TRUE(shapes.learn(R"({"a":1,"b":"x"})"));
  for (const auto* text : {R"({"a":1,"b":"x"})", R"({"a":-2.50,"b":""})", R"({"a":null,"b":"12345678901234567"})",
                           R"({"a":true,"b":"{}[]:,"})", "{\"a\":false,\"b\":\"\x7f\"}", R"({"a":0,"b":"é"})",
                           R"({"a":123456789012345678,"b":"0123456789abcdef0123456789abcdef0123456789abcdef"})"})
    EXPECT_TRUE(shapes.reads(text)) << text;
  for (const auto* text : {R"({"a":1,"b":2})", R"({"a":"1","b":"x"})", R"({"b":"x","a":1})", R"({"a":1})", R"({})",
                           R"({"a": 1,"b":"x"})", R"({"a":1,"b":"x"} )", R"({"aa":1,"b":"x"})", R"({"a":[],"b":"x"})",
                           R"({"a":1e5,"b":"x"})", R"({"a":1234567890123456789,"b":"x"})"})
    EXPECT_FALSE(shapes.reads(text)) << text;
}

TEST(KnownShapes, go_on_with_any_piece_that_stood_behind_a_value) {
  Shapes shapes;
  for (const auto* text : {R"({"a":1,"b":2,"c":3})", R"({"b":1,"c":"x"})", R"({"a":[1,"x",{"d":[]},[[2]]]})",
                           R"({"a":{},"c":null})", R"({ "a" : [ 1 , 2 ] })", R"({"a":["x"]})"})
    ASSERT_TRUE(shapes.learn(text)) << text;
  for (const auto* text : {R"({"a":1,"b":2,"c":"x"})", R"({"b":1,"c":3})", R"({"a":["x",{"d":[]},[[3]]]})",
                           R"({"a":{},"c":true})", R"({ "a" : [ 1 , 2 , 3 ] })"})
    EXPECT_TRUE(shapes.reads(text)) << text;
  for (const auto* text : {R"({"a":[[[4]]]})", R"({ "a" : [ 1 ]})", R"({"a":["x",{"d":[]},[[3,4]]]})", R"({"b":"x"})"})
    EXPECT_FALSE(shapes.reads(text)) << text;
}

TEST(KnownShapes, tell_of_the_values_that_are_wanted) {
  Wanted wanted({{"/a", 0}, {"/o/x", 1}, {"/o", 2}, {"/l", 3}, {"/s", 4}});
  Shapes shapes;
  ASSERT_TRUE(shapes.learn(R"({"s":"","a":1,"n":2,"o":{"x":1,"y":2},"l":[1,2],"a":3})", &wanted));
  ASSERT_TRUE(shapes.reads(R"({"s":"t","a":-12,"n":2,"o":{"x":1.5,"y":2},"l":[1,2,3,4],"a":true})", &wanted));
  EXPECT_EQ(wanted.told, R"(4='"t"' 0=-12 1='1.5' 2='{"x":1.5,"y":2}' 3='[1,2,3,4]' 0='true' )");
  wanted.told.clear();
  ASSERT_TRUE(shapes.learn(R"({"o":{},"l":[],"a":1})", &wanted));
  ASSERT_TRUE(shapes.reads(R"({"o":{},"l":[],"a":1234567890123456})", &wanted));
  EXPECT_EQ(wanted.told, "2='{}' 3='[]' 0=1234567890123456 ");
}

TEST(KnownShapes, learn_no_array_of_which_items_are_wanted) {
  const Wanted wanted({{"/l/0", 0}});
  Shapes shapes;
  ASSERT_TRUE(shapes.learn(R"({"l":[1,2]})", &wanted));
  EXPECT_FALSE(shapes.reads(R"({"l":[1,2]})"));
  ASSERT_TRUE(shapes.learn(R"({"l":{"0":1}})", &wanted));
  EXPECT_TRUE(shapes.reads(R"({"l":{"0":2}})"));
}

TEST(KnownShapes, tell_keys_and_pieces_apart_that_begin_alike) {
  const std::string longer(31, 'k'), longest(40, 'k');
  Shapes shapes;
  for (const std::string& key : {std::string("k"), std::string("kk"), longer, longest, longest + "k"}) {
    ASSERT_TRUE(shapes.learn("{\"" + key + "\":1}"));
    ASSERT_TRUE(shapes.learn("{\"" + key + "\":\"x\"}"));
    ASSERT_TRUE(shapes.learn("{\"" + key + "\":[1]}"));
    ASSERT_TRUE(shapes.learn("{\"a\":1,\"" + key + "\":[]}"));
  }
  for (const std::string& key : {std::string("k"), std::string("kk"), longer, longest, longest + "k"}) {
    for (const auto* value : {"2", "\"y\"", "[3]", "[4,5]"})
      EXPECT_EQ(shapes.reads("{\"" + key + "\":" + value + "}"), std::string_view(value) != "[4,5]") << key << value;
    EXPECT_TRUE(shapes.reads("{\"a\":3,\"" + key + "\":[]}"));
    EXPECT_FALSE(shapes.reads("{\"" + key.substr(1) + "K\":2}"));
  }
}

TEST(KnownShapes, accept_nothing_that_is_invalid) {
  Shapes shapes;
  ASSERT_TRUE(shapes.learn(R"({"a":1,"b":"x"})"));
  ASSERT_TRUE(shapes.learn(R"({"a":1})"));
  for (const std::string& text : {std::string(R"({"a":01,"b":"x"})"),
                                  std::string(R"({"a":-,"b":"x"})"),
                                  std::string(R"({"a":1.,"b":"x"})"),
                                  std::string(R"({"a":.5,"b":"x"})"),
                                  std::string(R"({"a":-01,"b":"x"})"),
                                  std::string(R"({"a":tru,"b":"x"})"),
                                  std::string(R"({"a":truex,"b":"x"})"),
                                  std::string(R"({"a":nul,"b":"x"})"),
                                  std::string(R"({"a":1a,"b":"x"})"),
                                  std::string(R"({"a":,"b":"x"})"),
                                  std::string(R"({"a":1,"b":"x})"),
                                  std::string(R"({"a":1,"b":"x")"),
                                  std::string(R"({"a":1,"b":")"),
                                  std::string(R"({"a":1,"b":)"),
                                  std::string(R"({"a":1)"),
                                  std::string(R"({"a":)"),
                                  std::string(R"({"a")"),
                                  std::string("{"),
                                  std::string(),
                                  std::string(R"({"a":1,"b":"x"}})"),
                                  std::string(R"({"a":1}{"a":1})"),
                                  std::string("{\"a\":1,\"b\":\"\x1f\"}"),
                                  std::string("{\"a\":1,\"b\":\"\x80\"}"),
                                  std::string("{\"a\":1,\"b\":\"a long text that goes on and on, and then \xc3\"}"),
                                  std::string("{\"a\":1,\"b\":\"a long text that goes on and on, and then\n\"}"),
                                  std::string("{\"a\":1,\"b\":\"\0\"}", 15)}) {
    ASSERT_FALSE(is_valid(text)) << text;
    EXPECT_FALSE(shapes.reads(text)) << text;
  }
}

TEST(KnownShapes, agree_with_simdjson_on_documents_with_random_changes) {
  constexpr std::string_view kDocuments[] = {
      R"({"type":"click","n":12,"u":{"id":-3.5,"on":true},"l":[1,"two",null],"e":""})",
      R"({"n":12,"type":"click","e":"é","u":{"on":false,"id":-3.5}})",
      R"({"type": "click", "n": 123456789, "l": [], "u": {}})"};
  constexpr std::string_view kPieces[] = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ":",
                                          ",",
                                          "\"",
                                          " ",
                                          "1",
                                          "-",
                                          ".",
                                          "0",
                                          "e",
                                          "true",
                                          "null",
                                          "false",
                                          "x",
                                          "\n",
                                          "\\",
                                          ",\"n\":",
                                          "\xc3\xa9",
                                          "\x80",
                                          "12.5",
                                          "a text of more than thirty-two bytes, all of which are ASCII",
                                          "\"type\":\"click\",",
                                          "12345678",
                                          "\"e\":\"\""};
  std::mt19937 random(20261127);
  int read = 0, valid = 0;
  for (int round = 0; round < 300; ++round) {
    Shapes shapes(round % 2 == 0 && has_wide_registers());
    for (int document = 0; document < 600; ++document) {
      std::string text(kDocuments[random() % std::size(kDocuments)]);
      for (auto changes = random() % 3; changes > 0; --changes) {
        const auto at = random() % text.size();
        text.replace(at, random() % 3, kPieces[random() % std::size(kPieces)]);
      }
      const bool is_read = shapes.reads(text);
      ASSERT_TRUE(!is_read || is_valid(text)) << text;
      read += is_read;
      valid += is_valid(text);
      if (!is_read) shapes.learn(text);
    }
  }
  EXPECT_GT(read, 20'000);
  EXPECT_GT(valid, read);
}

TEST(KnownShapes, read_nothing_behind_memory_that_may_be_read) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* memory =
      static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory + page, page, PROT_NONE), 0);
  // Digits and text without an end behind each document, which may end anywhere.
  for (const char filling : {'7', 'x', ' ', '"'}) {
    for (const bool wide : {false, has_wide_registers()}) {
      Wanted none({});
      KnownShapes known(wide);
      JsonParser parser;
      const std::string text = R"({"n":12.5,"s":"a value of some length","m":[12345678,"x"]})";
      ASSERT_TRUE(parser.parse(text));
      known.learn(text, parser.tokens(), nullptr);
      for (size_t behind = 0; behind <= 96; ++behind) {
        for (size_t size = 0; size <= text.size(); ++size) {
          std::memset(memory, filling, page);
          char* at = memory + page - behind - size;
          std::memcpy(at, text.data(), size);
          const bool is_read = known.read({at, size}, memory + page, none);
          EXPECT_TRUE(!is_read || size == text.size());
          EXPECT_TRUE(is_read || behind < 64 || size < text.size());
          if (!known.can_learn()) known = KnownShapes(wide), known.learn(text, parser.tokens(), nullptr);
        }
      }
    }
  }
  munmap(memory, 2 * page);
}

TEST(KnownShapes, are_forgotten_for_a_while_where_documents_have_no_shape) {
  Shapes shapes;
  const auto document = [](int number) { return "{\"key " + std::to_string(number) + "\":1}"; };
  int learnt = 0;
  for (int number = 0; number < 1000; ++number) {
    EXPECT_FALSE(shapes.reads(document(number)));
    if (!shapes.can_learn()) continue;
    ASSERT_TRUE(shapes.learn(document(number)));
    ++learnt;
  }
  EXPECT_LT(learnt, 200);
  EXPECT_FALSE(shapes.can_learn());
  // Later documents have one.
  for (int number = 0; number < 2000 && !shapes.reads(document(0)); ++number)
    if (shapes.can_learn()) shapes.learn(document(0));
  EXPECT_TRUE(shapes.reads(document(0)));
}

}  // namespace
}  // namespace levada
