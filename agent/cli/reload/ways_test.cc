#include "agent/cli/reload/ways.h"

#include <gtest/gtest.h>

#include "agent/config/test_support.h"

namespace levada::agent {
namespace {

std::string configuration(const std::string& channels, const std::string& read_by_sink = "main",
                          const std::string& sink = "out") {
  return "[agent]\ndata_dir = \"data\"\n[sources.in]\ntype = \"generate\"\nchannels = [\"" + read_by_sink + "\"]\n" +
         channels + "\n[sinks." + sink + "]\ntype = \"null\"\nchannel = \"" + read_by_sink + "\"\n";
}

constexpr const char* kMemory = "[channels.main]\ntype = \"memory\"";
constexpr const char* kOtherMemory = "[channels.other]\ntype = \"memory\"";
constexpr const char* kFile = "[channels.main]\ntype = \"file\"";
constexpr const char* kOtherFile = "[channels.other]\ntype = \"file\"";
constexpr const char* kMovedFile = "[channels.main]\ntype = \"file\"\npath = \"elsewhere\"";

std::string findings(const std::string& before, const std::string& after) {
  const TestRun old(before), fresh(after);
  EXPECT_EQ(old.findings() + fresh.findings(), "");
  Diagnostics diagnostics;
  check_ways(old.topology, fresh.topology, diagnostics);
  return fresh.folder.without_folder(diagnostics.text());
}

TEST(Ways, are_the_same_where_no_channel_is_another) {
  EXPECT_EQ(findings(configuration(kMemory), configuration(kMemory)), "");
  EXPECT_EQ(findings(configuration(kFile), configuration(kFile)), "");
  EXPECT_EQ(findings(configuration(kMemory), configuration(kOtherMemory, "other")), "") << "memory keeps nothing";
}

TEST(Ways, to_a_sink_that_is_new_are_no_finding) {
  EXPECT_EQ(findings(configuration(kMemory), configuration(kFile, "main", "fresh")), "");
}

TEST(Ways, that_change_are_found_with_their_place) {
  EXPECT_EQ(findings(configuration(kMemory), configuration(kFile)),
            "agent.toml:7:8: channels.main.type: needs a restart, with nothing left in between: where sources.in goes "
            "on for sinks.out is known to sinks.out only, and not to channels.main\n");
  EXPECT_EQ(findings(configuration(kFile), configuration(kMemory)),
            "agent.toml:7:8: channels.main.type: needs a restart, with nothing left in between: where sources.in goes "
            "on for sinks.out is known to channels.main only, and not to sinks.out\n");
  EXPECT_EQ(findings(configuration(kFile), configuration(kMovedFile)),
            "agent.toml:8:8: channels.main.path: needs a restart, with nothing left in between: where sources.in goes "
            "on for sinks.out is known to channels.main only, and not to channels.main\n");
  EXPECT_EQ(findings(configuration(kFile), configuration(kOtherFile, "other")),
            "agent.toml:10:11: sinks.out.channel: needs a restart, with nothing left in between: where sources.in goes "
            "on for sinks.out is known to channels.main only, and not to channels.other\n");
}

TEST(Ways, of_a_source_whose_readers_are_all_new_are_warned_of) {
  const TestRun before(configuration(kMemory)), renamed(configuration(kMemory, "main", "fresh"));
  EXPECT_EQ(warn_of_new_readers(before.topology, before.topology), std::vector<std::string>{});
  EXPECT_EQ(warn_of_new_readers(before.topology, renamed.topology),
            std::vector<std::string>{"nobody who gets the rows of sources.in now knows where it stood: it begins with "
                                     "all that it still has"});
}

}  // namespace
}  // namespace levada::agent
