#include "agent/config/folders.h"

#include <gtest/gtest.h>

#include "agent/config/test_support.h"

namespace levada::agent {
namespace {

// A source that reads `path` and a sink that writes to `to`; both in the test's folder.
struct Pair {
  explicit Pair(const std::string& read, const std::string& written, const std::string& more = "") {
    const auto toml = [&](const std::string& text) {
      folder.write("agent.toml", "[sources.in]\ntype = \"spool\"\nchannels = [\"main\"]\npath = \"" +
                                     folder.path(read) + "\"\n" + more +
                                     "[channels.main]\ntype = \"memory\"\n[sinks.out]\ntype = " + text);
    };
    toml("\"file\"\nchannel = \"main\"\nto = \"" + folder.path(written) + "\"\n");
  }
  std::string findings() {
    Diagnostics diagnostics;
    const auto document = read_document(folder.path("agent.toml"), diagnostics);
    const TestCatalogue catalogue;
    (void)read_topology(*document, catalogue, diagnostics);
    return folder.without_folder(diagnostics.text());
  }

  TestFolder folder;
};

bool goes_round(const std::string& read, const std::string& written, const std::string& more = "") {
  const auto findings = Pair(read, written, more).findings();
  if (findings.empty()) return false;
  EXPECT_NE(findings.find("sinks.out.to: writes into the folder that sources.in reads: rows would go round for ever; "
                          "give the sink a folder of its own\n"),
            std::string::npos)
      << findings;
  return true;
}

TEST(Folders, finds_a_sink_that_writes_where_a_source_reads) {
  EXPECT_TRUE(goes_round("a", "a"));
  EXPECT_TRUE(goes_round("a/", "./b/../a"));
  EXPECT_FALSE(goes_round("a", "b"));
  EXPECT_FALSE(goes_round("a", "ab"));
  EXPECT_FALSE(goes_round("a/b", "a"));
}

TEST(Folders, knows_whether_a_source_reads_folders_below) {
  EXPECT_FALSE(goes_round("a", "a/b"));
  EXPECT_TRUE(goes_round("a", "a/b", "recursive = true\n"));
  EXPECT_FALSE(goes_round("a/b", "a", "recursive = true\n"));
}

TEST(Folders, knows_what_columns_and_time_in_a_path_may_become) {
  EXPECT_TRUE(goes_round("data/in", "data/{host}"));
  EXPECT_TRUE(goes_round("data/in", "data/i{host}"));
  EXPECT_FALSE(goes_round("data/in", "data/out-{host}"));
  EXPECT_FALSE(goes_round("data/in", "data/{host}/%Y"));
  EXPECT_TRUE(goes_round("data/in", "data/{host}/%Y", "recursive = true\n"));
  EXPECT_FALSE(goes_round("in", "data/{host}"));
}

TEST(Folders, follows_links) {
  Pair pair("link", "real");
  std::filesystem::create_directory(pair.folder.path("real"));
  EXPECT_EQ(pair.findings(), "");
  std::filesystem::create_directory_symlink(pair.folder.path("real"), pair.folder.path("link"));
  EXPECT_NE(pair.findings(), "");
}

TEST(Folders, finds_two_sources_of_one_folder) {
  const std::string more = "[sources.too]\ntype = \"spool\"\nchannels = [\"main\"]\npath = ";
  Pair pair("a", "b", more + "\"elsewhere\"\n");
  EXPECT_EQ(pair.findings(), "");
  Pair same("a", "b", "");
  same.folder.write("conf.d/more.toml", more + "\"" + same.folder.path("a") + "\"\n");
  EXPECT_EQ(
      same.findings(),
      "conf.d/more.toml:4:8: sources.too.path: reads a folder that sources.in reads, too: both would take the same "
      "files; give each a folder of its own\n");
}

}  // namespace
}  // namespace levada::agent
