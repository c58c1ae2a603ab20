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
const levada_component kComponent = {sizeof kComponent, LEVADA_SINK, "x",     "X.",   kOptions.data(),
                                     kOptions.size(),   nullptr,     nullptr, nullptr};

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
    return values ? "" : values.error().message;
  };
  EXPECT_EQ(why(""), "option path is missing");
  EXPECT_EQ(why("path = 3"), "path: must be a string");
  EXPECT_EQ(why("path = \"a\"\nnothing = 1"), "no such option: nothing = 1");
  EXPECT_EQ(why("path = \"a\"\nsettle = \"5 parsecs\""), "settle: must be a duration like \"5s\"");
  EXPECT_EQ(why("path = \"a\"\ncompleted = \"burn\""), "completed: must be rename|move|delete");
  EXPECT_EQ(why("path = \"a\"\nrepair = [\"all\"]"), "repair: must be nan|comments");
  EXPECT_EQ(why("path = \"a"), "path: a string does not end");
}

}  // namespace
}  // namespace levada::testkit
