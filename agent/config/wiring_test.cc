// Names that lead nowhere, loose ends, selectors and groups.
#include "agent/config/wiring.h"

#include <gtest/gtest.h>

#include "agent/config/test_support.h"

namespace levada::agent {

constexpr const char* kSource = "[sources.s]\ntype = \"generate\"\nchannels = [\"main\"]\n";  // 3 lines
constexpr const char* kChannel = "[channels.main]\ntype = \"memory\"\n";                      // 2
constexpr const char* kSink = "[sinks.k]\ntype = \"null\"\nchannel = \"main\"\n";             // 3

static std::string findings(const std::string& toml) { return TestRun(toml).findings(); }
static std::string sound_and(const std::string& toml) {
  return findings(std::string(kSource) + kChannel + kSink + toml);
}

TEST(Wiring, is_content_when_everything_hangs_together) { EXPECT_EQ(sound_and(""), ""); }

TEST(Wiring, reports_a_channel_that_is_not_there_and_nothing_that_follows_from_it) {
  EXPECT_EQ(findings(std::string("[sources.s]\ntype = \"generate\"\nchannels = [\"mian\"]\n") + kChannel + kSink),
            "agent.toml:3:13: sources.s.channels: no channel is named \"mian\"; did you mean \"main\"?\n");
  EXPECT_EQ(findings(std::string(kSource) + kChannel + "[sinks.k]\ntype = \"null\"\nchannel = \"mian\"\n"),
            "agent.toml:8:11: sinks.k.channel: no channel is named \"mian\"; did you mean \"main\"?\n");
  EXPECT_EQ(findings(std::string("[sources.s]\ntype = \"generate\"\nchannels = [\"other\"]\n") + kChannel + kSink),
            "agent.toml:3:13: sources.s.channels: no channel is named \"other\"\n");
  EXPECT_EQ(findings(std::string(kSource) + kSink),
            "agent.toml:3:13: sources.s.channels: no channel is named \"main\"; add a table [channels.main]\n"
            "agent.toml:6:11: sinks.k.channel: no channel is named \"main\"; add a table [channels.main]\n");
}

TEST(Wiring, reports_interceptors_that_are_not_there_twice_or_of_no_use) {
  EXPECT_EQ(findings(std::string(kSource) + "interceptors = [\"claen\", \"clean\", \"clean\"]\n" + kChannel + kSink +
                     "[interceptors.clean]\ntype = \"clean_json\"\n"),
            "agent.toml:4:17: sources.s.interceptors: no interceptor is named \"claen\"; did you mean \"clean\"?\n"
            "agent.toml:4:35: sources.s.interceptors: \"clean\" stands twice in one chain\n");
  EXPECT_EQ(sound_and("[interceptors.clean]\ntype = \"clean_json\"\n"),
            "agent.toml:9:1: interceptors.clean: no source and no sink names it in its interceptors\n");
  EXPECT_EQ(sound_and("interceptors = [\"clean\"]\n[interceptors.clean]\ntype = \"clean_json\"\n"), "");
}

TEST(Wiring, reports_channels_that_nobody_writes_or_reads) {
  EXPECT_EQ(sound_and("[channels.lonely]\ntype = \"memory\"\n"),
            "agent.toml:9:1: channels.lonely: no source writes to it\n"
            "agent.toml:9:1: channels.lonely: no sink reads from it\n");
}

TEST(Wiring, reports_a_configuration_without_sources_or_sinks) {
  EXPECT_EQ(findings(std::string(kChannel) + kSink),
            "agent.toml:1:1: there is no source; add a table [sources.NAME]\n");
  EXPECT_EQ(findings(std::string(kSource) + kChannel), "agent.toml:1:1: there is no sink; add a table [sinks.NAME]\n");
}

TEST(Wiring, reports_empty_and_doubled_channel_lists) {
  const std::string source = "[sources.t]\ntype = \"generate\"\n";
  EXPECT_EQ(sound_and(source + "channels = []\n"),
            "agent.toml:11:12: sources.t.channels: must name at least one channel\n");
  EXPECT_EQ(sound_and(source), "agent.toml:9:1: sources.t: option \"channels\" is missing\n");
  EXPECT_EQ(sound_and(source + "channels = [\"main\", \"main\"]\n"),
            "agent.toml:11:21: sources.t.channels: \"main\" stands twice in the list\n");
  EXPECT_EQ(sound_and(source + "channels = \"main\"\n"),
            "agent.toml:11:12: sources.t.channels: must be a list of strings, not a string; write [\"main\"]\n");
}

TEST(Wiring, reports_sinks_that_read_nothing) {
  EXPECT_EQ(sound_and("[sinks.idle]\ntype = \"null\"\n"),
            "agent.toml:9:1: sinks.idle: reads nothing; give it a \"channel\", or name it in the \"sinks\" of a sink "
            "group\n");
}

TEST(Wiring, reports_faults_of_sink_groups) {
  const std::string sinks = "[sinks.a]\ntype = \"null\"\n[sinks.b]\ntype = \"null\"\n";  // lines 9 to 12
  const auto group = [](const std::string& name, const std::string& members) {
    return "[sink_groups." + name + "]\ntype = \"failover\"\nchannel = \"main\"\nsinks = " + members + "\n";
  };
  EXPECT_EQ(sound_and(sinks + group("g", "[\"a\", \"b\"]")), "");
  EXPECT_EQ(sound_and(sinks + group("g", "[\"a\", \"b\", \"aa\", \"a\"]")),
            "agent.toml:16:20: sink_groups.g.sinks: no sink is named \"aa\"; did you mean \"a\"?\n"
            "agent.toml:16:26: sink_groups.g.sinks: \"a\" stands twice in the list\n");
  EXPECT_EQ(sound_and(sinks + group("g", "[\"a\"]") + group("h", "[\"b\", \"a\"]")),
            "agent.toml:20:15: sink_groups.h.sinks: \"a\" is in sink_groups.g already\n");
  EXPECT_EQ(sound_and(group("g", "[\"k\"]")),
            "agent.toml:8:1: sinks.k: the sink reads the channel of sink_groups.g; leave out the option \"channel\"\n");
  EXPECT_EQ(sound_and(group("g", "[]")), "agent.toml:12:9: sink_groups.g.sinks: must name at least one sink\n");
  EXPECT_EQ(sound_and("[sinks.a]\ntype = \"null\"\n[sink_groups.g]\ntype = \"failover\"\nsinks = [\"a\"]\n"),
            "agent.toml:11:1: sink_groups.g: option \"channel\" is missing\n");
  EXPECT_EQ(sound_and("[sinks.a]\ntype = \"null\"\n[sink_groups.g]\ntype = \"fail_over\"\nchannel = \"mian\"\n"
                      "sinks = [\"a\"]\n"),
            "agent.toml:12:8: sink_groups.g.type: must be \"failover\" or \"load_balance\", not \"fail_over\"; did you "
            "mean \"failover\"?\n"
            "agent.toml:13:11: sink_groups.g.channel: no channel is named \"mian\"; did you mean \"main\"?\n");
}

TEST(Wiring, reports_what_a_sink_sets_in_place_of_its_group) {
  EXPECT_EQ(
      sound_and("[sinks.a]\ntype = \"null\"\nworkers = 2\ncommit_rows = 5\non_reject = \"drop\"\n"
                "[sink_groups.g]\ntype = \"failover\"\nchannel = \"main\"\nsinks = [\"a\"]\n"),
      "agent.toml:11:1: sinks.a: option \"workers\" is for sink_groups.g to set, as the sink is in that group\n"
      "agent.toml:12:1: sinks.a: option \"commit_rows\" is for sink_groups.g to set, as the sink is in that group\n");
}

TEST(Wiring, reports_interceptors_of_a_sink_group_that_are_not_there) {
  EXPECT_EQ(
      sound_and("[sinks.a]\ntype = \"null\"\n[sink_groups.g]\ntype = \"failover\"\nchannel = \"main\"\n"
                "sinks = [\"a\"]\ninterceptors = [\"x\"]\n"),
      "agent.toml:15:17: sink_groups.g.interceptors: no interceptor is named \"x\"; add a table [interceptors.x]\n");
}

class Selectors : public testing::Test {
 protected:
  // The selector begins at line 4.
  std::string findings(const std::string& selector) {
    return agent::findings(
        "[sources.s]\ntype = \"generate\"\nchannels = [\"a\", \"b\"]\n[sources.s.selector]\n" + selector +
        "[channels.a]\ntype = \"memory\"\n[channels.b]\ntype = \"memory\"\n"
        "[sinks.a]\ntype = \"null\"\nchannel = \"a\"\n[sinks.b]\ntype = \"null\"\nchannel = \"b\"\n");
  }
};

TEST_F(Selectors, are_sound_when_complete) {
  EXPECT_EQ(findings(""), "");
  EXPECT_EQ(findings("type = \"load_balance\"\n"), "");
  EXPECT_EQ(findings("type = \"multiplex\"\ncolumn = \"x\"\nmapping = { v = [\"a\"] }\ndefault = [\"b\"]\n"), "");
}

TEST_F(Selectors, of_type_multiplex_need_column_mapping_and_default) {
  EXPECT_EQ(findings("type = \"multiplex\"\n"),
            "agent.toml:4:1: sources.s.selector: multiplex needs the option \"column\"\n"
            "agent.toml:4:1: sources.s.selector: multiplex needs the option \"mapping\"\n"
            "agent.toml:4:1: sources.s.selector: multiplex needs the option \"default\"\n");
}

TEST_F(Selectors, report_a_misspelt_option_once) {
  EXPECT_EQ(
      findings("type = \"multiplex\"\ncolumm = \"x\"\nmapping = { v = [\"bb\"] }\ndefault = [\"a\"]\n"),
      "agent.toml:6:1: sources.s.selector: unknown option \"columm\"; did you mean \"column\"?\n"
      "agent.toml:7:18: sources.s.selector.mapping.v: \"bb\" is not among the channels of sources.s; did you mean "
      "\"b\"?\n");
}

TEST_F(Selectors, of_other_types_take_none_of_them) {
  EXPECT_EQ(findings("column = \"x\"\ndefault = [\"a\"]\n"),
            "agent.toml:5:1: sources.s.selector: option \"column\" is for multiplex only\n"
            "agent.toml:6:1: sources.s.selector: option \"default\" is for multiplex only\n");
}

TEST_F(Selectors, name_only_channels_of_their_source) {
  EXPECT_EQ(
      findings("type = \"multiplex\"\ncolumn = \"\"\nmapping = { v = [\"c\"], \"w x\" = [], y = \"a\", z = [\"b\"] }\n"
               "default = [\"a\", \"a\"]\n"),
      "agent.toml:6:10: sources.s.selector.column: must not be empty\n"
      "agent.toml:7:18: sources.s.selector.mapping.v: \"c\" is not among the channels of sources.s\n"
      "agent.toml:7:32: sources.s.selector.mapping.\"w x\": must name at least one channel\n"
      "agent.toml:7:40: sources.s.selector.mapping.y: must be a list of strings, not a string; write [\"a\"]\n"
      "agent.toml:8:17: sources.s.selector.default: \"a\" stands twice in the list\n");
}

TEST_F(Selectors, leave_no_channel_without_rows) {
  EXPECT_EQ(findings("type = \"multiplex\"\ncolumn = \"x\"\nmapping = { v = [\"a\"] }\ndefault = [\"a\"]\n"),
            "agent.toml:3:12: sources.s.channels: no row gets to \"b\", as the selector names it nowhere\n");
}

TEST_F(Selectors, report_what_is_no_selector) {
  EXPECT_EQ(findings("type = \"multiplexing\"\nheader = \"x\"\n"),
            "agent.toml:5:8: sources.s.selector.type: must be \"replicate\", \"multiplex\" or \"load_balance\", not "
            "\"multiplexing\"; did you mean \"multiplex\"?\n"
            "agent.toml:6:1: sources.s.selector: unknown option \"header\"\n");
  EXPECT_EQ(sound_and("[sources.t]\ntype = \"generate\"\nchannels = [\"main\"]\nselector = \"replicate\"\n"),
            "agent.toml:12:12: sources.t.selector: must be a table, not a string\n");
}

TEST(Wiring, reports_everything_of_several_files_in_one_run) {
  const TestRun run(std::string("[agent]\nmemory = 1\n") + kSource + kChannel,
                    {{"conf.d/a.toml", "[sinks.k]\ntype = \"nul\"\nchannel = \"man\"\n"},
                     {"conf.d/b.toml", "[sources.s]\ntype = \"spool\"\nworkers = 300\n"}});
  EXPECT_EQ(run.findings(),
            "agent.toml:2:1: agent: unknown option \"memory\"\n"
            "conf.d/a.toml:2:8: sinks.k.type: no sink has the type \"nul\"; did you mean \"null\"?\n"
            "conf.d/a.toml:3:11: sinks.k.channel: no channel is named \"man\"; did you mean \"main\"?\n"
            "conf.d/b.toml:2:1: sources.s.type: set twice; first at agent.toml:4:1\n"
            "conf.d/b.toml:3:11: sources.s.workers: must be between 1 and 256\n");
}

}  // namespace levada::agent
