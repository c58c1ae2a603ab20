// What is said about components comes from their options, and holds.
#include "agent/config/describe.h"

#include <gtest/gtest.h>

#include "agent/config/test_support.h"

namespace levada::agent {

constexpr std::array kAllKinds = {TableKind::agent,   TableKind::source, TableKind::selector,  TableKind::interceptor,
                                  TableKind::channel, TableKind::sink,   TableKind::sink_group};

TEST(AgentOptions, are_sound) {
  for (const TableKind kind : kAllKinds) {
    EXPECT_EQ(check_options(agent_options(kind), {}), std::vector<std::string>()) << noun(kind);
  }
}

TEST(Describe, names_every_option_with_type_default_and_summary) {
  const std::string text = describe_component(*TestCatalogue().find(LEVADA_SOURCE, "spool"));
  const std::string start =
      "spool (source)\n"
      "Reads files that are dropped into a folder.\n"
      "\n"
      "Options:\n"
      "  path  (string, required)\n"
      "      Folder that files are dropped into.\n"
      "  recursive  (boolean, default false, advanced)\n"
      "      Whether folders inside it are read.\n"
      "  completed  (\"rename\", \"move\", \"delete\" or \"keep\", default \"rename\")\n"
      "      What becomes of a file that was read.\n"
      "  settle  (duration, default \"5s\")\n"
      "      How long a file must have been left alone.\n"
      "  line_bytes  (size, default \"1MiB\", advanced)\n"
      "      The longest line.\n"
      "  formats  (list of \"gzip\" or \"zstd\", default [])\n"
      "      Which compressed files are read.\n"
      "\n"
      "Options of every source:\n"
      "  type  (string, required)\n";
  EXPECT_EQ(text.substr(0, start.size()), start);
  for (const levada_option& option : agent_options(TableKind::source)) {
    EXPECT_NE(text.find(std::string("  ") + option.name + "  ("), std::string::npos) << option.name;
  }
}

TEST(Describe, leaves_out_the_heading_of_options_that_are_not_there) {
  const std::string text = describe_component(*TestCatalogue().find(LEVADA_SINK, "null"));
  EXPECT_TRUE(text.starts_with("null (sink)\nWrites nowhere.\n\nOptions of every sink:\n")) << text;
}

TEST(Describe, makes_a_markdown_table) {
  EXPECT_EQ(options_as_markdown(Options(kKafkaOptions).subspan(1, 3)),
            "| Option | Type | Default | Meaning |\n"
            "| --- | --- | --- | --- |\n"
            "| `topic` | string | required | Topic, with columns in braces: logs-{host}. |\n"
            "| `port` | integer | `9092` | Port of brokers that name none. |\n"
            "| `password` | string |  | Password. Never printed. |\n");
}

TEST(Describe, makes_a_sample_that_is_a_sound_configuration) {
  const TestCatalogue catalogue;
  const std::string source = sample_of(*catalogue.find(LEVADA_SOURCE, "spool"), "files");
  EXPECT_EQ(source,
            "# Reads files that are dropped into a folder.\n"
            "[sources.files]\n"
            "type = \"spool\"\n"
            "channels = [\"main\"]\n"
            "\n# Folder that files are dropped into.\n"
            "path = \"...\"\n"
            "\n# What becomes of a file that was read.\n"
            "# \"rename\", \"move\", \"delete\" or \"keep\"\n"
            "# completed = \"rename\"\n"
            "\n# How long a file must have been left alone.\n"
            "# settle = \"5s\"\n"
            "\n# Which compressed files are read.\n"
            "# list of \"gzip\" or \"zstd\"\n"
            "# formats = []\n");
  const TestRun run(source + "interceptors = [\"parse\"]\n[channels.main]\ntype = \"memory\"\n" +
                    sample_of(*catalogue.find(LEVADA_INTERCEPTOR, "parse_json"), "parse") +
                    sample_of(*catalogue.find(LEVADA_SINK, "kafka"), "kafka"));
  EXPECT_EQ(run.findings(), "");
}

TEST(Describe, makes_a_schema_that_is_json) {
  const std::string schema = json_schema(TestCatalogue());
  EXPECT_NE(schema.find(R"("settle": {"description": "How long a file must have been left alone.", "anyOf": [{"type": )"
                        R"("string", "pattern": "^[0-9]+(ms|s|m|h|d)$"}, {"type": "string", "pattern": )"
                        R"("^\\$\\{.*\\}$"}], "default": "5s"})"),
            std::string::npos);
  EXPECT_NE(schema.find(R"("required": ["type", "channels", "path"])"), std::string::npos);
  // Every quote that opens is closed, and brackets match.
  std::string open;
  bool in_string = false;
  for (size_t i = 0; i < schema.size(); ++i) {
    const char c = schema[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '{' || c == '[')) {
      open.push_back(c == '{' ? '}' : ']');
    } else if (!in_string && (c == '}' || c == ']')) {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), c) << schema.substr(0, i + 1);
      open.pop_back();
    }
  }
  EXPECT_TRUE(open.empty());
  EXPECT_FALSE(in_string);
}

}  // namespace levada::agent
