// Values of options: types, defaults, messages, places, secrets.
#include "agent/config/schema.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "agent/config/test_support.h"

namespace levada::agent {

constexpr auto kAllTypes = std::to_array<levada_option>({
    {"text", LEVADA_STRING, 0, nullptr, "\"none\"", "Text."},
    {"flag", LEVADA_BOOLEAN, 0, nullptr, "true", "Flag."},
    {"count", LEVADA_INTEGER, 0, nullptr, "7", "Count."},
    {"ratio", LEVADA_NUMBER, 0, nullptr, "0.5", "Ratio."},
    {"wait", LEVADA_DURATION, 0, nullptr, "\"5s\"", "Wait."},
    {"bytes", LEVADA_SIZE, 0, nullptr, "\"64KiB\"", "Bytes."},
    {"mode", LEVADA_CHOICE, 0, "rename|move|delete", "\"move\"", "Mode."},
    {"names", LEVADA_STRINGS, 0, nullptr, "[\"a\", \"b\"]", "Names."},
    {"known", LEVADA_STRINGS, 0, "gzip|zstd", nullptr, "Known names."},
    {"headers", LEVADA_TABLE, 0, nullptr, "{ a = \"1\" }", "Headers."},
    {"columns", LEVADA_TREE, 0, nullptr, nullptr, "Columns."},
    {"password", LEVADA_STRING, LEVADA_SECRET, nullptr, nullptr, "Password."},
});

constexpr auto kOfAgent = std::to_array<levada_option>({
    {"wait", LEVADA_DURATION, 0, nullptr, "\"1s\"", "Wait."},
    {"names", LEVADA_STRINGS, 0, nullptr, "[]", "Names."},
});

class SchemaTest : public testing::Test {
 protected:
  OptionValues read(const std::string& toml, Options options = kAllTypes) {
    folder_.write("x.toml", toml);
    const std::optional<Document> document = read_document(folder_.path("x.toml"), diagnostics_);
    const std::array groups = {options};
    if (!document) throw std::runtime_error(diagnostics_.text());
    return std::move(read_options(document->root, "t", groups, UnknownKeys::refuse, diagnostics_).front());
  }
  std::string findings() const { return folder_.without_folder(diagnostics_.text()); }
  // What is said about one line, without its file and line.
  std::string finding(const std::string& toml) {
    diagnostics_ = {};
    EXPECT_FALSE(read(toml + "\n").sound()) << toml;
    const std::string text = findings();
    constexpr std::string_view kStart = "x.toml:1:";
    EXPECT_TRUE(text.starts_with(kStart)) << text;
    return text.substr(kStart.size(), text.size() - kStart.size() - 1);
  }

  TestFolder folder_;
  Diagnostics diagnostics_;
};

TEST_F(SchemaTest, a_component_can_have_a_default_of_its_own_for_an_option_of_the_agent) {
  constexpr auto kOwn =
      std::to_array<levada_option>({{"wait", LEVADA_DURATION, LEVADA_OF_AGENT, nullptr, "\"5m\"", "Wait."}});
  const std::array<Options, 2> groups = {kOfAgent, kOwn};
  const auto read_both = [&](const std::string& toml) {
    folder_.write("x.toml", toml);
    const auto document = read_document(folder_.path("x.toml"), diagnostics_);
    return read_options(document->root, "t", groups, UnknownKeys::refuse, diagnostics_);
  };
  const auto defaults = read_both("");
  EXPECT_EQ(defaults[0].integer("wait"), 300'000'000'000);
  EXPECT_EQ(defaults[1].integer("wait"), 300'000'000'000);
  EXPECT_EQ(defaults[0].text(), "wait = \"5m\"\nnames = []\n");
  EXPECT_EQ(defaults[1].text(), "");
  const auto written = read_both("wait = \"2s\"");
  EXPECT_EQ(written[0].integer("wait"), 2'000'000'000);
  EXPECT_EQ(written[1].integer("wait"), 2'000'000'000);
  EXPECT_EQ(findings(), "");
  EXPECT_FALSE(read_both("wait = 7")[0].sound());
  // Once, though two groups of options have it.
  EXPECT_EQ(findings().find("t.wait"), findings().rfind("t.wait"));
  EXPECT_NE(findings().find("t.wait: must be a duration, not an integer"), std::string::npos);
}

TEST_F(SchemaTest, finds_what_is_wrong_with_a_default_for_an_option_of_the_agent) {
  const auto faults = [](levada_option option) {
    const auto found = check_options(Options(&option, 1), kOfAgent);
    return found.size() == 1 ? found.front() : std::to_string(found.size()) + " faults";
  };
  EXPECT_EQ(faults({"wait", LEVADA_DURATION, LEVADA_OF_AGENT, nullptr, "\"5m\"", "Wait."}), "0 faults");
  EXPECT_EQ(faults({"wait", LEVADA_DURATION, 0, nullptr, "\"5m\"", "Wait."}),
            "option \"wait\" has a name that the agent uses itself; it needs another one");
  EXPECT_EQ(faults({"wait", LEVADA_SIZE, LEVADA_OF_AGENT, nullptr, "5", "Wait."}),
            "option \"wait\" has not the type that it has for the agent");
  EXPECT_EQ(faults({"wait", LEVADA_DURATION, LEVADA_OF_AGENT, nullptr, nullptr, "Wait."}),
            "option \"wait\" gives the agent's option no default");
  EXPECT_EQ(faults({"other", LEVADA_SIZE, LEVADA_OF_AGENT, nullptr, "5", "Other."}),
            "option \"other\" is no option that the agent has");
  EXPECT_EQ(faults({"names", LEVADA_STRINGS, LEVADA_OF_AGENT, nullptr, "[]", "Names."}),
            "option \"names\" is one of the agent's that can have no other default");
}

TEST_F(SchemaTest, gives_defaults_to_what_is_not_written) {
  const OptionValues values = read("");
  EXPECT_EQ(findings(), "");
  ASSERT_EQ(values.size(), kAllTypes.size());
  EXPECT_EQ(values.text("text"), "none");
  EXPECT_EQ(values.integer("flag"), 1);
  EXPECT_EQ(values.integer("count"), 7);
  EXPECT_EQ(values.number("ratio"), 0.5);
  EXPECT_EQ(values.integer("wait"), 5'000'000'000);
  EXPECT_EQ(values.integer("bytes"), 65536);
  EXPECT_EQ(values.integer("mode"), 1);
  EXPECT_EQ(values.text("mode"), "move");
  EXPECT_EQ(values.strings("names"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(values.value("headers").count, 1u);
  for (const char* name : {"known", "columns", "password"}) EXPECT_FALSE(values.is_set(name)) << name;
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values.data()[i].type, kAllTypes[i].type);
  EXPECT_TRUE(values.sound());
}

TEST_F(SchemaTest, takes_what_is_written) {
  const OptionValues values = read(
      "text = \"t\"\nflag = false\ncount = -3\nratio = 2\nwait = \"1d\"\nbytes = 4096\nmode = \"delete\"\n"
      "names = []\nknown = [\"zstd\"]\npassword = \"p\"\n");
  EXPECT_EQ(findings(), "");
  EXPECT_EQ(values.text("text"), "t");
  EXPECT_EQ(values.integer("flag"), 0);
  EXPECT_TRUE(values.is_set("flag"));
  EXPECT_EQ(values.integer("count"), -3);
  EXPECT_EQ(values.number("ratio"), 2.0);
  EXPECT_EQ(values.integer("wait"), 86'400'000'000'000);
  EXPECT_EQ(values.integer("bytes"), 4096);
  EXPECT_EQ(values.integer("mode"), 2);
  EXPECT_TRUE(values.is_set("names"));
  EXPECT_TRUE(values.strings("names").empty());
  EXPECT_EQ(values.strings("known"), std::vector<std::string>{"zstd"});
}

TEST_F(SchemaTest, gives_the_values_of_a_table_as_strings) {
  const OptionValues values = read("headers = { a = \"x\", b = 1, c = 0.5, d = true }\n");
  EXPECT_EQ(findings(), "");
  const levada_value& table = values.value("headers");
  std::string all;
  for (size_t i = 0; i < table.count; ++i) {
    const levada_value& item = table.items[i];
    EXPECT_EQ(item.type, static_cast<uint32_t>(LEVADA_STRING));
    EXPECT_EQ(item.set, 1u);
    all += std::string(item.key.data, item.key.size) + "=" + std::string(item.text.data, item.text.size) + " ";
  }
  EXPECT_EQ(all, "a=x b=1 c=0.5 d=true ");
}

TEST_F(SchemaTest, gives_a_tree_as_it_is_written) {
  const OptionValues values = read(
      "[columns.ip]\ntype = \"text\"\nmost = 3\nshare = 1.5\nkeep = true\nnames = [\"a\"]\n[columns.b.c]\nd = 1\n");
  EXPECT_EQ(findings(), "");
  const levada_value& tree = values.value("columns");
  ASSERT_EQ(tree.count, 2u);
  const levada_value& ip = tree.items[0];
  EXPECT_EQ(std::string(ip.key.data, ip.key.size), "ip");
  EXPECT_EQ(ip.type, static_cast<uint32_t>(LEVADA_TREE));
  ASSERT_EQ(ip.count, 5u);
  const uint32_t types[] = {LEVADA_STRING, LEVADA_INTEGER, LEVADA_NUMBER, LEVADA_BOOLEAN, LEVADA_STRINGS};
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(ip.items[i].type, types[i]) << i;
  EXPECT_EQ(ip.items[1].integer, 3);
  EXPECT_EQ(ip.items[2].number, 1.5);
  EXPECT_EQ(ip.items[3].integer, 1);
  EXPECT_EQ(std::string(ip.items[4].items[0].text.data, 1), "a");
  EXPECT_EQ(tree.items[1].items[0].items[0].integer, 1);
}

TEST_F(SchemaTest, keeps_values_in_place_when_it_moves) {
  OptionValues values = read("text = \"t\"\nnames = [\"x\"]\n");
  const levada_value* before = values.data();
  const char* text = values.value("text").text.data;
  OptionValues moved = std::move(values);
  OptionValues assigned;
  assigned = std::move(moved);
  EXPECT_EQ(assigned.data(), before);
  EXPECT_EQ(assigned.value("text").text.data, text);
  EXPECT_EQ(assigned.text("text"), "t");
  EXPECT_EQ(assigned.strings("names"), std::vector<std::string>{"x"});
}

TEST_F(SchemaTest, says_which_type_is_wanted_and_what_to_write) {
  EXPECT_EQ(finding("text = 5"), "8: t.text: must be a string, not an integer; write \"5\"");
  EXPECT_EQ(finding("text = true"), "8: t.text: must be a string, not a boolean; write \"true\"");
  EXPECT_EQ(finding("text = 2024-05-01"), "8: t.text: must be a string, not a date; write \"2024-05-01\"");
  EXPECT_EQ(finding("text = []"), "8: t.text: must be a string, not a list");
  EXPECT_EQ(finding("flag = \"true\""), "8: t.flag: must be true or false, not a string; write true");
  EXPECT_EQ(finding("flag = \"yes\""), "8: t.flag: must be true or false, not a string");
  EXPECT_EQ(finding("flag = 1"), "8: t.flag: must be true or false, not an integer");
  EXPECT_EQ(finding("count = \"9092\""), "9: t.count: must be an integer, not a string; write 9092");
  EXPECT_EQ(finding("count = \"many\""), "9: t.count: must be an integer, not a string");
  EXPECT_EQ(finding("count = 1.5"), "9: t.count: must be an integer, not a number");
  EXPECT_EQ(finding("ratio = \"0.5\""), "9: t.ratio: must be a number, not a string; write 0.5");
  EXPECT_EQ(finding("ratio = inf"), "9: t.ratio: must be a finite number");
  EXPECT_EQ(finding("names = \"x\""), "9: t.names: must be a list of strings, not a string; write [\"x\"]");
  EXPECT_EQ(finding("names = 5"), "9: t.names: must be a list of strings, not an integer");
  EXPECT_EQ(finding("names = [\"x\", 5]"), "15: t.names: must be a string, not an integer; write \"5\"");
  EXPECT_EQ(finding("headers = \"x\""), "11: t.headers: must be a table, not a string");
  EXPECT_EQ(finding("headers = { a = [\"x\"] }"),
            "17: t.headers.a: must be a string, a number or a boolean, not a list");
  EXPECT_EQ(finding("columns = [{ a = 1 }]"), "11: t.columns: must be a table, not a list");
  EXPECT_EQ(finding("columns = { a = { b = [1] } }"),
            "24: t.columns.a.b: must be a string, not an integer; write \"1\"");
  EXPECT_EQ(finding("columns = { a = 2024-05-01 }"), "17: t.columns.a: must not be a date; write \"2024-05-01\"");
}

TEST_F(SchemaTest, wants_units_on_durations_and_sizes) {
  const std::string duration =
      "; write a whole number and its unit, such as \"250ms\", \"5s\", \"10m\", \"2h\" or \"1d\"";
  EXPECT_EQ(finding("wait = 5"), "8: t.wait: must be a duration, not an integer" + duration);
  EXPECT_EQ(finding("wait = \"5\""), "8: t.wait: must be a duration, not \"5\"" + duration);
  EXPECT_EQ(finding("wait = \"1.5s\""), "8: t.wait: must be a duration, not \"1.5s\"" + duration);
  const std::string size = "; write bytes, 4096, or units of 1024: \"64KiB\", \"16MiB\", \"2GiB\"";
  EXPECT_EQ(finding("bytes = \"64KB\""), "9: t.bytes: must be a size, not \"64KB\"" + size);
  EXPECT_EQ(finding("bytes = 1.5"), "9: t.bytes: must be a size, not a number" + size);
  EXPECT_EQ(finding("bytes = \"0\""), "9: t.bytes: must be a size, not \"0\"" + size);
  EXPECT_EQ(finding("bytes = \"4096\""), "9: t.bytes: must be a size, not \"4096\"; write 4096");
  EXPECT_EQ(finding("bytes = -1"), "9: t.bytes: must not be negative");
}

TEST_F(SchemaTest, names_the_choices_and_the_nearest) {
  EXPECT_EQ(finding("mode = \"renam\""),
            "8: t.mode: must be \"rename\", \"move\" or \"delete\", not \"renam\"; did you mean \"rename\"?");
  EXPECT_EQ(finding("mode = \"keep\""), "8: t.mode: must be \"rename\", \"move\" or \"delete\", not \"keep\"");
  EXPECT_EQ(finding("mode = 1"), "8: t.mode: must be \"rename\", \"move\" or \"delete\", not an integer");
  EXPECT_EQ(finding("known = [\"gzip\", \"zst\"]"),
            "18: t.known: must be \"gzip\" or \"zstd\", not \"zst\"; did you mean \"zstd\"?");
}

TEST_F(SchemaTest, keeps_the_default_of_a_value_that_does_not_fit) {
  const OptionValues values = read("count = \"x\"\nnames = [1]\n");
  EXPECT_FALSE(values.sound());
  EXPECT_EQ(values.integer("count"), 7);
  EXPECT_EQ(values.strings("names"), (std::vector<std::string>{"a", "b"}));
}

TEST_F(SchemaTest, converts_a_string_that_was_one_substitution) {
  ::setenv("LEVADA_TEST_VALUE", "12", 1);
  ::setenv("LEVADA_TEST_FLAG", "false", 1);
  ::setenv("LEVADA_TEST_TEXT", "5s", 1);
  const OptionValues values = read(
      "count = \"${env:LEVADA_TEST_VALUE}\"\nratio = \"${env:LEVADA_TEST_VALUE}\"\n"
      "bytes = \"${env:LEVADA_TEST_VALUE}\"\nflag = \"${env:LEVADA_TEST_FLAG}\"\n"
      "wait = \"${env:LEVADA_TEST_TEXT}\"\ntext = \"${env:LEVADA_TEST_VALUE}\"\n");
  EXPECT_EQ(findings(), "");
  EXPECT_EQ(values.integer("count"), 12);
  EXPECT_EQ(values.number("ratio"), 12.0);
  EXPECT_EQ(values.integer("bytes"), 12);
  EXPECT_EQ(values.integer("flag"), 0);
  EXPECT_EQ(values.integer("wait"), 5'000'000'000);
  EXPECT_EQ(values.text("text"), "12");
}

TEST_F(SchemaTest, does_not_show_what_a_substitution_gave) {
  ::setenv("LEVADA_TEST_VALUE", "top-secret", 1);
  for (const char* name : {"count", "flag", "bytes", "wait", "ratio", "mode"}) {
    const std::string text = finding(std::string(name) + " = \"${env:LEVADA_TEST_VALUE}\"");
    EXPECT_EQ(text.find("top-secret"), std::string::npos) << text;
    EXPECT_NE(text.find("not what \"${env:LEVADA_TEST_VALUE}\" stands for"), std::string::npos) << text;
  }
}

TEST_F(SchemaTest, says_nothing_more_of_a_value_that_could_not_be_substituted) {
  ::unsetenv("LEVADA_TEST_UNSET");
  EXPECT_EQ(finding("count = \"${env:LEVADA_TEST_UNSET}\""),
            "9: count: environment variable LEVADA_TEST_UNSET is not set; set it, or give a default: "
            "${env:LEVADA_TEST_UNSET:-default}");
}

TEST_F(SchemaTest, does_not_show_secrets) {
  EXPECT_EQ(finding("password = 12345"), "12: t.password: must be a string, not an integer");
  const OptionValues values = read(
      "password = \"hush\"\nheaders = { api_token = \"hush\", user = \"u\" }\ntext = \"a\"\n"
      "columns = { \"sasl.password\" = \"hush\" }\n");
  EXPECT_EQ(values.text().find("hush"), std::string::npos) << values.text();
}

TEST_F(SchemaTest, prints_what_is_set_in_the_order_of_the_options) {
  ::setenv("LEVADA_TEST_VALUE", "12", 1);
  EXPECT_EQ(read("password = \"p\"\ncount = \"${env:LEVADA_TEST_VALUE}\"\nknown = [\"gzip\"]\n").text(),
            "text = \"none\"\nflag = true\ncount = \"${env:LEVADA_TEST_VALUE}\"\nratio = 0.5\nwait = \"5s\"\n"
            "bytes = \"64KiB\"\nmode = \"move\"\nnames = [\"a\", \"b\"]\nknown = [\"gzip\"]\nheaders = { a = \"1\" }\n"
            "password = \"(hidden)\"\n");
}

TEST_F(SchemaTest, names_unknown_options_and_the_nearest_of_all_groups) {
  folder_.write("x.toml", "pth = \"a\"\nworker = 2\nbananas = 1\n\"a b\" = 1\n");
  const auto document = read_document(folder_.path("x.toml"), diagnostics_);
  constexpr auto kOfAgent = std::to_array<levada_option>({{"workers", LEVADA_INTEGER, 0, nullptr, "1", "Workers."}});
  const std::array<Options, 2> groups = {Options(kOfAgent), Options(kSpoolOptions)};
  read_options(document->root, "sources.clicks", groups, UnknownKeys::refuse, diagnostics_);
  EXPECT_EQ(findings(),
            "x.toml:1:1: sources.clicks: unknown option \"pth\"; did you mean \"path\"?\n"
            "x.toml:2:1: sources.clicks: unknown option \"worker\"; did you mean \"workers\"?\n"
            "x.toml:3:1: sources.clicks: unknown option \"bananas\"\n"
            "x.toml:4:1: sources.clicks: unknown option \"a b\"\n");
}

TEST_F(SchemaTest, names_what_is_missing_at_the_table) {
  EXPECT_FALSE(read("", kKafkaOptions).sound());
  EXPECT_EQ(findings(), "x.toml:1:1: t: option \"brokers\" is missing\nx.toml:1:1: t: option \"topic\" is missing\n");
}

TEST_F(SchemaTest, finds_the_place_that_a_path_names) {
  const OptionValues values = read(
      "names = [\"a\",\n  \"b\"]\n"
      "[columns.ip]\n"
      "type = \"text\"\n"
      "[columns.\"a.b\"]\n"
      "c = 1\n"
      "[columns.a]\n"
      "b = 1\n");
  const auto place = [&](const char* path) { return folder_.without_folder(values.locate(path).text()); };
  EXPECT_EQ(place("columns.ip.type"), "x.toml:4:8");
  EXPECT_EQ(place("columns.ip.pointer"), "x.toml:3:1");
  EXPECT_EQ(place("columns.ip"), "x.toml:3:1");
  EXPECT_EQ(place("columns.a.b.c"), "x.toml:6:5");
  EXPECT_EQ(place("columns.ipx"), "x.toml:3:1");
  EXPECT_EQ(place("names.1"), "x.toml:2:3");
  EXPECT_EQ(place("names.7"), "x.toml:1:9");
  EXPECT_EQ(place("wait"), "x.toml:1:1");
  EXPECT_EQ(place(""), "x.toml:1:1");
}

TEST(CheckOptions, accepts_sound_ones) {
  EXPECT_TRUE(check_options(kAllTypes, kSpoolOptions).empty());
  EXPECT_TRUE(check_options({}, {}).empty());
}

TEST(CheckOptions, names_every_fault) {
  constexpr auto kFaulty = std::to_array<levada_option>({
      {"Big", LEVADA_STRING, 0, nullptr, nullptr, "S."},
      {nullptr, LEVADA_STRING, 0, nullptr, nullptr, "S."},
      {"a", LEVADA_STRING, 0, nullptr, nullptr, "S."},
      {"a", LEVADA_STRING, 0, nullptr, nullptr, "S."},
      {"path", LEVADA_STRING, 0, nullptr, nullptr, "S."},
      {"b", LEVADA_STRING, 0, nullptr, nullptr, nullptr},
      {"c", 99, 0, nullptr, nullptr, "S."},
      {"d", LEVADA_CHOICE, 0, nullptr, nullptr, "S."},
      {"e", LEVADA_STRING, 0, "x|y", nullptr, "S."},
      {"f", LEVADA_INTEGER, LEVADA_REQUIRED, nullptr, "1", "S."},
      {"g", LEVADA_DURATION, 0, nullptr, "5s", "S."},
      {"h", LEVADA_DURATION, 0, nullptr, "5", "S."},
      {"i", LEVADA_CHOICE, 0, "x|y", "\"z\"", "S."},
  });
  const std::vector<std::string> expected = {
      "option \"Big\" must have a name of a-z, 0-9 and _ that starts with a letter",
      "option \"\" must have a name of a-z, 0-9 and _ that starts with a letter",
      "option \"a\" is declared twice",
      "option \"path\" has a name that the agent uses itself; it needs another one",
      "option \"b\" has no summary",
      "option \"c\" has the unknown type 99",
      "option \"d\" is a choice without choices",
      "option \"e\" has choices, and is neither a choice nor a list of strings",
      "option \"f\" is required and has a default",
      "option \"g\" has a default that is no TOML: 5s",
      "option \"h\" has a default that does not fit: 5",
      "option \"i\" has a default that does not fit: \"z\"",
  };
  EXPECT_EQ(check_options(kFaulty, kSpoolOptions), expected);
}

}  // namespace levada::agent
