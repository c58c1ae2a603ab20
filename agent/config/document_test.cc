// Files to a tree: places, merging, what is defined twice, faults of syntax.
#include "agent/config/document.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "agent/config/test_support.h"

namespace levada::agent {

class DocumentTest : public testing::Test {
 protected:
  std::optional<Document> read(const std::string& toml) {
    folder_.write("agent.toml", toml);
    return read_document(folder_.path("agent.toml"), diagnostics_);
  }
  std::string findings(const std::string& toml) {
    read(toml);
    return findings();
  }
  std::string findings() const { return folder_.without_folder(diagnostics_.text()); }
  std::string place(const Location& location) const { return folder_.without_folder(location.text()); }

  TestFolder folder_;
  Diagnostics diagnostics_;
};

TEST_F(DocumentTest, keeps_kinds_and_places_in_the_order_of_the_file) {
  const auto document = read("[z.y]\ntext = \"é\"\nlist = [1,\n  2.5]\n[a]\nflag = true\nday = 2024-05-01\n");
  ASSERT_TRUE(document) << findings();
  ASSERT_EQ(document->root.items.size(), 2u);
  const Node& z = document->root.items[0];
  EXPECT_EQ(z.key, "z");
  const Node& y = *z.find("y");
  EXPECT_EQ(place(y.location), "agent.toml:1:1");
  EXPECT_EQ(place(y.key_location), "agent.toml:1:4");
  EXPECT_EQ(y.find("text")->kind, Node::Kind::string);
  EXPECT_EQ(y.find("text")->text, "é");
  EXPECT_EQ(place(y.find("text")->key_location), "agent.toml:2:1");
  EXPECT_EQ(place(y.find("text")->location), "agent.toml:2:8");
  EXPECT_EQ(place(y.find("list")->items.at(1).location), "agent.toml:4:3");
  EXPECT_EQ(y.find("list")->items.at(1).number, 2.5);
  const Node& a = document->root.items[1];
  EXPECT_EQ(a.find("flag")->kind, Node::Kind::boolean);
  EXPECT_EQ(a.find("day")->kind, Node::Kind::date);
  EXPECT_EQ(a.find("day")->text, "2024-05-01");
}

TEST_F(DocumentTest, merges_conf_d_in_the_order_of_names) {
  folder_.write("conf.d/20.toml", "[sinks.c]\ntype = \"c\"\n");
  folder_.write("conf.d/10.toml", "[sinks.b]\ntype = \"b\"\n[sinks.a]\nextra = 1\n");
  folder_.write("conf.d/.hidden.toml", "[sinks.hidden]\n");
  folder_.write("conf.d/notes.txt", "no TOML");
  const auto document = read("[sinks.a]\ntype = \"a\"\n");
  ASSERT_TRUE(document) << findings();
  EXPECT_EQ(findings(), "");
  ASSERT_EQ(document->root.items.size(), 1u);
  EXPECT_EQ(toml_text(document->root, false),
            R"({ sinks = { a = { type = "a", extra = 1 }, b = { type = "b" }, c = { type = "c" } } })");
  EXPECT_EQ(place(document->root.items[0].find("a")->find("extra")->location), "conf.d/10.toml:4:9");
}

TEST_F(DocumentTest, names_both_places_of_a_key_that_two_files_set) {
  folder_.write("conf.d/x.toml", "[agent]\n  data_dir = \"b\"\n[sinks]\na = 1\n");
  EXPECT_EQ(findings("[agent]\ndata_dir = \"a\"\n[sinks.a]\n"),
            "conf.d/x.toml:2:3: agent.data_dir: set twice; first at agent.toml:2:1\n"
            "conf.d/x.toml:4:1: sinks.a: set twice; first at agent.toml:3:8\n");
}

TEST_F(DocumentTest, names_both_places_of_what_one_file_defines_twice_and_reads_on) {
  const auto document = read(
      "[sources.a]\n"
      "path = \"x\"\n"
      "port = 1\n"
      "  path = \"y\"\n"
      "[channels.c]\n"
      "type = \"memory\"\n"
      "[sources.a]\n"
      "path = \"z\"\n"
      "[sinks.s]\n"
      "map = { k = 1, kk = 2, k = 3 }\n"
      "list.x = 1\n"
      "list.x = 2\n");
  ASSERT_TRUE(document);
  EXPECT_EQ(findings(),
            "agent.toml:4:3: sources.a.path: set twice; first at agent.toml:2:1\n"
            "agent.toml:7:1: sources.a: defined twice; first at agent.toml:1:1\n"
            "agent.toml:10:24: sinks.s.map.k: set twice; first at agent.toml:10:9\n"
            "agent.toml:12:6: sinks.s.list.x: set twice; first at agent.toml:11:6\n");
  EXPECT_EQ(toml_text(document->root, false),
            R"({ sources = { a = { path = "x", port = 1 } }, channels = { c = { type = "memory" } }, )"
            R"(sinks = { s = { map = { k = 1, kk = 2 }, list = { x = 1 } } } })");
}

TEST_F(DocumentTest, reports_a_table_in_place_of_a_value) {
  EXPECT_EQ(findings("[a]\nb = 1\n[a.b]\nc = 2\n"), "agent.toml:3:1: a.b: defined twice; first at agent.toml:2:5\n");
}

TEST_F(DocumentTest, reports_a_table_below_a_list) {
  EXPECT_EQ(findings("a = [1]\n  [ a . b ] # c\n[c]\n[c] # again\n"),
            "agent.toml:2:3: a.b: defined twice\nagent.toml:4:1: c: defined twice; first at agent.toml:3:1\n");
}

TEST_F(DocumentTest, gives_up_on_duplicates_that_it_cannot_set_apart) {
  EXPECT_EQ(findings("a = 1\na.b = 2\n"),
            "agent.toml:2:1: cannot redefine existing integer as dotted key-value pair\n");
}

TEST_F(DocumentTest, reports_duplicates_beside_a_fault_of_syntax) {
  EXPECT_EQ(findings("a = 1\na = 2\nb =\n"),
            "agent.toml:2:1: a: is there twice\n"
            "agent.toml:3:4: a value is missing\n");
}

TEST_F(DocumentTest, reports_faults_of_syntax_with_a_remedy) {
  const std::pair<const char*, const char*> cases[] = {
      {"a = hello\n", "1:5: this is no value; text stands in quotes"},
      {"a = \n", "1:5: a value is missing"},
      {"a = 5s\n", "1:6: this is no number; text, durations and sizes stand in quotes: \"5s\", \"64KiB\""},
      {"a = \"x\nb = 1\n", "1:7: the text is not closed by a quote on its line, or holds a control character"},
      {"[\na]\n", "1:2: expected bare key starting character or string delimiter, saw '\\n'"},
      {"[a\n", "1:3: expected ']', saw '\\n'"},
      {"a = [1, 2\nb = 3\n", "2:1: expected comma or closing ']', saw 'b'"},
      {"a 1\n", "1:3: expected '=', saw '1'"},
      {"a = \"\xff\"\n", "1:5: this is not UTF-8"},
      {"a = 1 b = 2\n", "1:7: expected a comment or whitespace, saw 'b'"},
  };
  for (const auto& [toml, expected] : cases) {
    diagnostics_ = {};
    EXPECT_FALSE(read(toml)) << toml;
    EXPECT_EQ(findings(), std::string("agent.toml:") + expected + "\n") << toml;
  }
}

TEST_F(DocumentTest, reports_the_faults_of_all_files) {
  folder_.write("conf.d/a.toml", "x = ?\n");
  folder_.write("conf.d/b.toml", "[x\n");
  EXPECT_EQ(findings("a = b\n"),
            "agent.toml:1:5: this is no value; text stands in quotes\n"
            "conf.d/a.toml:1:5: this is no value; text stands in quotes\n"
            "conf.d/b.toml:1:3: expected ']', saw '\\n'\n");
}

TEST_F(DocumentTest, reports_a_file_that_cannot_be_read) {
  EXPECT_FALSE(read_document(folder_.path("none.toml"), diagnostics_));
  folder_.write("folder/x", "");
  EXPECT_FALSE(read_document(folder_.path("folder"), diagnostics_));
  EXPECT_EQ(findings(), "folder: is a folder\nnone.toml: cannot be read: No such file or directory\n");
}

TEST_F(DocumentTest, substitutes_in_strings_and_keeps_what_was_written) {
  ::setenv("LEVADA_TEST_SET", "value", 1);
  folder_.write("topic", "clicks\n");
  folder_.write("conf.d/topic", "views\n");
  folder_.write("conf.d/x.toml", "b = \"${file:topic}\"\n");
  const auto document = read("a = [\"${env:LEVADA_TEST_SET}\", \"x-${file:topic}\"]\n");
  ASSERT_TRUE(document) << findings();
  const Node& list = *document->root.find("a");
  EXPECT_EQ(list.items.at(0).text, "value");
  EXPECT_TRUE(list.items.at(0).substituted);
  EXPECT_EQ(list.items.at(1).text, "x-clicks");
  EXPECT_FALSE(list.items.at(1).substituted);
  EXPECT_EQ(document->root.find("b")->text, "views");
  EXPECT_EQ(toml_text(list, false), "[\"${env:LEVADA_TEST_SET}\", \"x-${file:topic}\"]");
}

TEST_F(DocumentTest, reports_substitutions_that_fail_at_their_value) {
  ::unsetenv("LEVADA_TEST_UNSET");
  EXPECT_EQ(findings("[sinks.k]\nbrokers = [\"a\", \"${env:LEVADA_TEST_UNSET}\"]\npassword = \"${file:none}\"\n"),
            "agent.toml:2:17: sinks.k.brokers: environment variable LEVADA_TEST_UNSET is not set; set it, or give a "
            "default: ${env:LEVADA_TEST_UNSET:-default}\n"
            "agent.toml:3:12: sinks.k.password: file none cannot be read: No such file or directory\n");
}

TEST(ParseValue, takes_one_value) {
  EXPECT_EQ(parse_value("\"5s\"")->text, "5s");
  EXPECT_EQ(parse_value("[\"a\"]")->items.at(0).text, "a");
  EXPECT_EQ(parse_value("\"${env:X}\"")->text, "${env:X}");
  EXPECT_FALSE(parse_value("5s"));
  EXPECT_FALSE(parse_value("1\nb = 2"));
}

class AgentTableTest : public DocumentTest {
 protected:
  // What is left of the files, as TOML; empty for nothing.
  std::string table(const std::string& toml) {
    folder_.write("agent.toml", toml);
    const auto document = read_agent_table(folder_.path("agent.toml"), diagnostics_);
    return document ? toml_text(document->root, false) : "";
  }
};

TEST_F(AgentTableTest, is_found_before_and_behind_what_is_no_toml) {
  constexpr auto kTable = R"({ agent = { data_dir = "d" } })";
  EXPECT_EQ(table("[agent]\ndata_dir = \"d\"\n[sinks.x\n"), kTable);
  EXPECT_EQ(table("[sinks.x\na =\n  [agent]  # here\ndata_dir = \"d\""), kTable);
  EXPECT_EQ(table("x = [\n[agent]\r\ndata_dir = \"d\"\r\n\r\n[sources.a]\r\n= 1"), kTable);
  EXPECT_EQ(findings(), "");
}

TEST_F(AgentTableTest, is_nothing_where_it_is_no_toml_itself) {
  EXPECT_EQ(table("\n[agent]\ndata_dir = d\n"), "");
  EXPECT_EQ(findings(), "agent.toml:3:12: this is no value; text stands in quotes\n");
}

TEST_F(AgentTableTest, is_not_guessed) {
  for (const std::string text : {"", "[agent\ndata_dir = \"d\"\n", "[agents]\ndata_dir = \"d\"\n[", "# [agent]\n="})
    EXPECT_EQ(table(text), "") << text;
  folder_.write("conf.d/a.toml", "[agent]\nlog_level = \"debug\"\n");
  EXPECT_EQ(table("[agent\ndata_dir = \"d\"\n"), "");
  EXPECT_EQ(table("[sinks.x]\n"), R"({ agent = { log_level = "debug" } })");
  std::filesystem::remove(folder_.path("agent.toml"));
  EXPECT_FALSE(read_agent_table(folder_.path("agent.toml"), diagnostics_));
}

TEST_F(AgentTableTest, is_merged_of_all_files_with_what_is_substituted) {
  folder_.write("name", "d");
  folder_.write("conf.d/a.toml", "[sinks.x\n[agent]\ndata_dir = \"${file:../name}\"\n");
  folder_.write("conf.d/b.toml", "[sinks.y]\ntype = 1\n");
  folder_.write("agent.toml", "[agent]\nlog_level = \"debug\"\n");
  const auto document = read_agent_table(folder_.path("agent.toml"), diagnostics_);
  ASSERT_TRUE(document) << findings();
  ASSERT_EQ(document->root.items.size(), 1u);
  const Node& agent = document->root.items[0];
  EXPECT_EQ(agent.find("log_level")->text, "debug");
  EXPECT_EQ(agent.find("data_dir")->text, "d");
}

}  // namespace levada::agent
