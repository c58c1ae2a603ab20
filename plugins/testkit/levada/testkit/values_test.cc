#include "levada/testkit/values.h"

#include <gtest/gtest.h>

#include <array>

namespace levada::testkit {
namespace {

constexpr std::array kOptions = {
    levada_option{"path", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr, "A path."},
    levada_option{"settle", LEVADA_DURATION, 0, nullptr, "\"5s\"", "A time."},
    levada_option{"line_bytes", LEVADA_SIZE, 0, nullptr, "\"1MiB\"", "A size."},
    levada_option{"completed", LEVADA_CHOICE, 0, "rename|move|delete", "\"rename\"", "A choice."},
    levada_option{"repair", LEVADA_STRINGS, 0, "nan|comments", "[]", "Names."},
    levada_option{"rate", LEVADA_NUMBER, 0, nullptr, nullptr, "A number."},
    levada_option{"columns", LEVADA_TREE, 0, nullptr, nullptr, "A tree."},
    levada_option{"headers", LEVADA_TABLE, 0, nullptr, nullptr, "A table."},
};
const levada_component kComponent = [] {
  levada_component component{};
  component.size = sizeof component;
  component.kind = LEVADA_SINK;
  component.name = "x";
  component.summary = "X.";
  component.options = kOptions.data();
  component.option_count = kOptions.size();
  return component;
}();

std::string text(levada_bytes bytes) { return {bytes.data, bytes.size}; }

TEST(Values, take_defaults_for_what_is_left_out) {
  const auto values = Values::parse(kComponent, "path = \"/in\"");
  ASSERT_TRUE(values) << values.error().message;
  const auto* all = values->data();
  EXPECT_EQ(text(all[0].text), "/in");
  EXPECT_EQ(all[1].integer, 5'000'000'000);
  EXPECT_EQ(all[2].integer, 1 << 20);
  EXPECT_EQ(all[3].integer, 0);
  EXPECT_EQ(all[4].set, 1u);
  EXPECT_EQ(all[4].count, 0u);
  EXPECT_EQ(all[5].set, 0u);
}

TEST(Values, read_every_type_that_an_option_can_have) {
  const auto values = Values::parse(kComponent, R"(
    # A comment.
    path = 'C:\in'
    settle = "250ms"
    line_bytes = 4096
    completed = "delete"
    repair = ["comments", "nan"]
    rate = 2.5
    columns = { ip = { pointer = "/ip", type = "text" }, "a b" = { count = 3, keep = true } }
    headers = { host = "h1", port = 80 }
  )");
  ASSERT_TRUE(values) << values.error().message;
  const auto* all = values->data();
  EXPECT_EQ(text(all[0].text), "C:\\in");
  EXPECT_EQ(all[1].integer, 250'000'000);
  EXPECT_EQ(all[2].integer, 4096);
  EXPECT_EQ(all[3].integer, 2);
  ASSERT_EQ(all[4].count, 2u);
  EXPECT_EQ(all[4].items[0].integer, 1);
  EXPECT_EQ(all[5].number, 2.5);
  ASSERT_EQ(all[6].count, 2u);
  EXPECT_EQ(text(all[6].items[0].items[1].key), "type");
  EXPECT_EQ(text(all[6].items[1].key), "a b");
  EXPECT_EQ(all[6].items[1].items[0].type, uint32_t{LEVADA_INTEGER});
  EXPECT_EQ(text(all[7].items[1].text), "80");
  EXPECT_EQ(all[7].items[1].type, uint32_t{LEVADA_STRING});
}

TEST(Values, say_what_is_wrong) {
  const auto why = [](const char* given) {
    const auto values = Values::parse(kComponent, given);
    return values ? std::string() : values.error().message;
  };
  // Each fault with its place, and all of them in one call.
  EXPECT_EQ(why(""), "1:1: x: option \"path\" is missing");
  EXPECT_EQ(why("path = 3"), "1:8: x.path: must be a string, not an integer; write \"3\"");
  EXPECT_EQ(
      why("nothing = 1\npath = \"a\"\nsettle = \"5 parsecs\""),
      "1:1: x: unknown option \"nothing\"\n3:10: x.settle: must be a duration, not \"5 parsecs\"; write a whole number "
      "and its unit, such as \"250ms\", \"5s\", \"10m\", \"2h\" or \"1d\"");
  EXPECT_EQ(why("path = \"a\"\ncompleted = \"burn\""),
            "2:13: x.completed: must be \"rename\", \"move\" or \"delete\", not \"burn\"");
  EXPECT_EQ(why("path = \"a\"\nrepair = [\"all\"]"), "2:11: x.repair: must be \"nan\" or \"comments\", not \"all\"");
  EXPECT_EQ(why("path = \"a").substr(0, 2), "1:");
}

}  // namespace
}  // namespace levada::testkit
