// A whole configuration to structs, and the messages about single tables.
#include "agent/config/topology.h"

#include <gtest/gtest.h>

#include <cstring>

#include "agent/config/test_support.h"

namespace levada::agent {

constexpr const char* kFull = R"(
[agent]
data_dir = "/srv/levada"
memory_bytes = "1GiB"
stop_timeout = "10s"
plugin_dirs = ["/opt/a", "/opt/b"]
log_level = "warning"

[sources.clicks]
type = "spool"
path = "/spool"
interceptors = ["clean", "parse"]
channels = ["main", "rare"]
workers = 4
[sources.clicks.selector]
type = "multiplex"
column = "event"
mapping = { click = ["main"], view = ["main", "rare"] }
default = ["rare"]

[interceptors.clean]
type = "clean_json"
[interceptors.parse]
type = "parse_json"
on_reject = "drop"
strict = true
[interceptors.parse.columns]
ip = { type = "text" }

[channels.main]
type = "memory"
[channels.rare]
type = "memory"
capacity_bytes = 1048576

[sinks.a]
type = "kafka"
brokers = ["one:9092"]
topic = "t"
on_reject = "drop"
[sinks.b]
type = "null"
[sinks.c]
type = "null"
channel = "rare"
interceptors = ["clean"]
workers = 2
commit_rows = 1000
commit_bytes = "1MiB"
commit_interval = "250ms"
retry_initial = "1s"
retry_max = "1m"

[sink_groups.g]
type = "load_balance"
sinks = ["b", "a"]
channel = "main"
penalty = "5s"
interceptors = ["parse"]
workers = 3
commit_rows = 10
)";

TEST(Topology, has_everything_that_is_written) {
  const TestRun run(kFull);
  ASSERT_EQ(run.findings(), "");
  EXPECT_EQ(run.agent.data_dir, "/srv/levada");
  EXPECT_EQ(run.agent.memory_bytes, 1 << 30);
  EXPECT_EQ(run.agent.stop_timeout_ns, 10'000'000'000);
  EXPECT_EQ(run.agent.plugin_dirs, (std::vector<std::string>{"/opt/a", "/opt/b"}));
  EXPECT_EQ(run.agent.log_level, LogLevel::warning);
  EXPECT_EQ(run.agent.dead_letters_dir, "/srv/levada/dead_letters");

  const Topology& topology = run.topology;
  ASSERT_EQ(topology.sources.size(), 1u);
  const SourceConfig& source = topology.sources[0];
  EXPECT_EQ(source.name, "clicks");
  EXPECT_EQ(source.path, "sources.clicks");
  EXPECT_EQ(source.type, "spool");
  EXPECT_TRUE(source.sound());
  EXPECT_EQ(source.values.text("path"), "/spool");
  EXPECT_EQ(source.values.text("completed"), "rename");
  EXPECT_EQ(source.values.size(), kSpoolOptions.size());
  EXPECT_EQ(source.interceptors, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(source.channels, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(source.workers, 4u);
  EXPECT_EQ(source.selector.type, SelectorConfig::Type::multiplex);
  EXPECT_EQ(source.selector.column, "event");
  ASSERT_EQ(source.selector.mapping.size(), 2u);
  EXPECT_EQ(source.selector.mapping[0].value, "click");
  EXPECT_EQ(source.selector.mapping[0].channels, std::vector<size_t>{0});
  EXPECT_EQ(source.selector.mapping[1].channels, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(source.selector.default_channels, std::vector<size_t>{1});

  ASSERT_EQ(topology.interceptors.size(), 2u);
  EXPECT_EQ(topology.interceptors[0].on_reject, OnReject::dead_letters);
  EXPECT_EQ(topology.interceptors[1].on_reject, OnReject::drop);
  EXPECT_EQ(topology.interceptors[1].values.integer("strict"), 1);

  ASSERT_EQ(topology.channels.size(), 2u);
  EXPECT_EQ(topology.channels[0].type, ChannelConfig::Type::memory);
  EXPECT_EQ(topology.channels[0].capacity_bytes, 0);
  EXPECT_EQ(topology.channels[1].capacity_bytes, 1048576);

  ASSERT_EQ(topology.sinks.size(), 3u);
  const SinkConfig& member = topology.sinks[0];
  EXPECT_FALSE(member.channel);
  EXPECT_EQ(member.group, 0u);
  EXPECT_EQ(member.on_reject, OnReject::drop);
  EXPECT_EQ(topology.sinks[1].on_reject, OnReject::dead_letters);
  const SinkConfig& sink = topology.sinks[2];
  EXPECT_EQ(sink.channel, 1u);
  EXPECT_FALSE(sink.group);
  EXPECT_EQ(sink.interceptors, std::vector<size_t>{0});
  EXPECT_EQ(sink.workers, 2u);
  EXPECT_EQ(sink.commit_rows, 1000);
  EXPECT_EQ(sink.commit_bytes, 1 << 20);
  EXPECT_EQ(sink.commit_interval_ns, 250'000'000);
  EXPECT_EQ(sink.retry_initial_ns, 1'000'000'000);
  EXPECT_EQ(sink.retry_max_ns, 60'000'000'000);

  ASSERT_EQ(topology.sink_groups.size(), 1u);
  EXPECT_EQ(topology.sink_groups[0].type, SinkGroupConfig::Type::load_balance);
  EXPECT_EQ(topology.sink_groups[0].sinks, (std::vector<size_t>{1, 0}));
  EXPECT_EQ(topology.sink_groups[0].channel, 0u);
  EXPECT_EQ(topology.sink_groups[0].penalty_ns, 5'000'000'000);
  EXPECT_EQ(topology.sink_groups[0].interceptors, std::vector<size_t>{1});
  EXPECT_EQ(topology.sink_groups[0].workers, 3u);
  EXPECT_EQ(topology.sink_groups[0].commit_rows, 10);
  EXPECT_EQ(topology.sink_groups[0].commit_bytes, 16 << 20);
  EXPECT_EQ(topology.sink_groups[0].commit_interval_ns, 1'000'000'000);
  EXPECT_EQ(topology.sink_groups[0].retry_initial_ns, 100'000'000);
  EXPECT_EQ(topology.sink_groups[0].retry_max_ns, 30'000'000'000);
}

TEST(Topology, has_defaults_for_the_agent) {
  const TestRun run("");
  EXPECT_EQ(run.agent.data_dir, "/var/lib/levada");
  EXPECT_EQ(run.agent.memory_bytes, 256 << 20);
  EXPECT_EQ(run.agent.stop_timeout_ns, 30'000'000'000);
  EXPECT_TRUE(run.agent.plugin_dirs.empty());
  EXPECT_EQ(run.agent.log_level, LogLevel::info);
  EXPECT_EQ(run.agent.dead_letters_dir, "/var/lib/levada/dead_letters");
}

TEST(Topology, reports_faults_of_the_agent_table) {
  EXPECT_EQ(
      TestRun(std::string("[agent]\ndata_dir = \"\"\nmemory_bytes = 0\nlog_level = \"warn\"\nplugin_dir = [\"a\"]\n"
                          "stop_timeout = 30\n") +
              "[sources.s]\ntype = \"generate\"\nchannels = [\"c\"]\n[channels.c]\ntype = \"memory\"\n"
              "[sinks.k]\ntype = \"null\"\nchannel = \"c\"\n")
          .findings(),
      "agent.toml:2:12: agent.data_dir: must not be empty\n"
      "agent.toml:3:16: agent.memory_bytes: must be more than 0\n"
      "agent.toml:4:13: agent.log_level: must be \"debug\", \"info\", \"warning\" or \"error\", not \"warn\"\n"
      "agent.toml:5:1: agent: unknown option \"plugin_dir\"; did you mean \"plugin_dirs\"?\n"
      "agent.toml:6:16: agent.stop_timeout: must be a duration, not an integer; write a whole number and its unit, "
      "such as \"250ms\", \"5s\", \"10m\", \"2h\" or \"1d\"\n");
}

// A configuration that is sound but for the text put in at its end, from line 11 on.
static std::string findings(const std::string& toml) {
  const std::string sound =
      "[sources.s]\ntype = \"generate\"\nchannels = [\"c\"]\n"
      "[channels.c]\ntype = \"memory\"\n"
      "[sinks.k]\ntype = \"null\"\nchannel = \"c\"\n"
      "interceptors = []\n\n";
  return TestRun(sound + toml).findings();
}

TEST(Topology, reports_unknown_tables_and_options_at_the_top) {
  EXPECT_EQ(findings("[chanels.d]\ntype = \"memory\"\n"),
            "agent.toml:11:1: channels.d: no source writes to it\n"
            "agent.toml:11:1: channels.d: no sink reads from it\n"
            "agent.toml:11:2: unknown table \"chanels\"; did you mean \"channels\"?\n");
  EXPECT_EQ(findings("[bananas]\n"), "agent.toml:11:2: unknown table \"bananas\"\n");
  EXPECT_EQ(TestRun("data_dir = \"/x\"\n").findings(),
            "agent.toml:1:1: unknown option \"data_dir\"; it belongs in [agent]\n"
            "agent.toml:1:1: there is no source; add a table [sources.NAME]\n"
            "agent.toml:1:1: there is no sink; add a table [sinks.NAME]\n");
}

TEST(Topology, reports_tables_that_are_none) {
  EXPECT_EQ(findings("[interceptors]\nx = 5\n"), "agent.toml:12:5: interceptors.x: must be a table, not an integer\n");
  EXPECT_EQ(findings("[[interceptors]]\ntype = \"clean_json\"\n"),
            "agent.toml:11:1: interceptors: must be a table for each interceptor, [interceptors.NAME], not a list\n");
  EXPECT_EQ(TestRun("agent = 5\nsources = 1\nsinks = 2\n").findings(),
            "agent.toml:1:9: agent: must be a table, not an integer\n"
            "agent.toml:2:11: sources: must be a table for each source, [sources.NAME], not an integer\n"
            "agent.toml:3:9: sinks: must be a table for each sink, [sinks.NAME], not an integer\n");
}

TEST(Topology, reports_names_that_are_none) {
  const std::string rest = "]\ntype = \"null\"\nchannel = \"c\"\n";
  const std::string message = ": a name starts with a-z and goes on with a-z, 0-9, _ and -\n";
  EXPECT_EQ(findings("[sinks.Big" + rest), "agent.toml:11:8: sinks.Big" + message);
  EXPECT_EQ(findings("[sinks.1a" + rest), "agent.toml:11:8: sinks.1a" + message);
  EXPECT_EQ(findings("[sinks.\"a b\"" + rest), "agent.toml:11:8: sinks.\"a b\"" + message);
  EXPECT_EQ(findings("[sinks.a-1_b" + rest), "");
}

TEST(Topology, reports_types_that_no_plugin_has) {
  const std::string rest = "channel = \"c\"\nunheard = 1\n";
  EXPECT_EQ(findings("[sinks.x]\ntype = \"kafak\"\n" + rest),
            "agent.toml:12:8: sinks.x.type: no sink has the type \"kafak\"; did you mean \"kafka\"?\n");
  EXPECT_EQ(findings("[sinks.x]\ntype = \"spool\"\n" + rest),
            "agent.toml:12:8: sinks.x.type: no sink has the type \"spool\"; it is a source\n");
  EXPECT_EQ(findings("[sinks.x]\ntype = \"clean_json\"\n" + rest),
            "agent.toml:12:8: sinks.x.type: no sink has the type \"clean_json\"; it is an interceptor\n");
  EXPECT_EQ(findings("[sinks.x]\ntype = \"cassandra\"\n" + rest),
            "agent.toml:12:8: sinks.x.type: no sink has the type \"cassandra\"; there are file, kafka, null\n");
  EXPECT_EQ(findings("[sinks.x]\n" + rest), "agent.toml:11:1: sinks.x: option \"type\" is missing\n");
  EXPECT_EQ(findings("[sinks.x]\ntype = 5\n" + rest),
            "agent.toml:12:8: sinks.x.type: must be a string, not an integer; write \"5\"\n");
}

TEST(Topology, says_when_there_is_no_plugin_of_a_kind) {
  struct Nothing : ComponentCatalogue {
    const levada_component* find(uint32_t, std::string_view) const override { return nullptr; }
    std::vector<std::string> names(uint32_t) const override { return {}; }
  };
  TestFolder folder;
  folder.write("agent.toml",
               "[sources.s]\ntype = \"spool\"\nchannels = [\"c\"]\n[channels.c]\ntype = \"memory\"\n"
               "[sinks.k]\ntype = \"null\"\nchannel = \"c\"\n");
  Diagnostics diagnostics;
  read_topology(*read_document(folder.path("agent.toml"), diagnostics), Nothing(), diagnostics);
  EXPECT_EQ(folder.without_folder(diagnostics.text()),
            "agent.toml:2:8: sources.s.type: no source has the type \"spool\"; no plugin with one was found\n"
            "agent.toml:7:8: sinks.k.type: no sink has the type \"null\"; no plugin with one was found\n");
}

TEST(Topology, reports_options_of_agent_and_component_in_one_run) {
  EXPECT_EQ(findings("[sinks.x]\ntype = \"kafka\"\nchanel = \"c\"\nbrokers = \"a\"\ntopik = \"t\"\nworkers = 0\n"
                     "commit_rows = -1\ncommit_bytes = 0\n"),
            "agent.toml:13:1: sinks.x: unknown option \"chanel\"; did you mean \"channel\"?\n"
            "agent.toml:14:11: sinks.x.brokers: must be a list of strings, not a string; write [\"a\"]\n"
            "agent.toml:15:1: sinks.x: unknown option \"topik\"; did you mean \"topic\"?\n"
            "agent.toml:16:11: sinks.x.workers: must be between 1 and 256\n"
            "agent.toml:17:15: sinks.x.commit_rows: must be at least 0\n"
            "agent.toml:18:16: sinks.x.commit_bytes: must be more than 0\n");
}

TEST(Topology, reports_channels_of_another_type) {
  const std::string ends =
      "[sources.t]\ntype = \"generate\"\nchannels = [\"d\"]\n[sinks.l]\ntype = \"null\"\nchannel = \"d\"\n";
  EXPECT_EQ(findings(ends + "[channels.d]\ntype = \"ram\"\ncapacity_bytes = 0\n"),
            "agent.toml:18:8: channels.d.type: must be \"memory\" or \"file\", not \"ram\"\n"
            "agent.toml:19:18: channels.d.capacity_bytes: must be more than 0\n");
}

TEST(Topology, reports_options_that_a_channel_of_that_type_does_not_have) {
  const std::string ends =
      "[sources.t]\ntype = \"generate\"\nchannels = [\"d\"]\n[sinks.l]\ntype = \"null\"\nchannel = \"d\"\n";
  EXPECT_EQ(findings(ends + "[channels.d]\ntype = \"memory\"\nsync = \"none\"\n"),
            "agent.toml:19:1: channels.d.sync: only a channel of the type \"file\" has this option\n");
  EXPECT_EQ(findings(ends + "[channels.d]\ntype = \"file\"\nsync = \"none\"\n"), "");
}

TEST(Topology, reports_waits_that_contradict_each_other) {
  const std::string sink = "[sinks.x]\ntype = \"null\"\nchannel = \"c\"\n";
  EXPECT_EQ(findings(sink + "retry_max = \"50ms\"\n"),
            "agent.toml:14:13: sinks.x.retry_max: must not be shorter than retry_initial\n");
  EXPECT_EQ(findings(sink + "retry_initial = \"1m\"\n"),
            "agent.toml:14:17: sinks.x.retry_initial: must not be longer than retry_max\n");
}

TEST(Topology, adds_what_a_component_says_of_its_values_at_their_place) {
  TestRun run(
      "[sources.s]\ntype = \"generate\"\nchannels = [\"c\"]\ninterceptors = [\"p\"]\n"
      "[channels.c]\ntype = \"memory\"\n[sinks.k]\ntype = \"null\"\nchannel = \"c\"\n"
      "[interceptors.p]\ntype = \"parse_json\"\n[interceptors.p.columns]\nip = { type = \"texd\" }\n");
  ASSERT_EQ(run.findings(), "");
  const InterceptorConfig& interceptor = run.topology.interceptors.at(0);
  levada_error error{};
  std::strcpy(error.message, "unknown column type");
  std::strcpy(error.option, "columns.ip.type");
  interceptor.report(error, run.diagnostics);
  std::strcpy(error.message, "no columns");
  error.option[0] = '\0';
  interceptor.report(error, run.diagnostics);
  EXPECT_EQ(run.findings(),
            "agent.toml:10:1: interceptors.p: no columns\n"
            "agent.toml:13:15: interceptors.p.columns.ip.type: unknown column type\n");
}

TEST(Topology, keeps_sound_components_of_a_faulty_configuration) {
  const TestRun run(
      "[sources.s]\ntype = \"spool\"\npath = \"/x\"\n[sinks.k]\ntype = \"kafka\"\n[sinks.n]\ntype = \"nul\"\n");
  ASSERT_EQ(run.topology.sources.size(), 1u);
  ASSERT_EQ(run.topology.sinks.size(), 2u);
  EXPECT_TRUE(run.topology.sources[0].sound());
  EXPECT_FALSE(run.topology.sinks[0].sound());
  EXPECT_FALSE(run.topology.sinks[1].sound());
}

TEST(Topology, checks_the_options_of_a_component_against_those_of_the_agent) {
  constexpr auto kOptions = std::to_array<levada_option>({
      {"workers", LEVADA_INTEGER, 0, nullptr, "1", "Workers."},
      {"commit_rows", LEVADA_INTEGER, 0, nullptr, "1", "Rows."},
  });
  levada_component component{};
  component.kind = LEVADA_SOURCE;
  component.options = kOptions.data();
  component.option_count = kOptions.size();
  EXPECT_EQ(check_component(component),
            std::vector<std::string>{"option \"workers\" has a name that the agent uses itself; it needs another one"});
  component.kind = LEVADA_SINK;
  EXPECT_EQ(check_component(component).size(), 2u);
  component.kind = LEVADA_INTERCEPTOR;
  EXPECT_TRUE(check_component(component).empty());
}

TEST(Topology, status_is_listened_for_on_this_machine_without_more) {
  const TestRun run("[agent]\nstatus_listen = \"127.0.0.1:9464\"\n");
  EXPECT_EQ(run.findings().find("status"), std::string::npos) << run.findings();
  ASSERT_TRUE(run.agent.status_listen.has_value());
  EXPECT_EQ(run.agent.status_listen->port, 9464);
  EXPECT_FALSE(TestRun("[agent]\n").agent.status_listen.has_value());
}

TEST(Topology, status_for_other_machines_needs_a_token) {
  const TestRun open("[agent]\nstatus_listen = \"0.0.0.0:9464\"\n");
  EXPECT_NE(open.findings().find("agent.toml:2:17: agent.status_listen: is reached from other machines"),
            std::string::npos)
      << open.findings();
  const TestRun guarded("[agent]\nstatus_listen = \"0.0.0.0:9464\"\nstatus_token = \"0123456789abcdef\"\n");
  EXPECT_EQ(guarded.findings().find("status"), std::string::npos) << guarded.findings();
  EXPECT_EQ(guarded.agent.status_token, "0123456789abcdef");
  const TestRun weak("[agent]\nstatus_token = \"short\"\n");
  EXPECT_NE(weak.findings().find("must have at least 16 bytes"), std::string::npos) << weak.findings();
  const TestRun absent("[agent]\nstatus_listen = \"0.0.0.0:9464\"\nstatus_token = \"${credential:none such}\"\n");
  EXPECT_NE(absent.findings().find("agent.status_token: credential none such is not there"), std::string::npos)
      << absent.findings();
  EXPECT_EQ(absent.findings().find("agent.status_listen"), std::string::npos) << absent.findings();
  const TestRun name("[agent]\nstatus_listen = \"example.org:80\"\n");
  EXPECT_NE(name.findings().find("must be an IP address and a port"), std::string::npos) << name.findings();
}

}  // namespace levada::agent
